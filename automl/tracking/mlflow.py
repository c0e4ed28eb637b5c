"""MLflow as a projection of the run folder: one parent run a study, exactly one nested child a trial that is over.

The folder is the truth and MLflow is made to agree with it, as often as one likes: what is there already is found by
its tags and left alone, what a killed process left half done is finished, and nothing is written twice.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from mlflow import MlflowClient
from mlflow.entities import Experiment, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException

from automl.tracking import facts
from automl.tracking import record as folder
from automl.tracking.address import artifact_root, experiment_name
from automl.tracking.facts import Point
from automl.tracking.record import Record
from automl.tracking.trial_record import TrialRecord
from automl.trial import Outcome

State = Literal["RUNNING", "FINISHED", "KILLED", "FAILED"]

_METRICS_A_BATCH = 900
_PARAMS_A_BATCH = 90


class Projection:
    """A study as MLflow shows it.

    Args:
        record: The study's run folder.
        tracking_uri: Where MLflow is, an absolute address.
    """

    def __init__(self, record: Record, tracking_uri: str) -> None:
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        logging.getLogger("alembic").setLevel(logging.ERROR)
        self._record = record
        with _alone(record):
            self._client = MlflowClient(tracking_uri, registry_uri=tracking_uri)
            self.experiment_id = _experiment(self._client, record, tracking_uri).experiment_id
        found = self._find()
        self._parent = self._find_parent(found) or self._new_parent()
        self.run_id: str = self._parent.info.run_id
        self._children: dict[int, Run] = self._find_children(found)
        self._outcomes: dict[int, Outcome] = {}
        history = self._client.get_metric_history(self.run_id, "trials_completed")
        self._steps = {point.step for point in history}

    @property
    def trials(self) -> dict[int, str]:
        """The run of every trial, by number."""
        return {number: run.info.run_id for number, run in sorted(self._children.items())}

    def sync(self, state: State) -> None:
        """Make MLflow agree with the folder.

        Args:
            state: What the parent run shows from now on; artifacts go along with an end state.
        """
        self._describe()
        for trial in self._record.trials():
            if trial.number not in self._outcomes and (outcome := trial.read_outcome()) is not None:
                self._send_trial(trial, outcome)
                self._outcomes[trial.number] = outcome
        self._send_progress()
        if state != "RUNNING":
            self._send_end()
        if self._parent.info.status != state:
            self._set_state(state)

    def _describe(self) -> None:
        data = self._parent.data
        params = {key: value for key, value in facts.study_params(self._record).items() if key not in data.params}
        tags = {key: value for key, value in facts.study_tags(self._record).items() if data.tags.get(key) != value}
        if params or tags:
            self._send(self.run_id, [], params, tags)
            self._parent = self._client.get_run(self.run_id)

    def _send_trial(self, trial: TrialRecord, outcome: Outcome) -> None:
        run = self._children.get(trial.number)
        status = facts.status_of(outcome)
        if run is not None and run.info.status == status:
            return
        tags = facts.trial_tags(self._record, trial, outcome)
        is_new = run is None
        if run is None:
            run = self._client.create_run(
                self.experiment_id,
                start_time=int(trial.config_path.stat().st_mtime * 1000),
                tags=tags | {"mlflow.parentRunId": self.run_id},
                run_name=f"trial {trial.number}",
            )
            self._children[trial.number] = run
        started = run.info.start_time
        points = facts.trial_points(self._record, trial, outcome, started)
        if not is_new:
            points = self._missing(run.info.run_id, points)
        self._send(run.info.run_id, points, facts.trial_params(trial), {} if is_new else tags)
        self._client.set_terminated(run.info.run_id, status, end_time=facts.ended(outcome, started))

    def _send_progress(self) -> None:
        started = {number: run.info.start_time for number, run in self._children.items()}
        points = [
            point
            for point in facts.progress_points(self._record, self._outcomes, started)
            if point.step not in self._steps
        ]
        if points:
            self._send(self.run_id, points, {}, {})
            self._steps |= {point.step for point in points}

    def _send_end(self) -> None:
        record = self._record
        known = self._parent.data.metrics
        judged = facts.judgement_metrics(record)
        now = int(time.time() * 1000)
        self._send(self.run_id, [Point(key, judged[key], now, 0) for key in judged if known.get(key) != judged[key]])
        for path in (record.space_path, record.page_path, record.report_path):
            if path.exists():
                self._client.log_artifact(self.run_id, str(path))
        if record.bundle_dir.is_dir():
            self._client.log_artifacts(self.run_id, str(record.bundle_dir), artifact_path="bundle")

    def _set_state(self, state: State) -> None:
        if state == "RUNNING":
            self._client.update_run(self.run_id, status=state)
        else:
            self._client.set_terminated(self.run_id, state)
        self._parent = self._client.get_run(self.run_id)

    def _send(
        self,
        run_id: str,
        points: Sequence[Point],
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        metrics = [Metric(*point) for point in points]
        named = [Param(key, value) for key, value in (params or {}).items()]
        marks = [RunTag(key, value) for key, value in (tags or {}).items()]
        while metrics or named or marks:
            self._client.log_batch(run_id, metrics[:_METRICS_A_BATCH], named[:_PARAMS_A_BATCH], marks, synchronous=True)
            metrics, named, marks = metrics[_METRICS_A_BATCH:], named[_PARAMS_A_BATCH:], []

    def _missing(self, run_id: str, points: Sequence[Point]) -> list[Point]:
        keys = {point.key for point in points}
        there = {(key, point.step) for key in keys for point in self._client.get_metric_history(run_id, key)}
        return [point for point in points if (point.key, point.step) not in there]

    def _find(self) -> list[Run]:
        wanted = f"tags.`{facts.STUDY_ID}` = '{facts.study_id(self._record)}'"
        return list(_search(self._client, self.experiment_id, wanted))

    def _find_parent(self, found: Sequence[Run]) -> Run | None:
        return next((run for run in found if run.data.tags.get(facts.ROLE) == "study"), None)

    def _new_parent(self) -> Run:
        return self._client.create_run(
            self.experiment_id,
            start_time=int(self._record.plan_path.stat().st_mtime * 1000),
            tags=facts.study_tags(self._record),
            run_name=self._record.study,
        )

    def _find_children(self, found: Sequence[Run]) -> dict[int, Run]:
        """Give the runs of the trials; of two of one trial, which a lost answer can leave, the finished one stays."""
        children: dict[int, Run] = {}
        for run in sorted(found, key=lambda run: run.info.status == "RUNNING"):
            if facts.TRIAL not in run.data.tags:
                continue
            if children.setdefault(int(run.data.tags[facts.TRIAL]), run) is not run:
                self._client.delete_run(run.info.run_id)
        return children


def _search(client: MlflowClient, experiment_id: str, wanted: str) -> Iterator[Run]:
    token: Any = None
    while True:
        page = client.search_runs([experiment_id], wanted, max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _experiment(client: MlflowClient, record: Record, tracking_uri: str) -> Experiment:
    """Find or make the experiment named after the data."""
    name = experiment_name(record.read_json(folder.PLAN)["data"])
    found = client.get_experiment_by_name(name)
    if found is None:
        root = artifact_root(record.runs_dir, tracking_uri)
        # The kind makes MLflow's page open on the runs; without it the page is about language models.
        kind = {"mlflow.experimentKind": "custom_model_development"}
        try:
            return client.get_experiment(client.create_experiment(name, root, tags=kind))
        except MlflowException:  # another process may have made it in the meantime
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage != "active":
        client.restore_experiment(found.experiment_id)
    return found


@contextmanager
def _alone(record: Record) -> Iterator[None]:
    """Let one process at a time make a connection: two that make the same tables at once would break each other."""
    descriptor = os.open(record.runs_dir / "mlflow.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
