"""Compares what the project's samplers find with Optuna's own and with chance, on functions whose best is known.

    python benchmarks/samplers.py --seeds 20 --trials 60 150
    python benchmarks/samplers.py --objectives --seeds 10 --trials 60 150

Each function is minimised with the same seeds by every sampler; what is told is the median of the best values, and the
milliseconds a trial, of which the function's own share is nothing. With `--objectives` a size counts beside the value,
and what is told is how far the best value found at each size is from the best there is, on average.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from typing import TYPE_CHECKING

import numpy as np
import optuna

from automl.spaces.space import Choice, Float, Int, Parameter, Space
from automl.study.gp import GPSampler
from automl.study.nsga2 import NSGA2Sampler
from automl.study.qmc import QMCSampler
from automl.study.tpe import TPESampler

if TYPE_CHECKING:
    from collections.abc import Callable


def branches(trial: optuna.Trial) -> float:
    """Give 0 at best, in the branch `b`; each of three optimizers opens parameters of its own, as in a search space."""
    layers = trial.suggest_int("layers", 1, 6)
    score = (np.log10(trial.suggest_float("lr", 1e-4, 1, log=True)) + 2.3) ** 2 + 0.3 * abs(layers - 3)
    optimizer = trial.suggest_categorical("optimizer", ["a", "b", "c"])
    if optimizer == "a":
        score += 0.5 + 2 * (trial.suggest_float("a.momentum", 0, 1) - 0.7) ** 2
    elif optimizer == "b":
        score += 3 * (trial.suggest_float("b.momentum", 0, 1) - 0.2) ** 2
        score += 0.5 * (trial.suggest_float("b.decay", 1e-6, 1e-1, log=True) > 1e-3)
    else:
        score += 0.8 + trial.suggest_float("c.momentum", 0, 1)
    score += 0.5 * (np.log2(trial.suggest_int("width", 16, 512, log=True)) - 7 - 0.5 * (layers - 3)) ** 2
    return float(score + sum(0.05 * (trial.suggest_float(f"idle{i}", 0, 1) - 0.5) ** 2 for i in range(5)))


def rosenbrock(trial: optuna.Trial) -> float:
    """Give 0 at best: a bent valley in four dimensions (Rosenbrock 1960)."""
    x = [trial.suggest_float(f"x{i}", -2, 2) for i in range(4)]
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(3))


def ackley(trial: optuna.Trial) -> float:
    """Give 0 at best: many local minima in six dimensions (Ackley 1987)."""
    x = np.array([trial.suggest_float(f"x{i}", -30, 30) for i in range(6)])
    return float(20 - 20 * np.exp(-0.2 * np.sqrt((x**2).mean())) - np.exp(np.cos(2 * np.pi * x).mean()) + np.e)


def options(trial: optuna.Trial) -> float:
    """Give the sum of what eight options out of six each cost, drawn once."""
    costs = np.random.default_rng(0).random((8, 6))
    return float(sum(costs[i, trial.suggest_categorical(f"c{i}", [0, 1, 2, 3, 4, 5])] for i in range(8)))


def sized(trial: optuna.Trial) -> tuple[float, float]:
    """Give the value of `branches` and a size, which is dear where the value is good."""
    value = branches(trial)
    width = float(trial.params["width"])
    return value + 2 * np.log2(512 / width) / 5, width


def _unit(name: str) -> Parameter:
    return Parameter(name, Float(0, 1, default=0.5))


_BRANCHES = {"a": (_unit("a.momentum"),), "c": (_unit("c.momentum"),)}
_BRANCHES["b"] = (_unit("b.momentum"), Parameter("b.decay", Float(1e-6, 1e-1, default=1e-3, log=True)))
_SPACES = {
    "branches": (
        Parameter("layers", Int(1, 6, default=1)),
        Parameter("lr", Float(1e-4, 1, default=0.1, log=True)),
        Parameter("optimizer", Choice(("a", "b", "c"), "a", _BRANCHES)),
        Parameter("width", Int(16, 512, default=64, log=True)),
        *(_unit(f"idle{i}") for i in range(5)),
    ),
    "rosenbrock": tuple(Parameter(f"x{i}", Float(-2, 2, default=0)) for i in range(4)),
    "ackley": tuple(Parameter(f"x{i}", Float(-30, 30, default=0)) for i in range(6)),
    "options": tuple(Parameter(f"c{i}", Choice((0, 1, 2, 3, 4, 5), 0)) for i in range(8)),
}
_SPACES["sized"] = _SPACES["branches"]

SAMPLERS: dict[str, Callable[[int, Space], optuna.samplers.BaseSampler]] = {
    "random": lambda seed, space: optuna.samplers.RandomSampler(seed=seed),
    "optuna": lambda seed, space: optuna.samplers.TPESampler(multivariate=True, group=True, seed=seed),
    "automl": lambda seed, space: TPESampler(seed),
    "gp": GPSampler,
    "qmc": QMCSampler,
    "nsga2": NSGA2Sampler,
}
_WIDTHS = (16, 32, 64, 128, 256, 512)


def _study(function: Callable[..., object], name: str, seed: int, n_trials: int) -> optuna.Study:
    space = Space(function.__name__, "", _SPACES[function.__name__])
    directions = ["minimize"] * (2 if function is sized else 1)
    study = optuna.create_study(sampler=SAMPLERS[name](seed, space), directions=directions)
    study.optimize(function, n_trials=n_trials)  # type: ignore[arg-type]
    return study


def regret(study: optuna.Study) -> float:
    """Give the mean over some sizes of how far the best value up to that size is from the best there is."""
    points = [trial.values for trial in study.get_trials(deepcopy=False)]
    worst = max(value for value, _ in points)
    lost = []
    for width in _WIDTHS:
        best = min((value for value, size in points if size <= width), default=worst)
        # Some number of layers fits every width from 32 to 256 (see `branches`); others cost something.
        ideal = min(0.3 * abs(n - 3) + 0.5 * (np.log2(width) - 7 - 0.5 * (n - 3)) ** 2 for n in range(1, 7))
        lost.append(best - ideal - 2 * np.log2(512 / width) / 5)
    return float(statistics.mean(lost))


def measure(function: Callable[..., object], name: str, n_trials: int, seeds: int) -> str:
    """Give a cell: the median of the best values, or of what is lost on the front, and milliseconds a trial."""
    started, bests = time.perf_counter(), []
    for seed in range(seeds):
        study = _study(function, name, seed, n_trials)
        bests.append(regret(study) if function is sized else study.best_value)
    milliseconds = (time.perf_counter() - started) / seeds / n_trials * 1000
    return f"{statistics.median(bests):.3g} ({milliseconds:.1f} ms)"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, nargs="+", default=[60, 150])
    parser.add_argument("--samplers", nargs="+", choices=SAMPLERS, default=[*SAMPLERS])
    parser.add_argument("--objectives", action="store_true", help="a size counts beside the value")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    print("| function | trials | " + " | ".join(asked.samplers) + " |\n|" + " --- |" * (2 + len(asked.samplers)))
    functions: tuple[Callable[..., object], ...] = (branches, rosenbrock, ackley, options)
    for function in (sized,) if asked.objectives else functions:
        for n_trials in asked.trials:
            cells = [measure(function, name, n_trials, asked.seeds) for name in asked.samplers]
            print(f"| {function.__name__} | {n_trials} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
