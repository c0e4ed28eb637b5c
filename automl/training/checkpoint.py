"""A cohort in training as a file, from which it goes on bit for bit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from safetensors.torch import load, save

if TYPE_CHECKING:
    from pathlib import Path

    from automl.training.cohort import Cohort


def save_cohort(path: Path, cohort: Cohort) -> None:
    """Write a cohort's state between two epochs, in one step that survives a power cut.

    The file is in the safetensors format. It holds `epoch`, and for the M members that are still in training `weights`
    (M, P), `buffers/NAME` (M, ...) and `update/GROUP/SLOT`; for each of them, by its place in the cohort, `order/PLACE`
    (the state of what draws its order of rows; all else it draws follows from its seed and the epoch); and for every
    member, also those that have left, `curve/PLACE` (epochs, 6), `health/PLACE` (readings, 1 + 3 a layer),
    `stopped/PLACE` (a code) and `best/PLACE/NAME` (weights).
    """
    staged = path.with_name(f".{path.name}.tmp")
    with staged.open("wb") as file:
        file.write(save({name: tensor.cpu().contiguous() for name, tensor in cohort.state().items()}))
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)


def load_cohort(path: Path, cohort: Cohort) -> None:
    """Let a cohort, made from the same networks, members and rows, go on from a file.

    Raises:
        KeyError: The file is another cohort's.
    """
    cohort.restore(load(path.read_bytes()))
