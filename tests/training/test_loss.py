"""Losses are torch's, a member at a time; those of mixed rows are mixed."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import mean_pinball_loss
from torch.nn import functional

from automl.task import KINDS
from automl.training.loss import LOSSES, Partners, Weighing, losses

M, B, K = 3, 7, 4
NAMES = {False: "cross_entropy", True: "squared_error"}
SHARES = torch.tensor([[0.0], [0.3], [1.0]])


def _draw(regression):
    draw = torch.Generator().manual_seed(0)
    outputs = torch.randn(M, B, 1 if regression else K, generator=draw)
    target, other = (torch.randint(0, K, (M, B), generator=draw) for _ in range(2))
    return outputs, *(each.float() if regression else each for each in (target, other))


def _expected(outputs, target, smoothing=0.0):
    if target.is_floating_point():
        return functional.mse_loss(outputs[:, 0], target)
    return functional.cross_entropy(outputs, target, label_smoothing=smoothing)


@pytest.mark.parametrize("regression", [False, True])
def test_a_members_loss_is_torchs(regression):
    outputs, target, _ = _draw(regression)
    for member, loss in enumerate(losses(NAMES[regression], outputs, target)):
        torch.testing.assert_close(loss, _expected(outputs[member], target[member]))


@pytest.mark.parametrize(("regression", "smoothing"), [(False, 0.0), (False, 0.2), (True, 0.0)])
def test_a_mixed_rows_loss_is_mixed_of_both_targets(regression, smoothing):
    outputs, target, other = _draw(regression)
    column = torch.full((M, 1), smoothing) if smoothing else None
    mixed = losses(NAMES[regression], outputs, target, column, Partners(other, SHARES))
    for member, share in enumerate(SHARES[:, 0]):
        own, theirs = (_expected(outputs[member], each[member], smoothing) for each in (target, other))
        torch.testing.assert_close(mixed[member], (1 - share) * own + share * theirs)


def test_every_row_may_have_a_share_of_its_own():
    outputs, target, other = _draw(regression=False)
    share = torch.rand(M, B, generator=torch.Generator().manual_seed(1))
    mixed = losses("cross_entropy", outputs, target, None, Partners(other, share))
    rows = [
        functional.cross_entropy(outputs.flatten(0, 1), each.flatten(), reduction="none") for each in (target, other)
    ]
    expected = torch.lerp(rows[0].view(M, B), rows[1].view(M, B), share).mean(1)
    torch.testing.assert_close(mixed, expected)


@pytest.mark.parametrize("regression", [False, True])
def test_a_share_of_nothing_changes_no_bit_of_loss_or_gradient(regression):
    outputs, target, other = _draw(regression)
    found = []
    for partners in (None, Partners(other, torch.zeros(M, 1))):
        leaf = outputs.clone().requires_grad_()
        loss = losses(NAMES[regression], leaf, target, None, partners)
        found.append((loss, *torch.autograd.grad(loss.sum(), leaf)))
    assert all(torch.equal(plain, mixed) for plain, mixed in zip(*found))


@pytest.mark.parametrize("regression", [False, True])
def test_a_weighted_loss_is_the_mean_of_weight_times_loss(regression):
    outputs, target, _ = _draw(regression)
    weights = torch.rand(M, B, generator=torch.Generator().manual_seed(2))
    for member, loss in enumerate(losses(NAMES[regression], outputs, target, weighing=Weighing(weights))):
        if regression:
            single = functional.mse_loss(outputs[member, :, 0], target[member], reduction="none")
        else:
            single = functional.cross_entropy(outputs[member], target[member], reduction="none")
        torch.testing.assert_close(loss, (weights[member] * single).mean())


def test_class_weights_are_torchs_but_for_their_mean():
    outputs, target, _ = _draw(regression=False)
    classes = torch.rand(M, K, generator=torch.Generator().manual_seed(3))
    for member, loss in enumerate(losses("cross_entropy", outputs, target, weighing=Weighing(classes=classes))):
        summed = functional.cross_entropy(outputs[member], target[member], classes[member], reduction="sum")
        torch.testing.assert_close(loss, summed / B)


@pytest.mark.parametrize(("regression", "smoothing"), [(False, 0.0), (False, 0.2), (True, 0.0)])
def test_what_a_row_is_mixed_with_counts_by_its_own_weight(regression, smoothing):
    outputs, target, _ = _draw(regression)
    weights = torch.rand(M, B, generator=torch.Generator().manual_seed(2))
    column = torch.full((M, 1), smoothing) if smoothing else None
    mixed = losses(
        NAMES[regression], outputs, target, column, Partners(target.roll(1, dims=1), SHARES), Weighing(weights)
    )
    for member, share in enumerate(SHARES[:, 0]):
        pair = []
        for own, counts in ((target, weights), (target.roll(1, dims=1), weights.roll(1, dims=1))):
            if regression:
                single = functional.mse_loss(outputs[member, :, 0], own[member], reduction="none")
            else:
                single = functional.cross_entropy(
                    outputs[member], own[member], label_smoothing=smoothing, reduction="none"
                )
            pair.append((counts[member] * single).mean())
        torch.testing.assert_close(mixed[member], (1 - share) * pair[0] + share * pair[1])


def _ranked(outputs, target):
    """Cross-entropy and ranked probability score of rows (B, K), one threshold after the other."""
    shares = outputs.softmax(dim=-1)
    score = sum((shares[:, : k + 1].sum(dim=1) - (target <= k).float()).square() for k in range(outputs.shape[1] - 1))
    return (functional.cross_entropy(outputs, target, reduction="none") + score).mean()


def test_the_ranked_loss_is_cross_entropy_and_ranked_probability_score():
    outputs, target, _ = _draw(regression=False)
    for member, loss in enumerate(losses("ranked", outputs, target)):
        torch.testing.assert_close(loss, _ranked(outputs[member], target[member]))


def test_the_ranked_loss_of_several_predictions_a_row_is_their_mean():
    outputs, target, _ = _draw(regression=False)
    both = torch.stack([outputs, -outputs], dim=2)
    expected = (losses("ranked", outputs, target) + losses("ranked", -outputs, target)) / 2
    torch.testing.assert_close(losses("ranked", both, target), expected)


def test_the_ranked_loss_is_less_where_a_mistake_is_nearer():
    near, far = (5.0 * torch.eye(4)[[code]].expand(1, 1, 4) for code in (1, 3))
    target = torch.tensor([[0]])
    assert losses("ranked", near, target) < losses("ranked", far, target)
    torch.testing.assert_close(losses("cross_entropy", near, target), losses("cross_entropy", far, target))


def test_every_kind_of_task_has_a_loss():
    assert {traits.loss for traits in KINDS.values()} == set(LOSSES)


LEVELS = torch.tensor([0.1, 0.5, 0.9])


def test_the_loss_of_quantiles_is_scikit_learns():
    draw = torch.Generator().manual_seed(5)
    outputs, target = torch.randn(M, B, 3, generator=draw), torch.randn(M, B, generator=draw)
    for member, loss in enumerate(losses("pinball", outputs, target, levels=LEVELS)):
        of_each = [
            mean_pinball_loss(target[member].numpy(), outputs[member, :, place].numpy(), alpha=float(level))
            for place, level in enumerate(LEVELS)
        ]
        assert loss.item() == pytest.approx(sum(of_each) / 3, rel=1e-5)


def test_the_loss_of_quantiles_predicted_several_times_is_their_mean():
    draw = torch.Generator().manual_seed(5)
    outputs, target = torch.randn(M, B, 4, 3, generator=draw), torch.randn(M, B, generator=draw)
    each = [losses("pinball", outputs[:, :, member], target, levels=LEVELS) for member in range(4)]
    torch.testing.assert_close(losses("pinball", outputs, target, levels=LEVELS), torch.stack(each).mean(dim=0))


def test_the_loss_of_several_targets_is_torchs():
    draw = torch.Generator().manual_seed(6)
    outputs, target = torch.randn(M, B, 3, generator=draw), torch.randn(M, B, 3, generator=draw)
    for member, loss in enumerate(losses("squared_errors", outputs, target)):
        torch.testing.assert_close(loss, functional.mse_loss(outputs[member], target[member]))
    twice = torch.stack([outputs, -outputs], dim=2)
    expected = (losses("squared_errors", outputs, target) + losses("squared_errors", -outputs, target)) / 2
    torch.testing.assert_close(losses("squared_errors", twice, target), expected)


def test_several_targets_of_mixed_rows_are_mixed():
    draw = torch.Generator().manual_seed(6)
    outputs, target = torch.randn(M, B, 3, generator=draw), torch.randn(M, B, 3, generator=draw)
    partners = Partners(target.roll(1, dims=1), SHARES)
    own, theirs = (losses("squared_errors", outputs, each) for each in (target, partners.target))
    expected = torch.lerp(own, theirs, SHARES[:, 0])
    torch.testing.assert_close(losses("squared_errors", outputs, target, None, partners), expected)


def test_the_loss_of_labels_is_torchs():
    draw = torch.Generator().manual_seed(7)
    outputs, target = torch.randn(M, B, 3, generator=draw), torch.randint(0, 2, (M, B, 3), generator=draw).float()
    for member, loss in enumerate(losses("binary_cross_entropies", outputs, target)):
        expected = functional.binary_cross_entropy_with_logits(outputs[member], target[member])
        torch.testing.assert_close(loss, expected)
    twice = torch.stack([outputs, -outputs], dim=2)
    each = [losses("binary_cross_entropies", own, target) for own in (outputs, -outputs)]
    torch.testing.assert_close(losses("binary_cross_entropies", twice, target), (each[0] + each[1]) / 2)
