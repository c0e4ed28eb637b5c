"""What an update makes of a study's model: the model trained on from where it is, and its config trained from scratch.

A network that is trained on keeps its preparation as it was fitted, and learns at three tenths of its rate: at the
whole rate, one that has settled is first thrown off what it learned, and at a tenth or less it moves slowly. From a
warm start a network may end worse than from scratch on the same rows (Ash and Adams, On Warm-Starting Neural Network
Training, NeurIPS 2020), which is why both are trained, and validation rows choose between them. To shrink and perturb
the weights first, as they do, gave no better networks on adult's second half and on California's eastern houses.
"""

from __future__ import annotations

import math
import shutil
import time
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.data.calibration import UNCALIBRATED
from automl.data.rows import stacked
from automl.errors import SearchError
from automl.evaluation.metrics import score
from automl.experiment.calibration import learned
from automl.experiment.ensemble import Ensemble, Member, copied, weights_of
from automl.experiment.model import Model, keep_together
from automl.experiment.progress import Silent
from automl.experiment.rebuild import rebuild
from automl.experiment.recipe import read_recipe
from automl.experiment.shortage import contained
from automl.experiment.stage import Stage, coder_of
from automl.experiment.trainer import Candidate, Trainer
from automl.experiment.trees import allowance_of, grow
from automl.experiment.update_stages import UpdateStages
from automl.experiment.watch import Scorer, Watch
from automl.files import sync, write_json
from automl.study.rungs import NoPruner
from automl.task import Task
from automl.tracking.record import PLAN, TASK
from automl.tracking.updates import CODER, CONTINUED, candidate
from automl.training.device import pick_device
from automl.training.weights import raw_outputs, save_weights
from automl.trial import TREES, Completed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from automl.budget import Clock
    from automl.data.calibration import Calibration
    from automl.experiment.interrupts import Interrupts
    from automl.experiment.plan import Plan
    from automl.experiment.shortage import Portions
    from automl.tracking.record import Record
    from automl.tracking.trial_record import TrialRecord
    from automl.training.keeping import Fitted
    from automl.trial import Config, Outcome

GENTLER = 0.3
"""What the learning rate of a network that is trained on is multiplied by."""


@dataclass
class Continuing:
    """Trains what an update makes of a model.

    Args:
        study: The study's run folder.
        plan: What was asked for.
        number: The update's number.
        model: The model that the study has.
        train: All rows to learn from, those of the study first.
        validation: All rows to validate with.
        interrupts: Whether somebody asked for the work to end.
    """

    study: Record
    plan: Plan
    number: int
    model: Model
    train: pd.DataFrame
    validation: pd.DataFrame
    interrupts: Interrupts

    @cached_property
    def began(self) -> float:
        """What the model scores over all rows to validate with before anything is trained."""
        return self._answered(self.model)[0]

    def make(self, way: str, clock: Clock) -> dict[str, Any]:
        """Train in one way, and keep what comes of it as a candidate; networks that are kept already are not trained.

        Args:
            way: `continued` or `scratch`.
            clock: When the time is up.

        Returns:
            `weights_sha256`, `validation`, `seconds`, and of each of the `members` its `trial` and how it trained.

        Raises:
            SearchError: A network that is trained from scratch comes to nothing.
        """
        started, folder = time.monotonic(), self._folder(way)
        for trial in self._trials:
            if folder.trial(trial).read_outcome() is None:
                self._train_member(way, folder, trial, clock)
        for kind in TREES.keys() & (self.model.ensemble.shares if self.model.ensemble else {}):
            grow(folder, self._stages.of(way, kind), kind, allowance=allowance_of(self.plan))
        made = self._finished(folder, way)
        if way == CONTINUED and not self._is_better(made.validation, self.began):
            made = self._as_it_was(folder)
        return {
            "weights_sha256": made.weights_sha256,
            "validation": made.validation,
            "members": [_trained(folder.trial(trial)) for trial in self._trials],
            "seconds": time.monotonic() - started,
        }

    @cached_property
    def _task(self) -> Task:
        return Task.from_json(self.study.read_json(TASK))

    @cached_property
    def _stages(self) -> UpdateStages:
        return UpdateStages(self.study, self.plan, self._task, self.model, self.train, self.validation)

    @property
    def _trials(self) -> list[int]:
        """The trials whose networks are the model, or are in it."""
        shares = self.model.ensemble.shares if self.model.ensemble else {self.model.trial: 1.0}
        return [trial for trial in shares if trial not in TREES]

    def _folder(self, way: str) -> Record:
        """Make a candidate's folder, in the form of a run folder."""
        folder = candidate(self.study, self.number, way)
        folder.run_dir.mkdir(exist_ok=True)
        folder.write_json(PLAN, self.study.read_json(PLAN) | {"folds": None})
        folder.write_json(TASK, self.study.read_json(TASK))
        folder.write_json(CODER, self._stages.of(way).coder.to_json())
        return folder

    def _places(self, trial: int) -> list[int | None]:
        """Give the folds of a trial that answer together; the one that is none where it is one network."""
        members = self.model.ensemble.members if self.model.ensemble else ()
        return [member.fold for member in members if member.trial == trial] or [None]

    def _train_member(self, way: str, folder: Record, trial: int, clock: Clock) -> None:
        """Train a trial's network and keep it; where no epoch made one better that is trained on, as it began."""
        kept, stage = folder.trial(trial), self._stages.of(way, trial)
        config = self.model.record.trial(trial).read_config()
        candidate = Candidate(config, (self.plan.seed, "update", self.number, trial))
        if way == CONTINUED:
            candidate = Candidate(_gentler(config), candidate.seed, begins=self._weights(self.model.record, trial))
        fitted, outcome = self._trained(stage, candidate, clock)
        kept.write_config(config)
        for place, part in zip(self._places(trial), stage.folds or (stage,)):
            kept.write_preparation(part.preparation(read_recipe(config).preparing).to_json(), place)
        kept.write_curve(fitted.epochs if fitted else [])
        if way == CONTINUED:
            outcome = self._kept_or_begun(trial, folder, stage, fitted, outcome)
        elif isinstance(outcome, Completed) and fitted is not None:
            self._save(folder, trial, fitted)
        else:
            raise SearchError(f"trial {trial} came to nothing from scratch: {getattr(outcome, 'message', outcome)}")
        sync([*kept.folder.iterdir(), kept.folder, kept.folder.parent])
        folder.write_outcomes({trial: outcome})

    def _trained(self, stage: Stage, candidate: Candidate, clock: Clock) -> tuple[Fitted | None, Outcome]:
        """Train one network; it has an epoch at least, whatever the clock says."""
        trainer = Trainer(stage, pick_device(self.plan.device), self.plan.limits)
        found: list[Fitted] = []

        def train(_: Mapping[int, Config], portions: Portions) -> dict[int, Outcome]:
            watch = Watch([0], stage, NoPruner(), clock, Silent(), self.interrupts)
            own = replace(candidate, accumulation=portions.accumulation)
            [(fitted, outcome)] = trainer.train([own], watch, at_once=portions.at_once)
            found.append(fitted)
            return {0: outcome}

        outcome = contained(train, {0: candidate.config}, most_parts=trainer.most_parts)[0]
        return (found[-1] if found else None), outcome

    def _kept_or_begun(
        self, trial: int, folder: Record, stage: Stage, fitted: Fitted | None, outcome: Outcome
    ) -> Outcome:
        """Keep the weights of the best epoch, or those that the network began with where it was not better by any."""
        before = self._before(trial, stage)
        if fitted is not None and isinstance(outcome, Completed) and self._is_better(outcome.score, before):
            self._save(folder, trial, fitted)
            return outcome
        self._copy(folder, trial)
        if isinstance(outcome, Completed):
            return replace(outcome, score=before, loss=math.nan, best_epoch=0)
        return Completed(before, math.nan, 0, 0, outcome.seconds, _size(self.model.record.trial(trial)), "diverged")

    def _before(self, trial: int, stage: Stage) -> float:
        """Score a network as it is, over the rows that validate it; of folds on average, as they are trained."""
        scores = []
        for place, part in zip(self._places(trial), stage.folds or (stage,)):
            network, preparation = rebuild(self.model.record, trial, place)
            scores.append(Scorer(part).score(raw_outputs(network, preparation.transform(part.validation))))
        return fmean(scores)

    def _weights(self, folder: Record, trial: int) -> tuple[Path, ...]:
        """Give the files of what a trial's network learned, or of those of its folds."""
        return tuple(weights_of(folder, trial, place) for place in self._places(trial))

    def _save(self, folder: Record, trial: int, fitted: Fitted) -> None:
        for path, own in zip(self._weights(folder, trial), fitted.folds or (fitted,)):
            save_weights(path, own.weights)

    def _copy(self, folder: Record, trial: int) -> None:
        for path, own in zip(self._weights(folder, trial), self._weights(self.model.record, trial)):
            shutil.copyfile(own, path)

    def _as_it_was(self, folder: Record) -> Model:
        """Put the networks of the model in the place of those that were trained on: together they are no better."""
        for trial in self._trials:
            self._copy(folder, trial)
            outcome = folder.trial(trial).read_outcome()
            assert isinstance(outcome, Completed)
            folder.write_outcomes({trial: replace(outcome, best_epoch=0)})
        if folder.trees_dir.exists():
            shutil.copytree(self.model.record.trees_dir, folder.trees_dir, dirs_exist_ok=True)
        return self._finished(folder, CONTINUED)

    def _finished(self, folder: Record, way: str) -> Model:
        """Learn how sure a candidate is, and keep that with who is in it."""
        if self.model.ensemble is None:
            made = Model(folder, self.model.trial)
            _, sure = self._answered(made)
            write_json(folder.trial(made.trial).calibration_path, sure.to_json())
            return made
        members = tuple(self._moved(copied(member, folder), way) for member in self.model.ensemble.members)
        made = Model(folder, self.model.trial, Ensemble(members, 0.0, UNCALIBRATED))
        made = replace(made, ensemble=Ensemble(members, *self._answered(made)))
        keep_together(folder, made)
        return made

    def _moved(self, member: Member, way: str) -> Member:
        """Give a member with its outputs on the scale of the candidate's codes; what is trained on keeps its own."""
        if member.fold is None or way == CONTINUED:
            return member
        scale, shift = self._stages.of(way, member.trial).fold_scales[member.fold]
        return replace(member, scale=scale, shift=shift)

    def _answered(self, model: Model) -> tuple[float, Calibration]:
        """Score a model over the rows that it did not learn from, and learn how sure it is.

        Where its networks are of folds, those of each fold answer for the rows that they did not learn from. New rows
        then count as often as there are folds: so it is in every fold, in which they validate beside its own.
        """
        parts = [(model, self.validation)]
        if self._stages.is_bag:
            places = range(len(self._stages.folds))
            parts += [(_of_fold(model, place, len(places)), self._stages.held(place)) for place in places]
        outputs = np.concatenate([own.outputs(rows) for own, rows in parts if len(rows)])
        rows, coder = stacked(*(rows for _, rows in parts)), coder_of(model.record)
        stage = Stage(self._task, coder, self.train, rows)
        weights = stage.weights(rows)
        if self._stages.is_bag:
            is_new = np.arange(len(rows)) < len(self.validation)
            weights = np.where(is_new, len(self._stages.folds), 1) * (1.0 if weights is None else weights)
        found = score(self._task.metric, stage.truth(rows), coder.predictions(outputs), self._task, weights)
        return found, learned(self._task, coder, rows, outputs)

    def _is_better(self, new: float, before: float) -> bool:
        return new > before if self._task.higher_is_better else new < before


def _of_fold(model: Model, place: int, n_folds: int) -> Model:
    """Give those networks of a model that are of a fold."""
    assert model.ensemble is not None
    own = [replace(each, weight=each.weight * n_folds) for each in model.ensemble.members if each.fold == place]
    return replace(model, ensemble=replace(model.ensemble, members=tuple(own)))


def _gentler(config: Config) -> Config:
    """Give a config with a lower learning rate."""
    optimizer = read_recipe(config).optimizer
    return {**config, f"optimizer.{optimizer.rule}.lr": GENTLER * optimizer.lr}


def _trained(trial: TrialRecord) -> dict[str, Any]:
    outcome = trial.read_outcome()
    assert isinstance(outcome, Completed)
    return {"trial": trial.number, "epochs": outcome.epochs, "best_epoch": outcome.best_epoch}


def _size(trial: TrialRecord) -> int:
    outcome = trial.read_outcome()
    return outcome.parameters if isinstance(outcome, Completed) else 0
