"""One small search from the command line to predictions, and what is refused on the way."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_wine

from automl.cli.app import run
from automl.tracking.record import Record

KEYS = [
    "schema_version",
    "study",
    "run_dir",
    "task",
    "metric",
    "direction",
    "trials",
    "best",
    "test",
    "baselines",
    "findings",
    "seconds",
    "mlflow",
    "not_judged",
]


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


def automl(*arguments: object) -> Ended:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Ended(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("house") / "runs"


@pytest.fixture(scope="module")
def searched(runs: Path) -> Ended:
    """A search of two trials on a real table of 178 rows."""
    space = Path(__file__).parents[2] / "search_spaces" / "tabular_small.yaml"
    options = ["--trials", 2, "--study", "wines", "--runs-dir", runs, "--space", space, "--device", "cpu"]
    return automl("search", "wine", *options, "--json")


def file_states(folder: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*") if path.is_file()}


def test_a_search_ends_well(searched: Ended):
    assert searched.code == 0, searched.err


def test_a_search_puts_one_json_object_on_stdout(searched: Ended):
    assert list(searched.json) == KEYS


def test_a_search_reports_its_trials_on_stderr(searched: Ended):
    assert re.search(r"^trials 2 of 2: \d completed, .*; best accuracy \d", searched.err, flags=re.MULTILINE)


def test_the_trials_are_as_many_as_asked_for(searched: Ended):
    trials = searched.json["trials"]
    assert trials["total"] == 2 == trials["completed"] + trials["pruned"] + trials["failed"]


def test_the_test_score_lies_in_its_interval(searched: Ended):
    test = searched.json["test"]
    assert 0 <= test["ci_low"] <= test["value"] <= test["ci_high"] <= 1 and test["rows"] > 0


def test_the_addresses_of_the_result_are_absolute(searched: Ended, runs: Path):
    result = searched.json
    assert result["run_dir"] == str(runs / "wines")
    assert result["mlflow"]["tracking_uri"] == f"sqlite:///{runs / 'mlflow.db'}"


def test_a_judged_study_is_not_resumed_but_shown_again(searched: Ended, runs: Path):
    before = file_states(runs / "wines")
    again = automl("resume", "wines", "--runs-dir", runs, "--json")
    assert (again.code, again.json) == (0, searched.json)
    assert file_states(runs / "wines") == before


def test_a_name_that_is_taken_is_refused_with_the_command_that_goes_on(searched: Ended, runs: Path):
    refused = automl("search", "wine", "--study", "wines", "--runs-dir", runs, "--trials", 1)
    assert refused.code == 2 and "automl resume wines" in refused.err


def test_a_study_shows_its_layers(searched: Ended, runs: Path):
    layers = automl("show", "wines", "--runs-dir", runs, "--json").json["layers"]
    assert layers and all(set(layer) == {"name", "output", "parameters", "multiply_adds"} for layer in layers)


def test_a_trial_shows_its_layers(searched: Ended, runs: Path):
    shown = automl("show", "wines", "--trial", 0, "--runs-dir", runs, "--json").json
    assert shown["trial"] == 0 and shown["layers"]


def test_a_study_is_shown_to_a_person(searched: Ended, runs: Path):
    out = automl("show", "wines", "--runs-dir", runs).out
    assert f"Best: trial {searched.json['best']['trial']}" in out and "parameters" in out


def test_the_result_is_told_to_a_person(searched: Ended, runs: Path):
    out = automl("resume", "wines", "--runs-dir", runs).out
    assert "Test accuracy on" in out and f"automl show wines --runs-dir {runs}" in out


@pytest.fixture(scope="module")
def bundle(searched: Ended, runs: Path) -> Path:
    folder = runs.parent / "bundle"
    exported = automl("export", "wines", "--format", "bundle", "--output", folder, "--runs-dir", runs)
    assert exported.code == 0, exported.err
    assert f"automl predict {folder} " in exported.out and "it answers as the network does" in exported.out
    return folder


@pytest.fixture(scope="module")
def rows(runs: Path) -> Path:
    """The table itself, its target and a column of its own included."""
    path = runs.parent / "rows.csv"
    load_wine(as_frame=True).frame.head(5).assign(bottle=[*"abcde"]).to_csv(path, index=False)
    return path


def predicted(lines: Iterable[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(lines))


def test_predictions_go_to_stdout_as_csv(bundle: Path, rows: Path):
    table = predicted(automl("predict", bundle, rows).out.splitlines())
    assert len(table) == 5 and next(iter(table[0])) == "prediction"
    chances = [float(table[0][name]) for name in table[0] if name.startswith("probability_")]
    assert len(chances) == 3 and math.isclose(sum(chances), 1.0, abs_tol=1e-4)


def test_predictions_repeat_only_what_is_kept(bundle: Path, rows: Path, tmp_path: Path):
    output = tmp_path / "predictions.csv"
    done = automl("predict", bundle, rows, "--output", output, "--keep", "bottle")
    table = predicted(output.read_text(encoding="utf-8").splitlines())
    assert (done.out, done.err) == ("", f"5 predictions written to {output}\n")
    assert [row["bottle"] for row in table] == [*"abcde"] and "alcohol" not in table[0]


def test_rows_that_lack_a_column_are_refused(bundle: Path, tmp_path: Path):
    path = tmp_path / "short.csv"
    path.write_text("alcohol\n14.2\n")
    refused = automl("predict", bundle, path)
    assert refused.code == 2 and "malic_acid" in refused.err and refused.out == ""


def test_a_folder_that_is_no_bundle_is_refused(rows: Path, tmp_path: Path):
    refused = automl("predict", tmp_path, rows)
    assert refused.code == 2 and refused.err.startswith("error: ")


def test_an_interruption_says_how_to_go_on_and_keeps_what_was_done(tmp_path: Path):
    command = [sys.executable, "-m", "automl", "search", "wine", "--trials", "500", "--study", "wines"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        if line.startswith("trials ") and not any(earlier.startswith("trials ") for earlier in said):
            process.send_signal(signal.SIGINT)
        said.append(line)
    assert process.wait() == 130
    assert said[-1].strip().endswith("automl resume wines"), said
    assert Record.find(tmp_path / "runs", "wines").has("report.json")
