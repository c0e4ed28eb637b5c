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
from typing import TYPE_CHECKING, Any

from automl.data.calibration import UNCALIBRATED
from automl.data.target import fit_coder
from automl.errors import SearchError
from automl.evaluation.metrics import score
from automl.experiment.calibration import learned
from automl.experiment.ensemble import Ensemble, copied
from automl.experiment.model import Model, keep_together
from automl.experiment.progress import Silent
from automl.experiment.rebuild import rebuild
from automl.experiment.recipe import read_recipe
from automl.experiment.shortage import contained
from automl.experiment.stage import Stage, coder_of
from automl.experiment.trainer import Candidate, Trainer
from automl.experiment.trees import grow
from automl.experiment.watch import Watch
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

    import pandas as pd
    from numpy.typing import NDArray

    from automl.budget import Clock
    from automl.data.prepare import Preparation
    from automl.data.preparing import Preparing
    from automl.data.target import TargetCoder
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
        return self._scored(self.model, self._outputs(self.model))

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
            grow(folder, self._stage(way), kind)
        made = self._finished(folder)
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
    def _anew(self) -> Stage:
        return self._staged(fit_coder(self._task, self.train[self._task.target]))

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
        folder.write_json(CODER, self._stage(way).coder.to_json())
        return folder

    def _stage(self, way: str, trial: int | None = None) -> Stage:
        """Give the rows with what is fitted anew on them or, to train a trial on, with its codes and preparation."""
        if way != CONTINUED:
            return self._anew
        given = {} if trial is None else _preparation_of(self.model.record, trial)
        return self._staged(coder_of(self.model.record), given)

    def _staged(self, coder: TargetCoder, given: Mapping[Preparing, Preparation] | None = None) -> Stage:
        return Stage(self._task, coder, self.train, self.validation, self.plan.class_weight, given=given or {})

    def _train_member(self, way: str, folder: Record, trial: int, clock: Clock) -> None:
        """Train a trial's network and keep it; where no epoch made one better that is trained on, as it began."""
        own, kept, stage = self.model.record.trial(trial), folder.trial(trial), self._stage(way, trial)
        config = own.read_config()
        candidate = Candidate(config, (self.plan.seed, "update", self.number, trial))
        if way == CONTINUED:
            candidate = Candidate(_gentler(config), candidate.seed, begins=own.weights_path)
        fitted, outcome = self._trained(stage, candidate, clock)
        kept.write_config(config)
        kept.write_preparation(stage.preparation(read_recipe(config).preparing).to_json())
        kept.write_curve(fitted.epochs if fitted else [])
        if way == CONTINUED:
            outcome = self._kept_or_begun(trial, kept, fitted, outcome)
        elif isinstance(outcome, Completed) and fitted is not None:
            save_weights(kept.weights_path, fitted.weights)
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

    def _kept_or_begun(self, trial: int, kept: TrialRecord, fitted: Fitted | None, outcome: Outcome) -> Outcome:
        """Keep the weights of the best epoch, or those that the network began with where it was not better by any."""
        alone = Model(self.model.record, trial)
        before = self._scored(alone, self._outputs(alone))
        if fitted is not None and isinstance(outcome, Completed) and self._is_better(outcome.score, before):
            save_weights(kept.weights_path, fitted.weights)
            return outcome
        shutil.copyfile(alone.record.trial(trial).weights_path, kept.weights_path)
        if isinstance(outcome, Completed):
            return replace(outcome, score=before, loss=math.nan, best_epoch=0)
        return Completed(before, math.nan, 0, 0, outcome.seconds, _size(alone), "diverged")

    def _as_it_was(self, folder: Record) -> Model:
        """Put the networks of the model in the place of those that were trained on: together they are no better."""
        for trial in self._trials:
            own, kept = self.model.record.trial(trial), folder.trial(trial)
            shutil.copyfile(own.weights_path, kept.weights_path)
            outcome = kept.read_outcome()
            assert isinstance(outcome, Completed)
            folder.write_outcomes({trial: replace(outcome, best_epoch=0)})
        if folder.trees_dir.exists():
            shutil.copytree(self.model.record.trees_dir, folder.trees_dir, dirs_exist_ok=True)
        return self._finished(folder)

    def _finished(self, folder: Record) -> Model:
        """Learn how sure a candidate is, and keep that with who is in it."""
        coder = coder_of(folder)
        if self.model.ensemble is None:
            made = Model(folder, self.model.trial)
            sure = learned(self._task, coder, self.validation, self._outputs(made))
            write_json(folder.trial(made.trial).calibration_path, sure.to_json())
            return made
        members = tuple(copied(member, folder) for member in self.model.ensemble.members)
        made = Model(folder, self.model.trial, Ensemble(members, 0.0, UNCALIBRATED))
        outputs = self._outputs(made)
        sure = learned(self._task, coder, self.validation, outputs)
        made = replace(made, ensemble=Ensemble(members, self._scored(made, outputs), sure))
        keep_together(folder, made)
        return made

    def _outputs(self, model: Model) -> NDArray[Any]:
        network, preparation = model.rebuild()
        return raw_outputs(network, preparation.transform(self.validation))

    def _scored(self, model: Model, outputs: NDArray[Any]) -> float:
        task, coder = self._task, coder_of(model.record)
        stage = self._anew
        truth, weights = stage.truth(self.validation), stage.weights(self.validation)
        return score(task.metric, truth, coder.predictions(outputs), task, weights)

    def _is_better(self, new: float, before: float) -> bool:
        return new > before if self._task.higher_is_better else new < before


def _preparation_of(record: Record, trial: int) -> dict[Preparing, Preparation]:
    _, preparation = rebuild(record, trial)
    return {read_recipe(record.trial(trial).read_config()).preparing: preparation}


def _gentler(config: Config) -> Config:
    """Give a config with a lower learning rate."""
    optimizer = read_recipe(config).optimizer
    return {**config, f"optimizer.{optimizer.rule}.lr": GENTLER * optimizer.lr}


def _trained(trial: TrialRecord) -> dict[str, Any]:
    outcome = trial.read_outcome()
    assert isinstance(outcome, Completed)
    return {"trial": trial.number, "epochs": outcome.epochs, "best_epoch": outcome.best_epoch}


def _size(model: Model) -> int:
    outcome = model.record.trial(model.trial).read_outcome()
    return outcome.parameters if isinstance(outcome, Completed) else 0
