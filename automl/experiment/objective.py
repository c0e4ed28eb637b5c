"""One trial: a config goes in, an outcome comes out, and everything it came to is in the trial's folder."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from automl.experiment.interrupts import Interrupts
from automl.experiment.recipe import read_recipe
from automl.experiment.shortage import Portions, Shortage, contained
from automl.experiment.trainer import Candidate
from automl.experiment.watch import Watch
from automl.tracking.record import MEMORY
from automl.training.folds import outputs_of
from automl.training.health import summary
from automl.training.weights import save_outputs, save_weights
from automl.trial import Aim, Completed, Failed, Outcome, ranked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from automl.budget import Clock
    from automl.experiment.checkpoints import Checkpoints
    from automl.experiment.deaths import Onset
    from automl.experiment.progress import Progress
    from automl.experiment.trainer import Trainer
    from automl.study.decisions import Pruner
    from automl.tracking.record import Record
    from automl.training.keeping import Fitted
    from automl.trial import Config

_KILLED = "the process that trained it was killed twice while it did; it is not tried again"
N_KEPT = 3
"""Of how many of the best trials the weights are kept, unless it is said otherwise."""
N_FINALISTS = 4
"""Of how many they are kept until it is known which is the best on average."""
N_POOLED = 24
"""Of how many they are kept until it is chosen which answer together."""


@dataclass
class Objective:
    """Runs trials.

    Args:
        record: Where they are kept.
        trainer: Trains them.
        seed: The study's seed.
        pruner: Who stops them early.
        clock: When the time is up.
        progress: Who watches.
        outcomes: What came of the trials so far, earlier sessions' included.
        interrupts: Whether somebody asked for the search to end.
        n_kept: Of how many of the best trials the weights are kept; None for all that were completed.
        checkpoints: Where cohorts in training are kept; nowhere if None.
        is_fatal: Tells of a trial whether it took its process with it so often that it is not tried again.
        onset: Keeps trials in sight until they have trained an epoch; nobody does if None.
        keeps_folds: Whether the networks of folds are kept, of as many trials.
        costs: What is to be small beside a good score; the weights of trials on the front are then kept too.
    """

    record: Record
    trainer: Trainer
    seed: int
    pruner: Pruner
    clock: Clock
    progress: Progress
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    interrupts: Interrupts = field(default_factory=Interrupts)
    n_kept: int | None = N_KEPT
    checkpoints: Checkpoints | None = None
    is_fatal: Callable[[int], bool] = lambda number: False
    onset: Onset | None = None
    keeps_folds: bool = False
    costs: tuple[str, ...] = ()
    _front: list[int] | None = field(default=None, repr=False)
    _leaders: list[int] | None = field(default=None, repr=False)
    _with_weights: set[int] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Know what memory did not hold before."""
        self._shortage = Shortage(self.record.lines(MEMORY), self.progress.say, self._forget_checkpoints)

    def _forget_checkpoints(self, numbers: Iterable[int]) -> None:
        if self.checkpoints is not None:
            self.checkpoints.forget(numbers)

    def run(self, configs: Mapping[int, Config]) -> dict[int, Outcome]:
        """Run trials that train together to their end; whatever goes wrong in one is its outcome, and no other's.

        Args:
            configs: By the trials' numbers; they agree in what `recipe.is_shared` names.
        """
        for number, config in configs.items():
            self.record.trial(number).write_config(config)
        with self._in_sight(configs):
            for number, config in configs.items():
                self.progress.trial_started(number, str(config.get("family", "")))
            ended = self._attempt(configs)
        for number, outcome in ended.items():
            if isinstance(outcome, Failed) and outcome.traceback:
                self.record.trial(number).write_failure(outcome.traceback)
        self.record.write_outcomes(ended)
        self._take_in(ended)
        self._forget_all_but_the_best(ended)
        self._forget_checkpoints(ended)
        for number, outcome in ended.items():
            self.progress.trial_ended(number, outcome)
        return ended

    def catch_up(self, ended: Iterable[int]) -> None:
        """Take in what came of trials that other processes ran.

        Args:
            ended: Trials, by number, that may be over and of which this process may know nothing.
        """
        read = {number: self.record.trial(number).read_outcome() for number in set(ended) - self.outcomes.keys()}
        new = {number: outcome for number, outcome in read.items() if outcome is not None}
        if new:
            self._take_in(new)
            self._forget_all_but_the_best(new)

    def _take_in(self, outcomes: Mapping[int, Outcome]) -> None:
        self.outcomes.update(outcomes)
        self._leaders, self._front = self._best_of(outcomes), self._front_of(outcomes)

    def _best_of(self, new: Mapping[int, Outcome]) -> list[int]:
        """Rank the best few so far among new trials."""
        known = {number: self.outcomes[number] for number in (self._leaders or self.outcomes)}
        higher_is_better = self.trainer.stage.task.higher_is_better
        return ranked({**known, **new}.items(), higher_is_better, self.costs)[: self.n_kept]

    def _front_of(self, new: Mapping[int, Outcome]) -> list[int]:
        """Name the Pareto front so far among new trials; nobody where only the score counts."""
        if not self.costs:
            return []
        known = {number: self.outcomes[number] for number in (self.outcomes if self._front is None else self._front)}
        return Aim(self.trainer.stage.task.higher_is_better, self.costs).front({**known, **new}.items())

    def cohort_size(self, config: Config) -> int:
        """Say how many trials that agree with this one are worth training together."""
        return self.trainer.cohort_size(config)

    def most_together(self, config: Config) -> int | None:
        """Say how many trials that agree with this one may train together; None where nothing limits them."""
        return self.trainer.most_together(config)

    def cost(self, config: Config) -> float:
        """Predict the seconds of one of a trial's epochs; infinite where it cannot be."""
        return self.trainer.cost(config)

    def _attempt(self, configs: Mapping[int, Config]) -> dict[int, Outcome]:
        reason = self.trainer.infeasible(next(iter(configs.values())))
        if reason:
            return {number: Failed("infeasible", reason, "", 0.0) for number in configs}
        if all(map(self.is_fatal, configs)):
            return {number: Failed("killed", _KILLED, "", 0.0) for number in configs}
        return contained(self._train, configs, self._shortage, self.trainer.most_parts)

    @property
    def leaders(self) -> list[int]:
        """The best few of the trials that were completed, best first."""
        if self._leaders is None:
            self._leaders = self._best_of({})
        return self._leaders

    def best(self, count: int) -> list[Completed]:
        """Give what came of the best trials that were completed, so many at most."""
        found = (self.outcomes[number] for number in self.leaders[:count])
        return [outcome for outcome in found if isinstance(outcome, Completed)]

    def _train(self, configs: Mapping[int, Config], portions: Portions) -> dict[int, Outcome]:
        watch = Watch(list(configs), self.trainer.stage, self.pruner, self.clock, self.progress, self.interrupts)
        keeper = self.checkpoints.keeper(configs, watch) if self.checkpoints is not None else None
        candidates = [
            Candidate(config, (self.seed, number), portions.accumulation) for number, config in configs.items()
        ]
        if self.onset is not None:
            watch.beat = self.onset.passed
        fitted = dict(zip(configs, self.trainer.train(candidates, watch, keeper, portions.at_once)))
        at_once = [each.at_once for each, _ in fitted.values() if each.at_once is not None]
        self._shortage.note(list(configs), min(at_once, default=None))
        outcomes = {number: outcome for number, (_, outcome) in fitted.items()}
        best = {*self._best_of(outcomes), *self._front_of(outcomes)}
        for number, (each, _) in fitted.items():
            self.record.trial(number).write_curve(each.epochs)
            self.record.trial(number).write_health(summary(each.health))
            if (outputs := outputs_of(each, self.trainer.stage.fold_scales)) is not None:
                save_outputs(self.record.trial(number).outputs_path, outputs)
            if number in best:
                self._keep(number, configs[number], each)
        return outcomes

    @contextmanager
    def _in_sight(self, configs: Mapping[int, Config]) -> Iterator[None]:
        """Let it be known what was at work, should this process be killed before an epoch has come to its end."""
        if self.onset is None:
            yield
            return
        self.onset.begin(configs)
        try:
            yield
        finally:
            self.onset.passed()

    def _keep(self, number: int, config: Config, fitted: Fitted) -> None:
        """Keep a trial's network; of folds those of each where they may be one model, and nothing else."""
        trial, stage, preparing = self.record.trial(number), self.trainer.stage, read_recipe(config).preparing
        if not stage.folds:
            save_weights(trial.weights_path, fitted.weights)
            trial.write_preparation(stage.preparation(preparing).to_json())
        if not self.keeps_folds:
            return
        for place, (fold, own) in enumerate(zip(stage.folds, fitted.folds)):
            save_weights(trial.fold_paths(place)[0], own.weights)
            trial.write_preparation(fold.preparation(preparing).to_json(), place)

    def _forget_all_but_the_best(self, ended: Iterable[int]) -> None:
        """Remove the weights of all trials but the best few, looking only at those that may have any."""
        if self._with_weights is None:
            self._with_weights = {number for number in self.outcomes if self.record.trial(number).has_weights}
        best = {*self.leaders, *(self._front if self._front is not None else self._front_of({}))}
        for number in self._with_weights.union(ended) - best:
            self.record.trial(number).forget_weights()
        self._with_weights = best
