"""Whether a search would run here."""

from __future__ import annotations

import os
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from automl.errors import PlanError
from automl.experiment import doctor
from automl.experiment.doctor import EXTRAS, examine
from automl.tracking.record import Record

PYPROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is found for a runs folder with one study, and no address of MLflow in the environment."""
    folder = tmp_path_factory.mktemp("runs")
    Record.create(folder, "houses")
    return examine(folder, None, {})


def test_a_search_would_run_where_the_tests_do(found: dict[str, Any]):
    assert found["problems"] == []


def test_every_package_has_its_version_and_what_is_needed(found: dict[str, Any]):
    told = {each["name"]: each for each in found["packages"]}
    assert {"automl", "torch", "optuna", "mlflow", "scikit-learn", "pandas"} <= told.keys()
    assert all(each["installed"] == version(name) for name, each in told.items())
    assert all(each["is_met"] for each in told.values())


def test_the_machine_is_described(found: dict[str, Any]):
    assert found["devices"][0].startswith("cpu") and found["memory_bytes"] > 0
    assert 1 <= found["cores"]["usable"] <= found["cores"]["all"] == os.cpu_count()


def test_studies_and_mlflow_are_where_they_would_be(found: dict[str, Any]):
    assert found["storage"]["studies"] == 1
    assert found["mlflow"] == {
        "tracking_uri": f"sqlite:///{found['storage']['runs_dir']}/mlflow.db",
        "is_reached": True,
        "reason": None,
    }


def test_every_extra_of_the_package_says_what_it_is_for(found: dict[str, Any]):
    assert EXTRAS.keys() == PYPROJECT["project"]["optional-dependencies"].keys()
    assert [each["for"] for each in found["extras"]] == list(EXTRAS.values())


def test_a_folder_that_cannot_be_used_is_a_problem(tmp_path: Path):
    (tmp_path / "taken").touch()
    (problem,) = examine(tmp_path / "taken", None, {})["problems"]
    assert problem.startswith(f"the runs folder {tmp_path / 'taken'} cannot be made")


def test_a_silent_mlflow_is_no_problem_but_a_note(tmp_path: Path):
    told = examine(tmp_path, None, {"MLFLOW_TRACKING_URI": "http://ann:secret@127.0.0.1:9"})
    assert told["mlflow"]["tracking_uri"] == "http://ann:***@127.0.0.1:9" and not told["mlflow"]["is_reached"]
    assert told["problems"] == [] and "a search runs all the same" in told["notes"][-1]


def test_an_address_that_mlflow_does_not_know_is_refused(tmp_path: Path):
    with pytest.raises(PlanError, match="unknown scheme of a tracking URI 'htp'"):
        examine(tmp_path, "htp://x", {})


def test_nothing_is_created(tmp_path: Path):
    examine(tmp_path / "runs", None, {})
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_a_problem_with_its_remedy():
    absent = doctor._package(Requirement("no-such-package>=2"))
    assert list(doctor._missing([absent])) == [
        "the package no-such-package is missing; install it with: pip install 'no-such-package>=2'"
    ]


def test_an_old_package_is_worth_a_note():
    old = doctor._package(Requirement("numpy>=1000"))
    assert list(doctor._missing([old])) == []
    assert list(doctor._outdated([old])) == [f"numpy must be >=1000 and is {version('numpy')}"]


@pytest.mark.parametrize(
    ("text", "plain", "extra"),
    [
        ("numpy", True, False),
        ("pytest; extra == 'test'", False, True),
        ("tomli; python_version < '3.0'", False, False),
        ("numpy; python_version > '3.0'", True, False),
    ],
)
def test_a_package_belongs_to_the_project_or_to_an_extra(text: str, plain: bool, extra: bool):
    needed = Requirement(text)
    assert (doctor._is_wanted(needed, ""), doctor._is_wanted(needed, "test")) == (plain, extra)
