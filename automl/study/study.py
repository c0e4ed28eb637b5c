"""The study: which configs to try, by ask and tell, kept as a plain Optuna study in a journal file or a storage."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState, create_trial

from automl.study.grid import GridSampler
from automl.study.importance import importance
from automl.study.journal import mend
from automl.study.proposal import as_config, as_parameters, propose
from automl.study.samplers import SAMPLERS, draws_at_random
from automl.study.scored import COSTS, directions
from automl.study.storage import Shared, open_storage
from automl.trial import Completed, Pruned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from optuna.trial import FrozenTrial

    from automl.spaces.space import Space
    from automl.study.proposal import Proposal
    from automl.trial import Aim, Config, Outcome

_MOST_REDRAWN = 32
"""So many proposals that cannot be tried are drawn again; then one of them becomes a trial that fails untrained, from
which the sampler learns."""


_RANDOM = "random"
"""The note on a trial whose config was drawn from the whole space, whatever came before."""
_MEMBER = "member"
"""The note on a trial in a shared storage: who asked for it."""


def _free(config: Config) -> float:
    """Let every config cost the same."""
    return 0.0


class Study:
    """Asks for configs and is told outcomes.

    The space's default is trial 0; what a person wants tried first comes next, as it is ordered, then the space's
    known-good configs, the cheapest first, but for those that came before; then the sampler proposes.

    In a shared storage the trials of others are learned from, and left to them: those that are unfinished or finished
    are one's own, and their numbers have gaps.

    Args:
        place: The journal file, made if absent, or a storage that may be shared.
        name: The study's name in it.
        space: What may vary.
        aim: The direction of the scores, and what is to be small beside them.
        sampler: A key of `automl.study.samplers.SAMPLERS`.
        seed: What every proposal is drawn from.
        is_alone: Whether no other process has the journal open; an unterminated last line is then cut off.
    """

    def __init__(
        self,
        place: Path | Shared,
        name: str,
        space: Space,
        *,
        aim: Aim,
        sampler: str,
        seed: int,
        is_alone: bool = True,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._shared = place if isinstance(place, Shared) else None
        self._journal = None if isinstance(place, Shared) else place
        self.mended_bytes = mend(self._journal) if self._journal is not None and is_alone else 0
        self._aim = aim
        self._sampler = sampler
        self._seen: tuple[int, list[FrozenTrial]] = (-1, [])
        self._space = space
        starts = map(space.complete, space.starts)
        self._known_good = [start for start in starts if start not in space.first]
        self._study = optuna.create_study(
            storage=_storage(place),
            study_name=name,
            directions=directions(aim),
            sampler=SAMPLERS[sampler](seed, space),
            pruner=optuna.pruners.NopPruner(),
            load_if_exists=True,
        )

    def _trials(self) -> list[FrozenTrial]:
        """Give all trials as they are now, by number; a journal is read only where it has grown."""
        if self._journal is None:
            return self._study.get_trials(deepcopy=False)
        size = self._journal.stat().st_size
        if self._seen[0] != size:
            self._seen = (size, self._study.get_trials(deepcopy=False))
        return self._seen[1]

    @property
    def n_asked(self) -> int:
        """How many trials there are, in whatever state."""
        return len(self._trials())

    def _own(self) -> list[FrozenTrial]:
        """Give the trials that were asked for here."""
        trials = self._trials()
        if self._shared is None:
            return trials
        return [trial for trial in trials if trial.user_attrs.get(_MEMBER) == self._shared.member]

    @property
    def unfinished(self) -> list[int]:
        """The trials that were asked for and never told, by number."""
        return [trial.number for trial in self._own() if trial.state is TrialState.RUNNING]

    @property
    def finished(self) -> list[int]:
        """The trials that were told, by number."""
        return [trial.number for trial in self._own() if trial.state.is_finished()]

    @property
    def n_starts(self) -> int:
        """How many trials come before the sampler's own proposals."""
        return 1 + len(self._space.first) + len(self._known_good)

    def _start(self, number: int, cost: Callable[[Config], float]) -> Config:
        """Give the default, then what is wanted first, then the known-good configs, the cheapest first."""
        if number == 0:
            return self._space.default()
        return [*self._space.first, *sorted(self._known_good, key=cost)][number - 1]

    def ask(
        self,
        like: Config | None = None,
        shared: Callable[[str], bool] = lambda name: True,
        *,
        cost: Callable[[Config], float] = _free,
        n_proposals: int = 1,
    ) -> tuple[int, Config]:
        """Give the next trial's number and config; the trial enters the journal whole, by one line.

        Where several processes ask, the caller lets one of them ask at a time.

        Args:
            like: A config that the next one agrees with in its shared parameters; None leaves it free.
            shared: Tells of a parameter's name whether it is shared.
            cost: What a config costs, in any unit; infinite where it cannot be tried.
            n_proposals: Of so many proposals of the sampler the cheapest is taken; where none can be tried, more are
                made.
        """
        number = self.n_asked
        given = {}
        n_over = sum(trial.state.is_finished() for trial in self._trials())
        is_random = like is None and n_proposals == 1 and draws_at_random(self._sampler, n_over)
        if number < self.n_starts:
            given = as_parameters(self._start(number, cost), self._space)
            cost, n_proposals, is_random = _free, 1, False
        elif like is not None:
            given = as_parameters(like, self._space, shared)
        config, params, distributions = self._cheapest(number, given, cost, n_proposals)
        notes = {_RANDOM: True} if is_random else {}
        trial = create_trial(state=TrialState.RUNNING, params=params, distributions=distributions, user_attrs=notes)
        return self._enter(trial, number), config

    def _enter(self, trial: FrozenTrial, number: int) -> int:
        """Enter a trial, and give the number it has: in a shared storage another may have been quicker."""
        if self._shared is None:
            self._study.add_trial(trial)
            return number
        trial.user_attrs[_MEMBER] = self._shared.member
        storage = self._study._storage
        return storage.get_trial_number_from_id(storage.create_new_trial(self._study._study_id, trial))

    def _cheapest(
        self, number: int, given: Mapping[str, Any], cost: Callable[[Config], float], n_proposals: int
    ) -> Proposal:
        """Give the cheapest of so many proposals; those that cannot be tried are drawn again, up to a bound."""
        proposals: list[tuple[float, Proposal]] = []
        for draw in range(n_proposals + _MOST_REDRAWN):
            proposal = propose(self._study, number, self._space, given, draw)
            proposals.append((cost(proposal[0]), proposal))
            cheapest = min(proposals, key=lambda each: each[0])
            if len(proposals) >= n_proposals and cheapest[0] < math.inf:
                break
        return cheapest[1]

    def left(self, like: Config | None = None, shared: Callable[[str], bool] = lambda name: True) -> int | None:
        """Say how many configs the sampler has left to propose; None where it never comes to an end.

        Args:
            like: A config with which they are to agree in its shared parameters; None for all of them.
            shared: Tells of a parameter's name whether it is shared.
        """
        sampler = self._study.sampler
        if not isinstance(sampler, GridSampler):
            return None
        given = as_parameters(like, self._space, shared) if like is not None else {}
        not_begun = max(0, self.n_starts - self.n_asked) if like is None else 0
        return max(not_begun, len(sampler.left(self._trials(), given)))

    def ask_again(self, number: int) -> Config:
        """Give the config of an unfinished trial.

        Raises:
            ValueError: The trial was never asked for, or is finished.
        """
        if number not in self.unfinished:
            raise ValueError(f"trial {number} is not one that was asked for and never told")
        return as_config(self._trials()[number].params, self._space)

    def insights(self) -> dict[str, Any]:
        """Say what only the study can tell of the search, as plain JSON values.

        Returns:
            `random`: the trials that were drawn at random from the whole space; `importance`: as
            `automl.study.importance.importance` gives it.
        """
        random = [trial.number for trial in self._own() if trial.user_attrs.get(_RANDOM)]
        return {"random": random, "importance": importance(self._study)}

    def tell(self, number: int, outcome: Outcome) -> None:
        """Record what came of a trial; a pruned one counts with its score at the rung it left at."""
        if isinstance(outcome, Completed):
            self._study.tell(number, self._aim.values(outcome))
            return
        if isinstance(outcome, Pruned):
            self._note_costs(number, outcome)
            self._report(number, outcome)
            self._study.tell(number, state=TrialState.PRUNED)
            return
        self._study.tell(number, state=TrialState.FAIL)

    def _note_costs(self, number: int, outcome: Pruned) -> None:
        if self._aim.costs:
            _, *costs = self._aim.values(outcome)
            self._study._storage.set_trial_user_attr(self._trials()[number]._trial_id, COSTS, costs)

    def _report(self, number: int, outcome: Pruned) -> None:
        frozen = self._trials()[number]
        if outcome.epochs not in frozen.intermediate_values:
            self._study._storage.set_trial_intermediate_value(frozen._trial_id, outcome.epochs, outcome.score)


def _storage(place: Path | Shared) -> Any:
    if isinstance(place, Shared):
        return open_storage(place.url)
    return JournalStorage(JournalFileBackend(str(place)))
