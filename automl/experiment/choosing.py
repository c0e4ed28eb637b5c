"""Choosing the trials that answer together, by validation rows alone, when a search is over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from automl.data.parts import sample
from automl.evaluation.blend import blend, select
from automl.evaluation.metrics import row_losses, score
from automl.experiment.calibration import learned_of
from automl.experiment.ensemble import Choice, Ensemble, Member, read_choice
from automl.experiment.objective import N_POOLED
from automl.experiment.recipe import read_recipe
from automl.experiment.trainer import Trainer
from automl.report.figures import figure
from automl.training.device import pick_device
from automl.training.weights import load_outputs, weights_sha256
from automl.trial import Aim, Completed, ranked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from automl.evaluation.blend import Goodness
    from automl.experiment.plan import Plan
    from automl.experiment.stage import Stage
    from automl.tracking.record import Record
    from automl.trial import Outcome

    Outputs = NDArray[np.float32]

_MOST_ROWS = 20_000
"""By so many validation rows at most they are chosen."""


def choose(record: Record, plan: Plan, stage: Stage, *, say: Callable[[str], None]) -> Choice | None:
    """Choose which trials answer together, unless that was done, and forget the weights of all but these and the best.

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
    if known := read_choice(record, len(outcomes)):
        return known
    pool = _pool(record, stage, outcomes)
    best = next(iter(ranked(outcomes.items(), stage.task.higher_is_better)))
    ensemble = _together(record, plan, stage, pool) if len(pool) > 1 and best in pool else None
    if ensemble is not None and not _is_better(stage, ensemble.validation, outcomes[best]):
        ensemble = None
    choice = Choice(len(outcomes), len(pool), best, ensemble)
    choice.write(record)
    _forget(record, plan, stage, choice, outcomes)
    say(_said(choice, stage, outcomes[best]))
    return choice


def _pool(record: Record, stage: Stage, outcomes: Mapping[int, Outcome]) -> dict[int, Outputs]:
    """Give what the best trials gave for the validation rows, the best first: of those whose networks are kept.

    Networks that read images of another size than the best one are left out: a model takes images of one size.
    """
    shape = (len(stage.validation), stage.task.n_outputs)
    found: dict[int, Outputs] = {}
    sizes: set[object] = set()
    for number in ranked(outcomes.items(), stage.task.higher_is_better)[:N_POOLED]:
        kept = record.trial(number)
        if not (kept.weights_path.exists() and kept.outputs_path.exists()):
            continue
        image = stage.preparation(read_recipe(kept.read_config()).preparing).image
        sizes |= set() if sizes else {image and image.shape}
        outputs = load_outputs(kept.outputs_path)
        if outputs.shape == shape and np.isfinite(outputs).all() and (image and image.shape) in sizes:
            found[number] = outputs
    return found


def _together(record: Record, plan: Plan, stage: Stage, pool: Mapping[int, Outputs]) -> Ensemble | None:
    """Choose among the pool; None where the best is best alone."""
    numbers, are_classes = list(pool), bool(stage.task.classes)
    rows = sample(len(stage.validation), _MOST_ROWS, np.random.default_rng(plan.seed))
    found = select(
        [pool[number][rows] for number in numbers],
        _goodness(stage, rows),
        are_classes=are_classes,
        most=plan.ensemble,
        is_allowed=_Caps(record, plan, stage, numbers).hold,
    )
    if len(found) == 1:
        return None
    weights = {numbers[place]: share for place, share in found.items()}
    members = tuple(
        Member(number, weights[number], weights_sha256(record.trial(number).weights_path)) for number in sorted(weights)
    )
    outputs = blend([pool[each.trial] for each in members], [each.weight for each in members], are_classes=are_classes)
    everywhere = np.arange(len(stage.validation))
    return Ensemble(members, _score(stage, everywhere, outputs), learned_of(stage, outputs))


def _goodness(stage: Stage, rows: NDArray[np.int64]) -> Callable[[NDArray[np.float64]], Goodness]:
    """Say how good outputs for some of the validation rows are: by the metric, among equals by the loss."""
    truth, weights = stage.truth(stage.validation)[rows], stage.weights(stage.validation)
    counts = None if weights is None else weights[rows]
    sign = 1.0 if stage.task.higher_is_better else -1.0

    def goodness(outputs: NDArray[np.float64]) -> Goodness:
        predictions = stage.coder.predictions(outputs)
        value = score(stage.task.metric, truth, predictions, stage.task, counts)
        loss = float(np.average(row_losses(truth, predictions, stage.task), weights=counts))
        return (-math.inf if math.isnan(value) else sign * value, -loss)

    return goodness


def _score(stage: Stage, rows: NDArray[np.int64], outputs: NDArray[np.float64]) -> float:
    sign = 1.0 if stage.task.higher_is_better else -1.0
    return sign * _goodness(stage, rows)(outputs)[0]


@dataclass
class _Caps:
    """What a model may be at most, of all of its networks together.

    Args:
        record: The run folder.
        plan: Says what the limits are.
        stage: The rows that are not sealed.
        numbers: The trials that can be members.
    """

    record: Record
    plan: Plan
    stage: Stage
    numbers: Sequence[int]

    def __post_init__(self) -> None:
        """Know what each trial's network is."""
        limits = self.plan.limits
        self._most = [math.inf if most is None else most for most in (limits.parameters, limits.milliseconds)]
        self._costs: list[tuple[float, ...]] = [(0.0, 0.0)] * len(self.numbers)
        if any(map(math.isfinite, self._most)):
            trainer = Trainer(self.stage, pick_device(self.plan.device))
            configs = (self.record.trial(number).read_config() for number in self.numbers)
            self._costs = [trainer.expected(config, ("parameters", "latency")) for config in configs]

    def hold(self, places: frozenset[int]) -> bool:
        """Whether the trials of some places may be one model."""
        together = np.sum([self._costs[place] for place in places], axis=0)
        return bool((together <= self._most).all())


def _is_better(stage: Stage, validation: float, alone: Outcome) -> bool:
    assert isinstance(alone, Completed)
    return validation > alone.score if stage.task.higher_is_better else validation < alone.score


def _forget(record: Record, plan: Plan, stage: Stage, choice: Choice, outcomes: Mapping[int, Outcome]) -> None:
    """Remove the weights of all trials but those that are chosen, and those that were to be kept anyway."""
    higher_is_better = stage.task.higher_is_better
    kept = {*ranked(outcomes.items(), higher_is_better)[: plan.n_kept]}
    kept |= {member.trial for member in choice.ensemble.members} if choice.ensemble else set()
    kept |= {*Aim(higher_is_better, plan.objective).front(outcomes.items())} if plan.objective else set()
    for number in outcomes.keys() - kept:
        record.trial(number).forget_weights()


def _said(choice: Choice, stage: Stage, alone: Outcome) -> str:
    assert isinstance(alone, Completed)
    of = f"of the best {choice.considered} trials"
    if choice.ensemble is None:
        return f"trial {choice.best} is as good alone as with others {of}"
    told = ", ".join(f"{each.trial} x {each.weight:.2g}" for each in choice.ensemble.members)
    metric, both = stage.task.metric, (choice.ensemble.validation, alone.score)
    together, single = (figure(value) for value in both)
    return f"trials {told} are one model, {of}: validation {metric} {together}, trial {choice.best} alone {single}"
