"""Steps on a CUDA device as graphs: recorded once, launched as one from then on, so that the device never waits.

What changes from step to step (which rows, what schedules make of rates, the step's number) lies on the device, where a
counter picks it: a launch takes nothing from the processor.

Source: https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs

Shapes:
    M members, N training rows, B rows a step, S steps of an epoch
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
from typing import TYPE_CHECKING

import torch

from automl.training.memory import is_out_of_memory, release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from automl.training.feed import Rows
    from automl.training.moves import Moves
    from automl.training.probe import Probe
    from automl.training.step import Step

_FEWEST_STEPS = 4
"""Steps an epoch below which recording takes longer than it saves."""


class Graphs:
    """Runs a cohort's steps as graphs, one for every number of rows a step.

    The first step of a size runs as it comes, and makes what lasts (states of optimizers, keys of random numbers); the
    second is recorded.

    Args:
        step: What is run.
        rows: The training rows, on the device.
        edges: Where batches begin and end.
        record: Records what a function does on the device, without doing it; gives what does it again.
    """

    def __init__(
        self, step: Step, rows: Rows, edges: Sequence[int], record: Callable[[Callable[[], None]], Callable[[], None]]
    ) -> None:
        self._step, self._rows, self._record = step, rows, record
        device = rows.trained_on
        self._sizes = [end - start for start, end in itertools.pairwise(edges)]
        self._starts = torch.tensor(edges[:-1], device=device)
        self._within = {size: torch.arange(size, device=device) for size in set(self._sizes)}
        self._launches: dict[int, Callable[[], None] | None] = {}
        self._unrecorded: set[int] = set()
        self._at = torch.zeros(1, dtype=torch.int64, device=device)
        self._order: Tensor | None = None
        self._moves: Moves | None = None

    def begin(self, order: Tensor, moves: Moves) -> None:
        """Begin an epoch: put what its steps are given where the graphs look for it."""
        self._at.zero_()
        if self._order is None or self._moves is None:
            self._order, self._moves = order, moves
            return
        self._order.copy_(order)
        for place, new in zip(self._moves.tensors(), moves.tensors()):
            place.copy_(new)

    def run(self, place: int, probe: Probe | None = None) -> None:
        """Run the step of that place: a watched one as it comes."""
        size = self._sizes[place]
        if probe is not None or size not in self._launches:
            self._once(size, probe)
            self._launches.setdefault(size, None)
            return
        if self._launches[size] is None and size not in self._unrecorded:
            self._launches[size] = self._recorded(size)
        launch = self._launches[size]
        if launch is None:
            self._unrecorded.add(size)
            self._once(size)
        else:
            launch()

    def _recorded(self, size: int) -> Callable[[], None] | None:
        """Record a step of that many rows; None where something in it cannot be recorded, and it runs as it comes.

        A graph has memory of its own, and cannot use what torch keeps for later: where there is too little, that is
        given back first.
        """
        for _ in range(2):
            try:
                return self._record(lambda: self._once(size))
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    return None
            release()
        return None

    def _once(self, size: int, probe: Probe | None = None) -> None:
        assert self._order is not None
        assert self._moves is not None
        columns = self._starts.index_select(0, self._at) + self._within[size]
        batch, target = self._rows.at(self._order.index_select(1, columns))
        self._step(batch, target, self._moves.at(self._at), probe)
        self._at += 1


class Recorder:
    """Records CUDA graphs that share their memory, and are never launched at once.

    Args:
        device: Where they run.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, function: Callable[[], None]) -> Callable[[], None]:
        """Record what a function does on the device, without doing it; give what does it again."""
        graph = torch.cuda.CUDAGraph()
        stream = _recording_stream(self._device)
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with _no_garbage_collected(), torch.cuda.stream(stream):
            graph.capture_begin(self._pool, capture_error_mode="thread_local")
            try:
                function()
            except BaseException:
                # What it made may outlive the graph, and nothing can be recorded into a pool without any graph.
                self._pool = torch.cuda.graph_pool_handle()
                raise
            finally:
                graph.capture_end()
        return graph.replay


def pays(rows: Rows, edges: Sequence[int], accumulation: int = 1) -> bool:
    """Tell whether steps are worth recording: on a CUDA device that holds the rows, where there are a few.

    A graph keeps the memory of its step for itself, beside that of steps that run as they come. Where batches go
    through in parts there is no room for both, and the parts are large enough to keep the device at work.
    """
    on_device = rows.trained_on == rows.target.device and rows.trained_on.type == "cuda"
    return on_device and len(edges) > _FEWEST_STEPS and accumulation == 1


@functools.cache
def _recording_stream(device: torch.device) -> torch.cuda.Stream:
    """Give the stream on which steps are recorded: always the same one, for it holds a workspace of cuBLAS."""
    stream: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    return stream


@contextlib.contextmanager
def _no_garbage_collected() -> Iterator[None]:
    """Keep what is no longer used until later: a graph must not be freed while another is recorded."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
