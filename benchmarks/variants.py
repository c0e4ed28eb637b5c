"""Compares what a search finds with what it finds without cohorts, and with random search that trains every trial out.

    python benchmarks/variants.py --data credit_g --trials 60 --seeds 5

Every variant searches with the same seeds, so over the same divisions of the rows, and the same number of trials. What
is told: the winner's validation and test score, seconds, and the mean differences from the search as it is, with their
standard errors over the seeds.
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import ours
from problems import at_once, machine, parser, search_words

_RESULTS = Path(__file__).parent / "results"
VARIANTS = {
    "automl": [],
    "one at a time": ["--cohort", "1"],
    "random, trained out": ["--cohort", "1", "--sampler", "random", "--pruner", "none"],
}


def search(options: argparse.Namespace, name: str, seed: int) -> dict[str, Any]:
    """Run a search of a variant; give its winner's scores and its seconds."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as room:
        asked = [*search_words(options.data, options.space, Path(room)), *VARIANTS[name]]
        asked += ["--trials", str(options.trials), "--seed", str(seed), "--device", options.device]
        asked += ["--runs-dir", f"{room}/runs", "--json", "--quiet"]
        command = [sys.executable, "-m", "automl", *asked]
        done = subprocess.run(command, capture_output=True, text=True, env=ours.environment_without_server())
    if done.returncode:
        sys.exit(done.stderr)
    told = json.loads(done.stdout)
    run = {"validation": told["best"]["validation"], "test": told["test"]["value"], "seconds": told["seconds"]}
    print(f"seed {seed}, {name}: {run}", file=sys.stderr, flush=True)
    return run


def difference(own: list[dict[str, Any]], other: list[dict[str, Any]], score: str) -> tuple[float, float]:
    """Give the mean of other - own over the seeds, and its standard error."""
    differences = [theirs[score] - ours_[score] for theirs, ours_ in zip(other, own)]
    error = statistics.stdev(differences) / len(differences) ** 0.5 if len(differences) > 1 else float("nan")
    return statistics.mean(differences), error


def main() -> None:
    """Run every variant with every seed, in turn."""
    made = parser(__doc__)
    made.set_defaults(data="credit_g")
    made.add_argument("--trials", type=int, default=60)
    made.add_argument("--seeds", type=int, default=5)
    made.add_argument("--results", type=Path, default=_RESULTS, help="the folder of the results")
    options = made.parse_args()
    pairs = [(seed, name) for seed in range(options.seeds) for name in VARIANTS]
    found = at_once(options.at_once, [partial(search, options, name, seed) for seed, name in pairs])
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in VARIANTS}
    for (_, name), run in zip(pairs, found):
        runs[name].append(run)
    result: dict[str, Any] = {"figure": "variants", "data": options.data, "space": options.space}
    result |= {"trials": options.trials, "machine": machine(options.device), "runs": runs}
    result["differences"] = {
        name: {score: difference(runs["automl"], own, score) for score in ("validation", "test")}
        for name, own in runs.items()
        if name != "automl"
    }
    result["command"] = shlex.join(["python", "benchmarks/variants.py", *sys.argv[1:]])
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"variants-{options.data}-{options.space}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result["differences"]))


if __name__ == "__main__":
    main()
