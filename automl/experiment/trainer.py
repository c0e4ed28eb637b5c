"""From configs and seeds to trained networks: what a config costs, whether it can be, and its training in a cohort."""

from __future__ import annotations

import math
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from automl.experiment.limits import Limits
from automl.experiment.recipe import read_recipe
from automl.models.build import build, costs
from automl.models.cost import operations, training_bytes
from automl.models.summary import n_parameters
from automl.study.seeds import seed_of
from automl.training.arguments import Member
from automl.training.cohort import Fitted, train
from automl.training.failures import OutOfTimeError, failure_kind
from automl.training.feed import Rows, rows_at_once
from automl.training.size import cohort_size
from automl.training.speed import epoch_seconds
from automl.training.weights import as_rows
from automl.trial import Completed, Failed, Outcome, Pruned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch

    from automl.experiment.recipe import Recipe
    from automl.experiment.stage import Prepared, Stage
    from automl.experiment.watch import Watch
    from automl.models.cost import LayerCost
    from automl.task import Block
    from automl.trial import Config

T = TypeVar("T")


@dataclass(frozen=True)
class Candidate:
    """A config to be trained.

    Args:
        config: The config.
        seed: The parts from which the seeds of its weights and of its training are derived.
    """

    config: Config
    seed: tuple[object, ...]


@dataclass
class Trainer:
    """Trains configs on a study's rows.

    Args:
        stage: The rows.
        device: Where they train.
        limits: What a network may be at most.
    """

    stage: Stage
    device: torch.device
    limits: Limits = field(default_factory=Limits)
    _on_device: tuple[Prepared, Rows, Rows] | None = field(default=None, repr=False)

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
        """Predict the memory of one candidate in training, beside the rows."""
        shapes = [(len(self.stage.validation), *block.shape) for block in self._blocks(recipe)]
        return training_bytes(
            layers,
            recipe.training.batch_size,
            n_slots=recipe.optimizer.n_slots,
            n_decays=recipe.optimizer.n_decays,
            n_evaluated=min(rows_at_once(shapes), len(self.stage.validation)),
        )

    def _blocks(self, recipe: Recipe) -> tuple[Block, ...]:
        return self.stage.preparation(recipe.preparing).blocks

    def _layers(self, recipe: Recipe) -> list[LayerCost]:
        return costs(recipe.family, self._blocks(recipe), self.stage.task.n_outputs)

    def train(self, candidates: Sequence[Candidate], watch: Watch) -> list[tuple[Fitted, Outcome]]:
        """Train a cohort; give each member after its training, and what it came to, in their order.

        Args:
            candidates: They agree in what `recipe.is_shared` names.
            watch: Scores epochs, stops members, keeps the clock.

        Raises:
            OutOfTimeError: The time was up before the first step.
        """
        started = time.perf_counter()
        recipes = [read_recipe(candidate.config) for candidate in candidates]
        prepared = self.stage.prepare(recipes[0].preparing)
        if watch.is_over():
            raise OutOfTimeError("the time was up before the first step")
        blocks, n_outputs = prepared.preparation.blocks, self.stage.task.n_outputs
        networks = [
            build(recipe.family, blocks, n_outputs, seed=seed_of(*candidate.seed, "weights"))
            for candidate, recipe in zip(candidates, recipes)
        ]
        members = [self._member(recipe, candidate) for candidate, recipe in zip(candidates, recipes)]
        size, work = n_parameters(networks[0]), operations(self._layers(recipes[0]))
        fitted = train(networks, members, *self._rows(prepared), watch, n_operations=work)
        seconds = time.perf_counter() - started
        n_epochs = sum(len(each.epochs) for each in fitted)
        return [(each, _outcome(each, size, seconds * len(each.epochs) / n_epochs)) for each in fitted]

    def _rows(self, prepared: Prepared) -> tuple[Rows, Rows]:
        """Put training and validation rows on the device; the last preparation's stay there."""
        if self._on_device is None or self._on_device[0] is not prepared:
            stage = self.stage
            self._on_device = (
                prepared,
                as_rows(prepared.train, stage.targets(stage.train), self.device, stage.weights(stage.train)),
                as_rows(
                    prepared.validation, stage.targets(stage.validation), self.device, stage.weights(stage.validation)
                ),
            )
        return self._on_device[1:]

    def _member(self, recipe: Recipe, candidate: Candidate) -> Member:
        return Member(
            seed=seed_of(*candidate.seed, "order"),
            optimizer=recipe.optimizer,
            schedule=recipe.schedule,
            training=recipe.training,
            augmenting=recipe.augment,
            class_weights=self.stage.class_weights(recipe.training.class_weight),
        )


def contained(work: Callable[[Mapping[int, T]], dict[int, Outcome]], cohort: Mapping[int, T]) -> dict[int, Outcome]:
    """Train a cohort; where something is raised, train each of it alone, so that the fault stays with one.

    Args:
        work: Trains those it is given together, and says what came of each.
        cohort: What is to be trained, by number.
    """
    started = time.perf_counter()
    try:
        return work(cohort)
    except Exception as error:
        if len(cohort) > 1:
            alone = [contained(work, {number: each}) for number, each in cohort.items()]
            return {number: outcome for one in alone for number, outcome in one.items()}
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        seconds = time.perf_counter() - started
        return {number: Failed(failure_kind(error), message, traceback.format_exc(), seconds) for number in cohort}


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
