"""How rows reach a cohort's steps: by index on the device, or, where they do not fit there, copied ahead of their step.

Shapes:
    M members, N rows, B rows a step
    rows {block: (N, ...)}, order (M, N), batches {block: (M, B, ...)}

Where rows count differently, one block more, `weight` (N,), goes along with the others; no network reads it.
"""

from __future__ import annotations

import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from torch import Tensor

Batch = dict[str, "Tensor"]
Fetched = TypeVar("Fetched")
_Copied = tuple[Batch, "Tensor", "torch.cuda.Event | None"]

WEIGHT = "weight"
"""The block that says how much each row counts in the loss; over all rows it is 1 on average."""

_PIXELS_AT_ONCE, _NUMBERS_AT_ONCE = 2**20, 2**25
_ROWS_AT_ONCE, _ROWS_IN_CACHES = 8192, 1024
"""On a CPU what a layer gives of fewer rows is still in its caches when the next one reads it, in half of the time."""
_SHARE_OF_MEMORY = 0.5
"""How much of a device's free memory rows may take; the rest is for weights, gradients and activations."""


@dataclass(frozen=True)
class Rows:
    """Prepared rows.

    Args:
        inputs: {block: (N, ...)}
        target: (N,) int64 class codes, or float32 standardised numbers; where the inputs are.
        device: Where they are trained on, if it is not where they are.
        at_once: As how many rows at a time they are evaluated at most; None for as many as an evaluation takes.
        largest: Numbers of the largest output that a layer gives of one of them.
    """

    inputs: Batch
    target: Tensor
    device: torch.device | None = None
    at_once: int | None = None
    largest: int = 1

    def __len__(self) -> int:
        return len(self.target)

    @property
    def trained_on(self) -> torch.device:
        """The device of the training."""
        return self.device or self.target.device

    def at(self, index: Tensor | slice) -> tuple[Batch, Tensor]:
        """Give inputs and target of some rows, where the rows are."""
        return {name: block[index] for name, block in self.inputs.items()}, self.target[index]

    @property
    def portion(self) -> int:
        """How many rows are evaluated at a time."""
        shapes = [tuple(block.shape) for block in self.inputs.values()]
        usual = min(rows_at_once(shapes, self.largest, self.trained_on.type), max(1, len(self)))
        return usual if self.at_once is None else min(usual, self.at_once)

    def parts(self) -> Iterator[Batch]:
        """Give the inputs on the device of the training, as many rows at a time as an evaluation takes."""
        size = self.portion
        for start in range(0, len(self), size):
            inputs, _ = self.at(slice(start, start + size))
            yield {name: block.to(self.trained_on) for name, block in inputs.items()}

    def batches(self, order: Tensor, edges: Sequence[int]) -> Iterator[tuple[Batch, Tensor]]:
        """Give an epoch's batches on the device of the training.

        Args:
            order: (M, N) the rows' numbers, in each member's order.
            edges: Where batches begin and end.
        """
        if self.trained_on == self.target.device:
            for start, end in itertools.pairwise(edges):
                yield self.at(order[:, start:end])
            return
        copier = _Copier(self.trained_on)
        order = order.to(self.target.device)
        cuts = list(itertools.pairwise(edges))
        for copied in ahead(lambda step: copier.copy(*self.at(order[:, slice(*cuts[step])])), len(cuts)):
            yield copier.ready(*copied)


def rows_at_once(shapes: Iterable[tuple[int, ...]], largest: int = 1, device: str = "cpu") -> int:
    """Say of how many rows at a time a network is evaluated: of fewer where they are images, whose features are many.

    Args:
        shapes: Those of the blocks, (N, ...) each.
        largest: Numbers of the largest output that a layer of the network gives of a row: attention has many, too.
        device: On what kind of device.

    Examples:
        >>> rows_at_once([(60_000, 14)]), rows_at_once([(60_000, 14)], device="cuda")
        (1024, 8192)
        >>> rows_at_once([(60_000, 1, 28, 28)], device="cuda")
        1337
        >>> rows_at_once([(60_000, 200)], largest=200 * 8 * 200)
        104
    """
    pixels = max((math.prod(shape[1:]) for shape in shapes if len(shape) > 2), default=1)
    most = _ROWS_IN_CACHES if device == "cpu" else _ROWS_AT_ONCE
    return max(1, min(most, _PIXELS_AT_ONCE // pixels, _NUMBERS_AT_ONCE // largest))


def ahead(fetch: Callable[[int], Fetched], count: int) -> Iterator[Fetched]:
    """Give `fetch(0)` to `fetch(count - 1)`; while one is used, the next is fetched in another thread."""
    with ThreadPoolExecutor(1) as thread:
        coming = [thread.submit(fetch, step) for step in range(min(count, 1))]
        for step in range(count):
            current = coming.pop()
            if step + 1 < count:
                coming.append(thread.submit(fetch, step + 1))
            yield current.result()


class _Copier:
    """Copies batches to a CUDA device from pinned memory, on a stream of its own beside the one that computes."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    def copy(self, inputs: Batch, target: Tensor) -> _Copied:
        """Begin to copy a batch."""
        if self._stream is None:
            return {name: block.to(self._device) for name, block in inputs.items()}, target.to(self._device), None
        with torch.cuda.stream(self._stream):
            sent = {name: block.pin_memory().to(self._device, non_blocking=True) for name, block in inputs.items()}
            sent_target = target.pin_memory().to(self._device, non_blocking=True)
            return sent, sent_target, self._stream.record_event()

    def ready(self, inputs: Batch, target: Tensor, copied: torch.cuda.Event | None) -> tuple[Batch, Tensor]:
        """Let what is computed from now on wait for the copies."""
        if copied is not None:
            current = torch.cuda.current_stream(self._device)
            current.wait_event(copied)
            for tensor in (*inputs.values(), target):
                tensor.record_stream(current)
        return inputs, target


def fits(n_bytes: int, device: torch.device) -> bool:
    """Tell whether rows of that size are kept on the device as a whole."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return n_bytes <= _SHARE_OF_MEMORY * free
