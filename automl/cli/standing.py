"""How a search stands, in words: what the panel on a terminal and the lines in a log file are made of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from automl.experiment.standing import Running, Standing
from automl.report.figures import duration, figure
from automl.trial import Completed, Failed, Outcome, Pruned


def status(standing: Standing, now: float) -> str:
    """Say in one line how a search stands."""
    return f"trials {counts(standing)}; best {best(standing)}; {time_used(standing, now)}"


def counts(standing: Standing) -> str:
    """Say how many trials are over, and of how many, by state; and how many run."""
    trials = standing.start.budget.trials
    told = standing.counts | ({"running": len(standing.running)} if standing.running else {})
    states = ", ".join(f"{count} {state}" for state, count in told.items())
    return f"{standing.over}{'' if trials is None else f' of {trials}'}: {states}"


def best(standing: Standing) -> str:
    """Give the best score beside what costs no search: the space's default, and an answer that reads no column."""
    by = "" if standing.best is None else f" (trial {standing.best})"
    return ", ".join([f"{standing.start.metric} {figure(standing.best_score)}{by}", *_beside(standing)])


def time_used(standing: Standing, now: float) -> str:
    """Say how much time is used, and how much is left."""
    left, is_estimated = standing.seconds_left(now)
    used = whole(standing.elapsed(now))
    return used if left is None else f"{used}, {'about ' if is_estimated else ''}{whole(left)} left"


def running(standing: Standing) -> str:
    """Say which trials run and how far they are; those of one family together."""
    families: dict[str, dict[int, Running]] = {}
    for number, trial in list(standing.running.items()):  # the search may change it while a screen is drawn
        families.setdefault(trial.family, {})[number] = trial
    return "; ".join(_of_family(family, trials, standing) for family, trials in families.items())


def new_best(number: int, outcome: Outcome, metric: str) -> str:
    """Say that a trial is the best so far."""
    assert isinstance(outcome, Completed)
    reached = f"epoch {outcome.best_epoch} of {outcome.epochs}, {duration(outcome.seconds)}"
    return f"trial {number}: {metric} {figure(outcome.score)} is the best so far ({reached})"


def failure(number: int, outcome: Failed) -> str:
    """Say why a trial failed."""
    return f"trial {number} failed ({outcome.kind.replace('_', ' ')}): {outcome.message}"


def whole(seconds: float) -> str:
    """Write a duration in whole seconds, which does not flicker.

    Examples:
        >>> whole(0.84), whole(59.7), whole(75.2)
        ('1 s', '1 min 0 s', '1 min 15 s')
    """
    rounded = round(seconds)
    return f"{rounded} s" if rounded < 60 else duration(rounded)


def _beside(standing: Standing) -> Iterator[str]:
    if isinstance(standing.default, Failed):
        yield "default failed"
    elif isinstance(standing.default, Completed | Pruned):
        pruned = " (pruned)" if isinstance(standing.default, Pruned) else ""
        yield f"default {figure(standing.default.score)}{pruned}"
    yield from (f"{name} {figure(score)}" for name, score in standing.start.constants.items())


def _of_family(family: str, trials: Mapping[int, Running], standing: Standing) -> str:
    who = f"{len(trials)} trials" if len(trials) > 1 else f"trial {next(iter(trials))}"
    epochs = [trial.epoch for trial in trials.values() if trial.epoch is not None]
    said = f"{who} ({family})" if family else who
    if not epochs:
        return said
    scores = [epoch.validation for epoch in epochs if math.isfinite(epoch.validation)]
    pick = max if standing.higher_is_better else min
    score = figure(pick(scores)) if scores else "undefined"
    return f"{said}, epoch {max(epoch.epoch for epoch in epochs)}: {'best ' if len(epochs) > 1 else ''}{score}"
