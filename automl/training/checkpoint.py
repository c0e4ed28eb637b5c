"""A cohort in training as a file, from which it goes on bit for bit."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING

import torch
from safetensors.numpy import save
from safetensors.torch import load

from automl import files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from torch import Tensor

    from automl.training.keeping import Kept

_SHARE = 0.03
"""Of the time, writing takes at most so much."""
_SECONDS_A_FILE, _BYTES_A_SECOND = 0.02, 100e6
"""What the first file is thought to cost; of the next ones it is known what the last one did."""
_BYTES_A_WEIGHT = 16
"""A weight, its best so far, and two numbers that an optimizer keeps."""
_UNSIGNED = b"0" * 64


def save_cohort(path: Path, cohort: Kept, note: Mapping[str, str] | None = None) -> None:
    """Write a cohort's state between two epochs, in one step that survives a power cut.

    The file is in the safetensors format. It holds `epoch`, and for the M members that are still in training `weights`
    (M, P), `buffers/NAME` (M, ...) and `update/GROUP/SLOT`; for each of them, by its place in the cohort, `order/PLACE`
    (the state of what draws its order of rows; all else it draws follows from its seed and the epoch); and for every
    member, also those that have left, `curve/PLACE` (epochs, 6), `health/PLACE` (readings, 1 + 3 a layer),
    `stopped/PLACE` (a code), and of the best epoch `best/PLACE/NAME` (weights) and `outputs/PLACE` (V, K). Its metadata
    are the note, the version of torch, and as `sha256` the hash of the whole file with zeros in the hash's place.

    Args:
        path: The file, whose folder exists.
        cohort: The cohort, in which a member is still in training.
        note: What shall stand beside the state.
    """
    state = {name: tensor.contiguous().numpy() for name, tensor in cohort.state().items()}
    told = {**(note or {}), "torch": torch.__version__, "sha256": _UNSIGNED.decode()}
    content = save(state, metadata=told)
    files.write_bytes(path, _signed(content, hashlib.sha256(content).hexdigest().encode()))


def read_cohort(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read what `save_cohort` wrote: the state, and the note.

    Raises:
        ValueError: The file is damaged, or of another version of torch.
    """
    content = path.read_bytes()
    try:
        note: dict[str, str] = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        said = note.pop("sha256").encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("it is damaged") from None
    unsigned = content.replace(said, _UNSIGNED, 1)
    if hashlib.sha256(unsigned).hexdigest().encode() != said:
        raise ValueError("it is damaged")
    if note.pop("torch") != torch.__version__:
        raise ValueError("it is of another version of torch")
    return load(content), note


def _signed(content: bytes, sha256: bytes) -> bytes:
    """Put the hash in the place of the zeros, which are in the header, before all else that could look like them."""
    return content.replace(_UNSIGNED, sha256, 1)


class Pace:
    """When a file may be written, so that writing takes at most a share of the time: the more one cost, the later.

    Args:
        clock: Tells the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_since = clock()
        self._cost = 0.0
        self._slowness = 1.0

    def is_due(self, n_weights: int) -> bool:
        """Whether a file of so many weights may be written now."""
        expected = max(self._cost, self._slowness * _expected(n_weights))
        return self._clock() - self._free_since >= expected / _SHARE

    def timed(self, write: Callable[[], None], n_weights: int) -> None:
        """Write a file of so many weights, and learn from what it costs."""
        began = self._clock()
        try:
            write()
        finally:
            self._free_since = self._clock()
            self._cost = self._free_since - began
            self._slowness = self._cost / _expected(n_weights)


def _expected(n_weights: int) -> float:
    return _SECONDS_A_FILE + n_weights * _BYTES_A_WEIGHT / _BYTES_A_SECOND
