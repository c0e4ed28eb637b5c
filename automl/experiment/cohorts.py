"""Which trials train together: the sampler proposes an architecture, then more recipes for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.experiment.recipe import is_shared

if TYPE_CHECKING:
    from automl.experiment.objective import Objective
    from automl.study.study import Study
    from automl.tracking.record import Record
    from automl.trial import Config

COHORTS = "cohorts.jsonl"
_TRIALS_A_MEMBER = 3
"""A cohort has at most one member for so many earlier trials: a short study tries many architectures."""


class Cohorts:
    """Forms cohorts, and keeps them in the run folder so that a killed one is formed again as it was.

    Args:
        record: The run folder.
        size: How many trials train together; None to decide by the candidates' size and the study's length.
    """

    def __init__(self, record: Record, size: int | None = None) -> None:
        self._record = record
        self._size = size
        self._known: list[list[int]] = [event["trials"] for event in record.read_jsonl(COHORTS)]

    def unfinished(self, study: Study) -> list[list[int]]:
        """Give what is left of the cohorts that were formed and not told to their end."""
        left = set(study.unfinished)
        groups = [[number for number in group if number in left] for group in self._known]
        return [group for group in groups if group]

    def begun(self, study: Study) -> list[int]:
        """Give the trials that were asked for when a kill came before their cohort was formed."""
        formed = {number for group in self._known for number in group}
        return [number for number in study.unfinished if number not in formed]

    def form(self, study: Study, objective: Objective, trials: int | None) -> dict[int, Config]:
        """Ask for the configs of the next cohort.

        Args:
            study: Proposes them.
            objective: Knows what a config costs.
            trials: The budget's total, to which the last cohort is trimmed; None is without limit.
        """
        begun = self.begun(study)
        leader, config = (begun[0], study.ask_again(begun[0])) if begun else study.ask()
        configs = {leader: config}
        for number in range(leader + 1, leader + self._size_for(study, objective, leader, config, trials)):
            if number in begun:
                configs[number] = study.ask_again(number)
            else:
                number, configs[number] = study.ask(like=config, shared=is_shared)
        self._record.append_jsonl(COHORTS, {"trials": list(configs)})
        self._known.append(list(configs))
        return configs

    def _size_for(self, study: Study, objective: Objective, leader: int, config: Config, trials: int | None) -> int:
        if leader < study.n_starts:
            return 1
        wanted = self._size or min(leader // _TRIALS_A_MEMBER, objective.cohort_size(config))
        return max(1, wanted if trials is None else min(wanted, trials - leader))
