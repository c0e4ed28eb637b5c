"""The stacked update rules equal those of `torch.optim`, member by member."""

from __future__ import annotations

import pytest
import torch

from automl.training.arguments import SGD, Adagrad, Adam, AdamW, NAdam, Optimizer, RMSprop
from automl.training.update import Update, clip

SIZE = 7
STEPS = 12

CASES: list[tuple[Optimizer, type[torch.optim.Optimizer], dict[str, object]]] = [
    (SGD(lr=0.1, momentum=0.0), torch.optim.SGD, {"lr": 0.1}),
    (SGD(lr=0.1, momentum=0.8, weight_decay=0.01), torch.optim.SGD, {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.01}),
    (SGD(lr=0.1, momentum=0.8, nesterov=True), torch.optim.SGD, {"lr": 0.1, "momentum": 0.8, "nesterov": True}),
    (Adagrad(lr=0.1, weight_decay=0.01), torch.optim.Adagrad, {"lr": 0.1, "weight_decay": 0.01}),
    (RMSprop(lr=0.01, alpha=0.9), torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.9}),
    (RMSprop(lr=0.01, momentum=0.5), torch.optim.RMSprop, {"lr": 0.01, "momentum": 0.5}),
    (Adam(lr=0.01, weight_decay=0.1), torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.1}),
    (
        AdamW(lr=0.01, beta1=0.8, beta2=0.95, weight_decay=0.1),
        torch.optim.AdamW,
        {"lr": 0.01, "betas": (0.8, 0.95), "weight_decay": 0.1},
    ),
    (NAdam(lr=0.01, weight_decay=0.05), torch.optim.NAdam, {"lr": 0.01, "weight_decay": 0.05}),
]


def _gradients(seed: int) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(SIZE, generator=draw) for _ in range(STEPS)]


def _by_torch(kind: type[torch.optim.Optimizer], arguments: dict[str, object], seed: int) -> torch.Tensor:
    weight = torch.nn.Parameter(torch.linspace(-1, 1, SIZE))
    optimizer = kind([weight], **arguments)
    for gradient in _gradients(seed):
        weight.grad = gradient.clone()
        optimizer.step()
    return weight.detach()


def _by_torch_groups(
    kind: type[torch.optim.Optimizer], arguments: dict[str, object], seed: int, factor: float
) -> torch.Tensor:
    """Step the first three weights as a group whose learning rate is a multiple of that of the others."""
    first, others = (torch.nn.Parameter(part) for part in torch.linspace(-1, 1, SIZE).split([3, SIZE - 3]))
    groups = [{"params": [first], "lr": arguments["lr"] * factor}, {"params": [others]}]
    optimizer = kind(groups, **arguments)
    for gradient in _gradients(seed):
        first.grad, others.grad = gradient[:3].clone(), gradient[3:].clone()
        optimizer.step()
    return torch.cat([first, others]).detach()


def _by_update(optimizers: list[Optimizer], seeds: list[int], factors: torch.Tensor | None = None) -> torch.Tensor:
    weights = torch.linspace(-1, 1, SIZE).repeat(len(optimizers), 1)
    update = Update(optimizers, weights, torch.ones(SIZE), factors)
    for number, gradients in enumerate(zip(*map(_gradients, seeds))):
        update.step(torch.stack(gradients), torch.tensor(number), torch.ones(len(optimizers), 1))
    return weights


@pytest.mark.parametrize(("optimizer", "kind", "arguments"), CASES, ids=lambda value: getattr(value, "rule", ""))
def test_a_rule_equals_that_of_torch(optimizer, kind, arguments):
    torch.testing.assert_close(_by_update([optimizer], [3])[0], _by_torch(kind, arguments, 3))


def test_members_of_many_rules_step_as_each_would_alone():
    weights = _by_update([case[0] for case in CASES], list(range(len(CASES))))
    for row, (_, kind, arguments) in enumerate(CASES):
        torch.testing.assert_close(weights[row], _by_torch(kind, arguments, row))


def _factors(factors: list[float]) -> torch.Tensor:
    rows = torch.ones(len(factors), SIZE)
    rows[:, :3] = torch.tensor(factors).unsqueeze(1)
    return rows


@pytest.mark.parametrize("factor", [0.01, 5.0])
@pytest.mark.parametrize(("optimizer", "kind", "arguments"), CASES, ids=lambda value: getattr(value, "rule", ""))
def test_a_factor_is_the_learning_rate_of_a_parameter_group(optimizer, kind, arguments, factor):
    weights = _by_update([optimizer], [3], _factors([factor]))
    torch.testing.assert_close(weights[0], _by_torch_groups(kind, arguments, 3, factor))


def test_factors_differ_between_members():
    factors = [1.0 + place for place in range(len(CASES))]
    weights = _by_update([case[0] for case in CASES], list(range(len(CASES))), _factors(factors))
    for row, (_, kind, arguments) in enumerate(CASES):
        torch.testing.assert_close(weights[row], _by_torch_groups(kind, arguments, row, factors[row]))


def test_a_factor_of_one_changes_no_bit():
    optimizers, seeds = [case[0] for case in CASES], list(range(len(CASES)))
    assert torch.equal(_by_update(optimizers, seeds), _by_update(optimizers, seeds, _factors([1.0] * len(CASES))))


@pytest.mark.parametrize(
    ("optimizer", "kind", "arguments"),
    [case for case in CASES if case[0].weight_decay],
    ids=lambda value: getattr(value, "rule", ""),
)
def test_a_moving_decay_is_that_of_torch_with_the_decay_of_each_step(optimizer, kind, arguments):
    strengths = [step / STEPS for step in range(STEPS)]
    weights = torch.linspace(-1, 1, SIZE).repeat(2, 1)
    update = Update([optimizer] * 2, weights, torch.ones(SIZE))
    expected = torch.nn.Parameter(torch.linspace(-1, 1, SIZE))
    by_torch = kind([expected], **arguments)
    for number, (gradient, strength) in enumerate(zip(_gradients(3), strengths)):
        decay = torch.tensor([[strength], [1.0]])
        update.step(gradient.repeat(2, 1), torch.tensor(number), torch.ones(2, 1), decay)
        by_torch.param_groups[0]["weight_decay"] = strength * optimizer.weight_decay
        expected.grad = gradient.clone()
        by_torch.step()
    torch.testing.assert_close(weights[0], expected.detach())
    torch.testing.assert_close(weights[1], _by_torch(kind, arguments, 3))


@pytest.mark.parametrize("factors", [None, [1.0 + place for place in range(len(CASES))]], ids=["plain", "factors"])
def test_members_that_stay_go_on_as_if_nobody_had_left(factors):
    optimizers = [case[0] for case in CASES]
    staying = [0, 2, 3, 5, 8]
    weights = torch.linspace(-1, 1, SIZE).repeat(len(optimizers), 1)
    update = Update(optimizers, weights, torch.ones(SIZE), factors and _factors(factors))
    for number, gradients in enumerate(zip(*map(_gradients, range(len(CASES))))):
        together = torch.stack(gradients)
        if number == STEPS // 2:
            weights = weights[staying]
            update.keep(staying, weights)
        together = together[staying] if number >= STEPS // 2 else together
        update.step(together, torch.tensor(number), torch.ones(len(together), 1))
    for row, place in enumerate(staying):
        expected = _by_torch_groups(*CASES[place][1:], place, factors[place] if factors else 1.0)
        torch.testing.assert_close(weights[row], expected)


def test_biases_are_not_decayed():
    weights = torch.ones(1, 2)
    update = Update([AdamW(lr=0.1, weight_decay=0.5)], weights, torch.tensor([1.0, 0.0]))
    update.step(torch.zeros(1, 2), torch.tensor(0), torch.ones(1, 1))
    torch.testing.assert_close(weights, torch.tensor([[0.95, 1.0]]))


def test_the_multiplier_scales_the_rate():
    weights = torch.zeros(2, 1)
    update = Update([SGD(lr=1.0, momentum=0.0)] * 2, weights, torch.ones(1))
    update.step(torch.ones(2, 1), torch.tensor(0), torch.tensor([[0.5], [0.0]]))
    assert weights.flatten().tolist() == [-0.5, 0.0]


def test_clipping_bounds_the_norm_of_each_member_alone():
    gradient = torch.tensor([[3.0, 4.0], [3.0, 4.0], [0.3, 0.4]])
    clip(gradient, torch.tensor([[1.0], [float("inf")], [1.0]]))
    torch.testing.assert_close(gradient.norm(dim=1), torch.tensor([1.0, 5.0, 0.5]))
