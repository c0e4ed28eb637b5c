"""A network's weights as a file, and its answers once they are in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.numpy import save
from safetensors.torch import load

from automl.training.feed import WEIGHT, Rows, fits, rows_at_once

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor, nn

OUTPUTS = "outputs"
"""The name of outputs in their file."""


def save_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Write weights in the safetensors format, in one step."""
    staged = path.with_name(f".{path.name}.tmp")
    arrays = {name: weight.detach().cpu().contiguous().numpy() for name, weight in weights.items()}
    staged.write_bytes(save(arrays))  # `safetensors.torch` writes the same, and keeps a type of ctypes for every size
    staged.replace(path)


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays in the same format, in one step; a module that has them as its state can load them."""
    save_weights(path, {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()})


def save_outputs(path: Path, outputs: Tensor) -> None:
    """Write what a network gave for rows (N, K), in the precision that it has."""
    save_weights(path, {OUTPUTS: outputs})


def load_outputs(path: Path) -> NDArray[np.float32]:
    """Read what `save_outputs` wrote."""
    outputs: NDArray[np.float32] = load(path.read_bytes())[OUTPUTS].float().numpy()
    return outputs


def load_weights(module: nn.Module, path: Path) -> None:
    """Read weights into a module, which is in evaluation from then on.

    Raises:
        RuntimeError: They are another module's.
    """
    module.load_state_dict(load(path.read_bytes()))
    module.eval()


def largest_difference(path: Path, weights: Mapping[str, Tensor]) -> float:
    """Say how far weights are from those of a file at most; infinitely, where they are another module's."""
    kept = load(path.read_bytes())
    mine = {name: weight.cpu() for name, weight in weights.items()}
    if {name: weight.shape for name, weight in kept.items()} != {name: weight.shape for name, weight in mine.items()}:
        return float("inf")
    apart = [(weight.double() - mine[name].double()).abs().max() for name, weight in kept.items() if weight.numel()]
    return float(torch.stack(apart).max()) if apart else 0.0


def weights_sha256(path: Path) -> str:
    """Give the SHA-256 of a weights file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def as_rows(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    device: torch.device,
    weight: NDArray[np.float64] | None = None,
) -> Rows:
    """Put prepared arrays and their target on the device; where they do not fit, they are copied there when used.

    Args:
        arrays: {block: (N, ...)}
        target: (N,) int64 class codes, or float32 standardised numbers.
        device: Where they are trained on.
        weight: How much each row counts in the loss (N,); None where all count alike.
    """
    if weight is not None:
        arrays = {**arrays, WEIGHT: (weight / weight.mean()).astype("float32")}
    n_bytes = target.nbytes + sum(array.nbytes for array in arrays.values())
    home = device if fits(n_bytes, device) else torch.device("cpu")
    inputs = {name: torch.from_numpy(array).to(home) for name, array in arrays.items()}
    return Rows(inputs, torch.from_numpy(target).to(home), None if home == device else device)


@torch.no_grad()
def raw_outputs(module: nn.Module, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Run a network in evaluation over prepared arrays on the CPU: {block: (N, ...)} -> (N, n_outputs)."""
    module.eval()
    n_rows = len(next(iter(arrays.values())))
    parts = [torch.empty((0, 1))]
    size = rows_at_once((array.shape for array in arrays.values()), getattr(module, "largest", 1))
    for start in range(0, n_rows, size):
        batch = {name: torch.from_numpy(array[start : start + size]) for name, array in arrays.items()}
        parts.append(module(batch))
    outputs: NDArray[np.float32] = torch.cat(parts[1:] or parts).numpy()
    return outputs
