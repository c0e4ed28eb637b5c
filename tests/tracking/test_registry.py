"""Models in MLflow's registry, with the trial as their source."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from automl.errors import StudyError
from automl.tracking.record import Record
from automl.tracking.registry import Entry, Source, find_source, register
from automl.tracking.tracker import start_tracking


@pytest.fixture
def sent(make_study, add_trials, judge, mlflow_uri: str, outcomes) -> Record:
    """A finished study that MLflow was told of."""
    record: Record = make_study(tracking_uri=mlflow_uri)
    add_trials(record, outcomes)
    judge(record)
    assert start_tracking(record, mlflow_uri).finish("FINISHED") == []
    return record


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder that stands in for a model."""
    folder = tmp_path / "model"
    (folder / "artifacts").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "artifacts" / "weights").write_text("1 2 3")
    return folder


def entry(name: str) -> Entry:
    return Entry(name, "# What it is", {"optimizer.lr": "0.1"}, {"study": "adult-1", "trial": "1"})


def test_a_trial_is_found_where_its_study_was_sent(sent: Record, mlflow_uri: str):
    told = sent.read_json("tracking.json")
    assert find_source(sent, 1, {}) == Source(mlflow_uri, told["experiment_id"], told["trials"]["1"])


def test_a_study_that_was_not_sent_says_how_to_send_it(make_study):
    with pytest.raises(StudyError, match=r"trial 0 of study 'adult-1' is not in MLflow at .*automl sync adult-1"):
        find_source(make_study(), 0, {})


def test_a_trial_that_mlflow_does_not_know_is_said_so(sent: Record):
    with pytest.raises(StudyError, match="trial 99 of study 'adult-1' is not in MLflow"):
        find_source(sent, 99, {})


def test_a_study_that_was_sent_elsewhere_is_not_found_here(sent: Record):
    sent.write_json(
        "plan.json", sent.read_json("plan.json") | {"tracking_uri": "https://ann:secret@mlflow.example.org"}
    )
    with pytest.raises(StudyError, match=r"is not in MLflow at https://ann:\*\*\*@mlflow\.example\.org"):
        find_source(sent, 1, {})


def test_the_first_version_makes_the_model_and_the_next_follows(sent: Record, model: Path, mlflow_uri: str):
    source = find_source(sent, 1, {})
    assert [register(source, model, entry("incomes")) for _ in range(2)] == ["1", "2"]
    versions = MlflowClient(mlflow_uri).search_model_versions("name = 'incomes'")
    assert {version.run_id for version in versions} == {source.run_id}


def test_a_version_says_what_it_is_and_holds_the_model(sent: Record, model: Path, mlflow_uri: str, tmp_path: Path):
    register(find_source(sent, 1, {}), model, entry("told"))
    client = MlflowClient(mlflow_uri)
    version = client.get_model_version("told", "1")
    assert (version.description, version.tags) == ("# What it is", {"study": "adult-1", "trial": "1"})
    place = Path(client.get_model_version_download_uri("told", "1").removeprefix("file://"))
    files = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert files == {"MLmodel", "artifacts/weights"}


def test_the_trials_run_shows_the_model(sent: Record, model: Path, mlflow_uri: str):
    source = find_source(sent, 1, {})
    register(source, model, entry("shown"))
    client = MlflowClient(mlflow_uri)
    (kept,) = client.search_logged_models([source.experiment_id], "name = 'shown'")
    assert (kept.source_run_id, kept.params, str(kept.status)) == (source.run_id, {"optimizer.lr": "0.1"}, "READY")


def test_a_description_too_long_is_cut(sent: Record, model: Path, mlflow_uri: str):
    register(find_source(sent, 1, {}), model, Entry("long", "x" * 9000, {}, {}))
    assert len(MlflowClient(mlflow_uri).get_model_version("long", "1").description) == 5000


def test_a_name_that_mlflow_refuses_is_said_so(sent: Record, model: Path):
    with pytest.raises(StudyError, match=r"MLflow did not register 'a/b': .*'a/b'"):
        register(find_source(sent, 1, {}), model, entry("a/b"))


def test_an_mlflow_that_is_away_is_said_so(model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(StudyError, match=r"MLflow did not register 'houses': .*127\.0\.0\.1"):
        register(Source("http://127.0.0.1:9", "1", "run"), model, entry("houses"))
