"""A study's runs taken out of MLflow."""

from __future__ import annotations

import pytest
from mlflow import MlflowClient

from automl.errors import StudyError
from automl.tracking.forget import forget
from automl.tracking.mlflow import Projection


@pytest.fixture
def sent(make_study, add_trials, outcomes, mlflow_uri):
    """Make a study that MLflow was told."""

    def sent(name):
        record = make_study(name, tracking_uri=mlflow_uri)
        add_trials(record, outcomes)
        projection = Projection(record, mlflow_uri)
        projection.sync("FINISHED")
        record.write_json("tracking.json", {"tracking_uri": mlflow_uri, "run_id": projection.run_id})
        return record

    return sent


def _active(record, uri):
    client = MlflowClient(uri)
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return client.search_runs(ids, f"tags.`automl.study_id` = '{record.read_json('plan.json')['study_id']}'")


def test_the_parent_and_its_children_are_deleted_and_no_other_run(sent, outcomes, mlflow_uri):
    one, other = sent("one"), sent("other")
    assert forget(one) == 1 + len(outcomes)
    assert len(_active(one, mlflow_uri)) == 0
    assert len(_active(other, mlflow_uri)) == 1 + len(outcomes)


def test_the_view_of_its_trials_is_no_longer_listed_and_that_of_others_is(sent, mlflow_uri):
    one, other = sent("one"), sent("other")
    forget(one)
    experiment = MlflowClient(mlflow_uri).get_experiment_by_name("adult")
    ids = [record.read_json("plan.json")["study_id"] for record in (one, other)]
    assert [f"mlflow.sharedViewState.{study_id}" in experiment.tags for study_id in ids] == [False, True]


def test_a_study_that_was_never_sent_has_no_runs(make_study, tmp_path):
    record = make_study("one")
    assert forget(record) == 0
    assert not (tmp_path / "runs" / "mlflow.db").exists()


def test_runs_that_are_elsewhere_are_told_and_not_given_up(sent, monkeypatch, tmp_path):
    record = sent("one")
    record.write_json("plan.json", record.read_json("plan.json") | {"tracking_uri": None})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(StudyError, match=r"empty.db has no runs of study 'one', which was sent to sqlite:.*leave --ml"):
        forget(record)


def test_a_server_that_is_away_is_told(make_study, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    record = make_study("one", tracking_uri="http://127.0.0.1:9")
    with pytest.raises(StudyError, match="did not delete the runs of study 'one', which is left as it is"):
        forget(record)
