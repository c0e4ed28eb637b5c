"""What a run folder says, in MLflow's terms: parameters, tags and points. It knows no MLflow.

The same folder gives the same facts, to the last digit and millisecond, however often it is read.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from automl.task import Task
from automl.tracking import record as folder
from automl.tracking.address import experiment_name
from automl.tracking.dataset import Dataset, read_dataset
from automl.tracking.names import as_text, colour, short_params, trial_name
from automl.tracking.record import Record
from automl.tracking.trial_record import TrialRecord
from automl.tracking.updates import finished_updates, model_update
from automl.trial import Completed, Failed, Outcome, Pruned, Scalar

STUDY_ID = "automl.study_id"
ROLE = "automl.role"
TRIAL = "automl.trial"
PARETO = "pareto"
_PLANNED = ("space", "seed", "sampler", "pruner", "trials", "timeout", "test", "validation", "split", "device")
_ROLES = ("group", "time", "weight", "folds")
_UNLESS_NONE = ("class_weight", "target_transform")
_LONGEST_TAG = 7000


class Point(NamedTuple):
    """One value of a metric, at a time in milliseconds."""

    key: str
    value: float
    timestamp: int
    step: int


@dataclass(frozen=True)
class Study:
    """What the runs of a study have in common, read once for many trials.

    Args:
        study_id: What tells this study from every other, whatever its folder is called.
        name: What it is called.
        params: What was planned, and the task once it is known.
        tags: What all of its runs are found by.
        metric: The task's metric; empty until the task is known.
        higher_is_better: The metric's direction.
        dataset: The data, once it is divided.
    """

    study_id: str
    name: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metric: str
    higher_is_better: bool
    dataset: Dataset | None


@dataclass(frozen=True)
class Child:
    """A trial that is over, as a run.

    Args:
        number: The trial's number.
        name: What the run is called.
        status: Its end state, as MLflow names it.
        started: When it began, in milliseconds.
        ended: When it ended, in milliseconds.
        tags: What it is found by, and what came of it.
        params: Its config, under short names.
        points: Its curve and what it came to; numbers that are not finite are left out.
        dataset: The data it was trained on.
    """

    number: int
    name: str
    status: str
    started: int
    ended: int
    tags: Mapping[str, str]
    params: Mapping[str, str]
    points: list[Point]
    dataset: Dataset | None


def status_of(outcome: Outcome) -> str:
    """Name the end state of a trial as MLflow does."""
    return {"completed": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}[outcome.state]


def ended(outcome: Outcome, started: int) -> int:
    """Say when a trial ended, in milliseconds."""
    return started + round(outcome.seconds * 1000)


def read_study(record: Record) -> Study:
    """Read what the runs of a study have in common, as far as the folder holds it."""
    plan = record.read_json(folder.PLAN)
    task = Task.from_json(record.read_json(folder.TASK)) if record.has(folder.TASK) else None
    params = {"data": experiment_name(plan["data"])}
    params |= {key: as_text(plan[key]) for key in _PLANNED if plan.get(key) is not None}
    params |= {key: as_text(plan[key]) for key in _ROLES if plan.get(key) is not None}
    params |= {key: as_text(plan[key]) for key in _UNLESS_NONE if plan.get(key, "none") != "none"}
    params |= {"repeats": as_text(plan["repeats"])} if plan.get("repeats") else {}
    params |= {"ensemble": as_text(plan["ensemble"])} if plan.get("ensemble", 1) != 1 else {}
    params |= {"refit": "true"} if plan.get("refit") else {}
    params |= {"quantiles": ", ".join(map(as_text, plan["quantiles"]))} if plan.get("quantiles") else {}
    params |= {"order": ", ".join(plan["order"])} if plan.get("order") else {}
    params |= {"objective": ", ".join(plan["objective"])} if plan.get("objective") else {}
    if task is not None:
        params |= {"target": task.target, "task": task.kind, "metric": task.metric}
    if record.has(folder.SPLIT):
        params |= {f"rows.{part}": as_text(n_rows) for part, n_rows in record.read_json(folder.SPLIT)["sizes"].items()}
    return Study(
        study_id=str(plan["study_id"]),
        name=record.study,
        params=params,
        tags=_common_tags(record, plan),
        metric=task.metric if task else "",
        higher_is_better=task is not None and task.higher_is_better,
        dataset=read_dataset(record),
    )


def parent_tags(record: Record, study: Study) -> dict[str, str]:
    """Give what the parent run is found by, and what the folder holds so far."""
    plan = record.read_json(folder.PLAN)
    budget = {key: plan[key] for key in ("trials", "timeout") if plan.get(key) is not None}
    tags = {ROLE: "study", "budget": json.dumps(budget), **study.tags}
    if (best := best_trial(record)) is not None:
        tags["best_trial"] = str(best)
        tags |= _update_tags(record)
    return tags


def _update_tags(record: Record) -> dict[str, str]:
    """Say which updates there were, and which made the model, 0 where none did; nothing where there were none."""
    told = finished_updates(record)
    if not told:
        return {}
    said = "; ".join(each["sentence"] for each in told)
    return {"updates": str(len(told)), "model_of_update": str(model_update(record)), "update": _shortened(said)}


def best_trial(record: Record) -> int | None:
    """Give the winner's number, once the study is reported."""
    best = record.read_json(folder.REPORT).get("best") if record.has(folder.REPORT) else None
    return None if best is None else int(best["trial"])


def pareto_trials(record: Record) -> set[int] | None:
    """Give the numbers of the trials on the Pareto front, once the study is reported; None where there is no front."""
    front = record.read_json(folder.REPORT).get("pareto") if record.has(folder.REPORT) else None
    return None if front is None else {int(each["trial"]) for each in front}


def read_child(study: Study, trial: TrialRecord, outcome: Outcome, started: int | None = None) -> Child:
    """Read a trial that is over.

    Args:
        study: What it shares with the others.
        trial: Its folder.
        outcome: What came of it.
        started: When it began, in milliseconds; the time its config was written if None.
    """
    config, health = trial.read_config(), trial.read_health()
    started = began(trial) if started is None else started
    return Child(
        number=trial.number,
        name=trial_name(trial.number, study.name),
        status=status_of(outcome),
        started=started,
        ended=ended(outcome, started),
        tags={**_own_tags(trial.number), **study.tags, **_tags_of(config, outcome), **_findings(health)},
        params=short_params(config),
        points=[*_points(study, trial, outcome, started), *_health_points(health, started)],
        dataset=study.dataset,
    )


def began(trial: TrialRecord) -> int:
    """Say when a trial began, in milliseconds."""
    return int(trial.config_path.stat().st_mtime * 1000)


class Standing:
    """How a study stands after each trial, the step being the trial's number.

    Args:
        higher_is_better: The direction of the scores.
    """

    def __init__(self, higher_is_better: bool) -> None:
        self._better = max if higher_is_better else min
        self._best: float | None = None
        self._counts = {"pruned": 0, "failed": 0, "completed": 0}
        self._waiting: dict[int, tuple[Outcome, int]] = {}

    def add(self, number: int, outcome: Outcome, end: int) -> None:
        """Take in a trial that ended at a time, in milliseconds; trials come in any order."""
        self._waiting[number] = outcome, end

    def points(self, before: int) -> list[Point]:
        """Give the new points, in the trials' order.

        Args:
            before: The first trial that is not over; points of later ones wait for it, so that none ever changes.
        """
        ready = sorted(number for number in self._waiting if number < before)
        return [point for number in ready for point in self._step(number, *self._waiting.pop(number))]

    def _step(self, number: int, outcome: Outcome, end: int) -> list[Point]:
        self._counts[outcome.state] += 1
        if isinstance(outcome, Completed) and math.isfinite(outcome.score):
            self._best = outcome.score if self._best is None else self._better(self._best, outcome.score)
        best = [] if self._best is None else [Point("best_validation", self._best, end, number)]
        return best + [Point(f"trials_{state}", float(count), end, number) for state, count in self._counts.items()]


def judgement_points(record: Record) -> list[Point]:
    """Give the value on the test rows with its interval, once the study is judged, at the time when that was done."""
    if not record.has(folder.REPORT):
        return []
    report = record.read_json(folder.REPORT)
    if not (test := report.get("test")):
        return []
    named = {f"test_{report['metric']}": test["value"], "test_ci_low": test["ci_low"], "test_ci_high": test["ci_high"]}
    made = _written(record, folder.JUDGEMENT) or _written(record, folder.REPORT) or 0
    named |= _of_updates(record, report["metric"])
    return [Point(key, float(value), made, 0) for key, value in named.items() if value is not None]


def _of_updates(record: Record, metric: str) -> dict[str, float | None]:
    """Give what the models of each update came to on its own sealed rows."""
    return {
        f"update_{told['update']}_{name}_{metric}": ends["value"]
        for told in finished_updates(record)
        for name, ends in told["test"].items()
    }


def left(record: Record) -> int | None:
    """Say when a study was last worked on, in milliseconds; None where no session of it came so far."""
    return _written(record, folder.CLOCK)


def _written(record: Record, name: str) -> int | None:
    return int((record.run_dir / name).stat().st_mtime * 1000) if record.has(name) else None


def _common_tags(record: Record, plan: Mapping[str, Any]) -> dict[str, str]:
    tags = {STUDY_ID: str(plan["study_id"]), "study": record.study, "mlflow.source.name": "automl"}
    if "seed" in plan:
        tags["seed"] = str(plan["seed"])
    if record.has(folder.SPLIT):
        tags["data_sha256"] = str(record.read_json(folder.SPLIT)["data_sha256"])
    if record.has(folder.SPACE):
        tags["space_sha256"] = hashlib.sha256(record.space_path.read_bytes()).hexdigest()
    return tags


def _own_tags(number: int) -> dict[str, str]:
    return {ROLE: "trial", TRIAL: str(number), "mlflow.runColor": colour(number)}


def _tags_of(config: Mapping[str, Scalar], outcome: Outcome) -> dict[str, str]:
    tags = {"state": outcome.state}
    if "family" in config:
        tags["family"] = as_text(config["family"])
    match outcome:
        case Completed():
            tags["stopped_by"] = outcome.stopped_by
        case Failed():
            tags |= {"failure_kind": outcome.kind, "failure": _shortened(outcome.message)}
    return tags


def _points(study: Study, trial: TrialRecord, outcome: Outcome, started: int) -> list[Point]:
    points = []
    now = float(started)
    for epoch in trial.read_curve():
        now += epoch.seconds * 1000
        points += [
            Point("train_loss", epoch.train_loss, int(now), epoch.epoch),
            Point("validation_loss", epoch.validation_loss, int(now), epoch.epoch),
            Point(f"validation_{study.metric}", epoch.validation, int(now), epoch.epoch),
            Point("lr", epoch.lr, int(now), epoch.epoch),
        ]
    end = ended(outcome, started)
    points.append(Point("seconds", outcome.seconds, end, 0))
    if isinstance(outcome, Completed | Pruned):
        points += [
            Point("score", outcome.score, end, 0),
            Point("best_epoch", float(outcome.best_epoch), end, 0),
            Point("parameters", float(outcome.parameters), end, 0),
            *([] if outcome.latency is None else [Point("latency", outcome.latency, end, 0)]),
            *([] if outcome.accumulation == 1 else [Point("accumulation", float(outcome.accumulation), end, 0)]),
        ]
    return [point for point in points if math.isfinite(point.value)]


def _findings(health: Mapping[str, Any]) -> dict[str, str]:
    return {"health": _shortened("; ".join(health["findings"]))} if health["findings"] else {}


def _health_points(health: Mapping[str, Any], started: int) -> list[Point]:
    """Give the extremes over the layers, epoch by epoch; they have no time of their own."""
    return [
        Point(f"health_{name}", float(value), started, reading["epoch"])
        for reading in health["epochs"]
        for name, value in reading.items()
        if name != "epoch" and value is not None
    ]


def _shortened(text: str) -> str:
    whole = text.encode()
    return text if len(whole) <= _LONGEST_TAG else whole[:_LONGEST_TAG].decode(errors="ignore") + " ..."
