"""Kills searches again and again at random instants, resumes them, and compares each with one that was never killed.

    python benchmarks/kills.py
    python benchmarks/kills.py --kills 5 --searches cohorts

Half of the kills come from outside, half in the middle of a write, rename or fsync, drawn at random (on Linux, where
there is a C compiler). Prints how often each search was killed, how often a cohort went on from a checkpoint, and what
differed; exits 1 if anything did. With several processes a study need not come to the same trials: there it is only
counted what is lost, twice or left over.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faults import LIBRARY, again_with_the_library
from sessions import KILL, Fault, Session, prepare
from sklearn.datasets import load_breast_cancer, load_iris
from studies import differences, left_behind

_SPACE = """name: long_cohorts
description: A few networks of one shape that train long
space:
  family: {choice: {mlp: {layers: 2, width: {choice: [32, 48], default: 32}, dropout: 0.1}}, default: mlp}
  optimizer: {choice: {adamw: {lr: {float: [3e-4, 3e-2], log: true, default: 3e-3}}}, default: adamw}
  training: {batch_size: 32, epochs: 80, patience: 80}
"""
_CANCER = "{room}/cancer.csv --target target --space {room}/long.yaml"
_IRIS = "{room}/iris.csv --target target --space tabular_small"


@dataclass(frozen=True)
class Search:
    """A search that is killed.

    Args:
        words: The command, but for the study's name; `{room}` is where tables and spaces lie.
        longest: Seconds that a session gets at most before it is killed from outside.
        is_same: Whether it must come to the trials of one that was never killed.
        has_mlflow: Whether its sessions tell MLflow, whose runs are looked at in the end.
    """

    words: str
    longest: float
    is_same: bool = True
    has_mlflow: bool = False


SEARCHES = {
    "tables": Search(f"{_IRIS} --trials 25", 4.0, has_mlflow=True),
    "cohorts": Search(f"{_CANCER} --trials 13 --cohort 4", 6.0),
    "folds": Search(f"{_CANCER} --trials 4 --folds 3 --cohort 2", 6.0),
    "models": Search(f"{_CANCER} --trials 6 --pruner none --metric log_loss --repeats 2 --ensemble 3", 14.0),
    "bags": Search(f"{_CANCER} --trials 3 --folds 3 --metric log_loss --repeats 1 --ensemble 2", 14.0),
    "images": Search("digits --space cnn_small --trials 6 --cohort 2", 8.0),
    "trees": Search(f"{_CANCER} --trials 4 --metric log_loss --ensemble 4 --include-trees --refit", 14.0),
    "few": Search(f"{_CANCER} --trials 3 --pruner none --metric log_loss --ensemble 4 --include-trees", 14.0),
    "jobs": Search(f"{_IRIS} --trials 25 --jobs 2", 25.0, is_same=False, has_mlflow=True),
}


def left_running(result: dict[str, Any]) -> list[str]:
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
    trials = result["trials"]["total"]
    return found if len(runs) == trials + 1 else [*found, f"{len(runs)} runs for {trials} trials"]


@dataclass
class Killer:
    """Carries a search out, and kills it on the way.

    Args:
        runs: The runs folder.
        search: The search.
        python: The interpreter of its other processes.
        draw: Draws when it is killed.
    """

    runs: Path
    search: Search
    python: Path | None
    draw: random.Random
    kills: int = 0
    in_calls: int = 0

    def start(self, fault: Fault | None = None) -> Session:
        """Begin the search, or go on with it."""
        words = ["resume", "killed"]
        if not (self.runs / "killed" / "plan.json").exists():
            words = [*_words(self.search, self.runs.parent), "--study", "killed"]
        return Session(self.runs, *words, python=self.python, fault=fault)

    def kill(self) -> bool:
        """Run it until it is killed; tell whether that came before its end."""
        seconds = self.draw.uniform(0.2, self.search.longest)
        fault = None
        if LIBRARY in os.environ and self.draw.random() < 0.5:
            fault, seconds = Fault(self.draw.choice((0, 0, 1, 2)), self.draw.randint(1, 60), KILL), 600.0
        session = self.start(fault)
        deadline = time.monotonic() + seconds
        while session.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        if session.code is None:
            session.kill()
        self.in_calls += fault is not None and session.code == -9
        self.kills += session.code == -9
        return session.code == -9

    def until(self, kills: int) -> dict[str, Any]:
        """Kill it so many times, beginning anew where it came to its end before; give what the last one came to."""
        while self.kills < kills:
            if not self.kill():
                return self.start().result()
        return self.start().result()


def _words(search: Search, room: Path) -> list[str]:
    return ["search", *search.words.format(room=room).split()]


def harm(name: str, room: Path, kills: int, seed: int) -> list[str]:
    """Kill one search so many times; say what differs from one that was never killed, and what is left over."""
    search, quick = SEARCHES[name], prepare(room)
    python = None if search.has_mlflow else quick
    draw = random.Random(f"{seed} {name}")
    runs = room / name / "runs"
    runs.mkdir(parents=True)
    for path in (*room.glob("*.csv"), *room.glob("*.yaml")):
        shutil.copy(path, runs.parent)
    if search.is_same:
        Session(runs, *_words(search, runs.parent), "--study", "whole", python=quick).result()
    n_killed, n_in_calls, n_continued, n_studies, found = 0, 0, 0, 0, []
    while n_killed < kills:
        killer = Killer(runs, search, python, draw)
        result = killer.until(kills - n_killed)
        folder = runs / "killed"
        n_killed, n_in_calls, n_studies = n_killed + killer.kills, n_in_calls + killer.in_calls, n_studies + 1
        n_continued += (folder / "log.txt").read_text().count("goes on after epoch")
        found += differences(folder, runs / "whole") if search.is_same else left_behind(folder)
        if search.has_mlflow:
            with multiprocessing.get_context("fork").Pool(
                1
            ) as pool:  # MLflow may start threads, which no fork survives
                found += pool.apply(left_running, (result,))
        folder.rename(runs / f"killed-{n_studies}")
    print(
        f"{name}: {n_studies} studies, {n_killed} kills, {n_in_calls} of them in the middle of a write, rename or "
        f"fsync; {n_continued} times a cohort went on from a checkpoint: {'; '.join(found) or 'nothing differs'}",
        flush=True,
    )
    return found


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="so many of each search")
    parser.add_argument("--searches", nargs="*", choices=list(SEARCHES), default=list(SEARCHES))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if sys.platform == "linux" and shutil.which("cc"):
        again_with_the_library()
    room = Path(os.environ.get(LIBRARY) or tempfile.mkdtemp(prefix="kills-"))
    load_iris(as_frame=True).frame.to_csv(room / "iris.csv", index=False)
    load_breast_cancer(as_frame=True).frame.to_csv(room / "cancer.csv", index=False)
    (room / "long.yaml").write_text(_SPACE)
    found = [sentence for name in options.searches for sentence in harm(name, room, options.kills, options.seed)]
    if not found:
        shutil.rmtree(room)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
