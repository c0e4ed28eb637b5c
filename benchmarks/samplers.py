"""Compares what the project's sampler finds with Optuna's own and with chance, on functions whose best is known.

    python benchmarks/samplers.py --seeds 20 --trials 60 150

Each function is minimised with the same seeds by every sampler; what is told is the median of the best values, and the
milliseconds a trial, of which the function's own share is nothing.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from typing import TYPE_CHECKING

import numpy as np
import optuna

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


SAMPLERS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    "optuna": lambda seed: optuna.samplers.TPESampler(multivariate=True, group=True, seed=seed),
    "automl": TPESampler,
}


def measure(function: Callable[[optuna.Trial], float], name: str, n_trials: int, seeds: int) -> str:
    """Give a cell: the median of the best values, and milliseconds a trial."""
    started, bests = time.perf_counter(), []
    for seed in range(seeds):
        study = optuna.create_study(sampler=SAMPLERS[name](seed))
        study.optimize(function, n_trials=n_trials)
        bests.append(study.best_value)
    milliseconds = (time.perf_counter() - started) / seeds / n_trials * 1000
    return f"{statistics.median(bests):.3g} ({milliseconds:.1f} ms)"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, nargs="+", default=[60, 150])
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    print("| function | trials | " + " | ".join(SAMPLERS) + " |\n|" + " --- |" * (2 + len(SAMPLERS)))
    for function in (branches, rosenbrock, ackley, options):
        for n_trials in asked.trials:
            cells = [measure(function, name, n_trials, asked.seeds) for name in SAMPLERS]
            print(f"| {function.__name__} | {n_trials} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
