"""Compares, on few rows of large tables, an ensemble chosen over folds with one chosen by one set of validation rows.

    python benchmarks/few_rows.py --seconds 30 --seeds 0 1 --systems autogluon_medium flaml

Of each table some hundred rows are searched and up to 4,000 others judge, so that a difference shows which the few test
rows of a small table would hide. Two searches run at the same time, a core each, with `--ensemble 8 --include-trees`:
one as few rows are searched by default, the other with `--no-refit`. Then peers, a core each too; their environments
are those of `quality.py`. Every table and seed is kept in `benchmarks/results/few-rows.json` as soon as it is there.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from problems import PROBLEMS, at_once, data_file, machine
from quality import TABLES, compared, peer, run

_HERE = Path(__file__).parent
_FEWEST_OF_A_CLASS = 60
_MOST_TEST_ROWS = 4000
_LARGE = (
    *("adult", "satimage", "spambase", "hypothyroid"),
    *("california_housing", "abalone", "wine_quality", "diamonds"),
)
_WAYS: dict[str, tuple[str, ...]] = {"automl": (), "automl_one_set": ("--no-refit",)}


def few_of(name: str, seed: int, count: int, room: Path) -> tuple[Path, Path]:
    """Write a table's few rows to search on and its other rows; a class of a handful of rows is left out."""
    table, rows = PROBLEMS[name], pd.read_parquet(data_file(name, room))
    rows = rows[rows[table.target].notna()].drop(columns=[table.split] if table.split else [])
    if table.are_classes:
        rows = rows[rows[table.target].map(rows[table.target].value_counts()) > _FEWEST_OF_A_CLASS]
    rows = rows.sample(frac=1.0, random_state=100 + seed).reset_index(drop=True)
    paths = room / "train.parquet", room / "test.parquet"
    for part, path in zip((rows[:count], rows[count : count + _MOST_TEST_ROWS]), paths):
        part.reset_index(drop=True).to_parquet(path)
    return paths


def searched(way: str, name: str, train: Path, test: Path, seed: int, seconds: float) -> dict[str, Any]:
    """Search in one way; give what the model predicts."""
    table, room = PROBLEMS[name], train.parent / way
    words = ["search", str(train), "--test", str(test), "--target", table.target, "--seed", str(seed)]
    words += ["--metric", "accuracy"] if table.are_classes else ["--task", "regression", "--metric", "rmse"]
    words += ["--timeout", f"{seconds:g}s", "--ensemble", "8", "--include-trees", "--study", "measured"]
    told = json.loads(
        run([sys.executable, "-m", "automl", *words, "--runs-dir", str(room), "--quiet", "--json", *_WAYS[way]])
    )
    rows = pd.read_parquet(room / "measured" / "judgement.parquet").sort_values("row")
    return {"predicted": rows["prediction"].to_numpy(), "trials": told["trials"]["total"]}


def measure(name: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Search few rows of a table in both ways, and by the peers."""
    with tempfile.TemporaryDirectory() as place:
        train, test = few_of(name, seed, options.rows, Path(place))
        calls = {way: lambda way=way: searched(way, name, train, test, seed, options.seconds) for way in _WAYS}
        calls |= {
            system: lambda system=system: peer(system, name, train, test, options, seed, cores=1)
            for system in options.systems
        }
        found = dict(zip(calls, at_once(len(_WAYS), [*calls.values()])))
        entry = {"seed": seed, "searched": options.rows, **compared(name, test, found)}
    scores = ", ".join(f"{way} {one['value']:.5g}" for way, one in entry["systems"].items())
    print(f"{name}, seed {seed}: {scores}", flush=True)
    return entry


def main() -> None:
    """Measure what is asked for and not there yet."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--seconds", type=float, default=30.0, help="of each search")
    made.add_argument("--rows", type=int, default=700, help="to search on")
    made.add_argument("--tables", nargs="+", choices=TABLES, default=_LARGE)
    made.add_argument("--seeds", nargs="+", type=int, default=[0])
    made.add_argument("--systems", nargs="*", default=[], help="peers; see peers.py")
    made.add_argument("--peers", type=Path, default=Path("peers"), help="the folder of their environments")
    made.add_argument("--results", type=Path, default=_HERE / "results")
    options = made.parse_args()
    path = options.results / "few-rows.json"
    entries = json.loads(path.read_text())["entries"] if path.exists() else []
    for seed in options.seeds:
        for name in options.tables:
            if any((entry["table"], entry["seed"]) == (name, seed) for entry in entries):
                continue
            entries.append(measure(name, seed, options))
            seeds = sorted({str(entry["seed"]) for entry in entries})
            command = ["python", "benchmarks/few_rows.py", "--seconds", f"{options.seconds:g}", "--seeds", *seeds]
            command += ["--systems", *options.systems] if options.systems else []
            facts = {"figure": "few-rows", "machine": machine("cpu"), "command": shlex.join(command)}
            options.results.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(facts | {"entries": entries}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
