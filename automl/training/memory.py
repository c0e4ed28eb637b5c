"""Memory that runs out: what tells it from other faults, and how what is no longer used is given back."""

from __future__ import annotations

import gc

import torch
from torch import nn

_WORDS = ("out of memory", "can't allocate memory", "STATUS_ALLOC_FAILED", "ALLOCATION_FAILED")
"""What libraries say of it where torch knows no better: the driver, the processor's allocator, cuBLAS, cuDNN."""


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out, on the device or beside it.

    Examples:
        >>> is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."))
        True
        >>> is_out_of_memory(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"))
        True
        >>> is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
        False
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


def release() -> None:
    """Give back what is no longer used: what only circles of objects hold, then what torch keeps for later."""
    gc.collect()
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()


def has_batch_norm(module: nn.Module) -> bool:
    """Tell whether a network looks at a batch as a whole, so that parts of it would train otherwise."""
    return any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in module.modules())
