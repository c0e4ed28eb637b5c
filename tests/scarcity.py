"""A processor whose memory runs out: what tensors hold is counted, and past a bound torch says so as on a device."""

from __future__ import annotations

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
