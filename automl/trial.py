"""A trial is a value: a config goes in, an outcome comes out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from operator import le
from typing import Any, ClassVar, Literal

BOOSTED = -1
TREES = {
    BOOSTED: "boosted_trees",
    -2: "slowly_boosted_trees",
    -6: "rotated_boosted_trees",
    -7: "slanted_boosted_trees",
    -3: "extra_trees",
    -4: "shallow_boosted_trees",
    -5: "random_forest",
}
"""The kinds of trees, by what stands for them where trials have their numbers; in the order in which they are grown."""

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
        latency: The milliseconds that predicting one row is expected to take; None where nobody asked.
        accumulation: In how many parts its batches went through, for memory did not hold them otherwise.
    """

    state: ClassVar[str] = "completed"
    score: float
    loss: float
    best_epoch: int
    epochs: int
    seconds: float
    parameters: int
    stopped_by: StoppedBy
    latency: float | None = None
    accumulation: int = 1

    @property
    def seconds_to_best(self) -> float:
        """How many of its seconds its epochs up to the best one took."""
        return self.seconds * self.best_epoch / max(self.epochs, 1)


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
    latency: float | None = None
    accumulation: int = 1


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

_USUAL = (("latency", None), ("accumulation", 1))
"""What is not said of an outcome."""


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Give an outcome as plain JSON values, its state first, without a latency nobody asked for and whole batches."""
    values = {"state": outcome.state, **asdict(outcome)}
    return {name: value for name, value in values.items() if (name, value) not in _USUAL}


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


COSTS = {"parameters": "few parameters", "latency": "a low latency", "seconds": "a short training"}
"""What may be small beside a good score, and how that is said: trainable numbers, predicted milliseconds a row, seconds
of training."""


@dataclass(frozen=True)
class Aim:
    """What a search is after: good scores and, where costs are named, small ones of those beside them.

    Args:
        higher_is_better: The direction of the score.
        costs: What is to be small, keys of `COSTS`.

    Examples:
        >>> def reached(score, parameters):
        ...     return Completed(score, 0.1, 1, 1, 1.0, parameters, "epochs")
        >>> trials = {0: reached(0.8, 10), 1: reached(0.9, 50), 2: reached(0.7, 20), 3: reached(0.9, 60)}
        >>> Aim(True, ("parameters",)).front(trials.items())
        [1, 0]
    """

    higher_is_better: bool
    costs: tuple[str, ...] = ()

    def values(self, outcome: Completed | Pruned) -> tuple[float, ...]:
        """Give the score, then the costs in their order; nan for one that is not known."""
        told = (getattr(outcome, cost) for cost in self.costs)
        return (outcome.score, *(math.nan if cost is None else float(cost) for cost in told))

    def front(self, trials: Iterable[tuple[int, Outcome]]) -> list[int]:
        """Name the Pareto front, best score first: the completed trials that none beats in one thing and equals in all.

        Args:
            trials: Numbers and outcomes, in any order.
        """
        sign = -1 if self.higher_is_better else 1
        finished = {number: each for number, each in trials if isinstance(each, Completed)}
        front: dict[int, tuple[float, ...]] = {}
        for number in ranked(finished.items(), self.higher_is_better, self.costs):  # none beats one that came before
            score, *costs = self.values(finished[number])
            point = (sign * score, *costs)
            is_beaten = any(other != point and all(map(le, other, point)) for other in front.values())
            if not is_beaten and all(map(math.isfinite, point)):
                front[number] = point
        return list(front)


def ranked(trials: Iterable[tuple[int, Outcome]], higher_is_better: bool, costs: tuple[str, ...] = ()) -> list[int]:
    """Order the trials that could win, best first: by validation score, then validation loss, then number.

    Where costs count they come right after the score, so that the first is always on the Pareto front.

    Only a completed trial whose score is finite can win.

    Args:
        trials: Numbers and outcomes, in any order.
        higher_is_better: The direction of the metric.
        costs: What is to be small beside the score, keys of `COSTS`.

    Examples:
        >>> def reached(score, loss):
        ...     return Completed(score, loss, 1, 1, 1.0, 10, "epochs")
        >>> ranked([(0, reached(0.9, 0.4)), (1, reached(0.9, 0.3)), (2, reached(0.8, 0.1))], higher_is_better=True)
        [1, 0, 2]
    """
    sign, aim = -1 if higher_is_better else 1, Aim(higher_is_better, costs)
    able = [
        (sign * outcome.score, *map(_or_last, (*aim.values(outcome)[1:], outcome.loss)), number)
        for number, outcome in trials
        if isinstance(outcome, Completed) and math.isfinite(outcome.score)
    ]
    return [int(number) for *_, number in sorted(able)]


def _or_last(value: float) -> float:
    return math.inf if math.isnan(value) else value


def best_of(trials: Iterable[tuple[int, Outcome]], higher_is_better: bool, costs: tuple[str, ...] = ()) -> int | None:
    """Name the winner, the first of `ranked`; None where no trial can win."""
    return next(iter(ranked(trials, higher_is_better, costs)), None)
