"""Measures what it costs that the dropout masks of every member of a cohort are functions of its own seed.

    python benchmarks/masks.py --widths 32 64 128 --members 8 16 --epochs 15

Epochs of the same cohort are trained in turn in two ways: each member's masks are made of its seed and the step, as it
is; and one draw for the whole cohort comes from a single generator of torch. `draw_ms` is what an epoch's draws take of
its `epoch_ms`, in milliseconds of the processor, by their medians; shares are of an epoch as it is. The networks are
three layers deep, with dropout after each; few rows are validated, so that an epoch is hardly more than its training.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from problems import machine, parser, set_stage

from automl.data.preparing import Preparing
from automl.models.build import build
from automl.models.families.mlp import MLP
from automl.training.arguments import AdamW, Constant, Member, Training
from automl.training.cohort import Cohort
from automl.training.device import pick_device, threads_for
from automl.training.noise import Noise
from automl.training.weights import as_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from torch import Tensor

    from automl.experiment.stage import Stage
    from automl.trial import Epoch

    Draw = Callable[[Noise, dict[str, Tensor], Tensor], list[Tensor]]

_RESULTS = Path(__file__).parent / "results"
_VALIDATED = 64
_WARM_UP = 2
_own = Noise.draw


class Nobody:
    """Watches nothing."""

    higher_is_better = True

    def score(self, outputs: np.ndarray) -> float:
        """Score every epoch alike."""
        return 0.0

    def epoch_ended(self, epochs: Mapping[int, Epoch]) -> set[int]:
        """Stop nobody."""
        return set()

    def is_over(self) -> bool:
        """Give it all the time it needs."""
        return False


def from_one() -> Draw:
    """Draw for the whole cohort from a single generator, all at once."""
    known: dict[int, list[torch.Size]] = {}
    generator = torch.Generator().manual_seed(0)

    def draw(noise: Noise, batch: dict[str, Tensor], step: Tensor) -> list[Tensor]:
        n_rows = next(iter(batch.values())).shape[1]
        if n_rows not in known:
            known[n_rows] = [part.shape for part in _own(noise, batch, step)]
        sizes = [shape.numel() for shape in known[n_rows]]
        words = torch.empty(math.ceil(sum(sizes) / 4), dtype=torch.int64)
        words.random_(-(2**63), None, generator=generator)
        parts = torch.split(words.view(torch.int16)[: sum(sizes)], sizes)
        return [part.view(shape) for part, shape in zip(parts, known[n_rows])]

    return draw


class Timed:
    """A way of drawing, and the seconds of the processor it has taken."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self.seconds = 0.0

    def __call__(self, noise: Noise, batch: dict[str, Tensor], step: Tensor) -> list[Tensor]:
        """Draw."""
        began = time.process_time()
        drawn = self._draw(noise, batch, step)
        self.seconds += time.process_time() - began
        return drawn


def cohort_for(options: argparse.Namespace, stage: Stage, width: int, n_members: int) -> Cohort:
    """Make a cohort whose members differ in their seeds and dropout rates."""
    prepared = stage.prepare(Preparing())
    device = pick_device(options.device)
    train = as_rows(prepared.train, stage.targets(stage.train), device)
    few = {name: array[:_VALIDATED] for name, array in prepared.validation.items()}
    validation = as_rows(few, stage.targets(stage.validation)[:_VALIDATED], device)
    training = Training(batch_size=options.batch_size, epochs=10**6, patience=10**6)
    members = [
        Member(seed=seed, optimizer=AdamW(), schedule=Constant(), training=training) for seed in range(n_members)
    ]
    modules = [
        build(
            MLP(layers=3, width=width, dropout=0.1 + 0.02 * seed),
            prepared.preparation.blocks,
            stage.task.n_outputs,
            seed=seed,
        )
        for seed in range(n_members)
    ]
    return Cohort(modules, members, train, validation, Nobody())


def measure(options: argparse.Namespace, stage: Stage, width: int, n_members: int) -> dict[str, Any]:
    """Train epochs in both ways in turn; give the medians of their milliseconds, and of those of their draws."""
    ways = {"own": Timed(_own), "one": Timed(from_one())}
    cohorts = {way: cohort_for(options, stage, width, n_members) for way in ways}
    epochs: dict[str, list[float]] = {way: [] for way in ways}
    draws: dict[str, list[float]] = {way: [] for way in ways}
    with threads_for(*cohorts["own"].step_size) as n_threads:
        for epoch in range(_WARM_UP + options.epochs):
            for way in list(ways)[:: 1 if epoch % 2 else -1]:
                drawing = ways[way]
                Noise.draw = lambda *given, drawing=drawing: drawing(*given)  # type: ignore[method-assign]
                began, drawn = time.process_time(), drawing.seconds
                cohorts[way].run_epoch()
                epochs[way].append(time.process_time() - began)
                draws[way].append(drawing.seconds - drawn)
    epoch_ms = {way: 1000 * statistics.median(laps[_WARM_UP:]) for way, laps in epochs.items()}
    draw_ms = {way: 1000 * statistics.median(laps[_WARM_UP:]) for way, laps in draws.items()}
    return {
        "width": width,
        "members": n_members,
        "threads": n_threads,
        "epoch_ms": {way: round(median, 1) for way, median in epoch_ms.items()},
        "draw_ms": {way: round(median, 2) for way, median in draw_ms.items()},
        "share_of_drawing": round(draw_ms["own"] / epoch_ms["own"], 4),
        "share_of_own_seeds": round((draw_ms["own"] - draw_ms["one"]) / epoch_ms["own"], 4),
    }


def main() -> None:
    """Measure every width with every number of members."""
    made = parser(__doc__)
    made.add_argument("--widths", type=int, nargs="+", default=[32, 64, 128])
    made.add_argument("--members", type=int, nargs="+", default=[8, 16], help="sizes of the cohort")
    made.add_argument("--epochs", type=int, default=15, help="of each way, beside those that warm up")
    made.add_argument("--batch-size", type=int, default=256)
    made.add_argument("--results", type=Path, default=_RESULTS, help="the folder of the results")
    options = made.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as room:
        _, _, stage = set_stage(options.data, options.space, Path(room), options.seed)
        marks = []
        for width in options.widths:
            for n_members in options.members:
                marks.append(measure(options, stage, width, n_members))
                print(marks[-1], flush=True)
    result = {"data": options.data, "batch_size": options.batch_size, "epochs": options.epochs, "marks": marks}
    facts = {"figure": "masks", "machine": machine(options.device)}
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / "masks.json"
    path.write_text(json.dumps(facts | result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
