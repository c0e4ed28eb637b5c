"""MLflow as a projection of the run folder: one parent run a study, exactly one nested child a trial that is over.

The folder is the truth and MLflow is made to agree with it, as often as one likes: what is there already is found by
its tags and left alone, what a killed process left half done is finished, and nothing is written twice.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

from mlflow import MlflowClient, entities
from mlflow.entities import Experiment, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException

from automl.tracking import facts
from automl.tracking import record as folder
from automl.tracking.address import artifact_root, database_path, experiment_name
from automl.tracking.database import Database, Found
from automl.tracking.dataset import CONTEXT, USED_FOR, Dataset
from automl.tracking.facts import Child, Point, Standing, Study
from automl.tracking.note import curves, description
from automl.tracking.record import Record
from automl.tracking.settings import asked_once
from automl.tracking.tables import alone, make_tables
from automl.tracking.trial_record import TrialRecord
from automl.tracking.view import TRIALS_READ, VIEW, axes_of, run_place, saved_view, trials_place
from automl.trial import Outcome

State = Literal["RUNNING", "FINISHED", "KILLED", "FAILED"]

_NOTE = "mlflow.note.content"
_ON_FRONT = f"tags.`{facts.PARETO}` = 'true'"
_METRICS_A_BATCH = 900
_PARAMS_A_BATCH = 90
_TRIALS_A_BATCH = 100


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
        with alone(record):
            make_tables(tracking_uri)
            self._client = MlflowClient(tracking_uri, registry_uri=tracking_uri)
            experiment = _experiment(self._client, record, tracking_uri)
        self.experiment_id = experiment.experiment_id
        self._database = _database(tracking_uri)
        study = facts.read_study(record)
        self._view = study.study_id
        self._saved = experiment.tags.get(VIEW + self._view)
        found = self._find(study.study_id)
        self.run_id = self._find_parent(found) or self._new_parent(study)
        self._parent = self._client.get_run(self.run_id)
        self._has_dataset = self._parent.inputs is not None and bool(self._parent.inputs.dataset_inputs)
        self._found = self._find_children(found)
        self._trials = {number: run.run_id for number, run in self._found.items()}
        history = self._client.get_metric_history(self.run_id, "trials_completed")
        self._steps = {point.step for point in history}
        self._standing = Standing(study.higher_is_better)
        self._has_gaps = bool(record.read_json(folder.PLAN).get("storage"))
        self._next = 0
        self._open: set[int] = set()
        self._begun: set[int] = set()

    @property
    def view(self) -> str | None:
        """The key of the view of the study's trials, once MLflow keeps it."""
        return None if self._saved is None else self._view

    @property
    def n_trials(self) -> int:
        """How many trials have a run."""
        return len(self._trials)

    @property
    def trials(self) -> dict[int, str]:
        """The run of every trial, by number."""
        return dict(sorted(self._trials.items()))

    def sync(self, state: State) -> None:
        """Make MLflow agree with the folder, looking only at what is new in it.

        Args:
            state: What the parent run shows from now on; at an end state the whole folder is looked through again, and
                artifacts go along.
        """
        study = facts.read_study(self._record)
        self._describe(study)
        self._look_for_trials(whole=state != "RUNNING")
        ended = self._ended()
        while batch := list(islice(ended, _TRIALS_A_BATCH)):
            self._send_trials(study, batch)
        self._write_note()
        if self._saved is None or state != "RUNNING":
            self._keep_view(study)
        if state != "RUNNING":
            self._send_end(study)
        if self._parent.info.status != state:
            self._set_state(state)
        if state != "RUNNING" and self._database is None:
            self._drop_doubles(study)

    def _describe(self, study: Study) -> None:
        data = self._parent.data
        params = {key: value for key, value in study.params.items() if key not in data.params}
        every = facts.parent_tags(self._record, study)
        tags = {key: value for key, value in every.items() if data.tags.get(key) != value}
        if not self._has_dataset:
            self._has_dataset = self._name_dataset(self.run_id, study.dataset)
        if params or tags:
            self._log(self.run_id, [], params, tags)
            self._parent = self._client.get_run(self.run_id)

    def _look_for_trials(self, *, whole: bool) -> None:
        """Find the trials that have begun: those after the last one known, or all that are in the folder.

        Where a study is shared with other folders, the numbers of this one's trials have gaps.
        """
        while self._record.trial(self._next).has_begun:
            self._open.add(self._next)
            self._begun.add(self._next)
            self._next += 1
        if whole or self._has_gaps:
            new = {trial.number for trial in self._record.trials()} - self._begun
            self._open |= new
            self._begun |= new
            self._next = max(self._next, 1 + max(new, default=-1))

    def _ended(self) -> Iterator[tuple[TrialRecord, Outcome]]:
        """Give the trials that were not over at the last look."""
        for number in sorted(self._open):
            trial = self._record.trial(number)
            if (outcome := trial.read_outcome()) is not None:
                self._open.remove(number)
                yield trial, outcome

    def _send_trials(self, study: Study, ended: Sequence[tuple[TrialRecord, Outcome]]) -> None:
        new: list[Child] = []
        for trial, outcome in ended:
            found = self._found.get(trial.number)
            started = facts.began(trial) if found is None else found.started
            self._standing.add(trial.number, outcome, facts.ended(outcome, started))
            if found is None:
                new.append(facts.read_child(study, trial, outcome, started))
            elif found.status != facts.status_of(outcome):
                self._complete(found.run_id, facts.read_child(study, trial, outcome, started))
        points = self._standing.points(before=min(self._open, default=self._next))
        self._add(new, [point for point in points if point.step not in self._steps])

    def _add(self, new: Sequence[Child], points: Sequence[Point]) -> None:
        """Add trials, and points of the parent's."""
        if self._database is not None:
            try:
                self._trials |= self._database.add(self.run_id, new, points)
                return
            except sqlite3.IntegrityError:  # a rule of the tables that is not known here, and nothing was written
                self._database = None
        for child in new:
            self._trials[child.number] = self._make(child)
        self._log(self.run_id, points)

    def _make(self, child: Child) -> str:
        tags = {**child.tags, "mlflow.parentRunId": self.run_id}
        with asked_once():
            run = self._client.create_run(self.experiment_id, child.started, tags, child.name)
        run_id: str = run.info.run_id
        self._log(run_id, child.points, child.params)
        self._name_dataset(run_id, child.dataset)
        self._client.set_terminated(run_id, child.status, end_time=child.ended)
        return run_id

    def _name_dataset(self, run_id: str, dataset: Dataset | None) -> bool:
        """Say which data a run used, if it is known; what was said before is not said twice."""
        if dataset is None:
            return False
        tags = [entities.InputTag(CONTEXT, USED_FOR)]
        self._client.log_inputs(run_id, datasets=[entities.DatasetInput(entities.Dataset(*dataset), tags)])
        return True

    def _complete(self, run_id: str, child: Child) -> None:
        """Fill a run that a killed process left half done."""
        keys = {point.key for point in child.points}
        there = {(key, point.step) for key in keys for point in self._client.get_metric_history(run_id, key)}
        missing = [point for point in child.points if (point.key, point.step) not in there]
        self._log(run_id, missing, child.params, child.tags)
        self._name_dataset(run_id, child.dataset)
        self._client.set_terminated(run_id, child.status, end_time=child.ended)

    def _write_note(self) -> None:
        """Say what the study's run shows first."""
        links = {"The trials, best first, with charts": trials_place(self.experiment_id, self._view)}
        best = facts.best_trial(self._record)
        if best in self._trials:
            links[f"Trial {best}, the winner"] = run_place(self.experiment_id, self._trials[best])
        note = description(self._record, links)
        if self._parent.data.tags.get(_NOTE) != note:
            self._log(self.run_id, [], tags={_NOTE: note})
            self._parent = self._client.get_run(self.run_id)

    def _keep_view(self, study: Study) -> None:
        trials = [self._record.trial(number) for number in sorted(self._trials)[:TRIALS_READ]]
        axes = axes_of(trial.read_config() for trial in trials)
        view = saved_view(study, axes, _made(self._record))
        if view != self._saved:
            self._client.set_experiment_tag(self.experiment_id, VIEW + self._view, view)
            self._saved = view

    def _send_end(self, study: Study) -> None:
        record = self._record
        self._tag_front(study)
        known = self._parent.data.metrics
        judged = facts.judgement_points(record)
        self._log(self.run_id, [point for point in judged if known.get(point.key) != point.value])
        for path in (record.space_path, record.page_path, record.report_path, record.webpage_path):
            if path.exists():
                self._client.log_artifact(self.run_id, str(path))
        self._client.log_text(self.run_id, curves(record, study.higher_is_better), "curves.csv")
        if record.bundle_dir.is_dir():
            self._client.log_artifacts(self.run_id, str(record.bundle_dir), artifact_path="bundle")

    def _tag_front(self, study: Study) -> None:
        """Tag the trials on the Pareto front, and take the tag from those that have left it since."""
        front = facts.pareto_trials(self._record)
        if front is None:
            return
        wanted = {self._trials[number] for number in front if number in self._trials}
        mine = f"tags.`{facts.STUDY_ID}` = '{study.study_id}'"
        tagged = {run.info.run_id for run in _search(self._client, self.experiment_id, f"{mine} and {_ON_FRONT}")}
        for run_id in sorted(wanted - tagged):
            self._client.set_tag(run_id, facts.PARETO, "true")
        for run_id in sorted(tagged - wanted):
            self._client.delete_tag(run_id, facts.PARETO)

    def _set_state(self, state: State) -> None:
        if state == "RUNNING":
            self._client.update_run(self.run_id, status=state)
        else:
            self._client.set_terminated(self.run_id, state, end_time=self._left())
        self._parent = self._client.get_run(self.run_id)

    def _left(self) -> int | None:
        """Say when the study was last worked on; not before it began, should the clock have been set back meanwhile."""
        left = facts.left(self._record)
        return None if left is None else max(left, int(self._parent.info.start_time))

    def _log(
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

    def _find(self, study_id: str) -> list[Found]:
        if self._database is not None:
            return self._database.find(self.experiment_id, study_id)
        runs = _search(self._client, self.experiment_id, f"tags.`{facts.STUDY_ID}` = '{study_id}'")
        told = [(run.info, run.data.tags.get(facts.TRIAL)) for run in runs]
        return [
            Found(info.run_id, info.status, info.start_time, None if trial is None else int(trial))
            for info, trial in told
        ]

    def _new_parent(self, study: Study) -> str:
        tags = facts.parent_tags(self._record, study)
        with asked_once():
            run = self._client.create_run(self.experiment_id, _made(self._record), tags, self._record.study)
        run_id: str = run.info.run_id
        return run_id

    def _find_parent(self, found: Sequence[Found]) -> str | None:
        """Give the study's run; of two, which a lost answer can leave, the one that was noted stays, or the first."""
        note = self._record.read_json(folder.TRACKING) if self._record.has(folder.TRACKING) else {}
        runs = sorted(run.run_id for run in found if run.trial is None)
        chosen = note.get("run_id") if note.get("run_id") in runs else next(iter(runs), None)
        for run_id in runs:
            if run_id != chosen:
                self._client.delete_run(run_id)
        return chosen

    def _drop_doubles(self, study: Study) -> None:
        """Delete runs that a server made late of a request whose answer was given up, once all is sent."""
        mine = {self.run_id, *self._trials.values()}
        for run in self._find(study.study_id):
            if run.run_id not in mine:
                self._client.delete_run(run.run_id)

    def _find_children(self, found: Sequence[Found]) -> dict[int, Found]:
        """Give the runs of the trials; of two of one trial, which a lost answer can leave, the finished one stays."""
        children: dict[int, Found] = {}
        for run in sorted(found, key=lambda run: run.status == "RUNNING"):
            if run.trial is not None and children.setdefault(run.trial, run) is not run:
                self._client.delete_run(run.run_id)
        return children


def _made(record: Record) -> int:
    """Say when a study was made, in milliseconds."""
    return int(record.plan_path.stat().st_mtime * 1000)


def delete_runs(record: Record, tracking_uri: str) -> int:
    """Delete a study's run and the runs of its trials, as MLflow's page does, and the view of them; give how many.

    Args:
        record: The study's run folder.
        tracking_uri: Where MLflow is, an absolute address.
    """
    plan = record.read_json(folder.PLAN)
    with alone(record):
        client = MlflowClient(tracking_uri, registry_uri=tracking_uri)
        experiment = client.get_experiment_by_name(experiment_name(plan["data"]))
    if experiment is None:
        return 0
    wanted = f"tags.`{facts.STUDY_ID}` = '{plan['study_id']}'"
    runs = list(_search(client, experiment.experiment_id, wanted))
    for run in sorted(runs, key=lambda run: run.data.tags.get(facts.ROLE) == "study"):  # the parent last
        client.delete_run(run.info.run_id)
    view = f"{VIEW}{plan['study_id']}"
    if view in experiment.tags:
        client.delete_experiment_tag(experiment.experiment_id, view)
    return len(runs)


def _database(tracking_uri: str) -> Database | None:
    """Give the database at the address, where it is one that can be written straight."""
    path = database_path(tracking_uri)
    database = None if path is None else Database(path)
    return database if database is not None and database.is_known else None


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
