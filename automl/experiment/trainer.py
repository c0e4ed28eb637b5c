"""From configs and seeds to trained networks: what a config costs, whether it can be, and its training in a cohort."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from automl.experiment.limits import Limits, milliseconds
from automl.experiment.recipe import read_recipe
from automl.models.build import build, costs, has_factors
from automl.models.cost import largest_output, operations, training_bytes
from automl.models.settle import settle
from automl.study.seeds import seed_of
from automl.training.along import Along
from automl.training.arguments import Member, n_decays, n_slots
from automl.training.cohort import Cohort, batch_edges, train
from automl.training.failures import OutOfTimeError
from automl.training.feed import Rows, rows_at_once
from automl.training.folds import Folds
from automl.training.keeping import Fitted, run
from automl.training.memory import has_batch_norm
from automl.training.size import cohort_size
from automl.training.speed import epoch_seconds
from automl.training.weights import as_rows, load_weights
from automl.trial import Completed, Failed, Outcome, Pruned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch

    from automl.experiment.checkpoints import CohortKeeper
    from automl.experiment.recipe import Recipe
    from automl.experiment.stage import Prepared, Stage
    from automl.experiment.watch import Unwatched, Watch
    from automl.models.build import Network
    from automl.models.cost import LayerCost
    from automl.task import Block
    from automl.trial import Config, Epoch


@dataclass(frozen=True)
class Candidate:
    """A config to be trained.

    Args:
        config: The config.
        seed: The parts from which the seeds of its weights and of its training are derived.
        accumulation: In so many parts its batches go through; only one that trains alone has more than one.
        begins: The file of the weights with which it begins, of every fold where there are any; none where they are
            drawn.
    """

    config: Config
    seed: tuple[object, ...]
    accumulation: int = 1
    begins: tuple[Path, ...] = ()


@dataclass
class Trainer:
    """Trains configs on a study's rows.

    Args:
        stage: The rows.
        device: Where they train.
        limits: What a network may be at most.
        tells_latency: Whether an outcome says how long predicting one row is expected to take.
    """

    stage: Stage
    device: torch.device
    limits: Limits = field(default_factory=Limits)
    tells_latency: bool = False
    _on_device: dict[int, tuple[Prepared, Rows, Rows]] = field(default_factory=dict, repr=False)

    def cohort_size(self, config: Config) -> int:
        """Say how many trials that agree with this one are worth training together."""
        recipe = read_recipe(config)
        return cohort_size(operations(self._layers(recipe)), recipe.training.batch_size, self.device)

    def most_together(self, config: Config) -> int | None:
        """Say how many trials that agree with this one the limit of memory lets train together; None without one."""
        if self.limits.bytes is None or self.infeasible(config):
            return None
        return max(1, int(self.limits.bytes // self.size(config)["bytes"]))

    def most_parts(self, config: Config) -> int:
        """Say in how many parts a candidate's batches may go through: of two rows, and in one under a batch norm."""
        recipe = read_recipe(config)
        network = build(recipe.family, self._blocks(recipe), self.stage.task.n_outputs, seed=0)
        if has_batch_norm(network):
            return 1
        n_rows = len((self.stage.folds or (self.stage,))[0].train)
        return max(1, batch_edges(n_rows, recipe.training.batch_size)[1] // 2)

    def cost(self, config: Config) -> float:
        """Predict the seconds of one of a trial's epochs, in a cohort of its size; infinite where it cannot be."""
        if self.infeasible(config):
            return math.inf
        recipe = read_recipe(config)
        n_operations, batch_size = operations(self._layers(recipe)), recipe.training.batch_size
        n_rows, sharing = len(self.stage.train) * max(1, len(self.stage.folds)), self.cohort_size(config)
        return epoch_seconds(n_operations, n_rows, batch_size, self.device, sharing=sharing)

    def size(self, config: Config) -> dict[str, int]:
        """Say how many `parameters` a config's network has, and how many `bytes` it takes in training."""
        recipe = read_recipe(config)
        layers = self._layers(recipe)
        return {"parameters": sum(layer.parameters for layer in layers), "bytes": self._bytes(recipe, layers)}

    def infeasible(self, config: Config) -> str:
        """Say why a config's network cannot be or may not be; empty where it can. No tensor is made."""
        recipe = read_recipe(config)
        try:
            layers = self._layers(recipe)
        except ValueError as error:
            return str(error)
        return self.limits.passed_by(layers, self._bytes(recipe, layers))

    def _bytes(self, recipe: Recipe, layers: Sequence[LayerCost]) -> int:
        """Predict the memory of one candidate in training, beside the rows; of folds, all are in training at once."""
        n_validation = len((self.stage.folds or (self.stage,))[0].validation)
        shapes = [(n_validation, *block.shape) for block in self._blocks(recipe)]
        in_one = training_bytes(
            layers,
            recipe.training.batch_size,
            n_slots=n_slots(recipe.optimizer),
            n_decays=n_decays(recipe.optimizer),
            n_evaluated=min(rows_at_once(shapes, largest_output(layers), self.device.type), n_validation),
            has_factors=has_factors(recipe.family),
        )
        return in_one * max(1, len(self.stage.folds))

    def _blocks(self, recipe: Recipe) -> tuple[Block, ...]:
        return self.stage.preparation(recipe.preparing).blocks

    def expected(self, config: Config, costs: Sequence[str]) -> tuple[float, ...]:
        """Predict what a config costs: of `automl.trial.COSTS` those named, the seconds being those of an epoch."""
        layers = self._layers(read_recipe(config))
        told = {
            "parameters": lambda: float(sum(layer.parameters for layer in layers)),
            "latency": lambda: milliseconds(layers),
            "seconds": lambda: self.cost(config),
        }
        return tuple(told[cost]() for cost in costs)

    def _layers(self, recipe: Recipe) -> list[LayerCost]:
        return costs(recipe.family, self._blocks(recipe), self.stage.task.n_outputs)

    def train(
        self,
        candidates: Sequence[Candidate],
        watch: Watch,
        keeper: CohortKeeper | None = None,
        at_once: int | None = None,
    ) -> list[tuple[Fitted, Outcome]]:
        """Train a cohort; give each member after its training, and what it came to, in their order.

        Args:
            candidates: They agree in what `recipe.is_shared` names.
            watch: Scores epochs, stops members, keeps the clock.
            keeper: Who keeps the cohort safe between epochs; nobody if None.
            at_once: As how many rows at a time they are evaluated at most; None for as many as usual.

        Raises:
            OutOfTimeError: The time was up before the first step.
        """
        started = time.perf_counter()
        recipes = [read_recipe(candidate.config) for candidate in candidates]
        stages = self.stage.folds or (self.stage,)
        prepared = [stage.prepare(recipes[0].preparing) for stage in stages]
        if watch.is_over() and not (keeper and keeper.has_file):
            raise OutOfTimeError("the time was up before the first step")
        layers = self._layers(recipes[0])
        work = operations(layers)
        if self.stage.folds:
            fitted = run(
                lambda: self._folds(candidates, recipes, prepared, watch, at_once), n_operations=work, keeper=keeper
            )
        else:
            networks, members = self._set_up(candidates, recipes, prepared[0], self.stage)
            rows = self._rows(0, prepared[0], self.stage, at_once)
            fitted = train(networks, members, *rows, watch, n_operations=work, keeper=keeper)
        size = sum(layer.parameters for layer in layers)
        seconds = keeper.seconds if keeper else time.perf_counter() - started
        n_epochs = sum(len(each.epochs) for each in fitted)
        latency = milliseconds(layers) if self.tells_latency else None
        parts = candidates[0].accumulation
        return [(each, _outcome(each, size, seconds * len(each.epochs) / n_epochs, latency, parts)) for each in fitted]

    def _folds(
        self,
        candidates: Sequence[Candidate],
        recipes: Sequence[Recipe],
        prepared: Sequence[Prepared],
        watch: Watch,
        at_once: int | None,
    ) -> Folds:
        """Set the candidates up on every fold, where they have weights of their own to begin with."""
        cohorts = []
        work = operations(self._layers(recipes[0]))
        for number, (own, fold) in enumerate(zip(prepared, self.stage.folds)):
            in_fold = [
                replace(each, seed=(*each.seed, "fold", number), begins=each.begins[number : number + 1])
                for each in candidates
            ]
            networks, members = self._set_up(in_fold, recipes, own, fold)
            rows = self._rows(number, own, fold, at_once)
            cohorts.append(Cohort(networks, members, *rows, watch.of_fold(fold), n_operations=work))
        return Folds(cohorts, watch)

    def refit(
        self, candidate: Candidate, curve: Sequence[Epoch], watch: Unwatched, keeper: CohortKeeper | None = None
    ) -> Fitted:
        """Train a candidate on the stage's training rows without validation, for as many epochs as a curve has.

        Args:
            candidate: The candidate.
            curve: What its epochs came to when it was validated, up to the best one.
            watch: Keeps the clock.
            keeper: Who keeps it safe between epochs; nobody if None.

        Raises:
            OutOfTimeError: The time was up before the first step.
        """
        recipe, stage = read_recipe(candidate.config), self.stage
        prepared, work = stage.prepare(recipe.preparing), operations(self._layers(recipe))
        rows = as_rows(prepared.train, stage.targets(stage.train), self.device, stage.weights(stage.train))
        few = Rows(*rows.at(slice(0, 2)), rows.device)

        def make() -> Along:
            networks, members = self._set_up([candidate], [recipe], prepared, stage)
            return Along(Cohort(networks, members, rows, few, watch, n_operations=work), curve, watch)

        return run(make, n_operations=work, keeper=keeper)[0]

    def _set_up(
        self, candidates: Sequence[Candidate], recipes: Sequence[Recipe], prepared: Prepared, stage: Stage
    ) -> tuple[list[Network], list[Member]]:
        """Build the candidates' networks for a stage's rows, and say what else they are."""
        blocks, n_outputs = prepared.preparation.blocks, stage.task.n_outputs
        networks = [
            build(recipe.family, blocks, n_outputs, seed=seed_of(*candidate.seed, "weights"))
            for candidate, recipe in zip(candidates, recipes)
        ]
        for place, (network, candidate) in enumerate(zip(networks, candidates)):
            if candidate.begins:
                load_weights(network, candidate.begins[0])
                continue
            seed = seed_of(*candidate.seed, "settling")
            like = networks[0] if place else None
            settle(network, prepared.train, lambda: stage.targets(stage.train), seed, like)
        return networks, [_member(recipe, candidate, stage) for candidate, recipe in zip(candidates, recipes)]

    def _rows(self, number: int, prepared: Prepared, stage: Stage, at_once: int | None) -> tuple[Rows, Rows]:
        """Put training and validation rows on the device; the last preparation's stay there, by the fold's number."""
        known = self._on_device.get(number)
        if known is None or known[0] is not prepared:
            parts = ((prepared.train, stage.train), (prepared.validation, stage.validation))
            train_rows, validation_rows = (
                as_rows(arrays, stage.targets(rows), self.device, stage.weights(rows)) for arrays, rows in parts
            )
            known = self._on_device[number] = (prepared, train_rows, validation_rows)
        return known[1], replace(known[2], at_once=at_once)


def _member(recipe: Recipe, candidate: Candidate, stage: Stage) -> Member:
    return Member(
        seed=seed_of(*candidate.seed, "order"),
        optimizer=recipe.optimizer,
        schedule=recipe.schedule,
        training=recipe.training,
        augmenting=recipe.augment,
        class_weights=stage.class_weights(recipe.training.class_weight),
        loss=stage.task.traits.loss,
        quantiles=stage.task.quantiles,
        accumulation=candidate.accumulation,
    )


def _outcome(fitted: Fitted, parameters: int, seconds: float, latency: float | None, accumulation: int) -> Outcome:
    if fitted.best is None:
        return Failed("diverged", "no epoch had a finite loss and score", "", seconds)
    common: dict[str, Any] = {
        "score": fitted.best.validation,
        "loss": fitted.best.validation_loss,
        "best_epoch": fitted.best.epoch,
        "epochs": len(fitted.epochs),
        "seconds": seconds,
        "parameters": parameters,
        "latency": latency,
        "accumulation": accumulation,
    }
    if fitted.stopped_by == "pruned":
        return Pruned(**common)
    assert fitted.stopped_by is not None
    return Completed(**common, stopped_by=fitted.stopped_by)
