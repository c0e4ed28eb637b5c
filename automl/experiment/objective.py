"""One trial: a config goes in, an outcome comes out, and everything it came to is in the trial's folder."""

from __future__ import annotations

import math
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automl.experiment.interrupts import Interrupts
from automl.experiment.limits import Limits
from automl.experiment.recipe import read_recipe
from automl.experiment.watch import Watch
from automl.models.build import build, costs
from automl.models.cost import operations
from automl.models.summary import n_parameters
from automl.study.seeds import seed_of
from automl.training.arguments import Member
from automl.training.cohort import Fitted, train
from automl.training.failures import OutOfTimeError, failure_kind
from automl.training.feed import Rows
from automl.training.health import summary
from automl.training.size import cohort_size
from automl.training.speed import epoch_seconds
from automl.training.weights import as_rows, save_weights
from automl.trial import Completed, Failed, Outcome, Pruned, ranked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import torch

    from automl.budget import Clock
    from automl.experiment.progress import Progress
    from automl.experiment.recipe import Recipe
    from automl.experiment.stage import Prepared, Stage
    from automl.models.cost import LayerCost
    from automl.study.rungs import Pruner
    from automl.tracking.record import Record
    from automl.trial import Config

N_KEPT = 3
"""Of how many of the best trials the weights are kept."""


@dataclass
class Objective:
    """Runs trials.

    Args:
        record: Where they are kept.
        stage: The rows.
        device: Where they train.
        seed: The study's seed.
        pruner: Who stops them early.
        clock: When the time is up.
        progress: Who watches.
        outcomes: What came of the trials so far, earlier sessions' included.
        interrupts: Whether somebody asked for the search to end.
        limits: What a network may be at most.
    """

    record: Record
    stage: Stage
    device: torch.device
    seed: int
    pruner: Pruner
    clock: Clock
    progress: Progress
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    interrupts: Interrupts = field(default_factory=Interrupts)
    limits: Limits = field(default_factory=Limits)
    _leaders: list[int] | None = field(default=None, repr=False)
    _with_weights: set[int] | None = field(default=None, repr=False)
    _on_device: tuple[Prepared, Rows, Rows] | None = field(default=None, repr=False)

    def run(self, configs: Mapping[int, Config]) -> dict[int, Outcome]:
        """Run trials that train together to their end; whatever goes wrong in one is its outcome, and no other's.

        Args:
            configs: By the trials' numbers; they agree in what `recipe.is_shared` names.
        """
        for number, config in configs.items():
            self.progress.trial_started(number, str(config.get("family", "")))
            self.record.trial(number).write_config(config)
        ended = self._attempt(configs)
        self.record.write_outcomes(ended)
        self._take_in(ended)
        self._forget_all_but_the_best(ended)
        for number, outcome in ended.items():
            self.progress.trial_ended(number, outcome, self.best_score)
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
        self._leaders = self._best_of(outcomes)

    def _best_of(self, new: Mapping[int, Outcome]) -> list[int]:
        """Rank the best few so far among new trials."""
        known = {number: self.outcomes[number] for number in (self._leaders or self.outcomes)}
        return ranked({**known, **new}.items(), self.stage.task.higher_is_better)[:N_KEPT]

    def cohort_size(self, config: Config) -> int:
        """Say how many trials that agree with this one are worth training together."""
        recipe = read_recipe(config)
        return cohort_size(operations(self._layers(recipe)), recipe.training.batch_size, self.device)

    def cost(self, config: Config) -> float:
        """Predict the seconds of one of a trial's epochs, in a cohort of its size; infinite where it cannot be."""
        if self.infeasible(config):
            return math.inf
        recipe = read_recipe(config)
        n_operations, batch_size = operations(self._layers(recipe)), recipe.training.batch_size
        n_rows, sharing = len(self.stage.train), self.cohort_size(config)
        return epoch_seconds(n_operations, n_rows, batch_size, self.device, sharing=sharing)

    def infeasible(self, config: Config) -> str:
        """Say why a config's network cannot be or may not be; empty where it can. No tensor is made."""
        recipe = read_recipe(config)
        try:
            layers = self._layers(recipe)
        except ValueError as error:
            return str(error)
        return self.limits.passed_by(layers, recipe.training.batch_size)

    def _layers(self, recipe: Recipe) -> list[LayerCost]:
        blocks = self.stage.preparation(recipe.preparing).blocks
        return costs(recipe.family, blocks, self.stage.task.n_outputs)

    def _attempt(self, configs: Mapping[int, Config]) -> dict[int, Outcome]:
        """Train a cohort; where something is raised, train each of it alone, so that the fault stays with one."""
        started = time.perf_counter()
        reason = self.infeasible(next(iter(configs.values())))
        if reason:
            return {number: Failed("infeasible", reason, "", 0.0) for number in configs}
        try:
            return self._train(configs, started)
        except Exception as error:
            if len(configs) > 1:
                alone = [self._attempt({number: config}) for number, config in configs.items()]
                return {number: outcome for one in alone for number, outcome in one.items()}
            number = next(iter(configs))
            where = traceback.format_exc()
            self.record.trial(number).write_failure(where)
            message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            return {number: Failed(failure_kind(error), message, where, time.perf_counter() - started)}

    @property
    def leaders(self) -> list[int]:
        """The best few of the trials that were completed, best first."""
        if self._leaders is None:
            self._leaders = self._best_of({})
        return self._leaders

    @property
    def best_score(self) -> float | None:
        """The best validation score of a completed trial so far."""
        best = self.outcomes[self.leaders[0]] if self.leaders else None
        return best.score if isinstance(best, Completed) else None

    def _train(self, configs: Mapping[int, Config], started: float) -> dict[int, Outcome]:
        recipes = {number: read_recipe(config) for number, config in configs.items()}
        prepared = self.stage.prepare(next(iter(recipes.values())).preparing)
        if 0 not in configs and self.clock.is_over:
            raise OutOfTimeError("the time was up before the first step")
        blocks, n_outputs = prepared.preparation.blocks, self.stage.task.n_outputs
        networks = [
            build(recipe.family, blocks, n_outputs, seed=seed_of(self.seed, number, "weights"))
            for number, recipe in recipes.items()
        ]
        members = [
            Member(
                seed=seed_of(self.seed, number, "order"),
                optimizer=recipe.optimizer,
                schedule=recipe.schedule,
                training=recipe.training,
                augmenting=recipe.augment,
            )
            for number, recipe in recipes.items()
        ]
        size = n_parameters(networks[0])
        watch = Watch(list(configs), self.stage, self.pruner, self.clock, self.progress, self.interrupts)
        work = operations(self._layers(next(iter(recipes.values()))))
        fitted = train(networks, members, *self._rows(prepared), watch, n_operations=work)
        seconds = time.perf_counter() - started
        n_epochs = sum(len(each.epochs) for each in fitted)
        outcomes = {}
        for number, each in zip(configs, fitted):
            outcomes[number] = _outcome(each, size, seconds * len(each.epochs) / n_epochs)
            self.record.trial(number).write_curve(each.epochs)
            self.record.trial(number).write_health(summary(each.health))
        best = self._best_of(outcomes)
        for number, each in zip(configs, fitted):
            if number in best:
                self._keep(number, each, prepared)
        return outcomes

    def _rows(self, prepared: Prepared) -> tuple[Rows, Rows]:
        """Put training and validation rows on the device; the last preparation's stay there."""
        if self._on_device is None or self._on_device[0] is not prepared:
            train_rows = as_rows(prepared.train, self.stage.targets(self.stage.train), self.device)
            validation_rows = as_rows(prepared.validation, self.stage.targets(self.stage.validation), self.device)
            self._on_device = (prepared, train_rows, validation_rows)
        return self._on_device[1:]

    def _keep(self, number: int, fitted: Fitted, prepared: Prepared) -> None:
        trial = self.record.trial(number)
        save_weights(trial.weights_path, fitted.weights)
        trial.write_preparation(prepared.preparation.to_json())

    def _forget_all_but_the_best(self, ended: Iterable[int]) -> None:
        """Remove the weights of all trials but the best few, looking only at those that may have any."""
        if self._with_weights is None:
            self._with_weights = {number for number in self.outcomes if self.record.trial(number).weights_path.exists()}
        best = set(self.leaders)
        for number in self._with_weights.union(ended) - best:
            self.record.trial(number).weights_path.unlink(missing_ok=True)
            self.record.trial(number).preparation_path.unlink(missing_ok=True)
        self._with_weights = best


def _outcome(fitted: Fitted, parameters: int, seconds: float) -> Outcome:
    if fitted.best is None:
        return Failed("diverged", "no epoch had a finite loss and score", "", seconds)
    common: dict[str, Any] = {
        "score": fitted.best.validation,
        "loss": fitted.best.validation_loss,
        "best_epoch": fitted.best.epoch,
        "epochs": len(fitted.epochs),
        "seconds": seconds,
        "parameters": parameters,
    }
    if fitted.stopped_by == "pruned":
        return Pruned(**common)
    assert fitted.stopped_by is not None
    return Completed(**common, stopped_by=fitted.stopped_by)
