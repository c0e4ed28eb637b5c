"""`explain`: which of the winner's choices carry its gain over the default, told from the record or found by training.

What is heavy is imported only where something is to be trained.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any

from automl.errors import PlanError
from automl.experiment.progress import Logged, Progress, Silent
from automl.experiment.run import resumable
from automl.experiment.uncollected import uncollected
from automl.experiment.winner import winner
from automl.files import strict
from automl.report.explanation import EXPLANATION, conclusion, explanation_of
from automl.report.figures import counted
from automl.report.summary import read_or
from automl.report.write import renew
from automl.study.ablation import FEWEST
from automl.task import Task
from automl.tracking.record import CLOCK, TASK
from automl.trial import Completed, Failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from automl.experiment.ablate import Ablation
    from automl.study.ablation import Point
    from automl.tracking.record import Record

SCHEMA_VERSION = 1


def explain(record: Record, *, trainings: int, progress: Progress | None = None) -> dict[str, Any]:
    """Explain why a study's winner won; what was explained before is told again.

    Args:
        record: The run folder.
        trainings: The most trainings.
        progress: Who watches.

    Returns:
        The explanation as the object that `explanation.json` holds.

    Raises:
        PlanError: The trainings are too few.
        StudyError: No trial is completed, or the study is being run.
    """
    if trainings < FEWEST:
        raise PlanError(
            f"--trainings must be at least {FEWEST}, three of each end and four between them, got {trainings}"
        )
    best = winner(record)
    told = explanation_of(record, best)
    if told is not None and told["allowed"] == trainings:
        return told
    with record.lock(), resumable(f"automl explain {record.words} --trainings {trainings}"):
        return _explained(record, best, trainings, Logged(progress or Silent(), record.log_path))


def _explained(record: Record, best: int, trainings: int, progress: Progress) -> dict[str, Any]:
    with uncollected():
        from automl.experiment.ablate import ablation_of
        from automl.experiment.interrupts import deferred

    if not read_or(record, CLOCK, {}).get("finished"):
        progress.say(f"study {record.study} is not finished: the best of its trials so far is explained")
    with deferred() as interrupts:
        ablation = ablation_of(record, best, trainings, say=progress.say, interrupts=interrupts)
        if ablation.edits:
            choices = counted(len(ablation.edits), "choice")
            progress.say(f"trial {best} of {record.study} differs from the default in {choices}")
            ablation.run()
    told = _told(record, best, ablation)
    told["sentence"] = conclusion(told)
    record.write_json(EXPLANATION, told)
    renew(record)
    return told


def _told(record: Record, best: int, ablation: Ablation) -> dict[str, Any]:
    """Put what was found into plain JSON values, None for a number that there is not."""
    task = Task.from_json(record.read_json(TASK))
    points = ablation.points
    default, won = points[0], points[-1]
    is_measured = not math.isnan(ablation.gain(default, won))
    told = {
        "schema_version": SCHEMA_VERSION,
        "study": record.study,
        "metric": task.metric,
        "direction": "maximize" if task.higher_is_better else "minimize",
        "winner": best,
        "allowed": ablation.allowed,
        "trained": ablation.trained,
        "choices": [edit.to_json() for edit in ablation.edits],
        "ends": {
            "default": {**_scored(ablation, default), "searched": _searched(record, 0)},
            "winner": {**_scored(ablation, won), "searched": _searched(record, best)},
        },
        "deviation": ablation.noise.deviation if ablation.noise else None,
        "whole": _gain(ablation, default, won),
        "steps": [_step(ablation, *ends) for ends in pairwise(points)] if is_measured else [],
        "carried_by": _carried(ablation) if ablation.is_clear(default, won) else None,
        "alone": [_step(ablation, default, point) for point in ablation.alone],
        "failures": list(_failures(ablation)),
    }
    plain: dict[str, Any] = strict(told)
    return plain


def _scored(ablation: Ablation, point: Point) -> dict[str, Any]:
    """Give a point's scores by seed, None where the training failed, and their mean."""
    scores = [
        outcome.score if isinstance(outcome, Completed) else None for outcome in ablation.outcomes(point).values()
    ]
    return {"scores": scores, "mean": fmean(ablation.scores(point)) if ablation.scores(point) else None}


def _searched(record: Record, trial: int) -> float | None:
    """Give the score that a trial had in the search; None where it has none."""
    return getattr(record.trial(trial).read_outcome(), "score", None)


def _gain(ablation: Ablation, before: Point, after: Point) -> dict[str, Any]:
    value, noise = ablation.gain(before, after), ablation.margin(before, after)
    return {"gain": value, "noise": noise, "is_beyond_noise": ablation.is_clear(before, after)}


def _step(ablation: Ablation, before: Point, after: Point) -> dict[str, Any]:
    gain = _gain(ablation, before, after)
    return {"choices": ablation.names(after - before), **_scored(ablation, after), **gain}


def _carried(ablation: Ablation) -> dict[str, Any]:
    """Say which first steps carry the gain, and how much of it they bring."""
    points = ablation.points
    point = points[ablation.front]
    share = ablation.gain(points[0], point) / ablation.gain(points[0], points[-1])
    gain = _gain(ablation, points[0], point)
    return {"steps": ablation.front, "choices": ablation.names(point), **gain, "share": share}


def _failures(ablation: Ablation) -> Iterator[dict[str, Any]]:
    for point in ablation.tried:
        for repeat, outcome in ablation.outcomes(point).items():
            if isinstance(outcome, Failed):
                place = {"choices": ablation.names(point), "seed": repeat + 1}
                yield {**place, "kind": outcome.kind, "message": outcome.message}
