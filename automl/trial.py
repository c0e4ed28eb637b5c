"""A trial is a value: a config goes in, an outcome comes out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

Scalar = bool | int | float | str | None
Config = Mapping[str, Scalar]
"""Flat names with dots (`optimizer.adamw.lr`) to plain values, in the order of the space."""

StoppedBy = Literal["epochs", "patience", "budget", "diverged"]
FailureKind = Literal["diverged", "out_of_memory", "timeout", "bug", "infeasible", "killed"]


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training rows came to.

    Args:
        epoch: Its number, from 1.
        train_loss: Mean loss over the training rows seen in it.
        validation_loss: Mean loss over the validation rows after it.
        validation: The task's metric over the validation rows after it.
        lr: The learning rate of its last step.
        seconds: How long it took, validation included.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    validation: float
    lr: float
    seconds: float


@dataclass(frozen=True)
class Completed:
    """A trial that was trained to its end, with the weights of its best epoch.

    Args:
        score: The metric over the validation rows at the best epoch.
        loss: The validation loss at the best epoch.
        best_epoch: That epoch's number, from 1.
        epochs: How many epochs were trained.
        seconds: How long the trial took.
        parameters: How many trainable numbers the network has.
        stopped_by: What ended it.
    """

    state: ClassVar[str] = "completed"
    score: float
    loss: float
    best_epoch: int
    epochs: int
    seconds: float
    parameters: int
    stopped_by: StoppedBy


@dataclass(frozen=True)
class Pruned:
    """A trial that was stopped at a rung because others were better there; `score` is its best until then."""

    state: ClassVar[str] = "pruned"
    score: float
    loss: float
    best_epoch: int
    epochs: int
    seconds: float
    parameters: int


@dataclass(frozen=True)
class Failed:
    """A trial that came to nothing.

    Args:
        kind: What sort of failure it was.
        message: One sentence.
        traceback: Where it happened, empty where nothing was raised.
        seconds: How long it took until then.
    """

    state: ClassVar[str] = "failed"
    kind: FailureKind
    message: str
    traceback: str
    seconds: float


Outcome = Completed | Pruned | Failed


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Give an outcome as plain JSON values, its state first."""
    return {"state": outcome.state, **asdict(outcome)}


def outcome_from_json(record: dict[str, Any]) -> Outcome:
    """Rebuild an outcome from `outcome_to_json`.

    Raises:
        ValueError: The state is none of `completed`, `pruned`, `failed`.
    """
    fields = dict(record)
    state = fields.pop("state")
    for kind in (Completed, Pruned, Failed):
        if kind.state == state:
            return kind(**fields)
    raise ValueError(f"an outcome's state is completed, pruned or failed, got {state!r}")


def ranked(trials: Iterable[tuple[int, Outcome]], higher_is_better: bool) -> list[int]:
    """Order the trials that could win, best first: by validation score, then validation loss, then number.

    Only a completed trial whose score is finite can win.

    Args:
        trials: Numbers and outcomes, in any order.
        higher_is_better: The direction of the metric.

    Examples:
        >>> def reached(score, loss):
        ...     return Completed(score, loss, 1, 1, 1.0, 10, "epochs")
        >>> ranked([(0, reached(0.9, 0.4)), (1, reached(0.9, 0.3)), (2, reached(0.8, 0.1))], higher_is_better=True)
        [1, 0, 2]
    """
    sign = -1 if higher_is_better else 1
    able = [
        (sign * outcome.score, math.inf if math.isnan(outcome.loss) else outcome.loss, number)
        for number, outcome in trials
        if isinstance(outcome, Completed) and math.isfinite(outcome.score)
    ]
    return [number for _, _, number in sorted(able)]


def best_of(trials: Iterable[tuple[int, Outcome]], higher_is_better: bool) -> int | None:
    """Name the winner, the first of `ranked`; None where no trial can win."""
    return next(iter(ranked(trials, higher_is_better)), None)
