"""Compares what an ensemble is chosen by where accuracy counts: the number of right rows, or the loss.

    python benchmarks/choosing.py --seconds 45 --rows 3000 --seeds 10 11 12 13

Of each table some thousand rows are searched with `--ensemble 8 --include-trees --no-refit`, two tables at the same
time, a core each. Then an ensemble is chosen in either way from the same trials and trees, and up to 4,000 other rows
say how many each has right; the same once more for networks alone. Every table and seed is kept in
`benchmarks/results/choosing.json` as soon as it is there.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from few_rows import few_of
from problems import PROBLEMS, at_once, machine
from quality import run

from automl.evaluation.blend import blend
from automl.experiment import choosing
from automl.experiment.plan import Plan
from automl.experiment.rebuild import rebuild
from automl.experiment.stage import set_out
from automl.experiment.trees import rebuild_trees
from automl.tracking.record import PLAN, Record
from automl.training.weights import raw_outputs
from automl.trial import TREES

if TYPE_CHECKING:
    from collections.abc import Mapping

_HERE = Path(__file__).parent
_TABLES = ("adult", "satimage", "spambase", "hypothyroid")
_TOGETHER = 8
_ORDERS = {"by_rows": (), "by_loss": ("accuracy",)}
"""What `automl.experiment.choosing` takes the loss for."""
_POOLS = {"": True, "networks_": False}
"""Whether trees are in it."""
_ALONE = Lock()
"""Held by who says what the loss is taken for."""


def measure(name: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Search few rows of a table, and choose from what was found in every way."""
    with tempfile.TemporaryDirectory() as place:
        train, test = few_of(name, seed, options.rows, Path(place))
        words = ["search", str(train), "--target", PROBLEMS[name].target, "--seed", str(seed), "--metric", "accuracy"]
        words += ["--timeout", f"{options.seconds:g}s", "--ensemble", str(_TOGETHER), "--include-trees", "--no-refit"]
        words += ["--no-judge", "--test", str(test), "--study", "measured", "--runs-dir", place, "--quiet", "--json"]
        told = json.loads(run([sys.executable, "-m", "automl", *words]))
        with _ALONE:
            found = accuracies(Record(Path(place) / "measured"), pd.read_parquet(test))
    scores = ", ".join(f"{way} {value:.5g}" for way, value in found.items())
    print(f"{name}, seed {seed}: {scores}", flush=True)
    return {"table": name, "seed": seed, "searched": options.rows, "trials": told["trials"]["total"], **found}


def accuracies(record: Record, test: pd.DataFrame) -> dict[str, float]:
    """Say which share of the test rows is right by what is chosen in each way; nothing of the study is changed."""
    plan = Plan.from_json(record.read_json(PLAN))
    stage, found = set_out(record, plan), {}
    truth = stage.truth(test)
    for pool, has_trees in _POOLS.items():
        for order, counted in _ORDERS.items():
            choosing._COUNTED = counted
            own = choosing._Choosing(record, plan, stage, record.outcomes())
            own._pool = {number: each for number, each in own._pool.items() if has_trees or number not in TREES}
            choice = own.choice()
            shares = choice.ensemble.shares if choice.ensemble else {choice.best: 1.0}
            codes = stage.coder.predictions(answered(record, shares, test)).argmax(axis=1)
            found[pool + order] = float(np.mean(codes == truth))
    return found


def answered(record: Record, shares: Mapping[int, float], rows: pd.DataFrame) -> Any:
    """Give what some trials and trees say of rows together."""
    outputs = []
    for number in shares:
        module, preparation = rebuild_trees(record, number) if number in TREES else rebuild(record, number)
        outputs.append(raw_outputs(module, preparation.transform(rows)))
    return blend(outputs, [*shares.values()], "softmax")


def main() -> None:
    """Measure what is asked for and not there yet."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--seconds", type=float, default=45.0, help="of each search")
    made.add_argument("--rows", type=int, default=3000, help="to search on")
    made.add_argument("--tables", nargs="+", choices=_TABLES, default=_TABLES)
    made.add_argument("--seeds", nargs="+", type=int, default=[0])
    made.add_argument("--results", type=Path, default=_HERE / "results")
    options = made.parse_args()
    torch.set_num_threads(1)  # each of the two has a core
    path = options.results / "choosing.json"
    entries = json.loads(path.read_text())["entries"] if path.exists() else []
    done = {(entry["table"], entry["seed"]) for entry in entries}
    cases = [(name, seed) for seed in options.seeds for name in options.tables if (name, seed) not in done]
    for first in range(0, len(cases), 2):
        pair = cases[first : first + 2]
        entries += at_once(2, [lambda case=case: measure(*case, options) for case in pair])
        seeds = sorted({str(entry["seed"]) for entry in entries})
        command = ["python", "benchmarks/choosing.py", "--seconds", f"{options.seconds:g}"]
        command += ["--rows", str(options.rows), "--seeds", *seeds]
        facts = {"figure": "choosing", "machine": machine("cpu"), "command": shlex.join(command)}
        options.results.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(facts | {"entries": entries}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
