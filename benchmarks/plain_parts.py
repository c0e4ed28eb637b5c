"""The networks, optimizers and schedulers of the plain loop: from a recipe to what torch offers ready made."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.optim import lr_scheduler

from automl.models.convolutions import ChannelDropout
from automl.models.layers import Dropout
from automl.spaces.space import Choice, Float, Int, Space
from automl.training.arguments import Cosine, CosLog, OneCycle, Plateau

if TYPE_CHECKING:
    import optuna

    from automl.training.arguments import Optimizer, Schedule
    from automl.trial import Config, Scalar

OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
}


class Positional(nn.Module):
    """A network of the project that takes its blocks one by one, as a `TensorDataset` gives them.

    Args:
        network: The network, with torch's own dropout.
        names: The blocks' names, in that order.
        is_regression: Whether it gives one number a row, (N,), and not (N, K) logits.
    """

    def __init__(self, network: nn.Module, names: list[str], is_regression: bool) -> None:
        super().__init__()
        self.network = with_torch_dropout(network)
        self.names = names
        self.is_regression = is_regression

    def forward(self, *blocks: torch.Tensor) -> torch.Tensor:
        """Run the network."""
        output: torch.Tensor = self.network(dict(zip(self.names, blocks)))
        return output.squeeze(-1) if self.is_regression else output


def suggest(trial: optuna.Trial, space: Space) -> Config:
    """Let the trial suggest a value for every parameter; a range that may be 0 has a switch of its own."""

    def one(name: str, domain: Float | Int | Choice) -> Scalar:
        if isinstance(domain, Choice):
            return trial.suggest_categorical(name, domain.options)
        if domain.zero and not trial.suggest_categorical(f"{name}?", (False, True)):
            return 0
        if isinstance(domain, Int):
            return trial.suggest_int(name, domain.low, domain.high, log=domain.log, step=domain.step)
        return trial.suggest_float(name, domain.low, domain.high, log=domain.log, step=domain.step)

    return space.walk(one)


def with_torch_dropout(module: nn.Module) -> nn.Module:
    """Put torch's dropout in the place of the project's own, which draws from a generator of its own."""
    for name, child in module.named_children():
        if isinstance(child, ChannelDropout):
            setattr(module, name, nn.Dropout2d(float(child.dropout.rate)))
        elif isinstance(child, Dropout):
            setattr(module, name, nn.Dropout(float(child.rate)))
        else:
            with_torch_dropout(child)
    return module


def make_optimizer(model: nn.Module, arguments: Optimizer) -> torch.optim.Optimizer:
    """Make the optimizer of that name."""
    known = asdict(arguments)
    if "beta1" in known:
        known["betas"] = (known.pop("beta1"), known.pop("beta2"))
    if "nesterov" in known:
        known["nesterov"] = known["nesterov"] and known["momentum"] > 0
    return OPTIMIZERS[arguments.rule](model.parameters(), **known)


def make_scheduler(optimizer: torch.optim.Optimizer, schedule: Schedule, epochs: int, n_batches: int) -> Any:
    """Make the learning-rate scheduler of that kind; None for a constant rate."""
    if isinstance(schedule, OneCycle):
        steps = epochs * n_batches
        return lr_scheduler.OneCycleLR(
            optimizer, optimizer.param_groups[0]["lr"], steps, pct_start=schedule.warmup, cycle_momentum=False
        )
    if isinstance(schedule, CosLog):
        return lr_scheduler.LambdaLR(
            optimizer, lambda epoch: 0.5 - 0.5 * math.cos(2 * math.pi * math.log2(1 + 15 * (epoch + 0.5) / epochs))
        )
    if isinstance(schedule, Plateau):
        return lr_scheduler.ReduceLROnPlateau(optimizer, factor=schedule.factor, patience=schedule.patience)
    if isinstance(schedule, Cosine):
        rising = round(schedule.warmup * epochs)
        falling = lr_scheduler.CosineAnnealingLR(optimizer, max(1, epochs - rising))
        if rising == 0:
            return falling
        warmup = lr_scheduler.LinearLR(optimizer, 1 / (rising + 1), total_iters=rising)
        return lr_scheduler.SequentialLR(optimizer, [warmup, falling], [rising])
    return None
