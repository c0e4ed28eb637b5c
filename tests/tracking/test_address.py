"""Where MLflow is."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.errors import PlanError
from automl.tracking.address import artifact_root, experiment_name, is_local, resolve_uri, where_now

RUNS = Path("/home/ann/runs")


def test_the_default_is_a_database_of_the_runs_folder():
    assert resolve_uri(RUNS, None, {}) == "sqlite:////home/ann/runs/mlflow.db"


def test_the_default_is_absolute_where_the_runs_folder_is_not(monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    assert resolve_uri(Path("runs"), None, {}) == f"sqlite:///{tmp_path}/runs/mlflow.db"


def test_the_environment_is_honoured_and_the_option_before_it():
    environ = {"MLFLOW_TRACKING_URI": "http://there:5000"}
    assert resolve_uri(RUNS, None, environ) == "http://there:5000"
    assert resolve_uri(RUNS, "https://here", environ) == "https://here"


@pytest.mark.parametrize(
    ("asked", "resolved"),
    [
        ("sqlite:///my.db", "sqlite:///{}/my.db"),
        ("sqlite:////tmp/my.db", "sqlite:////tmp/my.db"),
        ("file:mlruns", "file://{}/mlruns"),
        ("file:///tmp/ml%20runs", "file:///tmp/ml%20runs"),
        ("./mlruns", "file://{}/mlruns"),
        ("databricks", "databricks"),
        ("postgresql+psycopg://db/mlflow", "postgresql+psycopg://db/mlflow"),
    ],
)
def test_relative_addresses_become_absolute(monkeypatch, tmp_path: Path, asked: str, resolved: str):
    monkeypatch.chdir(tmp_path)
    assert resolve_uri(RUNS, asked, {}) == resolved.format(tmp_path)


def test_a_scheme_that_mlflow_does_not_know_is_refused():
    with pytest.raises(PlanError, match="unknown scheme of a tracking URI 'htpp'; did you mean 'http'"):
        resolve_uri(RUNS, "htpp://there", {})


def test_a_kept_address_has_its_password_from_the_environment_and_not_that_of_another():
    kept, whole = "https://ann:***@there", "https://ann:secret@there"
    assert resolve_uri(RUNS, kept, {"MLFLOW_TRACKING_URI": whole}) == whole
    assert resolve_uri(RUNS, kept, {"MLFLOW_TRACKING_URI": "https://ann:secret@here"}) == "https://there"


@pytest.mark.parametrize(
    ("uri", "local"), [("sqlite:///x.db", True), ("file:///x", True), ("http://there", False), ("mysql://db/x", False)]
)
def test_a_server_is_not_local(uri: str, local: bool):
    assert is_local(uri) == local


def test_artifacts_of_a_database_lie_in_the_runs_folder():
    assert artifact_root(RUNS, "sqlite:////x.db") == "file:///home/ann/runs/mlartifacts"
    assert artifact_root(RUNS, "http://there:5000") is None


@pytest.mark.parametrize(
    ("data", "name"),
    [("adult.tsv.gz", "adult"), ("/a/b/x.v2.parquet", "x.v2"), ("./digits", "digits"), (".csv", ".csv"), ("", "data")],
)
def test_an_experiment_is_named_after_the_data(data: str, name: str):
    assert experiment_name(data) == name


def test_the_runs_folders_own_database_moves_with_it(tmp_path: Path):
    (tmp_path / "mlflow.db").touch()
    assert where_now(tmp_path, "sqlite:////old/runs/mlflow.db") == f"sqlite:///{tmp_path}/mlflow.db"


@pytest.mark.parametrize("uri", ["http://there:5000", "sqlite:////old/runs/another.db", "file:///old/runs/mlruns"])
def test_what_is_not_the_runs_folders_own_stays_where_it_was(tmp_path: Path, uri: str):
    (tmp_path / "mlflow.db").touch()
    assert where_now(tmp_path, uri) == uri


def test_a_database_that_is_where_it_was_is_not_taken_for_moved(tmp_path: Path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mlflow.db").touch()
    kept = f"sqlite:///{tmp_path}/old/mlflow.db"
    assert where_now(tmp_path / "new", kept) == kept
