"""The tree-structured Parzen estimator as a sampler of Optuna's, made for long studies and for cohorts.

Parameters that are active in the same trials are proposed together. It differs from `optuna.samplers.TPESampler` in
three ways: what is already decided of a trial (the architecture, where only the recipe is sought) conditions the rest;
it looks at a window of the trials that are over; and it does in some milliseconds what took that one some hundred in a
space of many branches. Every draw is a function of (seed, trial number, parameter) and of the trials that are over.
"""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna

from automl.study.one_by_one import OneByOne
from automl.study.parzen import Axis, Mixture, axis
from automl.study.ranking import Ranking
from automl.study.seeds import seed_of_proposal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from optuna.distributions import BaseDistribution
    from optuna.study import StudyDirection
    from optuna.trial import FrozenTrial

    Array = NDArray[np.float64]

N_STARTUP = 10
"""How many trials must be over before proposals are more than random draws."""
_BEST, _LATEST = 150, 250
"""The window: so many of the best trials, and so many of the latest."""
_N_CANDIDATES = 24
N_DRAWS = 5
"""Of several proposals for one trial, so many are the estimator's; where they cannot be tried, others are random."""
_BEST_SHARE, _MOST_BEST = 0.1, 25
_N_FRESH = 25
"""The latest trials, whose weight is not yet less."""


class TPESampler(OneByOne):
    """Proposes what is frequent among the best trials and rare among the others.

    Args:
        seed: What its draws come from.
        best: How many of the best trials it looks at.
        latest: How many of the latest trials it looks at.
    """

    def __init__(self, seed: int, best: int = _BEST, latest: int = _LATEST) -> None:
        self._seed = seed
        self._table = _Table(best, latest)
        self._of: tuple[int, int] | None = None
        self._proposed: dict[str, Any] = {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Propose a parameter, along with those that are active in the same trials."""
        draw = trial.system_attrs.get("draw", 0)
        of = (trial.number, draw)
        if self._of != of:
            self._table.look(study, trial.number)
            self._of, self._proposed = of, {}
        rng = np.random.default_rng(seed_of_proposal(self._seed, trial, param_name))
        if self._table.n_over < N_STARTUP or draw >= N_DRAWS:
            return _anything(axis(param_distribution), rng)
        if param_name not in self._proposed:
            known = trial.system_attrs.get("fixed_params", {}) | trial.params
            self._proposed |= self._table.propose(param_name, param_distribution, known, rng)
        return self._proposed[param_name]


def _anything(one: Axis, rng: np.random.Generator) -> Any:
    """Draw from the whole range."""
    return one.value(one.anywhere(rng))


class _Table:
    """The trials in the window as rows of places, not a number where a parameter is not active.

    What is known of a trial that is over is kept, so that a look costs what is new and not what there is.
    """

    def __init__(self, best: int, latest: int) -> None:
        self._best, self._latest = best, latest
        self._axes: dict[str, Axis] = {}
        self._columns: dict[str, int] = {}
        self._rows: dict[int, Array] = {}
        self._n_seen = 0
        self._open: set[int] = set()
        self._over: list[int] = []
        self._ranking = Ranking(max(best, _MOST_BEST))

    @property
    def n_over(self) -> int:
        """How many trials are over."""
        return len(self._over)

    def look(self, study: optuna.Study, asking: int) -> None:
        """Take in the study as it stands.

        Args:
            study: The study, the same one every time.
            asking: The number of the trial that is being proposed, which is left out.
        """
        trials = study.get_trials(deepcopy=False)
        self._take_in(trials, study.directions)
        leaders = self._ranking.leaders
        seen = {*leaders[: self._best], *self._over[-self._latest :], *self._open} - {asking}
        numbers = sorted(seen)
        rows = [self._row(trials[number]) for number in numbers]
        self._places = np.full((len(rows), len(self._columns)), math.nan)
        for places, row in zip(self._places, rows):
            places[: len(row)] = row
        best = set(leaders[: min(math.ceil(_BEST_SHARE * self.n_over), _MOST_BEST)])
        self._is_best = np.array([number in best for number in numbers], dtype=bool)
        self._groups = self._group() if rows else {}

    def _take_in(self, trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]) -> None:
        """Rank the trials that have ended since the last look."""
        self._open.update(range(self._n_seen, len(trials)))
        self._n_seen = len(trials)
        ended = [number for number in sorted(self._open) if trials[number].state.is_finished()]
        self._open.difference_update(ended)
        for number in ended:
            bisect.insort(self._over, number)
        self._ranking.add([trials[number] for number in ended], directions)

    def _row(self, trial: FrozenTrial) -> Array:
        """Give a trial's places, by column."""
        row = self._rows.get(trial.number)
        if row is None:
            for name, distribution in trial.distributions.items():
                if name not in self._columns:
                    self._columns[name], self._axes[name] = len(self._columns), axis(distribution)
            row = np.full(len(self._columns), math.nan)
            for name, value in trial.params.items():
                row[self._columns[name]] = self._axes[name].place(value)
            if trial.state.is_finished():
                self._rows[trial.number] = row
        return row

    def _group(self) -> dict[str, list[str]]:
        """Give the parameters that are active in the same trials as each parameter, itself included, by name."""
        active = ~np.isnan(self._places)
        groups: dict[bytes, list[str]] = {}
        for name in sorted(self._columns):
            groups.setdefault(active[:, self._columns[name]].tobytes(), []).append(name)
        return {name: group for group in groups.values() for name in group}

    def propose(
        self, name: str, distribution: BaseDistribution, known: Mapping[str, Any], rng: np.random.Generator
    ) -> dict[str, Any]:
        """Propose a parameter and those that go with it.

        Args:
            name: The parameter.
            distribution: Its range.
            known: What is decided of the trial.
            rng: What the candidates are drawn from.
        """
        if name not in self._groups:
            return {name: _anything(axis(distribution), rng)}
        names = self._groups[name]
        axes = [self._axes[each] for each in names]
        places = self._places[:, [self._columns[each] for each in names]]
        active = ~np.isnan(places[:, 0])
        better, worse = (
            Mixture(axes, places[active & part], _weights(int((active & part).sum())))
            for part in (self._is_best, ~self._is_best)
        )
        given = {column: axes[column].place(known[each]) for column, each in enumerate(names) if each in known}
        candidates = better.draw(_N_CANDIDATES, given, rng)
        winner = candidates[np.argmax(better.log_density(candidates) - worse.log_density(candidates))]
        return {each: axes[column].value(winner[column]) for column, each in enumerate(names) if column not in given}


def _weights(count: int) -> Array:
    """Give the weights of observations in the order of their trials: old ones count less."""
    fading = np.linspace(1.0 / max(count, 1), 1.0, max(count - _N_FRESH, 0))
    return np.append(fading, np.ones(min(count, _N_FRESH)))
