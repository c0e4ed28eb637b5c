"""Memory that runs out: on a CUDA device for real; on a processor what tensors hold is counted, and bounded."""

from __future__ import annotations

import contextlib
import gc
import weakref

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Scarce(TorchDispatchMode):
    """Counts the bytes of the tensors that are made while it is entered, and lets them be so many at most.

    Args:
        bound: In bytes; None only counts.
    """

    def __init__(self, bound=None):
        super().__init__()
        self.bound = bound
        self.held = self.most = self.refusals = 0
        self._known = {}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return made

    def _count(self, storage):
        key = storage._cdata
        if key in self._known:
            return
        n_bytes = storage.nbytes()
        if self.bound is not None and self.held + n_bytes > self.bound:
            self.refusals += 1
            raise torch.OutOfMemoryError(f"out of memory. Tried to allocate {n_bytes} bytes.")
        self._known[key] = weakref.finalize(storage, self._let_go, key, n_bytes)
        self.held += n_bytes
        self.most = max(self.most, self.held)

    def _let_go(self, key, n_bytes):
        del self._known[key]
        self.held -= n_bytes


class Processor:
    """A processor of which memory may be short; sizes are such that a test takes a second."""

    device = torch.device("cpu")
    members, batch, steps, width, widest = 4, 64, 5, 32, 256
    tolerance = 1e-4

    def most(self, work):
        """The most bytes of tensors that are alive at once while some work is done."""
        with Scarce() as memory:
            work()
        return memory.most

    def bounded(self, n_bytes):
        """Let all tensors be so many bytes at most while the block runs."""
        return Scarce(n_bytes)


class Cuda:
    """A CUDA device likewise; sizes are such that what torch itself takes there does not count."""

    device = torch.device("cuda", 0)
    members, batch, steps, width, widest = 16, 32768, 5, 128, 8192
    tolerance = 2e-2

    def most(self, work):
        """The most bytes of tensors that are alive at once while some work is done."""
        torch.cuda.init()  # else there is no device yet whose peak could be reset
        _give_back()
        torch.cuda.reset_peak_memory_stats(self.device)
        work()
        most = torch.cuda.max_memory_allocated(self.device)
        _give_back()
        return most

    @contextlib.contextmanager
    def bounded(self, n_bytes):
        """Let torch have so many bytes at most while the block runs."""
        _give_back()
        total = torch.cuda.get_device_properties(self.device).total_memory
        torch.cuda.set_per_process_memory_fraction(n_bytes / total, self.device)
        try:
            yield
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0, self.device)
            _give_back()

    def held(self):
        """The bytes of the tensors that are alive."""
        _give_back()
        return torch.cuda.memory_allocated(self.device)


def _give_back():
    gc.collect()
    torch.cuda.empty_cache()
