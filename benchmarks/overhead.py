"""Measures what costs time in a search beside the training: milliseconds a trial, and the seconds to the first step.

    python benchmarks/overhead.py trials --trials 100 1000 5000
    python benchmarks/overhead.py start --repeats 5

trials: a study is filled with made-up trials; then cohorts of one and of sixteen are asked for, run, told and recorded
        with a training that costs nothing and gives a curve of 20 epochs. All but the training is the search's own.
start:  from the command to the first training step, next to `import torch, optuna, pandas` alone.
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import ours
from problems import SPACES, machine, parser, search_words, set_stage

import automl.experiment.trainer as trainer_file
from automl.budget import Budget
from automl.experiment.cohorts import Cohorts
from automl.spaces.read import read_space
from automl.tracking.record import CLOCK, RUNGS
from automl.training.keeping import Fitted
from automl.trial import Completed, Epoch, Pruned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from automl.experiment.objective import Objective
    from automl.study.study import Study
    from automl.tracking.record import Record
    from automl.trial import Outcome

_RESULTS = Path(__file__).parent / "results"
_EPOCHS = 20
_RUNGS = (6, 12, 24, 48)
_MEASURED = {1: 16, 16: 3}
"""How many cohorts are measured, by their size."""

_IMPORTS = "import torch, optuna, pandas, time; print(time.monotonic())"
_FIRST_STEP = """
import json, os, sys, time
def first(*positional, **named):
    told = {"at": time.monotonic(), "loaded": [m for m in ("sklearn", "mlflow") if m in sys.modules]}
    os.write(1, json.dumps(told).encode())
    os._exit(0)
class Wait:
    def find_spec(self, name, path=None, target=None):
        autograd = getattr(sys.modules.get("torch"), "autograd", None)
        if hasattr(autograd, "grad"):
            autograd.backward = autograd.grad = first
sys.meta_path.insert(0, Wait())
from automl.cli import main
main()
"""
"""The command, which imports torch when it would; before every further import, its backward passes are made the end."""


def made_up(draw: np.random.Generator) -> Outcome:
    """Draw an outcome; of two trials, one is pruned at the first rung."""
    score = float(draw.normal())
    if draw.random() < 0.5:
        return Pruned(score, -score, 6, 6, 1.0, 1000)
    return Completed(score, -score, _EPOCHS, _EPOCHS, 1.0, 1000, "epochs")


def train_nothing(
    modules: Sequence[nn.Module], members: Sequence[Any], *rows_and_watcher: Any, **_how: Any
) -> list[Fitted]:
    """Stand in for the training: every member has its curve at once, and leaves where the watcher says so."""
    watcher = rows_and_watcher[2]
    fitted = [Fitted(weights=module.state_dict()) for module in modules]
    for number in range(1, _EPOCHS + 1):
        active = [place for place, one in enumerate(fitted) if one.stopped_by is None]
        epochs = {place: Epoch(number, 1.0, 1.0, (members[place].seed % 997) / 997, 0.1, 0.1) for place in active}
        for place, epoch in epochs.items():
            fitted[place].epochs.append(epoch)
            fitted[place].best = epoch
        for place in watcher.epoch_ended(epochs) if epochs else ():
            fitted[place].stopped_by = "pruned"
    for one in fitted:
        one.stopped_by = one.stopped_by or "epochs"
    return fitted


def fill(study: Study, objective: Objective, count: int, draw: np.random.Generator) -> None:
    """Give the study made-up trials until it has so many."""
    while study.n_asked < count:
        number = next(iter(ours.ask(study, 1)))
        outcome = made_up(draw)
        objective.outcomes[number] = outcome
        study.tell(number, outcome)


def write_decisions(record: Record, outcomes: dict[int, Outcome]) -> None:
    """Write the rungs as if every trial had reported at all it lived to see."""
    lived = {n: outcome for n, outcome in outcomes.items() if isinstance(outcome, Completed | Pruned)}
    path = record.run_dir / RUNGS
    path.unlink(missing_ok=True)
    for rung in _RUNGS:
        scores = {str(n): one.score for n, one in lived.items() if one.epochs >= rung}
        record.append_jsonl(RUNGS, {"epoch": rung, "scores": scores, "pruned": []})


def measure_cohorts(study: Study, objective: Objective, size: int) -> dict[str, Any]:
    """Ask for, run, tell and record cohorts; give the median milliseconds a trial of each part."""
    record = objective.record
    cohorts = Cohorts(record, size)
    laps = []
    for _ in range(_MEASURED[size]):
        times = [time.perf_counter()]
        configs = cohorts.form(study, objective, Budget())
        times.append(time.perf_counter())
        ended = objective.run(configs)
        times.append(time.perf_counter())
        ours.tell(study, ended)
        record.write_json(CLOCK, {"seconds": 0.0, "finished": False})
        times.append(time.perf_counter())
        laps.append(np.diff(times) * 1000 / len(configs))
    ask, run, tell = (round(float(part), 1) for part in np.median(laps, axis=0))
    return {"cohort": size, "ask_ms": ask, "record_ms": run, "tell_ms": tell, "total_ms": round(ask + run + tell, 1)}


def trials(options: argparse.Namespace, room: Path) -> dict[str, Any]:
    """Measure the milliseconds a trial of everything but the training, in studies of several lengths."""
    record, _, stage = set_stage(options.data, options.space, room, options.seed)
    space = read_space(SPACES[options.space])
    draw = np.random.default_rng(options.seed)
    assert hasattr(trainer_file, "train"), "the trainer trains by another name"
    trainer_file.train = train_nothing
    outcomes: dict[int, Outcome] = {}
    marks = []
    for count in sorted(options.trials):
        objective = ours.objective_for(record, stage, device="cpu", seed=options.seed)
        objective.outcomes = outcomes
        fill(ours.study_for(record, stage, space, seed=options.seed, sampler="random"), objective, count, draw)
        write_decisions(record, outcomes)
        objective = ours.objective_for(record, stage, device="cpu", seed=options.seed, pruning=True)
        objective.outcomes = outcomes
        began = time.perf_counter()
        study = ours.study_for(record, stage, space, seed=options.seed)
        seconds = round(time.perf_counter() - began, 2)
        for size in _MEASURED:
            marks.append({"trials": count, "open_s": seconds, **measure_cohorts(study, objective, size)})
            print(marks[-1], flush=True)
    return {"marks": marks}


def start(options: argparse.Namespace, room: Path) -> dict[str, Any]:
    """Measure the seconds from the command to the first training step, and those of the imports alone, in turn."""
    words = search_words(options.data, options.space, room)
    imports, first, loaded = [], [], []
    for repeat in range(1 + options.repeats):
        began = time.monotonic()
        imports.append(float(_printed([sys.executable, "-c", _IMPORTS])) - began)
        own = [*words, "--quiet", "--trials", "1", "--runs-dir", str(room / f"runs{repeat}")]
        began = time.monotonic()
        told = json.loads(_printed([sys.executable, "-c", _FIRST_STEP, *own]))
        first.append(told["at"] - began)
        loaded = told["loaded"]
    # The first of each reads from a cold disk and compiles modules, which is done once after an installation.
    medians = {"imports_s": statistics.median(imports[1:]), "first_step_s": statistics.median(first[1:])}
    ratio = round(medians["first_step_s"] / medians["imports_s"], 2)
    return {"data": options.data, "ratio": ratio, "loaded": loaded} | {
        name: round(value, 2) for name, value in medians.items()
    }


def _printed(command: list[str]) -> str:
    environment = ours.environment_without_server()
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its compiled modules beside it
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{shlex.join(command)}\n{done.stderr}")
    return done.stdout.splitlines()[-1]


def main() -> None:
    """Measure one of the two."""
    made = parser(__doc__)
    made.set_defaults(data="credit_g")
    made.add_argument("what", choices=("trials", "start"))
    made.add_argument("--trials", type=int, nargs="+", default=[100, 1000, 5000], help="lengths of the study")
    made.add_argument("--repeats", type=int, default=5, help="of the start")
    made.add_argument("--results", type=Path, default=_RESULTS, help="the folder of the results")
    options = made.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as room:
        result = (trials if options.what == "trials" else start)(options, Path(room))
    facts = {"figure": f"overhead-{options.what}", "machine": machine("cpu")}
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"overhead-{options.what}.json"
    path.write_text(json.dumps(facts | result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
