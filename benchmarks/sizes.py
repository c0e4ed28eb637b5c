"""Measures what an epoch costs a candidate, by how many train together; on a GPU also by how steps are run.

    python benchmarks/sizes.py --data satimage --space narrow64 --sizes 1 4 16
    python benchmarks/sizes.py --data satimage --space narrow64 --sizes 1 16 64 256 --device cuda --profile

An architecture is drawn from the space, and recipes for it; cohorts of them train without early stopping. What is told
for every size: the median milliseconds of an epoch, and those by candidate. On a CUDA device steps run as they come
(`eager`) and as graphs, in float32 and in bfloat16; `graphs compiled` records what `torch.compile` makes of the forward
and backward pass, which its first epochs have to wait for. `--profile` adds what share of the time the device computes,
and the three kernels that take most of it. The sizes that a search takes (`automl/training/size.py`) come from here.
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from masks import Nobody
from problems import add_list_options, cohorts_of, machine, parser, set_stage

from automl.experiment.recipe import read_recipe
from automl.models.build import build, count_operations
from automl.training import device as devices
from automl.training.arguments import Member
from automl.training.cohort import Cohort
from automl.training.device import threads_for
from automl.training.step import Eager
from automl.training.weights import as_rows

if TYPE_CHECKING:
    from automl.experiment.stage import Stage
    from automl.trial import Config

_RESULTS = Path(__file__).parent / "results"
_FEWEST_EPOCHS = 3


def cohort_of(configs: list[Config], stage: Stage, device: torch.device) -> tuple[Cohort, int]:
    """Make a cohort of configs of one architecture; give it and the operations of a row."""
    recipes = [read_recipe(config) for config in configs]
    prepared = stage.prepare(recipes[0].preparing)
    blocks, n_outputs = prepared.preparation.blocks, stage.task.n_outputs
    rows = [
        as_rows(arrays, stage.targets(table), device)
        for arrays, table in ((prepared.train, stage.train), (prepared.validation, stage.validation))
    ]
    members = [
        Member(
            seed=seed,
            optimizer=recipe.optimizer,
            schedule=recipe.schedule,
            training=replace(recipe.training, epochs=10**6, patience=10**6),
            augmenting=recipe.augment,
            loss=stage.task.traits.loss,
            quantiles=stage.task.quantiles,
        )
        for seed, recipe in enumerate(recipes)
    ]
    networks = [build(recipe.family, blocks, n_outputs, seed=seed) for seed, recipe in enumerate(recipes)]
    n_operations = count_operations(recipes[0].family, blocks, n_outputs)
    return Cohort(networks, members, rows[0], rows[1], Nobody(), n_operations=n_operations), n_operations


def settle(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure(options: argparse.Namespace, configs: list[Config], stage: Stage, way: str) -> dict[str, Any]:
    """Time epochs of one cohort, run in one way."""
    device = torch.device(options.device)
    devices._WORK_WORTH_BFLOAT16[device.type] = 0.0 if "bfloat16" in way else float("inf")
    began = time.perf_counter()
    cohort, n_operations = cohort_of(configs, stage, device)
    settle(device)
    made = time.perf_counter() - began
    if "compiled" in way:
        cohort._stack.forward = torch.compile(cohort._stack.forward, dynamic=False)  # type: ignore[method-assign]
    if "eager" in way:
        cohort._runner = Eager(cohort._step, cohort._train, cohort._edges)
    laps: list[float] = []
    with threads_for(max(cohort.step_size[0], n_operations), cohort.step_size[1]):
        ends = time.perf_counter() + options.seconds
        while len(laps) <= _FEWEST_EPOCHS or time.perf_counter() < ends:
            began = time.perf_counter()
            cohort.run_epoch()
            settle(device)
            laps.append(1000 * (time.perf_counter() - began))
        found: dict[str, Any] = {
            "members": len(configs),
            "way": way,
            "batch_size": read_recipe(configs[0]).training.batch_size,
            "operations": n_operations,
            "made_ms": round(1000 * made, 1),
            "first_epochs_ms": [round(lap, 1) for lap in laps[:2]],
            "epoch_ms": round(statistics.median(laps[2:]), 2),
        }
        found["by_candidate_ms"] = round(found["epoch_ms"] / len(configs), 3)
        if options.profile and device.type == "cuda":
            found |= profile(cohort, device)
    return found


def profile(cohort: Cohort, device: torch.device) -> dict[str, Any]:
    """Give the share of an epoch's time in which the device computes, and the kernels that take most of it."""
    activities = [torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as seen:
        began = time.perf_counter()
        for _ in range(_FEWEST_EPOCHS):
            cohort.run_epoch()
        settle(device)
        seconds = time.perf_counter() - began
    kernels = sorted(seen.key_averages(), key=lambda each: -each.self_device_time_total)
    busy = sum(each.self_device_time_total for each in kernels)
    return {
        "utilisation": round(busy / 1e6 / seconds, 3),
        "kernels_a_step": round(sum(each.count for each in kernels) / _FEWEST_EPOCHS / (len(cohort._edges) - 1)),
        "costs": {each.key[:90]: round(each.self_device_time_total / busy, 3) for each in kernels[:3]},
    }


def main() -> None:
    """Measure every size in every way."""
    made = parser(__doc__)
    add_list_options(made)
    made.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    made.add_argument("--seconds", type=float, default=3.0, help="of each measurement, beside the first epochs")
    made.add_argument("--profile", action="store_true", help="on a CUDA device: utilisation and largest costs")
    made.add_argument(
        "--ways",
        nargs="+",
        help="eager or graphs, with bfloat16 or compiled; `eager`, `graphs` and `graphs bfloat16` where left out",
    )
    made.add_argument("--results", type=Path, default=_RESULTS, help="the folder of the results")
    options = made.parse_args()
    is_cuda = options.device.startswith("cuda")
    ways = ["eager", "graphs", "graphs bfloat16"] if is_cuda else ["eager"]
    options.recipes = options.candidates = max(options.sizes)
    marks = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as room:
        _, _, stage = set_stage(options.data, options.space, Path(room), options.seed)
        _, cohorts = cohorts_of(options, stage)
        for size in options.sizes:
            for way in options.ways or ways:
                marks.append(measure(options, cohorts[0][:size], stage, way))
                print(marks[-1], flush=True)
    facts: dict[str, Any] = {"figure": "sizes", "data": options.data, "space": options.space}
    facts |= {"machine": machine(options.device)}
    facts |= {"command": shlex.join(["python", "benchmarks/sizes.py", *sys.argv[1:]])}
    path = options.results / f"sizes-{options.data}-{options.space}-{options.device.partition(':')[0]}.json"
    options.results.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**facts, "marks": marks}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
