"""`replay`: a trial is trained once more, in the cohort that it trained in, and compared with its record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.errors import StudyError, unknown
from automl.experiment.cohorts import COHORTS
from automl.experiment.interrupts import deferred
from automl.experiment.plan import Plan
from automl.experiment.progress import Silent
from automl.experiment.uncollected import uncollected
from automl.tracking.record import MEMORY, PLAN, RUNGS, SPLIT
from automl.trial import Epoch, Failed, outcome_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from automl.experiment.interrupts import Interrupts
    from automl.experiment.progress import Progress
    from automl.experiment.shortage import Portions, Shortage
    from automl.experiment.trainer import Trainer
    from automl.tracking.record import Record
    from automl.training.keeping import Fitted
    from automl.trial import Config, Outcome

SCHEMA_VERSION = 1
COMPARED = ("train_loss", "validation_loss", "validation", "lr")


def replay(record: Record, trial: int, progress: Progress | None = None) -> dict[str, Any]:
    """Train a trial once more in its recorded cohort; nothing is written, and no test row is read.

    Args:
        record: The run folder.
        trial: The trial's number.
        progress: Who watches.

    Returns:
        An object with the keys, in this order, `schema_version, study, trial, cohort, device, equal, epochs, largest,
        outcome, sentence`; `largest` holds the largest differences: of the curve by its column, and of the `weights`,
        None where they were not kept.

    Raises:
        StudyError: There is no such trial, it is not over, or there is nothing of it to repeat.
    """
    cohort, outcome = _cohort_of(record, trial), _repeatable(record, trial)
    with uncollected():
        from automl.experiment.stage import set_out
        from automl.experiment.trainer import Trainer
        from automl.training.device import describe_device, pick_device, share_cores

    plan = Plan.from_json(record.read_json(PLAN))
    if plan.jobs > 1:
        share_cores(plan.jobs)
    trainer = Trainer(set_out(record, plan), pick_device(plan.device), plan.limits)
    (progress or Silent()).say(f"trial {trial} of {record.study} trains again, {_with(trial, cohort)}")
    with deferred() as interrupts:
        again = _Again(record, trainer, plan.seed, cohort, interrupts)
        ended = again.run()
    fitted = again.fitted.get(trial)
    kept = record.trial(trial)
    curves = kept.read_curve(), fitted.epochs if fitted else []
    return _told(record, trial, cohort, describe_device(trainer.device), curves, (outcome, ended[trial]), fitted)


def _with(trial: int, cohort: Sequence[int]) -> str:
    others = [str(number) for number in cohort if number != trial]
    return f"together with {', '.join(others)}" if others else "alone, as it did"


def _cohort_of(record: Record, trial: int) -> list[int]:
    """Give the trials that it trained with, in their order."""
    numbers = [each.number for each in record.trials()]
    if trial not in numbers:
        raise StudyError(unknown("trial", trial, map(str, numbers)))
    groups: list[list[int]] = [line["trials"] for line in record.read_jsonl(COHORTS)]
    return _shortage(record).group(next((group for group in groups if trial in group), [trial]), trial)


def _shortage(record: Record) -> Shortage:
    """Give what memory did not hold, as it was recorded; nothing is added to the record."""
    from automl.experiment.shortage import Shortage, Unkept

    return Shortage(Unkept(record.read_jsonl(MEMORY)))


def _repeatable(record: Record, trial: int) -> Outcome:
    """Give what the trial came to, where that can come again."""
    outcome = record.trial(trial).read_outcome() if record.has(SPLIT) else None
    if outcome is None:
        go_on = f"go on with: automl resume {record.words}"
        raise StudyError(f"trial {trial} of study {record.study!r} is not over; {go_on}")
    if isinstance(outcome, Failed) and outcome.kind in ("timeout", "killed"):
        raise StudyError(f"trial {trial} of study {record.study!r} was never trained: {outcome.message}")
    return outcome


@dataclass
class _Again:
    """Trains a cohort once more, under the decisions that were recorded of it.

    Args:
        record: The run folder.
        trainer: Trains.
        seed: The study's seed.
        cohort: The trials' numbers.
        interrupts: Whether somebody asked for the work to end.
    """

    record: Record
    trainer: Trainer
    seed: int
    cohort: Sequence[int]
    interrupts: Interrupts

    def run(self) -> dict[int, Outcome]:
        """Give what became of each; `fitted` holds those that were trained."""
        from automl.experiment.shortage import contained

        self.fitted: dict[int, Fitted] = {}
        configs = {number: self.record.trial(number).read_config() for number in self.cohort}
        reason = self.trainer.infeasible(configs[self.cohort[0]])
        if reason:
            return dict.fromkeys(self.cohort, Failed("infeasible", reason, "", 0.0))
        return contained(self._train, configs, _shortage(self.record), self.trainer.most_parts)

    def _train(self, configs: Mapping[int, Config], portions: Portions) -> dict[int, Outcome]:
        from automl.experiment.trainer import Candidate
        from automl.experiment.watch import Watch

        clock: Any = EpochClock(self._epochs_until_the_time_was_up(configs))
        pruner = Recorded(self.record.read_jsonl(RUNGS))
        watch = Watch(list(configs), self.trainer.stage, pruner, clock, clock, self.interrupts)
        parts = portions.accumulation
        candidates = [Candidate(config, (self.seed, number), parts) for number, config in configs.items()]
        ended = dict(zip(configs, self.trainer.train(candidates, watch, at_once=portions.at_once)))
        self.fitted.update({number: fitted for number, (fitted, _) in ended.items()})
        return {number: outcome for number, (_, outcome) in ended.items()}

    def _epochs_until_the_time_was_up(self, numbers: Iterable[int]) -> float:
        outcomes = [self.record.trial(number).read_outcome() for number in numbers]
        ended = [each.epochs for each in outcomes if getattr(each, "stopped_by", None) == "budget"]  # type: ignore[union-attr]
        return max(ended, default=math.inf)


class Recorded:
    """A pruner that stops whom a study's own has stopped, at the same epochs.

    Args:
        decisions: The lines of `rungs.jsonl`.
    """

    def __init__(self, decisions: Iterable[Mapping[str, Any]]) -> None:
        self._pruned = {(line["epoch"], number) for line in decisions for number in line["pruned"]}

    def report(self, epoch: int, scores: Mapping[int, float]) -> set[int]:
        """Name those that were stopped here."""
        return {number for number in scores if (epoch, number) in self._pruned}


class EpochClock(Silent):
    """A clock that is up after so many epochs, of which it hears as who watches a search does.

    Args:
        epochs: How many.
    """

    def __init__(self, epochs: float) -> None:
        self._left = epochs
        self._last = 0

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Count it."""
        self._last = epoch.epoch

    @property
    def is_over(self) -> bool:
        """Whether there were as many."""
        return self._last >= self._left


def _told(
    record: Record,
    trial: int,
    cohort: Sequence[int],
    device: str,
    curves: tuple[Sequence[Epoch], Sequence[Epoch]],
    outcomes: tuple[Outcome, Outcome],
    fitted: Fitted | None,
) -> dict[str, Any]:
    """Put what was found into plain JSON values."""
    largest: dict[str, float | None] = {name: _largest(name, curves) for name in COMPARED}
    largest["weights"] = _weights_apart(record, trial, fitted)
    recorded, repeated = (_without_clock(outcome) for outcome in outcomes)
    numbers = [[each.epoch for each in curve] for curve in curves]
    is_equal = numbers[0] == numbers[1] and recorded == repeated and not any(largest.values())
    told = {
        "schema_version": SCHEMA_VERSION,
        "study": record.study,
        "trial": trial,
        "cohort": list(cohort),
        "device": device,
        "equal": is_equal,
        "epochs": {"recorded": len(curves[0]), "repeated": len(curves[1])},
        "largest": largest,
        "outcome": {"recorded": recorded, "repeated": repeated},
    }
    return {**told, "sentence": _sentence(told)}


def _largest(name: str, curves: tuple[Sequence[Epoch], Sequence[Epoch]]) -> float:
    """Give how far a column of the curves is apart at most, in the epochs that both have."""
    pairs = [(getattr(one, name), getattr(other, name)) for one, other in zip(*curves)]
    return max((_apart(one, other) for one, other in pairs), default=0.0)


def _apart(one: float, other: float) -> float:
    if one == other or (math.isnan(one) and math.isnan(other)):
        return 0.0
    return abs(one - other) if math.isfinite(one - other) else math.inf


def _weights_apart(record: Record, trial: int, fitted: Fitted | None) -> float | None:
    from automl.training.weights import largest_difference

    path = record.trial(trial).weights_path
    return largest_difference(path, fitted.weights) if fitted and path.exists() else None


def _without_clock(outcome: Outcome) -> dict[str, Any]:
    return {name: value for name, value in outcome_to_json(outcome).items() if name not in ("seconds", "traceback")}


def _sentence(told: Mapping[str, Any]) -> str:
    epochs, largest = told["epochs"], told["largest"]
    if told["equal"]:
        kept = "its weights are the same" if largest["weights"] is not None else "its weights were not kept"
        return f"equal: {epochs['recorded']} epochs and the outcome are the same bit for bit, and {kept}"
    said = f"not equal: {epochs['recorded']} epochs were recorded, and {epochs['repeated']} were trained again"
    if told["outcome"]["recorded"].get("stopped_by") != "budget":
        return said
    return f"{said}; the time was up in the last one, and where it was cut short it cannot be repeated"
