"""Configs of a study trained once more, with seeds that they share: kept beside it, and never one of its trials."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automl.budget import Clock
from automl.experiment.checkpoints import Checkpoints
from automl.experiment.progress import Silent
from automl.experiment.recipe import is_shared
from automl.experiment.shortage import Shortage, contained
from automl.experiment.trainer import Candidate
from automl.experiment.watch import Watch
from automl.study.rungs import NoPruner
from automl.trial import outcome_from_json, outcome_to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from automl.experiment.interrupts import Interrupts
    from automl.experiment.shortage import Portions
    from automl.experiment.trainer import Trainer
    from automl.tracking.record import Record
    from automl.trial import Config, Outcome

RETRAININGS = "retrainings.jsonl"


@dataclass(frozen=True)
class Retraining:
    """A config that is trained once more.

    Args:
        config: The config.
        repeat: Which of the seeds it is trained with; all configs share them.
    """

    config: Config
    repeat: int


@dataclass
class Retrainer:
    """Trains configs to their end, in cohorts; a cohort that was trained before is told again, one cut off goes on.

    What a member of a cohort comes to depends, to rounding, on the others. So a cohort is taken from the record only
    where all of it is there: the results do not depend on what was trained before, or on where that was interrupted.

    Args:
        record: The run folder.
        trainer: Trains them.
        seed: The study's seed.
        size: How many train together; None to decide by the candidates' size.
        interrupts: Whether somebody asked for the work to end.
        say: Hears that a cohort goes on.
        clock: When the time is up; what it cut short is not kept.
    """

    record: Record
    trainer: Trainer
    seed: int
    size: int | None
    interrupts: Interrupts
    say: Callable[[str], None] = lambda sentence: None
    clock: Clock = field(default_factory=lambda: Clock(None))
    _known: dict[str, list[Outcome]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read what was trained before."""
        self._checkpoints = Checkpoints(self.record, self.seed, self.interrupts, self.say, "retrainings")
        lines = self.record.read_jsonl(RETRAININGS)
        self._known = {_key(line["members"]): [outcome_from_json(each) for each in line["outcomes"]] for line in lines}

    def run(self, wanted: Sequence[Retraining]) -> Iterator[tuple[int, Outcome]]:
        """Train configs, those of equal shape together; whatever goes wrong in one is its outcome, and no other's.

        Yields:
            The place of each in what was wanted, with what it came to, as cohorts end.

        Raises:
            KeyboardInterrupt: Somebody asked for the work to end; the cohort in training goes on the next time.
        """
        for places in self._cohorts(wanted):
            yield from zip(places, self._run([wanted[place] for place in places]))

    def _cohorts(self, wanted: Sequence[Retraining]) -> list[list[int]]:
        alike: dict[str, list[int]] = {}
        for place, each in enumerate(wanted):
            shared = {name: value for name, value in each.config.items() if is_shared(name)}
            alike.setdefault(json.dumps(shared), []).append(place)
        cohorts = []
        for places in alike.values():
            size = self.size or self.trainer.cohort_size(wanted[places[0]].config)
            cohorts += [places[start : start + size] for start in range(0, len(places), size)]
        return cohorts

    def _run(self, cohort: Sequence[Retraining]) -> list[Outcome]:
        """Train a cohort, or tell what it came to before."""
        members = [{"config": dict(each.config), "repeat": each.repeat} for each in cohort]
        key = _key(members)
        if key not in self._known:
            self.interrupts.check()
            shortage = Shortage(begin_anew=self._checkpoints.forget)
            ended = contained(self._train, dict(enumerate(cohort)), shortage, self._most_parts)
            outcomes = [ended[place] for place in range(len(cohort))]
            self._checkpoints.forget(ended)
            if self.clock.is_over:
                return outcomes
            self._known[key] = outcomes
            told = [outcome_to_json(outcome) for outcome in self._known[key]]
            self.record.append_jsonl(RETRAININGS, {"members": members, "outcomes": told})
        return self._known[key]

    def _most_parts(self, each: Retraining) -> int:
        return self.trainer.most_parts(each.config)

    def _train(self, cohort: Mapping[int, Retraining], portions: Portions) -> dict[int, Outcome]:
        stage = self.trainer.stage
        watch = Watch(list(cohort), stage, NoPruner(), self.clock, Silent(), self.interrupts)
        made_of = {place: {**each.config, "repeat": each.repeat} for place, each in cohort.items()}
        keeper, parts = self._checkpoints.keeper(made_of, watch), portions.accumulation
        candidates = [Candidate(each.config, (self.seed, "retraining", each.repeat), parts) for each in cohort.values()]
        return dict(zip(cohort, (outcome for _, outcome in self.trainer.train(candidates, watch, keeper))))


def _key(members: Any) -> str:
    return json.dumps(members)
