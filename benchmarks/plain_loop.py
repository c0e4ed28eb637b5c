"""What a good engineer writes by hand from the libraries' tutorials: the yardstick of the speed benchmarks.

Optuna's TPE and median pruner on SQLite, one network at a time through a `DataLoader`, `torch.optim` and its
schedulers, MLflow on SQLite, early stopping with the best epoch's weights kept. Rows, arrays, networks and metric are
the project's own, so that only the loop is compared. It is not slowed, and it uses no tricks.

    python benchmarks/plain_loop.py list --data satimage --space narrow64 --candidates 32 --epochs 5
    python benchmarks/plain_loop.py study --data adult --trials 60

Prints one JSON object.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import optuna
import torch
from optuna.trial import TrialState
from plain_parts import Positional, make_optimizer, make_scheduler, suggest
from problems import SPACES, add_list_options, cohorts_of, parser, prepare_for, set_stage
from torch import nn
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from automl.data.rows import read_rows
from automl.evaluation.metrics import score
from automl.experiment.recipe import read_recipe
from automl.models.build import build
from automl.spaces.read import read_space
from automl.study.proposal import as_parameters

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from optuna.trial import FrozenTrial

    from automl.experiment.recipe import Recipe
    from automl.experiment.stage import Stage
    from automl.spaces.space import Space
    from automl.task import Task

_VALIDATION_BATCH = 1024
_WARMUP_EPOCHS = 5


class PlainLoop:
    """The objective of an Optuna study.

    Args:
        stage: The rows.
        space: What may vary.
        device: Where the networks train.
    """

    def __init__(self, stage: Stage, space: Space, device: torch.device) -> None:
        self._stage, self._space, self._device = stage, space, device
        self._train_target = torch.from_numpy(stage.targets(stage.train))
        self._validation_target = torch.from_numpy(stage.targets(stage.validation))
        self._truth = stage.truth(stage.validation)
        self._sign = 1.0 if stage.task.higher_is_better else -1.0
        self._best = -math.inf
        self.best_model: tuple[nn.Module, Recipe] | None = None

    def __call__(self, trial: optuna.Trial) -> float:
        """Train one candidate with early stopping; give its best validation score."""
        config = suggest(trial, self._space)
        recipe = read_recipe(config)
        prepared = self._stage.prepare(recipe.preparing)
        task = self._stage.task
        network = build(recipe.family, prepared.preparation.blocks, task.n_outputs, seed=trial.number)
        model = Positional(network, list(prepared.train), not task.classes).to(self._device)
        with mlflow.start_run(run_name=f"trial {trial.number}", nested=True):
            mlflow.log_params(dict(config))
            best, is_pruned = self._fit(trial, model, recipe)
        if best is None or is_pruned:
            raise optuna.TrialPruned
        if self._sign * best > self._best:
            self._best, self.best_model = self._sign * best, (model, recipe)
        return best

    def test_score(self, rows: pd.DataFrame) -> float:
        """Judge the best model on other rows."""
        assert self.best_model is not None
        model, recipe = self.best_model
        arrays = self._stage.prepare(recipe.preparing).preparation.transform(rows)
        loader = self._loader(arrays, torch.from_numpy(self._stage.targets(rows)), _VALIDATION_BATCH)
        return self._evaluate(model, loader, self._stage.truth(rows))[1]

    def _loader(
        self, arrays: dict[str, NDArray[Any]], target: torch.Tensor, batch_size: int, *, is_training: bool = False
    ) -> DataLoader[Any]:
        dataset = TensorDataset(*(torch.from_numpy(array) for array in arrays.values()), target)
        # A last batch of one row is an error to a batch norm.
        drop = is_training and len(dataset) > batch_size
        return DataLoader(dataset, batch_size=batch_size, shuffle=is_training, drop_last=drop)

    def _loss(self, smoothing: float = 0.0) -> nn.Module:
        return nn.CrossEntropyLoss(label_smoothing=smoothing) if self._stage.task.classes else nn.MSELoss()

    def _fit(self, trial: optuna.Trial, model: nn.Module, recipe: Recipe) -> tuple[float | None, bool]:
        """Train to the last epoch, out of patience, or pruned; leave the best epoch's weights in the model."""
        prepared, training = self._stage.prepare(recipe.preparing), recipe.training
        loader = self._loader(prepared.train, self._train_target, training.batch_size, is_training=True)
        validation_loader = self._loader(prepared.validation, self._validation_target, _VALIDATION_BATCH)
        optimizer = make_optimizer(model, recipe.optimizer)
        scheduler = make_scheduler(optimizer, recipe.schedule, training.epochs, len(loader))
        best, best_state, waited, is_pruned = None, model.state_dict(), 0, False
        for epoch in range(1, training.epochs + 1):
            train_loss = self._train_epoch(model, loader, optimizer, scheduler, recipe)
            validation_loss, validation = self._evaluate(model, validation_loader, self._truth)
            if not math.isfinite(train_loss + validation_loss):
                break
            mlflow.log_metric("train_loss", train_loss, step=epoch)
            mlflow.log_metric("validation_loss", validation_loss, step=epoch)
            mlflow.log_metric("validation", validation, step=epoch)
            trial.report(validation, epoch)
            if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
                scheduler.step(validation_loss)
            elif scheduler is not None and not isinstance(scheduler, lr_scheduler.OneCycleLR):
                scheduler.step()
            waited += 1
            if best is None or self._sign * validation > self._sign * best:
                best, best_state, waited = validation, copy.deepcopy(model.state_dict()), 0
            is_pruned = trial.should_prune()
            if is_pruned or waited >= training.patience:
                break
        model.load_state_dict(best_state)
        return best, is_pruned

    def _train_epoch(
        self,
        model: nn.Module,
        loader: DataLoader[Any],
        optimizer: torch.optim.Optimizer,
        scheduler: Any,
        recipe: Recipe,
    ) -> float:
        model.train()
        loss_of, total = self._loss(recipe.training.label_smoothing), 0.0
        for *blocks, target in loader:
            optimizer.zero_grad()
            output = model(*(block.to(self._device) for block in blocks))
            loss = loss_of(output, target.to(self._device))
            loss.backward()
            if recipe.training.clip_norm > 0:
                nn.utils.clip_grad_norm_(model.parameters(), recipe.training.clip_norm)
            optimizer.step()
            if isinstance(scheduler, lr_scheduler.OneCycleLR):
                scheduler.step()
            total += loss.item()
        return total / len(loader)

    @torch.no_grad()
    def _evaluate(self, model: nn.Module, loader: DataLoader[Any], truth: NDArray[Any]) -> tuple[float, float]:
        """Give the loss and the score over a loader's rows."""
        model.eval()
        outputs = torch.cat([model(*(block.to(self._device) for block in blocks)).cpu() for *blocks, _ in loader])
        targets = torch.cat([target for *_, target in loader])
        loss = float(self._loss()(outputs, targets))
        stage = self._stage
        raw = outputs.numpy() if stage.task.classes else outputs.unsqueeze(-1).numpy()
        return loss, score(stage.task.metric, truth, stage.coder.predictions(raw), stage.task)


def study_of(room: Path, task: Task, seed: int, pruner: optuna.pruners.BasePruner) -> optuna.Study:
    """Make the Optuna study and the MLflow experiment, each in an SQLite file of its own."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.filterwarnings("ignore", category=UserWarning)
    mlflow.set_tracking_uri(f"sqlite:///{room / 'mlflow.db'}")
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("plain", (room / "artifacts").as_uri()))
    return optuna.create_study(
        storage=f"sqlite:///{room / 'optuna.db'}",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=pruner,
        direction=task.direction,
    )


def train_list(options: argparse.Namespace, room: Path) -> dict[str, Any]:
    """Train a given list of candidates for a given number of epochs, none of them stopped early."""
    _, _, stage = set_stage(options.data, options.space, room, options.seed)
    space, cohorts = cohorts_of(options, stage)
    configs = [config for cohort in cohorts for config in cohort]
    prepare_for(stage, configs)
    study = study_of(room, stage.task, options.seed, optuna.pruners.NopPruner())
    loop = PlainLoop(stage, space, torch.device(options.device))
    with mlflow.start_run(run_name="list"):
        study.enqueue_trial(as_parameters(configs[0], space))
        study.optimize(loop, n_trials=1)  # What is only slow the first time is not measured on either side.
        started = time.perf_counter()
        for config in configs:
            study.enqueue_trial(as_parameters(config, space))
        study.optimize(loop, n_trials=len(configs))
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "scores": [trial.value for trial in study.trials[1:]]}


def run_study(options: argparse.Namespace, room: Path) -> dict[str, Any]:
    """Search with a budget of trials or seconds; say when each best score was reached, and judge the winner."""
    record, _, stage = set_stage(options.data, options.space, room, options.seed)
    space = read_space(SPACES[options.space])
    study = study_of(room, stage.task, options.seed, optuna.pruners.MedianPruner(n_warmup_steps=_WARMUP_EPOCHS))
    loop = PlainLoop(stage, space, torch.device(options.device))
    bests: list[dict[str, float]] = []

    def note(study: optuna.Study, trial: FrozenTrial) -> None:
        if trial.state is TrialState.COMPLETE and study.best_trial.number == trial.number:
            bests.append(
                {"trial": trial.number, "score": study.best_value, "seconds": time.monotonic() - options.started}
            )

    left = options.seconds - (time.monotonic() - options.started) if options.seconds else None
    with mlflow.start_run(run_name="study"):
        study.optimize(loop, n_trials=options.trials, timeout=left, callbacks=[note])
    seconds = time.monotonic() - options.started
    ended = [trial.state for trial in study.trials]
    return {
        "seconds": seconds,
        "completed": ended.count(TrialState.COMPLETE),
        "pruned": ended.count(TrialState.PRUNED),
        "bests": bests,
        "test": loop.test_score(read_rows(record.sealed_dir / "test.parquet")),
    }


def main() -> None:
    """Read the options, run, print."""
    made = parser(__doc__)
    made.add_argument("what", choices=("list", "study"))
    add_list_options(made)
    made.add_argument("--trials", type=int, help="of a study; without limit if left out")
    made.add_argument("--seconds", type=float, help="of a study; without limit if left out")
    made.add_argument(
        "--started", type=float, default=time.monotonic(), help="when the command began, time.monotonic()"
    )
    made.add_argument("--threads", type=int, help="of torch; its own choice if left out")
    options = made.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.what == "study" and not (options.trials or options.seconds):
        made.error("a study needs --trials or --seconds")
    with tempfile.TemporaryDirectory() as room:
        run = train_list if options.what == "list" else run_study
        print(json.dumps(run(options, Path(room))))


if __name__ == "__main__":
    main()
