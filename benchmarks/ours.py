"""The project's side of the speed benchmarks: the one place that follows how a study trains its trials.

    python benchmarks/ours.py --data satimage --space narrow64 --candidates 32 --epochs 5

trains a given list in the real objective, with its folder, journal and MLflow, and prints one JSON object. `search`
runs the whole command.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from problems import SPACES, add_list_options, cohorts_of, parser, prepare_for, search_words, set_stage

from automl.budget import Clock
from automl.experiment.objective import Objective
from automl.experiment.progress import Silent
from automl.experiment.trainer import Trainer
from automl.study.rungs import Halving, NoPruner, first_rung
from automl.study.study import Study
from automl.tracking.record import RUNGS, TRACKING
from automl.tracking.tracker import start_tracking
from automl.trial import Aim, Failed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.experiment.stage import Stage
    from automl.spaces.space import Space
    from automl.study.decisions import Pruner
    from automl.tracking.record import Record
    from automl.trial import Config, Outcome

_POLL_SECONDS = 0.1
_INTERRUPTED = 130
_FIXED = ("training.epochs", "training.patience")


def objective_for(record: Record, stage: Stage, *, device: str, seed: int, pruning: bool = False) -> Objective:
    """Put together what runs a study's trials, as a session does.

    Args:
        record: The run folder.
        stage: The rows.
        device: Where it trains.
        seed: The study's seed.
        pruning: Whether the worse of them are stopped at every rung.
    """
    pruner: Pruner = NoPruner()
    if pruning:
        first = first_rung(len(stage.train))
        pruner = Halving(record.lines(RUNGS), higher_is_better=stage.task.higher_is_better, first=first)
    return Objective(record, Trainer(stage, torch.device(device)), seed, pruner, Clock(None), Silent())


def study_for(record: Record, stage: Stage, space: Space, *, seed: int, sampler: str = "tpe") -> Study:
    """Open the study's journal."""
    higher = stage.task.higher_is_better
    return Study(record.journal_path, record.study, space, aim=Aim(higher), sampler=sampler, seed=seed)


def ask(study: Study, count: int) -> dict[int, Config]:
    """Ask for so many trials."""
    return dict(study.ask() for _ in range(count))


def tell(study: Study, outcomes: Mapping[int, Outcome]) -> None:
    """Tell the study what came of its trials."""
    for number, outcome in outcomes.items():
        study.tell(number, outcome)


def train_list(options: argparse.Namespace, room: Path) -> dict[str, Any]:
    """Train a list cohort by cohort; everything a search writes is written, and sent to MLflow within the time.

    Args:
        options: Data, space, seed, device and whether there is pruning.
        room: An empty folder.
    """
    record, plan, stage = set_stage(options.data, options.space, room, options.seed)
    space, cohorts = cohorts_of(options, stage)
    configs = [config for cohort in cohorts for config in cohort]
    prepare_for(stage, configs)
    # A study's first trials are the space's default, here the warm-up, and then its known-good configs: the list.
    study = study_for(record, stage, replace(space, starts=tuple(configs)), seed=options.seed)
    make_store(record.runs_dir)
    tracker = start_tracking(record, plan.tracking_uri, environment_without_server())
    objective = objective_for(record, stage, device=options.device, seed=options.seed, pruning=options.pruning)
    tell(study, objective.run(ask(study, 1)))
    tracker.nudge()
    while not record.read_json(TRACKING)["trials"]:  # The worker is up when the warm-up is in MLflow.
        time.sleep(0.1)
    asked, started = 0.0, time.perf_counter()
    for cohort in cohorts:
        began = time.perf_counter()
        trials = ask(study, len(cohort))
        asked += time.perf_counter() - began
        assert list(trials.values()) == list(cohort), "the study did not propose the list"
        tell(study, objective.run(trials))
        tracker.nudge()
    trained = time.perf_counter() - started
    complaints = tracker.finish("FINISHED", timeout=600)
    seconds = time.perf_counter() - started
    outcomes = [objective.outcomes[number] for number in range(1, len(configs) + 1)]
    scores = [None if isinstance(outcome, Failed) else outcome.score for outcome in outcomes]
    failures = [outcome.message for outcome in outcomes if isinstance(outcome, Failed)]
    return {
        "seconds": seconds,
        "seconds_until_trained": trained,
        "seconds_asking": asked,
        "scores": scores,
        "failures": failures,
        "mlflow": complaints,
    }


def search_list(options: argparse.Namespace, room: Path) -> dict[str, Any]:
    """Train a list by the whole command, in several processes that share a study; the space's default goes with it.

    Args:
        options: Data, space, seed, and in how many processes.
        room: An empty folder.

    Returns:
        As `train_list`; the `seconds` are the list's share of those from the first trial's beginning to the last one's
        end.
    """
    _, _, stage = set_stage(options.data, options.space, room / "asked", options.seed)
    space, cohorts = cohorts_of(options, stage)
    configs = [dict(config) for cohort in cohorts for config in cohort]
    (room / "list.json").write_text(json.dumps(configs))
    fixed = {name: value for name, value in space.default().items() if name in _FIXED or name.startswith("augment.")}
    lines = [f"  {section}: {{{', '.join(pairs)}}}" for section, pairs in _by_section(fixed).items()]
    lines = ["name: list", f"extends: {SPACES[options.space]}", "space:", *lines, ""]
    (room / "list.yaml").write_text("\n".join(lines))
    words = [*search_words(options.data, options.space, room), "--space", str(room / "list.yaml")]
    words += ["--seed-config", str(room / "list.json"), "--trials", str(len(configs) + 1), "--jobs", str(options.jobs)]
    words += ["--seed", str(options.seed), "--pruner", "none", "--no-judge", "--quiet"]
    words += ["--study", "measured", "--runs-dir", str(room / "runs")]
    command = [sys.executable, "-m", "automl", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment_without_server())
    if done.returncode:
        sys.exit(f"automl {shlex.join(words)}\n{done.stderr}")
    trials = room / "runs" / "measured" / "trials"
    began = min(path.stat().st_mtime for path in trials.glob("*/config.json"))
    ends = {path.stat().st_mtime: json.loads(path.read_text()) for path in trials.glob("*/outcome.json")}
    seconds = (max(ends) - began) * len(configs) / len(ends)
    return {
        "seconds": seconds,
        "seconds_until_trained": seconds,
        "seconds_asking": 0.0,
        "scores": [end.get("score") for end in ends.values()],
        "failures": [end["message"] for end in ends.values() if end["state"] == "failed"],
        "mlflow": [],
    }


def _by_section(config: Config) -> dict[str, list[str]]:
    """Write values as a space file has them, by their sections."""
    sections: dict[str, list[str]] = {}
    for name, value in config.items():
        section, _, rest = name.partition(".")
        sections.setdefault(section, []).append(f"{rest}: {json.dumps(value)}")
    return sections


def make_store(runs_dir: Path) -> None:
    """Make an MLflow database without runs, so that no side is measured at the making of its tables."""
    code = "import sys; from mlflow import MlflowClient; MlflowClient(sys.argv[1]).search_experiments()"
    store = f"sqlite:///{runs_dir / 'mlflow.db'}"
    subprocess.run([sys.executable, "-c", code, store], check=True, capture_output=True)


def environment_without_server() -> dict[str, str]:
    """Give this process's environment without an MLflow server it may name."""
    return {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}


def search(
    options: argparse.Namespace, room: Path, *, seconds: float, seed: int, target: float | None, higher: bool
) -> dict[str, Any]:
    """Run `automl search` for so many seconds, or until a trial's validation score is at least as good as the target.

    Args:
        options: Data, space and device.
        room: An empty folder.
        seconds: The command's timeout.
        seed: Of the division and the search.
        target: The score to reach; None to let it run to its end.
        higher: Whether a higher score is a better one.

    Returns:
        `reached`: seconds from the command to the trial's record on the disk, None if there was no such trial; the
        number of trials by state, and what the command printed.
    """
    words = search_words(options.data, options.space, room)
    words += ["--timeout", f"{seconds:.0f}s", "--seed", str(seed), "--device", options.device, "--quiet", "--json"]
    words += ["--study", "measured", "--runs-dir", str(room / "runs")]
    words += [] if options.jobs is None else ["--jobs", str(options.jobs)]
    started = time.time()
    out, complaints = room / "out.json", room / "errors.txt"
    with out.open("wb") as printed, complaints.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "automl", *words], stdout=printed, stderr=said, env=environment_without_server()
        )
        trials = room / "runs" / "measured" / "trials"
        ends: dict[str, dict[str, Any]] = {}
        reached = None
        while process.poll() is None and reached is None:
            time.sleep(_POLL_SECONDS)
            reached = _look(trials, ends, target, higher)
        reached = _look(trials, ends, target, higher)
        if reached is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
        if process.wait() not in (0, _INTERRUPTED):
            sys.exit(f"automl {shlex.join(words)}\n{complaints.read_text()}")
    states = [end["state"] for end in ends.values()]
    scores = [end["score"] for end in ends.values() if end["state"] == "completed"]
    text = out.read_text()
    return {
        "reached": None if reached is None else reached - started,
        "seconds": time.time() - started,
        "completed": states.count("completed"),
        "pruned": states.count("pruned"),
        "failed": states.count("failed"),
        "best": (max if higher else min)(scores, default=None),
        "result": json.loads(text) if process.returncode == 0 and text else None,
    }


def _look(trials: Path, ends: dict[str, dict[str, Any]], target: float | None, higher: bool) -> float | None:
    """Read the outcomes that are new; give the time at which the first completed trial reached the target."""
    for path in trials.glob("*/outcome.json"):
        if path.parent.name not in ends:
            ends[path.parent.name] = json.loads(path.read_text()) | {"time": path.stat().st_mtime}
    if target is None:
        return None
    sign = 1 if higher else -1
    good = [
        end["time"] for end in ends.values() if end["state"] == "completed" and sign * end["score"] >= sign * target
    ]
    return min(good, default=None)


def main() -> None:
    """Train the list that the options describe."""
    made = parser(__doc__)
    add_list_options(made)
    made.add_argument("--pruning", action="store_true", help="stop the worse half at every rung")
    options = made.parse_args()
    with tempfile.TemporaryDirectory() as room:
        train = train_list if options.jobs is None else search_list
        print(json.dumps(train(options, Path(room))))


if __name__ == "__main__":
    main()
