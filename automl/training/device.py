"""Where tensors live: the device asked for, or the best there is."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from automl.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORK_WORTH_THREADS = 3e8
"""Multiplications and additions a step below which a second thread waits more than it helps."""
_WORK_WORTH_BFLOAT16 = {"cuda": 1e10, "cpu": 2e8}
"""The same of a member's step, below which bfloat16 costs more than it saves."""


def pick_device(name: str, place: int = 0) -> torch.device:
    """Turn `auto`, `cpu`, `cuda` or `cuda:1` into a device that is there.

    Args:
        name: The device as a person names it.
        place: Which of several processes asks; they take turns on the devices where none is named.

    Raises:
        PlanError: The device is unknown, or this machine or this torch lacks it.
    """
    if name == "auto":
        return pick_device("cuda", place) if torch.cuda.is_available() else torch.device("cpu")
    if name == "cpu":
        return torch.device("cpu")
    kind, _, index = name.partition(":")
    if kind != "cuda" or (index and not index.isdigit()):
        raise PlanError(f"a device is auto, cpu, cuda or cuda:N, got {name!r}")
    if int(index or 0) >= torch.cuda.device_count():
        raise PlanError(f"this machine has {torch.cuda.device_count()} CUDA devices, so there is no {name!r}")
    if index or place == 0:
        return torch.device(name)
    return torch.device("cuda", place % torch.cuda.device_count())


def mixed_precision(device: torch.device, is_mixed: bool) -> contextlib.AbstractContextManager[object]:
    """Run convolutions and matrix products in bfloat16, or everything as it is."""
    return torch.autocast(device.type, dtype=torch.bfloat16) if is_mixed else contextlib.nullcontext()


def is_worth_bfloat16(device: torch.device, work: float, *, has_images: bool) -> bool:
    """Tell whether candidates train in bfloat16.

    On a CPU it is for images alone, whose convolutions it makes up to 2.3 times as fast; the numbers of a table may
    need more digits than it has.

    Args:
        device: Where they train.
        work: Multiplications and additions of a member's step: small ones take longer to turn into bfloat16 than they
            save. It is one member's, so that companions do not change its precision.
        has_images: Whether images are among the inputs.
    """
    if device.type == "cpu" and not (has_images and _has_bfloat16()):
        return False
    return work >= _WORK_WORTH_BFLOAT16[device.type]


def _has_bfloat16() -> bool:
    """Tell whether this CPU has AVX-512's instructions for bfloat16; a torch that cannot say is taken to have none."""
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(capabilities.get("avx512_bf16"))


@contextlib.contextmanager
def threads_for(n_operations: int, n_rows: int) -> Iterator[int]:
    """Give a training on the CPU as many threads as its steps are worth, and restore the number afterwards.

    The number depends on sizes and cores alone, so that the same training sums in the same order every time. Small
    steps get one thread: on a busy machine two threads that wait for each other made them ten times slower.

    Args:
        n_operations: Multiplications with an addition each that one row takes forward.
        n_rows: Rows of a step.
    """
    before = torch.get_num_threads()
    wanted = (os.cpu_count() or 1) if 6.0 * n_operations * n_rows >= _WORK_WORTH_THREADS else 1
    torch.set_num_threads(min(before, wanted))
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def share_cores(n_processes: int) -> None:
    """Let this process train with no more threads than its part of the cores."""
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // n_processes))


def describe_device(device: torch.device) -> str:
    """Name the device in words, such as `cpu (2 threads)` or `cuda:0 (NVIDIA H100)`."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"cpu ({torch.get_num_threads()} threads)"


def devices() -> list[str]:
    """Name every device of this machine that a search may use, as `describe_device` does."""
    places = [torch.device("cpu"), *(torch.device("cuda", place) for place in range(torch.cuda.device_count()))]
    return [describe_device(place) for place in places]


def idle_gpu() -> str | None:
    """Say why a GPU that seems to be there is of no use to this torch; None where none is, or it can be used."""
    if torch.cuda.is_available():
        return None
    if torch.version.cuda is not None:
        return f"torch is built for CUDA {torch.version.cuda} and finds no device that it can use"
    if Path("/proc/driver/nvidia/version").exists():
        return "this machine has an NVIDIA driver, and torch is built without CUDA; see https://pytorch.org/get-started"
    return None
