"""Trains one RealMLP with its published defaults here and by its authors' package, at the same time, a core each.

    python benchmarks/realmlp.py --tables satimage credit_g --peers peers

Both get the same training rows, divide off their own validation rows, and predict the same test rows. The seconds are
here a trial's own, there those of `fit` and `predict`, without imports and reading on either side. Environments and
tables are those of `quality.py`; every table and seed is kept in `benchmarks/results/realmlp.json` as soon as it is
there.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from problems import PROBLEMS, at_once, machine
from quality import TABLES, compared, divide, run

if TYPE_CHECKING:
    from collections.abc import Callable

_HERE = Path(__file__).parent


def here(name: str, seed: int, train: Path, test: Path) -> dict[str, Any]:
    """Train it here: a search of one trial."""
    kind, room = "classes" if PROBLEMS[name].are_classes else "numbers", train.parent / "runs"
    words = ["search", str(train), "--test", str(test), "--target", PROBLEMS[name].target, "--seed", str(seed)]
    words += ["--space", str(_HERE / "spaces" / f"realmlp_{kind}.yaml"), "--trials", "1", "--study", "measured"]
    started = time.perf_counter()
    run([sys.executable, "-m", "automl", *words, "--runs-dir", str(room), "--quiet", "--json"])
    whole, study = time.perf_counter() - started, room / "measured"
    outcome = json.loads((study / "trials" / "0000" / "outcome.json").read_text())
    rows = pd.read_parquet(study / "judgement.parquet").sort_values("row")
    facts = {"seconds": round(outcome["seconds"], 1), "command_seconds": round(whole, 1), "epochs": outcome["epochs"]}
    return {"predicted": rows["prediction"].to_numpy(), **facts}


def there(name: str, seed: int, train: Path, test: Path, python: Path) -> dict[str, Any]:
    """Let its authors' package train it."""
    output = train.with_name("realmlp.parquet")
    words = ["realmlp", str(train), str(test), str(output), "--target", PROBLEMS[name].target, "--seed", str(seed)]
    words += ["--cores", "1", *(["--classes"] if PROBLEMS[name].are_classes else [])]
    told = json.loads(run([str(python), str(_HERE / "peers.py"), *words]).splitlines()[-1])
    return {"predicted": pd.read_parquet(output)["prediction"].to_numpy(), **told}


def measure(name: str, seed: int, python: Path) -> dict[str, Any]:
    """Train both on one division of a table."""
    with tempfile.TemporaryDirectory() as place:
        train, test = divide(name, seed, Path(place))
        sides: list[Callable[[], dict[str, Any]]] = [
            lambda: here(name, seed, train, test),
            lambda: there(name, seed, train, test, python),
        ]
        ours, theirs = at_once(2, sides)
        entry = {"seed": seed, **compared(name, test, {"automl": ours, "realmlp": theirs})}
    both = entry["systems"]
    ratio = both["realmlp"]["seconds"] / both["automl"]["seconds"]
    scores = ", ".join(f"{system} {one['value']:.5g} in {one['seconds']:.0f} s" for system, one in both.items())
    print(f"{name}, seed {seed}: {scores}, {ratio:.2f}x", flush=True)
    return entry


def main() -> None:
    """Measure what is asked for and not there yet."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    made.add_argument("--peers", type=Path, default=Path("peers"), help="the folder of the environments")
    made.add_argument("--seeds", nargs="+", type=int, default=[0])
    made.add_argument("--results", type=Path, default=_HERE / "results")
    options = made.parse_args()
    path, python = options.results / "realmlp.json", options.peers.absolute() / "pytabkit" / "bin" / "python"
    entries = json.loads(path.read_text())["entries"] if path.exists() else []
    for seed in options.seeds:
        for name in options.tables:
            if any((entry["table"], entry["seed"]) == (name, seed) for entry in entries):
                continue
            entries.append(measure(name, seed, python))
            tables = list(dict.fromkeys(entry["table"] for entry in entries))
            command = shlex.join(["python", "benchmarks/realmlp.py", "--tables", *tables])
            facts = {"figure": "realmlp", "machine": machine("cpu"), "command": command, "entries": entries}
            options.results.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
