"""A dry run tells what a search would do, and leaves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.cli.dry_run import closing_lines, problem_lines
from automl.errors import PlanError, SpaceError, StudyError, TargetError
from automl.experiment.checks import checked
from automl.experiment.dry_run import dry_run
from automl.experiment.plan import IN_MEMORY, Plan
from automl.files import strict


def plan(folder: Path, data: str = "wine", **options) -> Plan:
    said = {"space": "tabular_small", "device": "cpu", "study": "", **options}
    return checked(Plan(data=data, runs_dir=str(folder / "runs"), **said))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dry")
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(90, 2)).round(3), columns=["a", "b"])
    rows = rows.assign(
        one="x", number=range(90), zip=[f"{row % 3:05}" for row in range(90)], y=["no", "yes", "NA"] * 30
    )
    rows.to_csv(folder / "rows.csv", index=False, sep=";", decimal=",")
    result = dry_run(plan(folder, str(folder / "rows.csv"), target="y", timeout=60.0, drop=("b",)))
    assert [path.name for path in folder.iterdir()] == ["rows.csv"]  # neither runs nor anything else is left
    return result


def test_it_is_plain_json(found):
    assert json.loads(json.dumps(strict(found))) == found


def test_the_task_is_told(found):
    assert found["task"]["kind"] == "multiclass" and found["task"]["classes"] == ["NA", "no", "yes"]
    assert (found["task"]["metric"], found["task"]["direction"]) == ("accuracy", "maximize")


def test_every_column_has_a_kind_or_a_reason(found):
    kinds = {each["name"]: each["kind"] for each in found["columns"]}
    assert kinds == {"a": "numeric", "b": None, "one": None, "number": None, "zip": "category"}
    assert all((each["kind"] is None) == (each["left_out"] is not None) for each in found["columns"])


def test_the_parts_have_their_sizes(found):
    assert found["rows"] == {"train": 54, "validation": 18, "test": 18}


def test_how_the_file_was_read_is_told(found):
    assert found["reading"] == {"separator": ";", "decimal": ",", "na": []}
    assert [finding["kind"] for finding in found["findings"]].count("reading") == 3


def test_a_trial_has_its_cost(found):
    trial = found["trial"]
    assert trial["is_measured"] and trial["epoch_seconds"] > 0 and trial["epochs"] == 60
    assert trial["seconds"] == pytest.approx(60 * trial["epoch_seconds"])
    assert trial["parameters"] > 1000 and trial["bytes"] > 4 * trial["parameters"]


def test_trials_that_stop_early_are_more(found):
    fits = found["trials_in_time"]
    assert 1 <= fits["at_least"] <= fits["at_most"]


def test_it_is_told_in_lines(found):
    text = "\n".join([*problem_lines(found), *closing_lines(found)])
    assert "Task     multiclass, target 'y', 3 classes: NA, no, yes" in text
    assert "Rows     54 to train on, 18 to choose by, 18 to judge on" in text
    assert "semicolons between fields and a decimal comma" in text and "in training" in text


def test_no_time_means_no_count_of_trials(tmp_path):
    assert dry_run(plan(tmp_path, trials=3))["trials_in_time"] is None


def test_a_default_that_passes_a_limit_is_told(tmp_path):
    found = dry_run(plan(tmp_path, max_parameters=10))
    assert "its parameters would be" in found["trial"]["infeasible"] and found["trials_in_time"] is None
    assert "the default config cannot be tried" in "\n".join(closing_lines(found))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"target": "clas"}, TargetError),
        ({"metric": "rmse"}, PlanError),
        ({"space": "tabluar"}, SpaceError),
        ({"space": "cnn_small"}, PlanError),
    ],
)
def test_what_would_stop_a_search_stops_it(tmp_path, options, error):
    with pytest.raises(error):
        dry_run(plan(tmp_path, **options))


def test_a_name_that_is_taken_is_refused(tmp_path):
    (tmp_path / "runs" / "wines").mkdir(parents=True)
    with pytest.raises(StudyError, match="exists already"):
        dry_run(plan(tmp_path, study="wines"))


def test_images_have_a_dry_run_too(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (300, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "x.npz", x=images, y=np.arange(300) % 2)
    found = dry_run(plan(tmp_path, str(tmp_path / "x.npz"), space="cnn_small"))
    assert found["trial"]["is_measured"] and [each["kind"] for each in found["columns"]] == ["image"]
    assert found["space"]["families"] == ["cnn"]


def test_the_front_door_looks_at_a_frame(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = pd.DataFrame({"a": np.arange(60) % 7 * 0.5, "y": np.arange(60) % 2})
    found = automl.inspect(rows, target="y", space="tabular_small", device="cpu", trials=2)
    assert found["data"] == IN_MEMORY and found["rows"]["train"] == 36
    assert list(tmp_path.iterdir()) == []
