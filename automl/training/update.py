"""Update rules over stacked weights: those of `torch.optim`, with a column of hyperparameters for one number.

Shapes:
    weights, gradient, state    (m, P): m members that share a rule, P trainable numbers each
    lr, momentum, beta1, ...    (m, 1)
    lr                          also (m, P), where parameters have factors of their own
    decay                       (m, P): the weight decay; 0 for biases and norms, which are not decayed
"""

from __future__ import annotations

import itertools
from dataclasses import asdict
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor

    from automl.training.arguments import Optimizer

_ADAGRAD_EPSILON = 1e-10
_EPSILON = 1e-8
_NADAM_DECAY = 0.004


class Group:
    """The members that follow one rule: their rows of the weights, their hyperparameters and their state.

    Args:
        optimizers: The members' arguments, all of one rule.
        weights: Their rows, updated in place.
        decayed: (P,) 1 where weight decay applies, else 0.
    """

    def __init__(self, optimizers: Sequence[Optimizer], weights: Tensor, decayed: Tensor) -> None:
        self.rule = optimizers[0].rule
        fields = [asdict(optimizer) for optimizer in optimizers]
        self.hyper: dict[str, Tensor] = {
            name: torch.tensor([[float(field[name])] for field in fields], device=weights.device) for name in fields[0]
        }
        self.any_nesterov = any(field.get("nesterov") for field in fields)
        self.any_momentum = any(field.get("momentum") for field in fields)
        self.any_decay = any(field["weight_decay"] for field in fields)
        self.weights = weights
        self.decay = self._whole_decay = self.hyper["weight_decay"] * decayed
        self.step = torch.ones((), dtype=torch.int64, device=weights.device)
        self.state: dict[str, Tensor] = {}

    def slot(self, name: str) -> Tensor:
        """Give the state of that name, (m, P), zeros at first."""
        if name not in self.state:
            self.state[name] = torch.zeros_like(self.weights)
        return self.state[name]

    def decay_by(self, strength: Tensor) -> None:
        """Decay at multiples (m, 1) of the members' weight decay from now on."""
        if self.any_decay:
            self.decay = self._whole_decay * strength

    def penalised(self, gradient: Tensor) -> Tensor:
        """Add the L2 penalty to the gradient."""
        return torch.addcmul(gradient, self.decay, self.weights) if self.any_decay else gradient


def _sgd(group: Group, gradient: Tensor, lr: Tensor) -> None:
    gradient = group.penalised(gradient)
    if not group.any_momentum:
        group.weights.addcmul_(gradient, lr, value=-1)
        return
    momentum = group.hyper["momentum"]
    velocity = group.slot("velocity").mul_(momentum).add_(gradient)
    direction = velocity
    if group.any_nesterov:
        ahead = torch.addcmul(gradient, momentum, velocity)
        direction = torch.where(group.hyper["nesterov"] > 0, ahead, velocity)
    group.weights.addcmul_(direction, lr, value=-1)


def _adagrad(group: Group, gradient: Tensor, lr: Tensor) -> None:
    gradient = group.penalised(gradient)
    squares = group.slot("squares").addcmul_(gradient, gradient)
    group.weights.addcdiv_(gradient * lr, squares.sqrt().add_(_ADAGRAD_EPSILON), value=-1)


def _rmsprop(group: Group, gradient: Tensor, lr: Tensor) -> None:
    gradient = group.penalised(gradient)
    alpha = group.hyper["alpha"]
    squares = group.slot("squares").mul_(alpha).addcmul_(gradient * (1 - alpha), gradient)
    direction = gradient / squares.sqrt().add_(_EPSILON)
    if group.any_momentum:
        direction = group.slot("velocity").mul_(group.hyper["momentum"]).add_(direction)
    group.weights.addcmul_(direction, lr, value=-1)


def _moments(group: Group, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Move both moments of Adam; give the first, the root of the second plus epsilon, and the correction of its bias.

    What is divided by the root is multiplied by the correction (m, 1): no whole matrix has to be divided by that.
    """
    beta1, beta2 = group.hyper["beta1"], group.hyper["beta2"]
    mean = group.slot("mean").lerp_(gradient, 1 - beta1)
    squares = group.slot("squares").mul_(beta2).addcmul_(gradient * (1 - beta2), gradient)
    correction = (1 - beta2**group.step).sqrt()
    return mean, squares.sqrt().add_(_EPSILON * correction), correction


def _adam(group: Group, gradient: Tensor, lr: Tensor) -> None:
    mean, root, correction = _moments(group, group.penalised(gradient))
    group.weights.addcdiv_(mean * (lr * (correction / (1 - group.hyper["beta1"] ** group.step))), root, value=-1)


def _adamw(group: Group, gradient: Tensor, lr: Tensor) -> None:
    if group.any_decay:
        group.weights.addcmul_(group.weights * group.decay, lr, value=-1)
    mean, root, correction = _moments(group, gradient)
    group.weights.addcdiv_(mean * (lr * (correction / (1 - group.hyper["beta1"] ** group.step))), root, value=-1)


def _nadam(group: Group, gradient: Tensor, lr: Tensor) -> None:
    gradient = group.penalised(gradient)
    beta1 = group.hyper["beta1"]
    now = beta1 * (1 - 0.5 * 0.96 ** (group.step * _NADAM_DECAY))
    ahead = beta1 * (1 - 0.5 * 0.96 ** ((group.step + 1) * _NADAM_DECAY))
    product = group.state.setdefault("mu_product", torch.ones_like(beta1)).mul_(now)
    mean, root, correction = _moments(group, gradient)
    group.weights.addcdiv_(gradient * (lr * (correction * (1 - now) / (1 - product))), root, value=-1)
    group.weights.addcdiv_(mean * (lr * (correction * ahead / (1 - product * ahead))), root, value=-1)


RULES: dict[str, Callable[[Group, Tensor, Tensor], None]] = {
    "sgd": _sgd,
    "adagrad": _adagrad,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adamw,
    "nadam": _nadam,
}


class Update:
    """Steps every member of a cohort by its own rule.

    Args:
        optimizers: One a member; neighbours of the same rule are stepped together.
        weights: (M, P), updated in place.
        decayed: (P,) 1 where weight decay applies, else 0.
        factors: (M, P) what each parameter makes of its member's learning rate; None where nothing is made of it.
    """

    def __init__(
        self, optimizers: Sequence[Optimizer], weights: Tensor, decayed: Tensor, factors: Tensor | None = None
    ) -> None:
        self._optimizers = list(optimizers)
        self._decayed, self._factors = decayed, factors
        self._seat(weights)

    def _seat(self, weights: Tensor) -> None:
        self.groups: list[tuple[slice, Group]] = []
        start = 0
        for _, neighbours in itertools.groupby(self._optimizers, key=lambda optimizer: optimizer.rule):
            members = list(neighbours)
            rows = slice(start, start + len(members))
            self.groups.append((rows, Group(members, weights[rows], self._decayed)))
            start = rows.stop
        self.base_lr = torch.tensor([[optimizer.lr] for optimizer in self._optimizers], device=weights.device)

    def keep(self, members: Sequence[int], weights: Tensor) -> None:
        """Let only these members stay, in this order.

        Args:
            members: Their places among the members so far.
            weights: (m, P), their weights, updated in place from now on.
        """
        state = [self._state_of(member) for member in members]
        self._optimizers = [self._optimizers[member] for member in members]
        if self._factors is not None:
            self._factors = self._factors[list(members)]
        self._seat(weights)
        for rows, group in self.groups:
            own = state[rows]
            group.state = {name: torch.stack([each[name] for each in own]) for name in own[0]}

    def state(self) -> dict[str, Tensor]:
        """Give every group's state by name."""
        tensors: dict[str, Tensor] = {}
        for index, (_, group) in enumerate(self.groups):
            tensors |= {f"{index}/{name}": slot for name, slot in group.state.items()}
        return tensors

    def load(self, state: Mapping[str, Tensor], weights: Tensor) -> None:
        """Go on from what `state` gave.

        Args:
            state: The groups' state.
            weights: (M, P), updated in place from now on.
        """
        self._seat(weights)
        for index, (_, group) in enumerate(self.groups):
            group.state = {name: slot.to(weights.device) for name, slot in part_of(state, f"{index}/").items()}

    def _state_of(self, member: int) -> dict[str, Tensor]:
        """Give a member's rows of its group's state."""
        rows, group = next((rows, group) for rows, group in self.groups if rows.start <= member < rows.stop)
        return {name: slot[member - rows.start] for name, slot in group.state.items()}

    @torch.no_grad()
    def step(self, gradient: Tensor, number: Tensor, multiplier: Tensor, strength: Tensor | None = None) -> None:
        """Move the weights once.

        Args:
            gradient: (M, P)
            number: How many steps came before this one, int64 without axes, on the device.
            multiplier: (M, 1) what the schedules make of each member's learning rate now.
            strength: (M, 1) what they make of each member's weight decay now; None where nothing is made of it.
        """
        lr = self.base_lr * multiplier
        if self._factors is not None:
            lr = lr * self._factors
        for rows, group in self.groups:
            group.step = number + 1
            if strength is not None:
                group.decay_by(strength[rows])
            RULES[group.rule](group, gradient[rows], lr[rows])


def part_of(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Give the tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}


@torch.no_grad()
def clip(gradient: Tensor, largest: Tensor) -> None:
    """Scale each member's gradient down, in place, to at most its largest norm.

    Args:
        gradient: (M, P)
        largest: (M, 1), infinite where a member is not clipped.
    """
    norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
    gradient.mul_((largest / (norm + 1e-6)).clamp(max=1.0))
