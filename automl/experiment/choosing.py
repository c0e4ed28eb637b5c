"""Choosing the trials that answer together, by validation rows alone, when a search is over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.data.parts import sample
from automl.evaluation.blend import blend, select
from automl.evaluation.metrics import row_losses, score
from automl.experiment.calibration import learned
from automl.experiment.ensemble import Choice, Ensemble, Member, read_choice, weights_of
from automl.experiment.objective import N_POOLED
from automl.experiment.recipe import read_recipe
from automl.experiment.trainer import Trainer
from automl.experiment.trees import costs_of_trees, forget_trees, grow, outputs_of_trees
from automl.experiment.winner import winner
from automl.report.figures import counted, figure, spoken
from automl.training.device import pick_device
from automl.training.weights import load_outputs, weights_sha256
from automl.trial import BOOSTED, TREES, ranked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from automl.evaluation.blend import Goodness
    from automl.experiment.plan import Plan
    from automl.experiment.stage import Stage
    from automl.tracking.record import Record
    from automl.trial import Outcome

    Outputs = NDArray[np.float32]

_MOST_ROWS = 20_000
"""By so many validation rows at most they are chosen."""
_BESIDE = 0.25
"""How much one counts that stands beside trees which are best alone."""
_COUNTED = ("accuracy",)
"""Metrics that move in steps of a row: the loss of the same rows sooner tells what is better by them on others."""


def choose(record: Record, plan: Plan, stage: Stage, *, say: Callable[[str], None]) -> Choice | None:
    """Choose which trials answer together, unless that was done.

    Of folds a trial's networks answer together in any case: what each gave for the rows of its fold stands for what the
    trial gives.

    Args:
        record: The run folder.
        plan: What was asked for.
        stage: The rows that are not sealed.
        say: Hears what was chosen.

    Returns:
        What was chosen; None where nobody asked for an ensemble.
    """
    if not plan.is_ensembled:
        return None
    outcomes = record.outcomes()
    choice = read_choice(record, len(outcomes))
    if choice is None:
        choosing = _Choosing(record, plan, stage, outcomes)
        choice = choosing.choice()
        choice.write(record)
        say(choosing.said(choice))
    forget_trees(record, TREES.keys() & (choice.ensemble.shares if choice.ensemble else {}))
    return choice


class _Choosing:
    """A choice among the best trials.

    Args:
        record: The run folder.
        plan: What was asked for.
        stage: The rows that are not sealed.
        outcomes: What came of the trials.
    """

    def __init__(self, record: Record, plan: Plan, stage: Stage, outcomes: Mapping[int, Outcome]) -> None:
        self._record, self._plan, self._stage = record, plan, stage
        self._link = stage.task.traits.link
        self._rows = stage.chosen_by
        self._goodness = _goodness(stage, self._rows)
        self._n_trials, self._best = len(outcomes), winner(record)
        others = [each for each in ranked(outcomes.items(), stage.task.higher_is_better) if each != self._best]
        self._pool = self._pooled([self._best, *others][:N_POOLED])
        if plan.include_trees and self._best in self._pool:
            if not outputs_of_trees(record):
                grow(record, stage, BOOSTED)
            self._pool |= outputs_of_trees(record)
        self._caps = _Caps(record, plan, stage, [*self._pool])

    def _pooled(self, numbers: Sequence[int]) -> dict[int, Outputs]:
        """Give what trials gave for the rows that choose, in their order: of those whose networks are kept.

        Networks that read images of another size than the first are left out: a model takes images of one size.
        """
        shape = (len(self._rows), self._stage.task.n_outputs)
        kept = {number: self._record.trial(number) for number in numbers}
        whole = [number for number, each in kept.items() if each.has_weights and each.outputs_path.exists()]
        sizes = {number: self._image_size(number) for number in whole}
        read = {number: load_outputs(kept[number].outputs_path) for number in whole if sizes[number] == sizes[whole[0]]}
        return {
            each: outputs for each, outputs in read.items() if outputs.shape == shape and np.isfinite(outputs).all()
        }

    def _image_size(self, number: int) -> tuple[int, ...] | None:
        """Give the size to which a trial's network has images brought; None where there are none."""
        if not self._stage.task.has_images:
            return None
        image = self._stage.preparation(read_recipe(self._record.trial(number).read_config()).preparing).image
        return None if image is None else image.shape

    def choice(self) -> Choice:
        """Choose which are one model; none where that is the best one's only network."""
        shares = self._shares() if self._best in self._pool else {}
        alone = self._together({self._best: 1.0}) if shares and self._stage.folds else None
        ensemble = self._together(shares) if len(shares) > 1 else alone
        n_trials = len(self._pool.keys() - TREES.keys())
        return Choice(self._n_trials, n_trials, self._best, ensemble, alone)

    def _together(self, shares: Mapping[int, float]) -> Ensemble:
        outputs = self._blended(shares)
        members = tuple(member for number in sorted(shares) for member in self._members(number, shares[number]))
        return Ensemble(
            members, self._score(outputs), learned(self._stage.task, self._stage.coder, self._rows, outputs)
        )

    def _shares(self) -> dict[int, float]:
        """Say how much each trial counts: the best one alone where no others make it better.

        The choice begins with the best trial, and where trees are better than that, with the best of them too.
        """
        alone = self._goodness(self._pool[self._best])
        trees = [number for number in self._pool if number in TREES and self._goodness(self._pool[number]) > alone]
        trees = [number for number in trees if self._caps.hold({number})]
        begun = [self._begun_with(self._best)]
        if trees:
            leading = max(trees, key=lambda number: self._goodness(self._pool[number]))
            found = self._begun_with(leading)
            begun.append(found if len(found) > 1 else self._paired(leading))
        shares = max(begun, key=lambda each: self._goodness(self._blended(each)))
        return shares if self._goodness(self._blended(shares))[0] > alone[0] else {self._best: 1.0}

    def _paired(self, first: int) -> dict[int, float]:
        """Give trees that are best alone the one beside them that harms least: an ensemble has two members."""
        others = [other for other in self._pool if other != first and self._caps.hold({first, other})]
        pairs: list[dict[int, float]] = [{first: 1 - _BESIDE, other: _BESIDE} for other in others]
        return max(pairs, key=lambda each: self._goodness(self._blended(each)), default={self._best: 1.0})

    def _begun_with(self, first: int) -> dict[int, float]:
        """Say how much each trial counts where one of them is there from the beginning."""
        numbers = [first, *(number for number in self._pool if number != first)]
        rows = sample(len(self._rows), _MOST_ROWS, np.random.default_rng(self._plan.seed))
        found = select(
            [self._pool[number][rows] for number in numbers],
            _goodness(self._stage, self._rows.iloc[rows]),
            link=self._link,
            most=self._plan.ensemble,
            is_allowed=lambda places: self._caps.hold(numbers[place] for place in places),
        )
        return {numbers[place]: share for place, share in found.items()}

    def _blended(self, shares: Mapping[int, float]) -> NDArray[Any]:
        return blend([self._pool[each] for each in shares], list(shares.values()), link=self._link)

    def _members(self, number: int, share: float) -> list[Member]:
        """Give the networks of a trial, or the trees of a kind: one, or that of every fold."""
        scales = self._stage.fold_scales
        if not scales:
            return [Member(number, share, weights_sha256(weights_of(self._record, number)))]
        return [
            Member(number, share / len(scales), weights_sha256(weights_of(self._record, number, fold)), fold, *scale)
            for fold, scale in enumerate(scales)
        ]

    def _score(self, outputs: NDArray[Any]) -> float:
        return _measure(self._stage, self._rows)(outputs)[0]

    def said(self, choice: Choice) -> str:
        """Say what was chosen."""
        of = f"of the best {counted(choice.considered, 'trial')}"
        shares = choice.ensemble.shares if choice.ensemble else {choice.best: 1.0}
        if choice.ensemble is None or len(shares) == 1:
            folds = f"; its {len(self._stage.folds)} folds are one model" if choice.ensemble else ""
            return f"trial {choice.best} is as good alone as with others {of}{folds}"
        named = {number: spoken(TREES[number]) if number in TREES else number for number in shares}
        told = ", ".join(f"{named[number]} x {share:.2g}" for number, share in shares.items())
        together, alone = (figure(each) for each in (choice.ensemble.validation, self._score(self._pool[choice.best])))
        metric = self._stage.task.metric
        by = " by the loss" if metric in _COUNTED else ""
        scores = f"validation {metric} {together}, trial {choice.best} alone {alone}"
        return f"trials {told} are one model, {of}{by}: {scores}"


def _measure(stage: Stage, rows: pd.DataFrame) -> Callable[[NDArray[Any]], tuple[float, float]]:
    """Say which score and which loss outputs for some rows come to."""
    truth, counts = stage.truth(rows), stage.weights(rows)

    def measure(outputs: NDArray[Any]) -> tuple[float, float]:
        predictions = stage.coder.predictions(outputs)
        value = score(stage.task.metric, truth, predictions, stage.task, counts)
        return value, float(np.average(row_losses(truth, predictions, stage.task), weights=counts))

    return measure


def _goodness(stage: Stage, rows: pd.DataFrame) -> Callable[[NDArray[Any]], Goodness]:
    """Say how good outputs for some rows are: by the metric, among equals by the loss, or the other way round."""
    task, measure = stage.task, _measure(stage, rows)
    sign = 1.0 if task.higher_is_better else -1.0

    def goodness(outputs: NDArray[Any]) -> Goodness:
        value, loss = measure(outputs)
        told = (-math.inf if math.isnan(value) else sign * value, -loss)
        return told[::-1] if task.metric in _COUNTED else told

    return goodness


@dataclass
class _Caps:
    """What a model may be at most, of all of its networks and trees together.

    Args:
        record: The run folder.
        plan: Says what the limits are.
        stage: The rows that are not sealed.
        numbers: The trials and the kinds of trees that can be members.
    """

    record: Record
    plan: Plan
    stage: Stage
    numbers: Sequence[int]

    def __post_init__(self) -> None:
        """Know what each of them is, where there are limits."""
        limits = self.plan.limits
        self._most = [math.inf if most is None else most for most in (limits.parameters, limits.milliseconds)]
        self._costs: dict[int, tuple[float, ...]] = {}
        if any(map(math.isfinite, self._most)):
            trainer = Trainer(self.stage, pick_device(self.plan.device))
            self._costs = {number: self._cost(trainer, number) for number in self.numbers}

    def _cost(self, trainer: Trainer, number: int) -> tuple[float, ...]:
        if number in TREES:
            return costs_of_trees(self.record, number)
        of_one = trainer.expected(self.record.trial(number).read_config(), ("parameters", "latency"))
        return tuple(max(1, len(self.stage.folds)) * cost for cost in of_one)

    def hold(self, members: Iterable[int]) -> bool:
        """Whether some of them may be one model."""
        costs = [self._costs[number] for number in members if number in self._costs]
        return all(sum(own) <= most for own, most in zip(zip(*costs), self._most))
