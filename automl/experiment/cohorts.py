"""Which trials train together: the sampler proposes an architecture, then more recipes for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.experiment.deaths import Deaths
from automl.experiment.recipe import is_shared

if TYPE_CHECKING:
    from automl.budget import Budget
    from automl.experiment.leases import Leases
    from automl.experiment.objective import Objective
    from automl.study.study import Study
    from automl.tracking.record import Record
    from automl.trial import Config

COHORTS = "cohorts.jsonl"
_TRIALS_A_MEMBER = 3
"""A cohort has at most one member for so many earlier trials: a short study tries many architectures."""
_PROPOSALS = 4
"""Where seconds are the budget, the cheapest of so many proposals is tried; of fewer as the time runs out."""


class Cohorts:
    """Forms cohorts, and keeps them in the run folder so that a killed one is formed again as it was.

    Args:
        record: The run folder.
        size: How many trials train together; None to decide by the candidates' size and the study's length.
        leases: Says who works on what, where several processes share a study; None where one works alone.
    """

    def __init__(self, record: Record, size: int | None = None, leases: Leases | None = None) -> None:
        self._lines = record.lines(COHORTS)
        self._size = size
        self._leases = leases
        self._deaths = Deaths(record)
        self._groups: list[list[int]] = []

    def _known(self) -> list[list[int]]:
        """Give the cohorts that were formed, whoever formed them."""
        self._groups += [line["trials"] for line in self._lines.new()]
        return self._groups

    def unfinished(self, study: Study) -> list[list[int]]:
        """Give what is left of the cohorts that were formed and not told to their end.

        Those that died together twice are given one by one.
        """
        left = set(study.unfinished)
        groups = [[number for number in group if number in left] for group in self._known()]
        return [part for group in groups if group for part in self._parts(group)]

    def _parts(self, group: list[int]) -> list[list[int]]:
        return [[number] for number in group] if self._deaths.trains_alone(group[0]) else [group]

    def _begun(self, study: Study) -> list[int]:
        """Give the trials that were asked for when a kill came before their cohort was formed."""
        formed = {number for group in self._known() for number in group}
        return [number for number in study.unfinished if number not in formed]

    def release(self) -> None:
        """Say that what was formed last is told to its end."""
        if self._leases is not None:
            self._leases.release()

    def _orphans(self, study: Study, leases: Leases) -> list[int]:
        """Give the next trials that nobody works on, because who did has died; none where there are none.

        What took a worker with it is left to other workers by the process of the search, with which all would end.
        """
        held = leases.held()
        for group in self.unfinished(study):
            free = [number for number in group if number not in held]
            if free and not (leases.place == 0 and any(map(self._deaths.is_suspect, free))):
                return free
        return []

    def form(self, study: Study, objective: Objective, budget: Budget) -> dict[int, Config]:
        """Ask for the configs of the next cohort; none where the budget is spent.

        Trials that a process left behind which died come first.

        Args:
            study: Proposes them.
            objective: Knows what a config costs, and the time.
            budget: Trials and seconds in all; to its trials the last cohort is trimmed.
        """
        with self._lines.turn():
            orphans = self._orphans(study, self._leases) if self._leases is not None else []
            if orphans:
                objective.catch_up(orphans)
                return self._leased({number: study.ask_again(number) for number in orphans})
            begun = self._begun(study)
            if not begun and (_is_spent(study, objective, budget) or study.left() == 0):
                return {}
            objective.catch_up(study.finished)
            leader, config = (begun[0], study.ask_again(begun[0])) if begun else self._lead(study, objective, budget)
            configs = {leader: config}
            for number in range(leader + 1, leader + self._size_for(study, objective, leader, config, budget.trials)):
                if number in begun:
                    configs[number] = study.ask_again(number)
                else:
                    number, configs[number] = study.ask(like=config, shared=is_shared)
            self._lines.append({"trials": list(configs)})
            return self._leased(configs)

    def _leased(self, configs: dict[int, Config]) -> dict[int, Config]:
        if self._leases is not None:
            self._leases.take(configs)
        return configs

    def _lead(self, study: Study, objective: Objective, budget: Budget) -> tuple[int, Config]:
        """Ask for the trial whose architecture the cohort has.

        Where seconds are the budget, and no number of trials is, cheap ones come first: much is learned of the recipes,
        and something is found, before the large ones take their time (Lee et al., Cost-aware Bayesian Optimization,
        arXiv 2003.10870, cools the cost in the same way).
        """
        left = objective.clock.share_left if budget.trials is None else 0.0
        return study.ask(cost=objective.cost, n_proposals=1 + round((_PROPOSALS - 1) * left))

    def _size_for(self, study: Study, objective: Objective, leader: int, config: Config, trials: int | None) -> int:
        if leader < study.n_starts:
            return 1
        wanted = self._size or min(leader // _TRIALS_A_MEMBER, objective.cohort_size(config))
        alike = study.left(config, is_shared)
        most = (
            None if trials is None else trials - leader,
            None if alike is None else 1 + alike,
            objective.most_together(config),
        )
        return max(1, min([wanted, *(left for left in most if left is not None)]))


def _is_spent(study: Study, objective: Objective, budget: Budget) -> bool:
    if budget.trials is not None and study.n_asked >= budget.trials:
        return True
    return study.n_asked > 0 and objective.clock.is_over
