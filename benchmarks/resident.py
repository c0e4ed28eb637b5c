"""Measures the resident memory of a search, trial by trial: whether it grows with their number.

    python benchmarks/resident.py --trials 500

One search in this process, with its record, its journal, MLflow and its checkpoints; of the memory only what is the
process's own counts (`RssAnon` of /proc/self/status: pages of files, such as libraries, are the system's to drop).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from problems import SPACES, machine

from automl.experiment.plan import Plan
from automl.experiment.progress import Silent
from automl.experiment.run import search

if TYPE_CHECKING:
    from automl.trial import Outcome

_RESULTS = Path(__file__).parent / "results"
_STATUS = Path("/proc/self/status")
_SETTLED = 0.2
"""The share of the trials after which nothing is new to the process any more, and growth is growth."""
_SHOWN = 6


def resident_bytes() -> int:
    """Give the memory that is this process's own."""
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


class Measuring(Silent):
    """Notes the memory whenever a trial is over, and now and then says it."""

    def __init__(self) -> None:
        self.by_trial: list[int] = []

    def trial_ended(self, number: int, outcome: Outcome) -> None:
        """Note it."""
        self.by_trial.append(resident_bytes())
        if len(self.by_trial) % 50 == 0:
            print(f"{len(self.by_trial)} trials: {self.by_trial[-1] / 1e6:.1f} MB", flush=True)


def growth(by_trial: list[int]) -> float:
    """Give the bytes a trial that memory grows by in the end: the median of the slopes between its two halves.

    Each trial of the first half of those after the settling is compared with the one as far into the second half, so
    that a single large trial does not count (Theil 1950).
    """
    settled = by_trial[int(_SETTLED * len(by_trial)) :]
    half = len(settled) // 2
    return statistics.median((later - earlier) / half for earlier, later in zip(settled[:half], settled[half:]))


def measure(options: argparse.Namespace, room: Path) -> dict[str, Any]:
    """Search, and give the memory by trial."""
    heard = Measuring()
    plan = Plan(
        data=options.data,
        study="resident",
        runs_dir=str(room / "runs"),
        space=SPACES[options.space],
        trials=options.trials,
        seed=options.seed,
        judge=False,
    )
    before = resident_bytes()
    began = time.perf_counter()
    search(plan, progress=heard)
    seconds = round(time.perf_counter() - began, 1)
    places = [round(share * (len(heard.by_trial) - 1) / (_SHOWN - 1)) for share in range(_SHOWN)]
    return {
        "trials": len(heard.by_trial),
        "seconds": seconds,
        "before_bytes": before,
        "marks": [{"trial": place, "bytes": heard.by_trial[place]} for place in places],
        "growth_bytes_a_trial": round(growth(heard.by_trial)),
        "by_trial": heard.by_trial,
    }


def main() -> None:
    """Measure it."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--data", default="iris", help="a built-in set, or a file")
    made.add_argument("--space", choices=SPACES, default="tiny")
    made.add_argument("--trials", type=int, default=500)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--results", type=Path, default=_RESULTS, help="the folder of the results")
    options = made.parse_args()
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as room:
        result = measure(options, Path(room))
    command = f"python benchmarks/resident.py --data {options.data} --space {options.space} --trials {options.trials}"
    name = f"resident-{options.data}-{options.space}"
    facts = {"figure": "resident", "data": options.data, "space": options.space, "command": command}
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"{name}.json"
    path.write_text(json.dumps(facts | {"machine": machine("cpu")} | result) + "\n", encoding="utf-8")
    print(json.dumps({name: value for name, value in result.items() if name != "by_trial"}))


if __name__ == "__main__":
    main()
