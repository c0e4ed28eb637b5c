"""The run folder of a study."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from automl.errors import StudyError
from automl.tracking.record import PLAN, Record
from automl.trial import Outcome


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """A study without trials."""
    return Record.create(tmp_path, "study", {})


def test_a_new_study_has_its_plan_from_the_first_instant(tmp_path: Path):
    record = Record.create(tmp_path / "new" / "runs", "digits-1", {"data": "digits"})
    assert record.read_json(PLAN) == {"data": "digits"}
    assert [path.name for path in record.runs_dir.iterdir()] == ["digits-1"]
    assert record.run_dir.stat().st_mode & 0o777 == 0o755


def test_an_existing_name_is_refused_with_the_command_that_continues_it(tmp_path: Path):
    Record.create(tmp_path, "digits-1", {"seed": 1})
    with pytest.raises(StudyError, match=r"'digits-1' exists already in .*; continue it with: automl resume digits-1"):
        Record.create(tmp_path, "digits-1", {"seed": 2})
    assert Record.find(tmp_path, "digits-1").read_json(PLAN) == {"seed": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["digits-1"]


def test_a_file_in_the_place_of_a_study_is_kept(tmp_path: Path):
    (tmp_path / "digits-1").write_text("mine")
    with pytest.raises(StudyError, match="exists already"):
        Record.create(tmp_path, "digits-1")
    assert (tmp_path / "digits-1").read_text() == "mine"


def test_of_many_that_create_one_study_at_once_one_wins(tmp_path: Path):
    def create(seed: int) -> Record | None:
        try:
            return Record.create(tmp_path, "digits-1", {"seed": seed})
        except StudyError:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = [record for record in pool.map(create, range(16)) if record is not None]
    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["digits-1"]


@pytest.mark.parametrize("name", ["", ".", "..", "../houses", "/etc", "a/b", ".hidden", "-x", "a b", "ä", "a" * 101])
@pytest.mark.parametrize("make", [Record.create, Record.find])
def test_a_name_that_is_not_plain_is_refused(tmp_path: Path, name: str, make: Callable[[Path, str], Record]):
    with pytest.raises(StudyError, match=r"a study's name may not leave the runs folder: .* got"):
        make(tmp_path / "runs", name)
    assert list(tmp_path.iterdir()) == []


def test_names_that_the_runs_folder_needs_are_refused(tmp_path: Path):
    with pytest.raises(StudyError, match="'mlartifacts' is a name that the runs folder needs itself"):
        Record.create(tmp_path, "mlartifacts")


def test_a_runs_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match=r"the runs folder .*file/runs cannot be written: Not a directory"):
        Record.create(tmp_path / "file" / "runs", "digits-1")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_runs_folder_without_permission_is_said_in_a_sentence(tmp_path: Path):
    (tmp_path / "runs").mkdir(mode=0o555)
    with pytest.raises(StudyError, match="cannot be written: Permission denied"):
        Record.create(tmp_path / "runs", "digits-1")


def test_an_unknown_study_is_answered_with_the_nearest_name(tmp_path: Path):
    Record.create(tmp_path, "houses")
    with pytest.raises(StudyError, match="unknown study 'house'; did you mean 'houses'"):
        Record.find(tmp_path, "house")


def test_an_unknown_study_in_an_empty_folder_is_answered_so(tmp_path: Path):
    with pytest.raises(StudyError, match="unknown study 'house'; there are no studies in"):
        Record.find(tmp_path / "absent", "house")


def test_all_gives_the_studies_and_nothing_else(tmp_path: Path):
    for name in ("b", "a"):
        Record.create(tmp_path, name)
    (tmp_path / "mlartifacts").mkdir()
    (tmp_path / ".c.staging").mkdir()
    (tmp_path / ".c.staging" / PLAN).write_text("{}")
    (tmp_path / "mlflow.db").write_text("")
    assert [record.study for record in Record.all(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize(
    ("base", "name"),
    [("digits", "digits-1"), ("my data", "my-data-1"), ("../x", "x-1"), ("", "study-1"), ("日本", "study-1")],
)
def test_a_numbered_name_is_legal(tmp_path: Path, base: str, name: str):
    assert Record.numbered(tmp_path / "absent", base) == name
    Record.create(tmp_path, name)


def test_a_numbered_name_follows_the_highest_number(tmp_path: Path):
    for name in ("digits-1", "digits-9", "digits-x", "digits-1-2"):
        Record.create(tmp_path, name)
    assert Record.numbered(tmp_path, "digits") == "digits-10"


def test_trials_are_those_with_a_config_in_their_numbers_order(make_study, add_trials, outcomes: list[Outcome]):
    record: Record = make_study()
    assert record.trials() == []
    assert record.outcomes() == {}
    add_trials(record, [*outcomes, None])
    record.trial(12345).write_config({})
    (record.trials_dir / "0099").mkdir()
    (record.trials_dir / "notes").mkdir()
    assert [trial.number for trial in record.trials()] == [0, 1, 2, 3, 4, 5, 12345]
    assert record.outcomes() == dict(enumerate(outcomes))


def test_a_config_that_a_power_cut_left_empty_is_no_trial(make_study, add_trials):
    record: Record = make_study()
    add_trials(record, [None, None])
    record.trial(1).config_path.write_text("")
    assert [trial.number for trial in record.trials()] == [0]


def test_trials_of_a_cohort_end_together(make_study, add_trials, outcomes: list[Outcome]):
    record: Record = make_study()
    add_trials(record, [None] * 5)
    record.write_outcomes(dict(enumerate(outcomes)))
    assert record.outcomes() == dict(enumerate(outcomes))
    names = {path.name for path in record.trial(0).folder.iterdir()}
    assert names == {"config.json", "curve.csv", "outcome.json"}


def test_an_outcome_is_not_there_before_the_lines_appended_until_then(make_study, add_trials, outcomes: list[Outcome]):
    record: Record = make_study()
    add_trials(record, [None])
    (record.run_dir / "rungs.jsonl").symlink_to("nowhere")
    with pytest.raises(FileNotFoundError):
        record.write_outcomes({0: outcomes[0]})
    assert record.outcomes() == {}


def contents(record: Record) -> dict[str, str]:
    return {str(path.relative_to(record.run_dir)): path.read_text() for path in record.trials_dir.rglob("*.*")}


@pytest.fixture
def ended(make_study, add_trials, outcomes: list[Outcome]) -> Record:
    """A study whose trials are over, one of them with a traceback."""
    record: Record = make_study()
    add_trials(record, [None] * 5)
    record.trial(3).write_failure("Traceback ...")
    record.write_outcomes(dict(enumerate(outcomes)))
    return record


def test_files_that_a_power_cut_left_empty_are_mended_bit_for_bit(ended: Record):
    before = contents(ended)
    for path in ended.trials_dir.rglob("*.*"):
        path.write_text("")
    assert (ended.trials(), ended.trial(0).read_outcome(), ended.trial(0).read_curve()) == ([], None, [])
    with ended.lock():
        assert contents(ended) == before


def test_trials_that_a_power_cut_took_are_mended_bit_for_bit(ended: Record):
    before = contents(ended)
    shutil.rmtree(ended.trials_dir)
    with ended.lock():
        assert contents(ended) == before


def test_what_is_there_is_not_mended(ended: Record):
    ended.trial(0).config_path.write_text("{}")
    with ended.lock():
        assert ended.trial(0).read_config() == {}


def test_a_trial_that_ran_again_is_mended_as_it_was_last(ended: Record, outcomes: list[Outcome]):
    ended.write_outcomes({0: outcomes[4]})
    ended.trial(0).outcome_path.unlink()
    with ended.lock():
        assert ended.trial(0).read_outcome() == outcomes[4]


def test_a_trial_whose_line_was_torn_is_not_over(ended: Record, outcomes: list[Outcome]):
    lines = (ended.run_dir / "trials.jsonl").read_bytes()
    (ended.run_dir / "trials.jsonl").write_bytes(lines[:-1])
    ended.trial(4).outcome_path.unlink()
    with ended.lock():
        assert ended.outcomes() == dict(enumerate(outcomes[:4]))


def test_weights_of_a_trial_are_no_part_of_its_line(make_study, add_trials, outcomes: list[Outcome]):
    record: Record = make_study()
    add_trials(record, [None])
    record.trial(0).weights_path.write_bytes(b"weights")
    record.trial(0).write_preparation({"columns": []})
    record.write_outcomes({0: outcomes[0]})
    (line,) = record.read_jsonl("trials.jsonl")
    assert (line["trial"], list(line["files"])) == (0, ["config.json", "curve.csv", "outcome.json"])


def test_a_study_held_by_this_process_is_refused_to_it_too(make_study):
    record: Record = make_study()
    with record.lock(), pytest.raises(StudyError, match=f"being run by process {os.getpid()}"), record.lock():
        pass
    with record.lock():
        pass


def test_a_killed_process_holds_a_study_no_longer(make_study):
    record: Record = make_study()
    hold = (
        "import sys, time, pathlib; from automl.tracking.record import Record\n"
        "with Record(pathlib.Path(sys.argv[1])).lock(): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold, str(record.run_dir)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(StudyError, match=f"'adult-1' is being run by process {holder.pid}"), record.lock():
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with record.lock():
        pass


def test_a_study_without_trials_can_be_taken_back(make_study):
    record: Record = make_study()
    record.remove()
    assert list(record.runs_dir.iterdir()) == []


def test_a_study_with_trials_is_not_taken_back(make_study, add_trials):
    record: Record = make_study()
    add_trials(record, [None])
    with pytest.raises(ValueError, match="has trials and is not removed"):
        record.remove()
    assert record.has(PLAN)


def test_importing_it_is_quick_and_brings_no_vendor():
    heavy = "{'pandas', 'numpy', 'torch', 'mlflow', 'optuna', 'sklearn', 'yaml'}"
    code = f"import sys, automl.tracking.record, automl.tracking.tracker; print(sorted({heavy} & set(sys.modules)))"
    started = time.monotonic()
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("becomes", ["elsewhere", None], ids=["moved", "removed"])
def test_a_folder_that_goes_while_it_is_held_is_named_and_not_made_again(record: Record, becomes: str | None):
    folder = record.run_dir
    with (
        pytest.raises(StudyError, match=r"was moved or removed while .* --runs-dir DIR"),
        record.lock(),
    ):
        if becomes is None:
            shutil.rmtree(folder)
        else:
            folder.rename(folder.with_name(becomes))
        record.trial(3).write_config({"a": 1})
    assert not folder.exists()


def test_another_folder_in_the_place_of_one_that_is_held_is_not_taken_for_it(record: Record):
    folder = record.run_dir
    with pytest.raises(StudyError, match="was moved or removed"), record.lock():
        folder.rename(folder.with_name("elsewhere"))
        (folder / "trials").mkdir(parents=True)
        (folder / "lock").touch()
        raise FileNotFoundError


def test_what_goes_wrong_in_a_folder_that_stays_is_told_as_it_is(record: Record):
    with pytest.raises(FileNotFoundError), record.lock():
        raise FileNotFoundError


def test_who_deletes_the_folder_that_it_holds_may_fail_otherwise(record: Record):
    with pytest.raises(ZeroDivisionError), record.lock():
        record.delete()
        raise ZeroDivisionError
