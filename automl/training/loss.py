"""What is differentiated: cross-entropy for classes, squared error for one number, others by name; a mean a member.

Rows may count differently, by themselves and by their class: then it is the mean of weight x loss. What weighs is meant
to be 1 on average over all rows, so that a batch of heavy rows moves the weights more than one of light rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

if TYPE_CHECKING:
    from automl.task import LossName


class Weighing(NamedTuple):
    """How much rows count.

    Args:
        rows: (M, B), each row by itself; None where all count alike.
        classes: (M, K), each row by its class, member by member; None where all do.
        before: (M, B), the row before each by itself, where not all rows of the batch are here; None where all are.
    """

    rows: Tensor | None = None
    classes: Tensor | None = None
    before: Tensor | None = None

    def of(self, target: Tensor) -> Tensor | None:
        """Give the weight of each row (M, B) with a target (M, B); None where all count alike."""
        if self.classes is None:
            return self.rows
        own = self.classes.gather(1, target)
        return own if self.rows is None else own * self.rows

    def rolled(self) -> Weighing:
        """Give the same of each row's partner, which is the row before it."""
        if self.rows is None:
            return self
        return self._replace(rows=self.rows.roll(1, dims=1) if self.before is None else self.before)

    def of_rows(self, rows: slice) -> Weighing:
        """Give the same of some rows of the batch."""
        if self.rows is None:
            return self
        return self._replace(rows=self.rows[:, rows], before=self.rows.roll(1, dims=1)[:, rows])


ALIKE = Weighing()
"""Every row counts as every other."""


class Partners(NamedTuple):
    """The rows with which those of a batch were mixed.

    Args:
        target: (M, B) their targets.
        share: (M, 1), or (M, B), how much of each row is its partner's; 0 where nothing was mixed.
    """

    target: Tensor
    share: Tensor

    def of_rows(self, rows: slice) -> Partners:
        """Give the same of some rows of the batch."""
        share = self.share if self.share.shape[1] == 1 else self.share[:, rows]
        return Partners(self.target[:, rows], share)


class Loss(NamedTuple):
    """A loss of rows.

    Args:
        read: Turns a network's outputs into what rows are told from, once for all targets.
        of_rows: What was read (M, B, ...) or (M, B, k, ...), targets (M, B), and which quantiles outputs are (K,), to
            the loss of each row (M, B).
        is_smoothed: Whether label smoothing is part of it; what is read are then logarithms of probabilities.
    """

    read: Callable[[Tensor], Tensor]
    of_rows: Callable[[Tensor, Tensor, Tensor | None], Tensor]
    is_smoothed: bool


def losses(
    name: LossName,
    outputs: Tensor,
    target: Tensor,
    smoothing: Tensor | None = None,
    partners: Partners | None = None,
    weighing: Weighing = ALIKE,
    levels: Tensor | None = None,
) -> Tensor:
    """Give each member's mean loss over its rows.

    Args:
        name: Which loss, a key of `LOSSES`.
        outputs: (M, B, K) logits or quantiles, or (M, B, 1) standardised numbers; (M, B, k, K) or (M, B, k, 1) where a
            network predicts each row k times: a row's loss is then the mean of those.
        target: (M, B) int64 class codes, or float32 standardised numbers; (M, B, T) of several targets.
        smoothing: (M, 1) label smoothing (Szegedy et al. 2016); None is without.
        partners: What the rows were mixed with: the loss is then mixed of those of both targets (Zhang et al. 2018);
            None where nothing was.
        weighing: How much rows count; what a row was mixed with counts by its own weight.
        levels: (K,) which quantiles the outputs are; None where they are none.

    Returns:
        (M,)
    """
    loss = LOSSES[name]
    read, own = loss.read(outputs), weighing.of(target)
    wrong = _weighed(loss.of_rows(read, target, levels), own)
    if partners is not None:
        theirs = weighing.rolled().of(partners.target)
        wrong = torch.lerp(wrong, _weighed(loss.of_rows(read, partners.target, levels), theirs), partners.share)
        own = None if own is None or theirs is None else torch.lerp(own, theirs, partners.share)
    if smoothing is not None and loss.is_smoothed:
        wrong = (1 - smoothing) * wrong - smoothing * _weighed(_by_row(read.mean(dim=-1)), own)
    return wrong.mean(dim=1)


def _weighed(values: Tensor, weight: Tensor | None) -> Tensor:
    return values if weight is None else values * weight


def _log_softmax(outputs: Tensor) -> Tensor:
    return torch.log_softmax(outputs, dim=-1)


def _surprise(log_probabilities: Tensor, target: Tensor, levels: Tensor | None = None) -> Tensor:
    """Give minus the logarithm of what each row's class was given: (M, B, K), (M, B) -> (M, B)."""
    if log_probabilities.dim() == 4:
        target = target.unsqueeze(-1).expand(log_probabilities.shape[:-1])
    return _by_row(-log_probabilities.gather(-1, target.unsqueeze(-1)).squeeze(-1))


def _ranked(log_probabilities: Tensor, target: Tensor, levels: Tensor | None = None) -> Tensor:
    """Give minus the logarithm of what each row's class was given, and its ranked probability score.

    Epstein, A Scoring System for Probability Forecasts of Ranked Categories, Journal of Applied Meteorology 1969: the
    sum over thresholds k of (P(y <= k) - [y <= k])^2, the less the nearer to the truth the probabilities lie. Both are
    proper scores, and so is their sum: what is learned are the true probabilities.
    """
    up_to = log_probabilities.exp().cumsum(dim=-1)[..., :-1]
    thresholds = torch.arange(up_to.shape[-1], device=target.device)
    steps = (target.unsqueeze(-1) <= thresholds).to(up_to.dtype)
    if log_probabilities.dim() == 4:
        steps = steps.unsqueeze(2)
    return _surprise(log_probabilities, target) + _by_row((up_to - steps).square().sum(dim=-1))


def _number(outputs: Tensor) -> Tensor:
    return outputs.squeeze(-1)


def _error(numbers: Tensor, target: Tensor, levels: Tensor | None = None) -> Tensor:
    """Give the squared error of each row: (M, B) or (M, B, k), (M, B) -> (M, B)."""
    return _by_row((numbers - (target.unsqueeze(-1) if numbers.dim() == 3 else target)).square())


def _errors(numbers: Tensor, target: Tensor, levels: Tensor | None = None) -> Tensor:
    """Give the squared error of each row, the mean over targets: (M, B, T) or (M, B, k, T), (M, B, T) -> (M, B)."""
    return _by_row((numbers - (target.unsqueeze(2) if numbers.dim() == 4 else target)).square().mean(dim=-1))


def _surprises(logits: Tensor, target: Tensor, levels: Tensor | None = None) -> Tensor:
    """Give the cross-entropy of each row, the mean over labels: (M, B, K) or (M, B, k, K), (M, B, K) -> (M, B)."""
    own = (target.unsqueeze(2) if logits.dim() == 4 else target).expand_as(logits)
    return _by_row(binary_cross_entropy_with_logits(logits, own, reduction="none").mean(dim=-1))


def _as_they_are(outputs: Tensor) -> Tensor:
    return outputs


def _pinball(quantiles: Tensor, target: Tensor, levels: Tensor | None = None) -> Tensor:
    """Give the mean over quantiles of what each is off, which costs more on its rarer side (Koenker & Bassett 1978)."""
    assert levels is not None
    own = target.unsqueeze(-1) if quantiles.dim() == 3 else target[..., None, None]
    over = own - quantiles
    return _by_row(torch.maximum(levels * over, (levels - 1) * over).mean(dim=-1))


def _by_row(values: Tensor) -> Tensor:
    """Give one value a row, the mean where there are several."""
    return values if values.dim() == 2 else values.mean(dim=2)


LOSSES: dict[LossName, Loss] = {
    "cross_entropy": Loss(_log_softmax, _surprise, is_smoothed=True),
    "ranked": Loss(_log_softmax, _ranked, is_smoothed=True),
    "squared_error": Loss(_number, _error, is_smoothed=False),
    "squared_errors": Loss(_as_they_are, _errors, is_smoothed=False),
    "binary_cross_entropies": Loss(_as_they_are, _surprises, is_smoothed=False),
    "pinball": Loss(_as_they_are, _pinball, is_smoothed=False),
}
"""Every loss by its name."""
