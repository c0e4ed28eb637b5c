"""The trainings that tell why a config is better than another, within a number of them, and what they came to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from automl.evaluation.gains import Noise, front, rounding, seed_noise
from automl.experiment.plan import Plan
from automl.experiment.retrain import Retrainer, Retraining
from automl.experiment.stage import set_out
from automl.experiment.trainer import Trainer
from automl.report.explanation import training_name
from automl.report.figures import figure
from automl.spaces.edits import between, edits
from automl.spaces.read import read_space
from automl.study.ablation import CONFIRMING, REPEATS, find_path
from automl.tracking.record import PLAN
from automl.training.device import pick_device
from automl.trial import Completed, Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from automl.experiment.interrupts import Interrupts
    from automl.spaces.edits import Edit
    from automl.spaces.space import Space
    from automl.study.ablation import Point
    from automl.tracking.record import Record
    from automl.trial import Config, Outcome


def ablation_of(
    record: Record,
    best: int,
    allowed: int,
    *,
    say: Callable[[str], None],
    interrupts: Interrupts,
) -> Ablation:
    """Set out the ablation between a study's default and a trial of it.

    Args:
        record: The run folder.
        best: The trial.
        allowed: The most trainings.
        say: Hears what each training came to.
        interrupts: Whether somebody asked for the work to end.
    """
    plan, space = Plan.from_json(record.read_json(PLAN)), read_space(str(record.space_path))
    stage = set_out(record, plan)
    trainer = Trainer(stage, pick_device(plan.device), plan.limits)
    return Ablation(
        space,
        space.default(),
        record.trial(best).read_config(),
        Retrainer(record, trainer, plan.seed, plan.cohort_size, interrupts, say),
        allowed,
        say,
    )


@dataclass
class Ablation:
    """Walks from one config to another, edit by edit, and keeps what every training came to.

    Args:
        space: The space of both.
        before: The config at which it begins.
        after: The config at which it ends.
        retrainer: Trains configs.
        allowed: The most trainings.
        say: Hears what each training came to.
    """

    space: Space
    before: Config
    after: Config
    retrainer: Retrainer
    allowed: int
    say: Callable[[str], None]
    trained: int = field(default=0, init=False)
    path: list[tuple[int, ...]] = field(default_factory=list, init=False)
    alone: list[Point] = field(default_factory=list, init=False)
    _outcomes: dict[Point, dict[int, Outcome]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """List the edits."""
        self.edits: tuple[Edit, ...] = edits(self.space, self.before, self.after)
        stage = self.retrainer.trainer.stage
        self._sign = 1.0 if stage.task.higher_is_better else -1.0
        self._least_noise = rounding(stage.task.metric, len(stage.validation))
        self._start: Point = frozenset()
        self._end: Point = frozenset(range(len(self.edits)))

    def run(self) -> None:
        """Train both ends; where the gain is beyond noise, find the path between them, and repeat its best points."""
        self._train([(end, repeat) for end in (self._start, self._end) for repeat in range(REPEATS)])
        self.path = [tuple(sorted(self._end))]
        if not self.is_clear(self._start, self._end) or len(self.edits) == 1:
            return
        self.path = find_path(
            [edit.distance for edit in self.edits],
            self.allowed - self.trained - CONFIRMING,
            self._level(),
            is_possible=self._is_possible,
            measure=self._measure,
        )
        while self.trained < self.allowed and (point := self._to_repeat()) is not None:
            self._train([(point, repeat) for repeat in range(REPEATS) if repeat not in self._outcomes[point]])

    @property
    def points(self) -> list[Point]:
        """The points of the path, both ends among them."""
        return [frozenset(edit for group in self.path[:step] for edit in group) for step in range(len(self.path) + 1)]

    @property
    def tried(self) -> list[Point]:
        """Every point that was trained, or could not be, in the order in which they were."""
        return list(self._outcomes)

    @property
    def front(self) -> int:
        """How many first steps carry the gain, or would if it were beyond noise."""
        points = self.points
        return front([self.gain(self._start, point) for point in points[1:]])

    @property
    def noise(self) -> Noise | None:
        """What the seed did to both ends; None where too few trainings came to an end."""
        return seed_noise(self.scores(self._start), self.scores(self._end), least=self._least_noise)

    def scores(self, point: Point) -> list[float]:
        """Give the scores of a point, one for each seed with which its training came to an end."""
        return [each.score for each in self.outcomes(point).values() if isinstance(each, Completed)]

    def outcomes(self, point: Point) -> Mapping[int, Outcome]:
        """Give what the trainings of a point came to, by repeat."""
        return self._outcomes.get(point, {})

    def gain(self, before: Point, after: Point) -> float:
        """Say how much better a point is than another, on average; nan where one of them has no score."""
        if not (self.scores(before) and self.scores(after)):
            return math.nan
        return self._sign * (fmean(self.scores(after)) - fmean(self.scores(before)))

    def margin(self, before: Point, after: Point) -> float:
        """Say what such a gain must exceed to be beyond noise; infinite where that is not known."""
        counts = len(self.scores(before)), len(self.scores(after))
        return math.inf if self.noise is None or 0 in counts else self.noise.margin(*counts)

    def is_clear(self, before: Point, after: Point) -> bool:
        """Tell whether such a gain is beyond noise."""
        return self.gain(before, after) > self.margin(before, after)

    def names(self, point: Point) -> list[str]:
        """Give the names of the edits that are made at a point."""
        return [self.edits[edit].name for edit in sorted(point)]

    def config(self, point: Point) -> Config:
        """Give the config of a point."""
        return between(self.space, self.before, self.after, [self.edits[edit] for edit in sorted(point)])

    def _to_repeat(self) -> Point | None:
        """Name the next point to train with the other seeds: where the gain is carried, then the first of the path."""
        points = self.points
        order = [points[self.front], *points[1:]]
        return next((point for point in order if len(self._outcomes[point]) < REPEATS), None)

    def _is_possible(self, point: Point) -> bool:
        return not self.retrainer.trainer.infeasible(self.config(point))

    def _measure(self, points: Sequence[Point]) -> list[float]:
        if not self.alone:
            self.alone = list(points)
        self._train([(point, 0) for point in points])
        return [self._worth(point) for point in points]

    def _worth(self, point: Point) -> float:
        """Give the score with the first seed, the higher the better; nan where there is none."""
        outcome = self._outcomes[point].get(0)
        return self._sign * outcome.score if isinstance(outcome, Completed) else math.nan

    def _level(self) -> float:
        """Give what the first end is worth with the first seed or, where that failed, with the others."""
        worth = self._worth(self._start)
        return self._sign * fmean(self.scores(self._start)) if math.isnan(worth) else worth

    def _train(self, wanted: Sequence[tuple[Point, int]]) -> None:
        """Train points with seeds, as far as the number that is allowed goes; one that cannot be trained costs none."""
        able: list[tuple[Point, int]] = []
        for point, repeat in wanted:
            reason = self.retrainer.trainer.infeasible(self.config(point))
            if reason:
                self._outcomes.setdefault(point, {})[repeat] = Failed("infeasible", reason, "", 0.0)
            elif len(able) < self.allowed - self.trained:
                able.append((point, repeat))
        for place, outcome in self.retrainer.run([Retraining(self.config(point), repeat) for point, repeat in able]):
            point, repeat = able[place]
            self._outcomes.setdefault(point, {})[repeat] = outcome
            self.trained += 1
            named = training_name(self.names(point), len(self.edits), repeat + 1)
            self.say(f"training {self.trained} of at most {self.allowed}, {named}: {_said(outcome)}")


def _said(outcome: Outcome) -> str:
    if isinstance(outcome, Failed):
        return f"failed ({outcome.kind.replace('_', ' ')}): {outcome.message}"
    return f"validation {figure(outcome.score)}"
