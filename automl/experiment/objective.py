"""One trial: a config goes in, an outcome comes out, and everything it came to is in the trial's folder."""

from __future__ import annotations

import math
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automl.evaluation.metrics import score
from automl.experiment.interrupts import Interrupts
from automl.experiment.recipe import read_recipe
from automl.models.build import build
from automl.models.summary import n_parameters
from automl.study.seeds import seed_of
from automl.tracking.files import write_json
from automl.training.arguments import Member
from automl.training.cohort import Fitted, Rows, train
from automl.training.failures import OutOfTimeError, failure_kind
from automl.training.size import cohort_size
from automl.training.weights import as_rows, save_weights
from automl.trial import Completed, Epoch, Failed, Outcome, Pruned, ranked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import torch
    from numpy.typing import NDArray

    from automl.budget import Clock
    from automl.experiment.progress import Progress
    from automl.experiment.stage import Prepared, Stage
    from automl.study.rungs import Pruner
    from automl.tracking.record import Record
    from automl.trial import Config

N_KEPT = 3
"""Of how many of the best trials the weights are kept."""


class Watch:
    """Follows the trials of one training: scores their epochs, reports them at rungs, keeps the clock.

    Args:
        numbers: The trials' numbers, in the cohort's order.
    """

    def __init__(self, objective: Objective, numbers: list[int]) -> None:
        self._objective = objective
        self._numbers = numbers
        self._best: dict[int, float] = {}
        self._truth = objective.stage.truth(objective.stage.validation)
        self._epochs = 0
        self.higher_is_better = objective.stage.task.higher_is_better

    def score(self, outputs: NDArray[Any]) -> float:
        """Score raw outputs over the validation rows by the task's metric."""
        task = self._objective.stage.task
        return score(task.metric, self._truth, self._objective.stage.coder.predictions(outputs), task)

    def epoch_ended(self, epochs: Mapping[int, Epoch]) -> set[int]:
        """Pass the epochs on, and let the pruner judge those that stand at a rung, all at once."""
        self._epochs += 1
        for place, epoch in epochs.items():
            number = self._numbers[place]
            self._objective.progress.epoch(number, epoch)
            self._best[number] = self._better(self._best.get(number, math.nan), epoch.validation)
        scores = {self._numbers[place]: self._best[self._numbers[place]] for place in epochs}
        leaving = self._objective.pruner.report(self._epochs, scores)
        return {place for place in epochs if self._numbers[place] in leaving}

    def _better(self, best: float, new: float) -> float:
        if not math.isfinite(best) or not math.isfinite(new):
            return new if math.isfinite(new) else best
        return max(best, new) if self.higher_is_better else min(best, new)

    def is_over(self) -> bool:
        """Whether the time is up; the very first trial is given one epoch whatever the clock says."""
        self._objective.interrupts.check()
        if 0 in self._numbers and self._epochs == 0:
            return False
        return self._objective.clock.is_over


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
        for number, outcome in ended.items():
            self.record.trial(number).write_outcome(outcome)
        self.outcomes.update(ended)
        self._forget_all_but_the_best(ended)
        for number, outcome in ended.items():
            self.progress.trial_ended(number, outcome, self.best_score)
        return ended

    def cohort_size(self, config: Config) -> int:
        """Say how many trials that agree with this one are worth training together."""
        recipe = read_recipe(config)
        blocks = self.stage.prepare(recipe.preparing).preparation.blocks
        network = build(recipe.family, blocks, self.stage.task.n_outputs, seed=0)
        return cohort_size(n_parameters(network), recipe.training.batch_size, self.device)

    def _attempt(self, configs: Mapping[int, Config]) -> dict[int, Outcome]:
        """Train a cohort; where something is raised, train each of it alone, so that the fault stays with one."""
        started = time.perf_counter()
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
    def winners(self) -> list[int]:
        """The trials that could win, best first."""
        return ranked(self.outcomes.items(), self.stage.task.higher_is_better)

    @property
    def best_score(self) -> float | None:
        """The best validation score of a completed trial so far."""
        best = self.outcomes[self.winners[0]] if self.winners else None
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
            )
            for number, recipe in recipes.items()
        ]
        size = n_parameters(networks[0])
        fitted = train(networks, members, *self._rows(prepared), Watch(self, list(configs)))
        seconds = time.perf_counter() - started
        n_epochs = sum(len(each.epochs) for each in fitted)
        outcomes = {}
        for number, each in zip(configs, fitted):
            outcomes[number] = _outcome(each, size, seconds * len(each.epochs) / n_epochs)
            self.record.trial(number).write_curve(each.epochs)
        everything = {**self.outcomes, **outcomes}
        best = ranked(everything.items(), self.stage.task.higher_is_better)[:N_KEPT]
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
        write_json(trial.preparation_path, prepared.preparation.to_json())

    def _forget_all_but_the_best(self, ended: Iterable[int]) -> None:
        """Remove the weights of all trials but the best few, looking only at those that may have any."""
        if self._with_weights is None:
            self._with_weights = {number for number in self.outcomes if self.record.trial(number).weights_path.exists()}
        best = set(self.winners[:N_KEPT])
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
