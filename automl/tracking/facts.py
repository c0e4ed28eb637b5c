"""What a run folder says, in MLflow's terms: parameters, tags and points. It knows no MLflow.

The same folder gives the same facts, to the last digit and millisecond, however often it is read.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from automl.task import Task
from automl.tracking import record as folder
from automl.tracking.address import experiment_name
from automl.tracking.record import Record
from automl.tracking.trial_record import TrialRecord
from automl.trial import Completed, Failed, Outcome, Pruned, Scalar

STUDY_ID = "automl.study_id"
ROLE = "automl.role"
TRIAL = "automl.trial"
_PLANNED = ("space", "seed", "sampler", "pruner", "trials", "timeout", "test", "validation", "split", "device")
_LONGEST_TAG = 7000


class Point(NamedTuple):
    """One value of a metric, at a time in milliseconds."""

    key: str
    value: float
    timestamp: int
    step: int


def status_of(outcome: Outcome) -> str:
    """Name the end state of a trial as MLflow does."""
    return {"completed": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}[outcome.state]


def as_text(value: Scalar) -> str:
    """Write a plain value as a parameter: words bare, everything else as JSON.

    Examples:
        >>> as_text("relu"), as_text(0.001), as_text(True), as_text(None)
        ('relu', '0.001', 'true', 'null')
    """
    return value if isinstance(value, str) else json.dumps(value)


def study_id(record: Record) -> str:
    """Give what tells this study from every other, whatever its folder is called."""
    return str(record.read_json(folder.PLAN)["study_id"])


def study_params(record: Record) -> dict[str, str]:
    """Give what was planned, and the task once it is known."""
    plan = record.read_json(folder.PLAN)
    params = {"data": experiment_name(plan["data"])}
    params |= {key: as_text(plan[key]) for key in _PLANNED if plan.get(key) is not None}
    if record.has(folder.TASK):
        task = _task(record)
        params |= {"target": task.target, "task": task.kind, "metric": task.metric}
    return params


def study_tags(record: Record) -> dict[str, str]:
    """Give what the parent run is found by, and what the folder holds so far."""
    plan = record.read_json(folder.PLAN)
    budget = {key: plan[key] for key in ("trials", "timeout") if plan.get(key) is not None}
    tags = {ROLE: "study", "budget": json.dumps(budget), **_common_tags(record)}
    if record.has(folder.PAGE):
        tags["mlflow.note.content"] = _shortened(record.page_path.read_text(encoding="utf-8"))
    if record.has(folder.REPORT) and (best := record.read_json(folder.REPORT).get("best")):
        tags["best_trial"] = str(best["trial"])
    return tags


def trial_tags(record: Record, trial: TrialRecord, outcome: Outcome) -> dict[str, str]:
    """Give what a child run is found by, and what came of its trial."""
    tags = {ROLE: "trial", TRIAL: str(trial.number), "state": outcome.state, **_common_tags(record)}
    if "family" in (config := trial.read_config()):
        tags["family"] = as_text(config["family"])
    match outcome:
        case Completed():
            tags["stopped_by"] = outcome.stopped_by
        case Failed():
            tags |= {"failure_kind": outcome.kind, "failure": _shortened(outcome.message)}
    return tags


def trial_params(trial: TrialRecord) -> dict[str, str]:
    """Give a trial's config under the names that the space gives."""
    return {key: as_text(value) for key, value in trial.read_config().items()}


def trial_points(record: Record, trial: TrialRecord, outcome: Outcome, started: int) -> list[Point]:
    """Give a trial's curve and what it came to; numbers that are not finite are left out.

    Args:
        record: The study's folder.
        trial: The trial's.
        outcome: What came of it.
        started: When it began, in milliseconds.
    """
    points = []
    now = float(started)
    metric = _task(record).metric
    for epoch in trial.read_curve():
        now += epoch.seconds * 1000
        points += [
            Point("train_loss", epoch.train_loss, int(now), epoch.epoch),
            Point("validation_loss", epoch.validation_loss, int(now), epoch.epoch),
            Point(f"validation_{metric}", epoch.validation, int(now), epoch.epoch),
            Point("lr", epoch.lr, int(now), epoch.epoch),
        ]
    end = ended(outcome, started)
    points.append(Point("seconds", outcome.seconds, end, 0))
    if isinstance(outcome, Completed | Pruned):
        points += [
            Point("score", outcome.score, end, 0),
            Point("best_epoch", float(outcome.best_epoch), end, 0),
            Point("parameters", float(outcome.parameters), end, 0),
        ]
    return [point for point in points if math.isfinite(point.value)]


def ended(outcome: Outcome, started: int) -> int:
    """Say when a trial ended, in milliseconds."""
    return started + round(outcome.seconds * 1000)


def progress_points(record: Record, outcomes: Mapping[int, Outcome], started: Mapping[int, int]) -> Iterator[Point]:
    """Give how the study stood after each trial, the step being the trial's number.

    It goes as far as the first trial that is not over, so that a point once given never changes.

    Args:
        record: The study's folder.
        outcomes: What came of the trials.
        started: When each of them began, in milliseconds.
    """
    counts = {"completed": 0, "pruned": 0, "failed": 0}
    better = max if record.has(folder.TASK) and _task(record).higher_is_better else min
    best: float | None = None
    for trial in record.trials():
        number = trial.number
        if number not in outcomes or number not in started:
            return
        outcome = outcomes[number]
        counts[outcome.state] += 1
        if isinstance(outcome, Completed) and math.isfinite(outcome.score):
            best = outcome.score if best is None else better(best, outcome.score)
        end = ended(outcome, started[number])
        if best is not None:
            yield Point("best_validation", best, end, number)
        for state in ("pruned", "failed", "completed"):
            yield Point(f"trials_{state}", float(counts[state]), end, number)


def judgement_metrics(record: Record) -> dict[str, float]:
    """Give the value on the test rows with its interval, once the study is judged."""
    if not record.has(folder.REPORT):
        return {}
    report = record.read_json(folder.REPORT)
    if not (test := report.get("test")):
        return {}
    named = {f"test_{report['metric']}": test["value"], "test_ci_low": test["ci_low"], "test_ci_high": test["ci_high"]}
    return {key: float(value) for key, value in named.items() if value is not None}


def _common_tags(record: Record) -> dict[str, str]:
    plan = record.read_json(folder.PLAN)
    tags = {STUDY_ID: study_id(record), "study": record.study, "mlflow.source.name": "automl"}
    if "seed" in plan:
        tags["seed"] = str(plan["seed"])
    if record.has(folder.SPLIT):
        tags["data_sha256"] = str(record.read_json(folder.SPLIT)["data_sha256"])
    if record.has(folder.SPACE):
        tags["space_sha256"] = hashlib.sha256(record.space_path.read_bytes()).hexdigest()
    return tags


def _task(record: Record) -> Task:
    return Task.from_json(record.read_json(folder.TASK))


def _shortened(text: str) -> str:
    whole = text.encode()
    return text if len(whole) <= _LONGEST_TAG else whole[:_LONGEST_TAG].decode(errors="ignore") + " ..."
