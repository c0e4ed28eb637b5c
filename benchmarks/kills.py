"""Kills a search again and again with SIGKILL at random instants, resumes it, and compares it with one never killed.

    python benchmarks/kills.py --kills 20 --trials 25

Prints how often it was killed and where, and what differed; exits 1 if anything did.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sklearn.datasets import load_iris


def start(runs: Path, *words: str) -> subprocess.Popen[str]:
    """Start a command of the project on a runs folder."""
    command = [sys.executable, "-m", "automl", *words, "--runs-dir", str(runs), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a command and read what it prints."""
    out, err = process.communicate()
    if process.returncode:
        sys.exit(f"exit {process.returncode}: {err}")
    result: dict[str, Any] = json.loads(out)
    return result


def story(run_dir: Path) -> list[Any]:
    """Give every trial's config and outcome, the rungs and the openings, without clocks."""
    told: list[Any] = []
    for folder in sorted((run_dir / "trials").iterdir()):
        outcome = json.loads((folder / "outcome.json").read_text())
        del outcome["seconds"]
        told.append((folder.name, json.loads((folder / "config.json").read_text()), outcome))
    rungs = run_dir / "rungs.jsonl"
    told.append(rungs.read_text() if rungs.exists() else "")
    told.append(sum('"event": "opening"' in line for line in (run_dir / "ledger.jsonl").open()))
    return told


def left_running(result: dict[str, Any], trials: int) -> list[str]:
    """Say what MLflow holds that it should not: runs left RUNNING, too many or too few of them."""
    from mlflow import MlflowClient

    told = result["mlflow"]
    client = MlflowClient(told["tracking_uri"])
    experiment = client.get_experiment_by_name(told["experiment"])
    runs = [
        run
        for run in client.search_runs([experiment.experiment_id])
        if told["run_id"] in (run.info.run_id, run.data.tags.get("mlflow.parentRunId"))
    ]
    found = [f"run {run.info.run_id} is RUNNING" for run in runs if run.info.status == "RUNNING"]
    return found if len(runs) == trials + 1 else [*found, f"{len(runs)} runs for {trials} trials"]


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--trials", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    room = Path(tempfile.mkdtemp())
    table, runs = room / "iris.csv", room / "runs"
    load_iris(as_frame=True).frame.to_csv(table, index=False)
    budget = ["--space", "tabular_small", "--trials", str(options.trials), "--seed", str(options.seed)]
    words = ["search", str(table), "--target", "target", *budget]
    whole = finish(start(runs, *words, "--study", "whole"))
    draw = random.Random(options.seed)
    process, kills = start(runs, *words, "--study", "killed"), 0
    while kills < options.kills:
        time.sleep(draw.uniform(0.3, 7.0))
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        done = len(list(runs.glob("killed/trials/*/outcome.json")))
        print(f"kill {kills}: {done} trials were over")
        exists = (runs / "killed" / "plan.json").exists()
        process = start(runs, *(["resume", "killed"] if exists else [*words, "--study", "killed"]))
    killed = finish(process)
    same = story(runs / "killed") == story(runs / "whole")
    faults = left_running(killed, options.trials)
    faults += [] if same else ["the trials, rungs or openings differ"]
    faults += [] if killed["best"] == whole["best"] and killed["test"] == whole["test"] else ["the winner differs"]
    print(f"{kills} kills; {'; '.join(faults) or 'the same trials, scores, winner and one opening'}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
