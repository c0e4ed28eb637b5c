"""The order of classes that have one: that of their numbers, or the one a person gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.errors import TargetError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.task import Label


def in_order(labels: Sequence[Label], order: Sequence[str], target: str) -> tuple[Label, ...]:
    """Put labels in order.

    Args:
        labels: The labels in their own type, sorted.
        order: All of them from the least to the greatest, as they are written; empty where numbers tell it.
        target: The target column's name.

    Raises:
        TargetError: Texts come without an order, the order lacks a label, or it names one that there is not.

    Examples:
        >>> in_order(("high", "low", "medium"), ("low", "medium", "high"), "risk")
        ('low', 'medium', 'high')
        >>> in_order(("high", "low"), (), "risk")
        Traceback (most recent call last):
        automl.errors.TargetError: the classes of 'risk' are texts: say their order with --order, such as high,low
    """
    written = {str(label): label for label in labels}
    if not order:
        if isinstance(labels[0], str):
            raise TargetError(
                f"the classes of {target!r} are texts: say their order with --order, such as {','.join(written)}"
            )
        return tuple(labels)
    for word in order:
        if word not in written:
            raise TargetError(f"--order: {unknown('class', word, written)}")
    if absent := [word for word in written if word not in order]:
        raise TargetError(
            f"--order must name every class of {target!r}, from the least to the greatest; it lacks {', '.join(absent)}"
        )
    return tuple(written[word] for word in order)
