"""A study whose trials are kept in an Optuna storage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from sklearn.datasets import load_iris

import automl
from automl.errors import PlanError, StorageError
from automl.experiment.plan import Plan
from automl.experiment.remove import remove
from automl.experiment.sharing import STORAGE, absolute, moved, shared_by, storage_mistakes
from automl.tracking.record import Record

OPTIONS = {"target": "target", "space": "tabular_small"}


@pytest.fixture
def rows():
    return load_iris(as_frame=True).frame


@pytest.fixture
def plan():
    return Plan(data="a.csv", study="houses", runs_dir="/runs", storage="postgresql://ann:secret@db/x")


def names(url):
    return optuna.get_all_study_names(url)


def story(run_dir):
    """Configs and scores of a study, without clocks."""
    told = []
    for folder in sorted((run_dir / "trials").iterdir()):
        outcome = json.loads((folder / "outcome.json").read_text())
        outcome.pop("seconds")
        told.append((folder.name, json.loads((folder / "config.json").read_text()), outcome))
    return told


@pytest.mark.parametrize(
    ("storage", "jobs", "mistake"),
    [
        ("studies.db", 1, "must be an address that Optuna knows, such as"),
        ("sqlite://", 1, "keeps nothing once the command ends"),
        ("sqlite:///:memory:", 1, "keeps nothing once the command ends"),
        ("sqlite:///a.db", 2, "is for one job: SQLite locks its whole file .* with --jobs 2 use PostgreSQL"),
    ],
)
def test_an_address_that_will_not_do_is_refused_with_the_reason(rows, runs_dir, storage, jobs, mistake):
    with pytest.raises(PlanError, match=f"--storage .*{mistake}"):
        automl.search(rows, runs_dir=runs_dir, storage=storage, jobs=jobs, **OPTIONS)
    assert [path.name for path in runs_dir.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("storage", [None, "sqlite:///a.db", "postgresql://ann@db/x", "redis://db", "mysql://db/x"])
def test_an_address_that_optuna_knows_is_none(storage):
    assert list(storage_mistakes(storage, 1)) == []


def test_the_file_of_a_database_does_not_depend_on_the_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert absolute("sqlite:///a.db") == f"sqlite:///{tmp_path}/a.db"
    assert absolute("sqlite:////b/a.db") == "sqlite:////b/a.db"
    assert (absolute(None), absolute("postgresql:///x")) == (None, "postgresql:///x")


def test_a_plan_keeps_no_password(plan):
    kept = Plan.from_json({**plan.to_json(), "tracking_uri": None})
    assert kept.storage == "postgresql://ann:***@db/x"
    assert plan.storage == "postgresql://ann:secret@db/x"


def test_a_password_comes_from_the_environment_or_is_asked_for(plan, tmp_path, monkeypatch):
    record = Record.create(tmp_path / "runs", "houses", plan.to_json() | {"study_id": "me"})
    kept = Plan.from_json(record.read_json("plan.json"))
    monkeypatch.delenv(STORAGE, raising=False)
    with pytest.raises(StorageError, match=r"the password of postgresql://ann:\*\*\*@db/x is not kept: .* in AUTOML"):
        shared_by(record, kept)
    monkeypatch.setenv(STORAGE, plan.storage)
    assert shared_by(record, kept) == (plan.storage, "me")


def test_a_study_in_its_run_folder_cannot_be_moved_to_a_storage(plan):
    with pytest.raises(PlanError, match="keeps its trials in its run folder, and --storage cannot move them"):
        moved(Plan(data="a.csv", study="houses", runs_dir="/runs"), "sqlite:///a.db")


def test_a_storage_that_is_away_is_said_before_anything_is_done(rows, runs_dir):
    pytest.importorskip("psycopg")
    with pytest.raises(StorageError, match=r"the storage postgresql://ann:\*\*\*@127.0.0.1:9/x cannot be used: "):
        automl.search(rows, runs_dir=runs_dir, storage="postgresql://ann:secret@127.0.0.1:9/x", **OPTIONS)
    assert [path.name for path in runs_dir.iterdir() if path.is_dir()] == []


def test_a_study_in_a_database_is_that_of_a_journal_and_is_removed_alone(rows, runs_dir, tmp_path):
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    optuna.create_study(storage=url, study_name="another")
    journal = automl.search(rows, runs_dir=runs_dir, study="journal", trials=6, **OPTIONS)
    kept = automl.search(rows, runs_dir=runs_dir, study="kept", storage=url, trials=4, judge=False, **OPTIONS)
    kept = automl.resume("kept", runs_dir=runs_dir, trials=6).judge()
    assert story(kept.run_dir) == story(journal.run_dir)
    assert kept.test == journal.test
    assert not (kept.run_dir / "study.journal").exists()
    assert sorted(names(url)) == ["another", "kept"]
    remove(Record(kept.run_dir))
    assert names(url) == ["another"]
    assert not kept.run_dir.exists()


@pytest.fixture(scope="module")
def cluster():
    from tests.postgresql import running

    with running() as cluster:
        yield cluster


def start(folder, table, url, *words):
    command = [sys.executable, "-m", "automl", *words, "--runs-dir", str(folder), "--json"]
    if words[0] == "search":
        command += [table, "--target", "target", "--space", "tabular_small", "--storage", url]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", STORAGE: url},
    )


def finish(process, code=0):
    out, err = process.communicate(timeout=600)
    assert process.returncode == code, err
    return json.loads(out) if code == 0 else err


@pytest.fixture
def table(tmp_path, rows):
    rows.to_csv(tmp_path / "iris.csv", index=False)
    return str(tmp_path / "iris.csv")


def has_no_password(folder: Path) -> bool:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return bool(files) and not any(b"s3cret" in path.read_bytes() for path in files)


@pytest.mark.slow
def test_two_jobs_and_two_commands_share_a_study_in_postgresql(cluster, runs_dir, table, tmp_path):
    url = cluster.create("commands")
    words = ["search", "--study", "iris", "--trials", "40", "--cohort", "1"]
    here = start(runs_dir, table, url, *words, "--jobs", "2")
    there = start(tmp_path / "there", table, url, *words)
    told = [finish(here), finish(there)]
    study = optuna.load_study(study_name="iris", storage=url.replace("postgresql", "postgresql+psycopg"))
    assert all(trial.state.is_finished() for trial in study.trials)
    folders = [runs_dir / "iris", tmp_path / "there" / "iris"]
    numbers = [[int(path.name) for path in (folder / "trials").iterdir()] for folder in folders]
    assert sorted(number for own in numbers for number in own) == list(range(len(study.trials)))
    assert len(study.trials) >= 40 and all(numbers)
    assert sorted(each["test"] is None for each in told) == [False, True]
    assert all(map(has_no_password, folders))
    guest = next(Path(each["run_dir"]).parent for each in told if each["test"] is None)
    finish(start(guest, table, url, "report", "iris"))
    assert finish(start(guest, table, url, "judge", "iris"))["test"] is not None


@pytest.mark.slow
def test_a_storage_that_dies_stops_the_search_and_resume_goes_on_when_it_is_back(cluster, runs_dir, table):
    url = cluster.create("dying")
    process = start(runs_dir, table, url, "search", "--study", "iris", "--trials", "12")
    deadline = time.monotonic() + 300
    while not list(runs_dir.glob("iris/trials/0002/outcome.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    cluster.stop()
    err = finish(process, 2)
    assert "does not answer: " in err and "go on with: automl resume iris" in err and "s3cret" not in err
    done = len(list(runs_dir.glob("iris/trials/*/outcome.json")))
    assert 0 < done < 12
    assert json.loads((runs_dir / "iris" / "report.json").read_text())["trials"]["total"] == done
    cluster.start()
    assert finish(start(runs_dir, table, url, "resume", "iris"))["trials"]["total"] == 12
