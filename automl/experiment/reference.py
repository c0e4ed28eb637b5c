"""Random trainings beside a study, from the same space and on the same rows: what its search is compared with.

Each is a line of a file of its own, trained to its end, and no trial of the study: it cannot win, and is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from automl.budget import Clock
from automl.errors import StudyError
from automl.experiment.checkpoints import Checkpoints
from automl.experiment.interrupts import Interrupts, deferred
from automl.experiment.plan import Plan
from automl.experiment.progress import Logged, Progress, Silent
from automl.experiment.run import resumable
from automl.experiment.shortage import Shortage, contained
from automl.experiment.stage import set_out
from automl.experiment.trainer import Candidate, Trainer
from automl.experiment.watch import Watch
from automl.report.figures import counted, figure
from automl.spaces.read import read_space
from automl.study.proposal import at_random
from automl.study.rungs import NoPruner
from automl.study.seeds import seed_of
from automl.tracking.record import PLAN, REFERENCE, SPACE, SPLIT
from automl.training.device import pick_device
from automl.trial import Failed, outcome_to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from automl.experiment.shortage import Portions
    from automl.spaces.space import Space
    from automl.tracking.record import Record
    from automl.trial import Config, Outcome

_MOST_REDRAWN = 32
"""So many configs that cannot be tried are drawn again, as the search itself does."""


def run_reference(record: Record, count: int, progress: Progress | None = None) -> None:
    """Train random configs beside a study until there are so many.

    Those that were trained before count. Config and training of each follow from the study's seed and its number.

    Args:
        record: The run folder, whose data is divided.
        count: How many there are to be in all.
        progress: Who watches.

    Raises:
        StudyError: The study's data is not divided yet, or another process holds it.
    """
    if not (record.has(SPLIT) and record.has(SPACE)):
        raise StudyError(
            f"study {record.study!r} has no divided rows to train a reference on; first go on with: "
            f"automl resume {record.words}"
        )
    with record.lock(), resumable(f"automl report {record.words} --reference random:{count}"):
        missing = range(len(record.read_jsonl(REFERENCE)), count)
        if missing:
            progress = Logged(progress or Silent(), record.log_path)
            progress.say(f"training {counted(len(missing), 'random config')} beside study {record.study}")
            with deferred() as interrupts:
                reference = reference_of(record, interrupts, progress.say)
                for number in missing:
                    progress.say(_told(number, count, reference.train(number)))


def reference_of(record: Record, interrupts: Interrupts, say: Callable[[str], None]) -> Reference:
    """Set out the random trainings of a study.

    Args:
        record: The run folder, whose data is divided.
        interrupts: Whether somebody asked for the work to end.
        say: Hears that a training goes on where it was cut off.
    """
    plan = Plan.from_json(record.read_json(PLAN))
    trainer = Trainer(set_out(record, plan), pick_device(plan.device), plan.limits)
    checkpoints = Checkpoints(record, plan.seed, interrupts, say, "reference")
    return Reference(record, read_space(str(record.space_path)), trainer, plan.seed, interrupts, checkpoints)


@dataclass(frozen=True)
class Reference:
    """Draws configs and trains them, each by its number."""

    record: Record
    space: Space
    trainer: Trainer
    seed: int
    interrupts: Interrupts
    checkpoints: Checkpoints

    def train(self, number: int) -> Outcome:
        """Train a config to its end, and keep what it came to; whatever goes wrong in it is its outcome."""
        self.interrupts.check()
        config = self._draw(number)
        reason = self.trainer.infeasible(config)
        outcome = Failed("infeasible", reason, "", 0.0) if reason else self._contained(number, config)
        self.record.append_jsonl(REFERENCE, {"config": dict(config), "outcome": outcome_to_json(outcome)})
        self.checkpoints.forget([number])
        return outcome

    def _draw(self, number: int) -> Config:
        """Draw from the whole space, again where the config cannot be tried."""
        for draw in range(_MOST_REDRAWN):
            rng = np.random.default_rng(seed_of(self.seed, "reference", number, "config", draw))
            config = at_random(self.space, rng)
            if not self.trainer.infeasible(config):
                break
        return config

    def _contained(self, number: int, config: Config) -> Outcome:
        shortage = Shortage(begin_anew=self.checkpoints.forget)
        return contained(self._train, {number: config}, shortage, self.trainer.most_parts)[number]

    def _train(self, cohort: Mapping[int, Config], portions: Portions) -> dict[int, Outcome]:
        watch = Watch(list(cohort), self.trainer.stage, NoPruner(), Clock(None), Silent(), self.interrupts)
        keeper, parts = self.checkpoints.keeper(cohort, watch), portions.accumulation
        candidates = [Candidate(config, (self.seed, "reference", number), parts) for number, config in cohort.items()]
        return dict(zip(cohort, (outcome for _, outcome in self.trainer.train(candidates, watch, keeper))))


def _told(number: int, count: int, outcome: Outcome) -> str:
    came = outcome.kind.replace("_", " ") if isinstance(outcome, Failed) else f"validation {figure(outcome.score)}"
    return f"random config {number + 1} of {count}: {came}"
