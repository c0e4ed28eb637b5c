"""Replays the curves of trials that were trained out under rules of halving: what each costs, and what it would lose.

    automl search data.csv --target COL --sampler random --pruner none --trials 48 --runs-dir R --study all
    python benchmarks/halving.py R/all

The trials come in random order, again and again. A rule stops a trial at a rung (the first, then each so many times
the one before) unless it is among the best of those that came there so far. Prints the epochs a trial takes, how often
the best trial is kept, how much worse the best one kept is on average, and for several epochs Kendall's rank
correlation between the best score so far and the last one.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
from pathlib import Path

from scipy.stats import kendalltau

from automl.task import Task
from automl.tracking.record import TASK, Record
from automl.trial import Completed

RULES = ((6, 2), (3, 2), (6, 3), (4, 3), (3, 3), (2, 3), (1, 3), (4, 4))
"""(first rung, factor)"""
_EPOCHS = (1, 2, 3, 6, 9, 12, 27)
_LEAST_REPORTS = 4


def curves_of(record: Record) -> list[list[float]]:
    """Give the best score so far, larger is better, by trial and epoch."""
    sign = 1.0 if Task.from_json(record.read_json(TASK)).higher_is_better else -1.0
    curves = []
    for number, outcome in record.outcomes().items():
        if isinstance(outcome, Completed):
            best, curve = -math.inf, []
            for epoch in record.trial(number).read_curve():
                best = max(best, sign * epoch.validation) if math.isfinite(epoch.validation) else best
                curve.append(best)
            curves.append(curve)
    return curves


def replay(curves: list[list[float]], first: int, factor: int) -> tuple[int, float]:
    """Give the epochs that all trials take under a rule, and the best score that is found."""
    reports: dict[int, list[float]] = {}
    rung = first
    while rung < max(map(len, curves)):
        reports[rung], rung = [], rung * factor
    epochs, found = 0, -math.inf
    for curve in curves:
        left_at = len(curve)
        for rung, scores in reports.items():
            if rung > len(curve):
                break
            scores.append(curve[rung - 1])
            bar = sorted(scores, reverse=True)[math.ceil(len(scores) / factor) - 1]
            if len(scores) >= _LEAST_REPORTS and curve[rung - 1] < bar:
                left_at = rung
                break
        epochs += left_at
        found = max(found, curve[-1]) if left_at == len(curve) else found
    return epochs, found


def main() -> None:
    """Replay a study under every rule."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("run_dir", type=Path)
    made.add_argument("--orders", type=int, default=200)
    options = made.parse_args()
    curves = curves_of(Record(options.run_dir))
    ends = [curve[-1] for curve in curves]
    told = [
        f"{n}: {kendalltau([curve[min(n, len(curve)) - 1] for curve in curves], ends).statistic:.2f}" for n in _EPOCHS
    ]
    lines = [f"{len(curves)} trials of {statistics.mean(map(len, curves)):.0f} epochs"]
    lines.append(f"rank correlation with the end, by epoch: {', '.join(told)}")
    for first, factor in RULES:
        orders = [random.Random(seed).sample(curves, len(curves)) for seed in range(options.orders)]
        ended = [replay(order, first, factor) for order in orders]
        epochs = statistics.mean(each[0] for each in ended) / len(curves)
        kept = sum(each[1] == max(ends) for each in ended) / options.orders
        lost = statistics.mean(max(ends) - each[1] for each in ended)
        rule = f"first rung {first}, best 1/{factor} goes on"
        lines.append(f"{rule}: {epochs:.1f} epochs a trial, the best kept in {kept:.0%}, {lost:.4g} lost")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
