"""The rows as each network of an updated model learns from them: all of them, or those of its fold and what came later.

A network that is trained on keeps its preparation and the target's codes as they were fitted; one that is trained from
scratch has both fitted anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from automl.data.folds import with_later
from automl.data.roles import Roles
from automl.data.rows import stacked
from automl.experiment.rebuild import rebuild
from automl.experiment.recipe import read_recipe
from automl.experiment.stage import Stage, coder_of, fitted_stage, folds_of, learned_rows
from automl.tracking.updates import CONTINUED
from automl.trial import TREES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from automl.data.folds import Fold
    from automl.data.prepare import Preparation
    from automl.data.preparing import Preparing
    from automl.data.target import TargetCoder
    from automl.experiment.ensemble import Member
    from automl.experiment.model import Model
    from automl.experiment.plan import Plan
    from automl.task import Scale, Task
    from automl.tracking.record import Record


@dataclass
class UpdateStages:
    """The rows of an update, set out for each network and each kind of trees of a model.

    Args:
        study: The study's run folder.
        plan: What was asked for.
        task: What is predicted from what.
        model: The model that the study has.
        train: All rows to learn from, those of the study first.
        validation: All rows to validate with that no network learns from.
    """

    study: Record
    plan: Plan
    task: Task
    model: Model
    train: pd.DataFrame
    validation: pd.DataFrame

    def of(self, way: str, number: int | None = None) -> Stage:
        """Give the rows for a trial or a kind of trees, fold by fold where its folds answer.

        Args:
            way: `continued`, with its preparation and codes as they are; or `scratch`.
            number: The trial's number, or that of `TREES`; None for all rows together, with no preparation.
        """
        if way != CONTINUED:
            return self._anew_by_fold if number in self._folded else self._anew
        given = {} if number in self._folded else self._preparation(number)
        stage = self._kept(coder_of(self.model.record), (self.train, self.validation), given)
        if number not in self._folded:
            return stage
        folds = [
            self._kept(stage.coder.moved(*scale), self._parts(place), self._preparation(number, place))
            for place, scale in self._scales.items()
        ]
        return replace(stage, folds=tuple(folds))

    @property
    def is_bag(self) -> bool:
        """Whether all of the model's networks and trees are of folds, so that rows of a fold validate its own."""
        ensemble = self.model.ensemble
        return ensemble is not None and all(member.fold is not None for member in ensemble.members)

    @cached_property
    def folds(self) -> list[Fold]:
        """The folds of the study, later rows in them; none where the model has none."""
        if not self._scales:
            return []
        rows, roles = learned_rows(self.study), Roles(group=self.task.group, time=self.plan.time)
        return [with_later(each, self.train, len(rows), roles) for each in folds_of(self.task, self.plan, rows)]

    def held(self, place: int) -> pd.DataFrame:
        """Give the rows to learn from that the networks of a fold do not learn from, but validate with."""
        return self.train.iloc[self.folds[place].validation]

    @property
    def _of_folds(self) -> list[Member]:
        """The networks and trees of the model that are of a fold."""
        members = self.model.ensemble.members if self.model.ensemble else ()
        return [each for each in members if each.fold is not None]

    @cached_property
    def _scales(self) -> dict[int, tuple[Scale, Scale]]:
        """By what the outputs of each fold are multiplied and moved, to be on the scale of the model's codes."""
        found = {each.fold: (each.scale, each.shift) for each in self._of_folds if each.fold is not None}
        return dict(sorted(found.items()))

    @property
    def _folded(self) -> set[int]:
        """The trials and kinds of trees whose folds answer together."""
        return {each.trial for each in self._of_folds}

    @cached_property
    def _anew(self) -> Stage:
        return fitted_stage(self.task, self.plan, self.train, self.validation)

    @cached_property
    def _anew_by_fold(self) -> Stage:
        folds = tuple(fitted_stage(self.task, self.plan, *self._parts(place)) for place in range(len(self.folds)))
        return replace(fitted_stage(self.task, self.plan, self.train, self.validation), folds=folds)

    def _parts(self, place: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Give the rows that a fold's networks learn from, and those that validate them."""
        train = self.train.iloc[self.folds[place].train].reset_index(drop=True)
        return train, stacked(self.held(place), self.validation)

    def _kept(
        self, coder: TargetCoder, parts: tuple[pd.DataFrame, pd.DataFrame], given: Mapping[Preparing, Preparation]
    ) -> Stage:
        """Set rows out with codes and preparations as they are."""
        return Stage(self.task, coder, *parts, self.plan.class_weight, given=given)

    def _preparation(self, number: int | None, fold: int | None = None) -> dict[Preparing, Preparation]:
        """Give how a trial's rows were prepared; nothing of trees, which are grown anew."""
        if number is None or number in TREES:
            return {}
        record = self.model.record
        _, preparation = rebuild(record, number, fold)
        return {read_recipe(record.trial(number).read_config()).preparing: preparation}
