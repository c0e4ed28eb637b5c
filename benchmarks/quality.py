"""Compares how good the models are that several systems find for tables, in the same time, on the same test rows.

    python benchmarks/quality.py --seconds 60 --searches automl_best --systems flaml realmlp autogluon_networks

The project's searches run as `automl search TRAIN --test TEST --timeout ... --ensemble 8`; what the first of them
judges beside its model (itself before the refit, the best trial alone, the linear model, boosted trees) counts as a
system each. All are told whether the target is a class or a number, and which metric counts. A peer `NAME` runs in the
virtual environment `NAME` of the folder `--peers`, or in the one that `_HOMES` gives for it:

    python -m venv peers/flaml     && peers/flaml/bin/pip install 'flaml[automl]' pyarrow
    python -m venv peers/pytabkit  && peers/pytabkit/bin/pip install 'pytabkit[models]' pyarrow
    python -m venv peers/autogluon && peers/autogluon/bin/pip install 'autogluon.tabular[all]' pyarrow

Each table and seed is one entry of `benchmarks/results/tables-SECONDSs.json`, which is kept as soon as it is there: a
system that is in it is not run again. What systems predict stays in the folder `--kept`, so that those that are run at
other times are compared with the first search row by row. `python benchmarks/report.py` writes the table.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from problems import PROBLEMS, data_file, machine
from sklearn.model_selection import train_test_split

from automl.evaluation.intervals import bootstrap
from automl.task import Task

_HERE = Path(__file__).parent
_HOMES = {"realmlp": "pytabkit", "autogluon_networks": "autogluon", "autogluon_medium": "autogluon"}
_TOGETHER = 8
_SEARCHES = {
    "automl": (),
    "automl_quick": ("--space", "tabular"),
    "automl_trees": ("--include-trees",),
    "automl_best": ("--space", "tabular_best"),
    "automl_best_trees": ("--space", "tabular_best", "--include-trees"),
}
"""The project's searches by name, and what each is told besides."""
_BESIDE = {
    "linear": "prediction_linear",
    "boosted_trees": "prediction_boosted_trees",
    "automl_single": "prediction_best_trial",
    "automl_before_refit": "prediction_before_refit",
}
"""What the first search judges beside its model, and where its predictions stand."""

TABLES = [name for name, problem in PROBLEMS.items() if problem.file == "data.parquet" and name != "made"]


def divide(name: str, seed: int, room: Path) -> tuple[Path, Path]:
    """Write a table's training and test rows; a row that says nothing of the target is left out."""
    table, rows = PROBLEMS[name], pd.read_parquet(data_file(name, room))
    rows = rows[rows[table.target].notna()]
    if table.split is not None:
        is_test = rows.pop(table.split).astype(str).str.lower() == "test"
        parts = rows[~is_test], rows[is_test]
    else:
        counts = rows[table.target].value_counts()
        is_common = rows[table.target].map(counts) > 2
        alike = rows[table.target].where(is_common, counts.index[0]) if table.are_classes else None
        parts = train_test_split(rows, test_size=0.2, random_state=seed, stratify=alike)
    paths = room / "train.parquet", room / "test.parquet"
    for part, path in zip(parts, paths):
        part.reset_index(drop=True).to_parquet(path)
    return paths


def ours(
    system: str, name: str, train: Path, test: Path, options: argparse.Namespace, seed: int
) -> dict[str, dict[str, Any]]:
    """Search with the project; give what its model predicts, and of the first search those judged beside it too."""
    table, room = PROBLEMS[name], train.parent / system
    words = ["search", str(train), "--test", str(test), "--target", table.target, "--seed", str(seed)]
    words += ["--metric", "accuracy"] if table.are_classes else ["--task", "regression", "--metric", "rmse"]
    words += ["--timeout", f"{options.seconds:g}s", "--ensemble", str(_TOGETHER), "--study", "measured"]
    words += ["--runs-dir", str(room), "--quiet", "--json", *_SEARCHES[system]]
    started = time.perf_counter()
    report = json.loads(run([sys.executable, "-m", "automl", *words]))
    facts = {
        "seconds": round(time.perf_counter() - started, 1),
        "trials": report["trials"]["total"],
        "members": len(report.get("ensemble", {}).get("members", [1])),
    }
    if not (room / "measured" / "bundle").exists():
        print(f"{name}, {system}: the model was not exported", file=sys.stderr, flush=True)
    rows = pd.read_parquet(room / "measured" / "judgement.parquet").sort_values("row")
    beside = _BESIDE if system == "automl" else {}
    found = {
        other: {"predicted": rows[column if column in rows else "prediction"].to_numpy()}
        for other, column in beside.items()
    }
    return {system: {"predicted": rows["prediction"].to_numpy(), **facts}, **found}


def peer(
    system: str, name: str, train: Path, test: Path, options: argparse.Namespace, seed: int, *, cores: int = 2
) -> dict[str, Any]:
    """Let a peer fit and predict, in its own environment."""
    table, output = PROBLEMS[name], train.with_name(f"{system}.parquet")
    python = options.peers.absolute() / _HOMES.get(system, system) / "bin" / "python"
    words = [system, str(train), str(test), str(output), "--target", table.target, "--seconds", str(options.seconds)]
    words += ["--seed", str(seed), "--cores", str(cores), *(["--classes"] if table.are_classes else [])]
    told = json.loads(run([str(python), str(_HERE / "peers.py"), *words]).splitlines()[-1])
    return {"predicted": pd.read_parquet(output)["prediction"].to_numpy(), **told}


def run(command: list[str]) -> str:
    """Run a command; give what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=tempfile.gettempdir(), env=_environment())
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command)}\n{done.stderr[-2000:]}")
    return done.stdout


def _environment() -> dict[str, str]:
    house = str(_HERE.parent)
    kept = {name: value for name, value in os.environ.items() if name not in ("MLFLOW_TRACKING_URI", "OMP_NUM_THREADS")}
    return {**kept, "PYTHONPATH": house, "MLFLOW_DISABLE_TELEMETRY": "true"}


def compared(name: str, test: Path, found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Score all systems on the test rows, with intervals, and the lead of `automl` over each, if it is there.

    Where `automl_trees` is, its lead stands beside that, as `lead_of_trees`.
    """
    metric, truth, outputs, task = _outputs(name, test, found)
    result = bootstrap(metric, truth, outputs, task)
    told: dict[str, Any] = {}
    for system, one in found.items():
        facts = {key: value for key, value in one.items() if key != "predicted"}
        told[system] = {**result.scores[system].to_json(), **facts}
    for word, first in (("lead", "automl"), ("lead_of_trees", "automl_trees")):
        if first in found:
            leads = bootstrap(metric, truth, {first: outputs[first]} | outputs, task).differences
            for system, lead in leads.items():
                told[system][word] = lead.to_json()
    return {"table": name, "metric": metric, "rows": len(truth), "systems": told}


def _outputs(
    name: str, test: Path, found: dict[str, dict[str, Any]]
) -> tuple[str, NDArray[Any], dict[str, NDArray[Any]], Task]:
    """Give how predictions are scored, the truth, and what every system predicts, as the task has it."""
    table = PROBLEMS[name]
    truth = pd.read_parquet(test)[table.target]
    if not table.are_classes:
        numbers = {system: one["predicted"].astype(float) for system, one in found.items()}
        return "rmse", truth.to_numpy(dtype=float), numbers, Task("regression", table.target, (), (), "rmse")
    labels = sorted({*map(str, truth), *(str(each) for one in found.values() for each in one["predicted"])})
    places = {label: place for place, label in enumerate(labels)}
    codes = {system: [places[str(label)] for label in one["predicted"]] for system, one in found.items()}
    outputs = {system: np.eye(len(labels))[each] for system, each in codes.items()}
    task = Task("multiclass", table.target, (), tuple(labels), "accuracy")
    return "accuracy", np.array([places[str(label)] for label in truth]), outputs, task


def run_system(
    system: str, name: str, train: Path, test: Path, options: argparse.Namespace, seed: int
) -> dict[str, dict[str, Any]]:
    """Let a system, ours or a peer, predict the test rows; nothing where it fails, and why is printed."""
    try:
        if system in _SEARCHES:
            return ours(system, name, train, test, options, seed)
        return {system: peer(system, name, train, test, options, seed)}
    except RuntimeError as error:
        print(f"{name}, {system}: {error}", file=sys.stderr, flush=True)
        return {}


def measure(name: str, seed: int, options: argparse.Namespace, entry: dict[str, Any]) -> dict[str, Any]:
    """Run those systems on one division of a table that its entry does not hold; give the entry with them.

    All whose predictions are known are compared anew, whenever they were made.
    """
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as place:
        train, test = divide(name, seed, Path(place))
        for system in [*options.searches, *options.systems]:
            if system not in entry["systems"]:
                found |= run_system(system, name, train, test, options, seed)
        kept = options.kept / f"{options.seconds:g}s" / f"{name}-{seed}"
        _keep(found, kept)
        known = _known(kept, entry["systems"]) | found
        if not known:
            return entry
        new = compared(name, test, known)
    scores = ", ".join(f"{system} {new['systems'][system]['value']:.5g}" for system in found)
    print(f"{name}, seed {seed}: {scores}", flush=True)
    told = {system: entry["systems"].get(system, {}) | one for system, one in new["systems"].items()}
    return entry | new | {"systems": entry["systems"] | told}


def _keep(found: dict[str, dict[str, Any]], kept: Path) -> None:
    """Keep what systems predict."""
    kept.mkdir(parents=True, exist_ok=True)
    for system, one in found.items():
        pd.DataFrame({"prediction": one["predicted"]}).to_parquet(kept / f"{system}.parquet")


def _known(kept: Path, systems: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give what those systems predicted, where it was kept."""
    paths = {system: kept / f"{system}.parquet" for system in systems}
    there = {system: pd.read_parquet(path) for system, path in paths.items() if path.exists()}
    return {system: {"predicted": rows["prediction"].to_numpy()} for system, rows in there.items()}


def _command(seconds: float, systems: set[str], seeds: set[int]) -> str:
    """Give the command that runs all of these systems on all of these divisions."""
    searches = [each for each in _SEARCHES if each in systems]
    peers = sorted(systems - _SEARCHES.keys() - _BESIDE.keys())
    words = ["python", "benchmarks/quality.py", "--seconds", f"{seconds:g}", "--seeds", *map(str, sorted(seeds))]
    words += ["--searches", *searches]
    return shlex.join([*words, *(["--systems", *peers] if peers else [])])


def main() -> None:
    """Measure what is asked for and not there yet."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--seconds", type=float, default=60.0, help="of every system that has a limit of time")
    made.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    made.add_argument("--systems", nargs="*", default=[], help="peers; see peers.py")
    made.add_argument("--peers", type=Path, default=Path("peers"), help="the folder of their environments")
    made.add_argument("--seeds", nargs="+", type=int, default=[0])
    made.add_argument("--searches", nargs="*", choices=_SEARCHES, default=["automl"], help="the project's")
    made.add_argument("--kept", type=Path, default=Path("kept"), help="the folder of what systems predict")
    made.add_argument("--results", type=Path, default=_HERE / "results")
    options = made.parse_args()
    path = options.results / f"tables-{options.seconds:g}s.json"
    entries = json.loads(path.read_text())["entries"] if path.exists() else []
    for seed in options.seeds:
        for name in options.tables:
            places = {(entry["table"], entry["seed"]): place for place, entry in enumerate(entries)}
            place = places.setdefault((name, seed), len(entries))
            blank = {"table": name, "seed": seed, "systems": {}}
            entries[place : place + 1] = [measure(name, seed, options, (entries[place:] or [blank])[0])]
            facts = {"figure": "tables", "seconds": options.seconds, "machine": machine("cpu")}
            systems = {system for each in entries for system in each["systems"]}
            facts["command"] = _command(options.seconds, systems, {each["seed"] for each in entries})
            options.results.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(facts | {"entries": entries}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
