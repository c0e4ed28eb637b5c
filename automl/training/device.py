"""Where tensors live: the device asked for, or the best there is."""

from __future__ import annotations

import contextlib

import torch

from automl.errors import PlanError


def pick_device(name: str) -> torch.device:
    """Turn `auto`, `cpu`, `cuda` or `cuda:1` into a device that is there.

    Raises:
        PlanError: The device is unknown, or this machine or this torch lacks it.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    kind, _, index = name.partition(":")
    if kind != "cuda" or (index and not index.isdigit()):
        raise PlanError(f"a device is auto, cpu, cuda or cuda:N, got {name!r}")
    if int(index or 0) >= torch.cuda.device_count():
        raise PlanError(f"this machine has {torch.cuda.device_count()} CUDA devices, so there is no {name!r}")
    return torch.device(name)


def mixed_precision(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Run matrix products in bfloat16 on a CUDA device; nothing elsewhere."""
    if device.type != "cuda":
        return contextlib.nullcontext()
    return torch.autocast("cuda", dtype=torch.bfloat16)


def describe_device(device: torch.device) -> str:
    """Name the device in words, such as `cpu (2 threads)` or `cuda:0 (NVIDIA H100)`."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"cpu ({torch.get_num_threads()} threads)"
