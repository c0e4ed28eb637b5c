"""Measures the memory that a candidate takes in training, beside what is predicted before it is built.

    python benchmarks/memory.py --data satimage --space tabular --networks 30
    python benchmarks/memory.py --data fashion_mnist_12k --space cnn --networks 30 --most 3e9

Networks are drawn from the space; of each, the most bytes of tensors that are alive at once are counted while it is
made, makes a few steps and is evaluated, alone, beside the rows: torch's profiler tells every allocation and release.
Where less than `--least` bytes are needed, a ratio says little, and none counts.
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from masks import Nobody
from problems import add_list_options, cohorts_of, machine, parser, set_stage

from automl.experiment.recipe import read_recipe
from automl.models.build import build, costs
from automl.models.cost import operations, training_bytes
from automl.training.arguments import Member, n_decays, n_slots
from automl.training.cohort import Cohort
from automl.training.weights import as_rows

if TYPE_CHECKING:
    from automl.experiment.stage import Stage
    from automl.trial import Config

_RESULTS = Path(__file__).parent / "results"
_STEPS = 3


def peak(config: Config, stage: Stage) -> int:
    """Give the most bytes of tensors that one candidate has at once, beside the rows."""
    recipe = read_recipe(config)
    prepared = stage.prepare(recipe.preparing)
    blocks, n_outputs = prepared.preparation.blocks, stage.task.n_outputs
    n_rows = _STEPS * recipe.training.batch_size
    train, validation = (
        as_rows({name: block[:n_rows] for name, block in arrays.items()}, stage.targets(table)[:n_rows], _CPU)
        for arrays, table in ((prepared.train, stage.train), (prepared.validation, stage.validation))
    )
    member = Member(
        seed=0,
        optimizer=recipe.optimizer,
        schedule=recipe.schedule,
        training=recipe.training,
        augmenting=recipe.augment,
    )
    work = operations(costs(recipe.family, blocks, n_outputs))
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as seen:
        network = build(recipe.family, blocks, n_outputs, seed=0)
        cohort = Cohort([network], [member], train, validation, Nobody(), n_operations=work)
        for _ in range(2):
            cohort.run_epoch()
    return most_alive(seen)


_CPU = torch.device("cpu")


def most_alive(seen: torch.profiler.profile) -> int:
    """Give the most bytes that were alive at once in what a profile saw."""
    alive = most = 0
    assert seen.profiler is not None and seen.profiler.kineto_results is not None
    told = [each for each in seen.profiler.kineto_results.events() if each.name() == "[memory]"]
    for event in sorted(told, key=lambda each: each.start_ns()):
        alive += event.nbytes()
        most = max(most, alive)
    return most


def main() -> None:
    """Measure every network that is drawn and not too large."""
    made = parser(__doc__)
    add_list_options(made)
    made.add_argument("--networks", type=int, default=20)
    made.add_argument("--least", type=float, default=50e6, help="bytes from which a ratio counts")
    made.add_argument("--most", type=float, default=4e9, help="bytes beyond which a network is left out")
    made.add_argument("--results", type=Path, default=_RESULTS, help="the folder of the results")
    options = made.parse_args()
    options.candidates, options.recipes, options.epochs = options.networks, 1, 2
    with tempfile.TemporaryDirectory() as room:
        _, _, stage = set_stage(options.data, options.space, Path(room), options.seed)
        _, cohorts = cohorts_of(options, stage)
        rows = [measure(config, stage, options) for (config,) in cohorts]
    counted = [row for row in rows if row is not None and row["measured"] >= options.least]
    ratios = sorted(row["ratio"] for row in counted)
    result: dict[str, Any] = {"networks": len(counted), "ratios": ratios, "rows": counted}
    if ratios:
        result |= {"median": statistics.median(ratios), "within": sum(0.75 <= each <= 1.25 for each in ratios)}
    facts = {"command": shlex.join(["python", *sys.argv]), "machine": machine(options.device)}
    path = options.results / f"memory-{options.data}-{options.space}.json"
    path.write_text(json.dumps({**facts, **result}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: result.get(name) for name in ("networks", "median", "within", "ratios")}))


def measure(config: Config, stage: Stage, options: argparse.Namespace) -> dict[str, Any] | None:
    """Predict and measure one network; None where there is no such network, or it is too large."""
    recipe = read_recipe(config)
    try:
        layers = costs(recipe.family, stage.prepare(recipe.preparing).preparation.blocks, stage.task.n_outputs)
    except ValueError:
        return None
    predicted = training_bytes(
        layers,
        recipe.training.batch_size,
        n_slots=n_slots(recipe.optimizer),
        n_decays=n_decays(recipe.optimizer),
        n_evaluated=_STEPS * recipe.training.batch_size,
    )
    if predicted > options.most:
        return None
    measured = peak(config, stage)
    shown = {name: value for name, value in config.items() if name.startswith(("family", "optimizer"))}
    return {
        "predicted": predicted,
        "measured": measured,
        "ratio": round(predicted / measured, 3),
        "parameters": sum(layer.parameters for layer in layers),
        "batch_size": recipe.training.batch_size,
        "config": shown,
    }


if __name__ == "__main__":
    main()
