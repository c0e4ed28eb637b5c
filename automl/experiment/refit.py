"""Networks trained once more when a search is over, on training and validation rows together.

Each is trained for as many epochs as were best when it was validated, of folds on average over them. Nothing is chosen
in it: neither epoch nor config, and no row is left to choose by.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from automl.budget import Clock
from automl.errors import SearchError, StudyError
from automl.experiment.calibration import calibration
from automl.experiment.checkpoints import Checkpoints
from automl.experiment.ensemble import Ensemble, Member, copied
from automl.experiment.growing import Growing
from automl.experiment.interrupts import Interrupts
from automl.experiment.model import Model, keep_together
from automl.experiment.recipe import read_recipe
from automl.experiment.shortage import contained
from automl.experiment.stage import whole_of
from automl.experiment.trainer import Candidate, Trainer
from automl.experiment.trees import settle_trees
from automl.experiment.watch import Unwatched
from automl.files import sync, write_json
from automl.report.figures import counted, spoken
from automl.tracking.record import PLAN, REFIT, TASK, Record
from automl.tracking.updates import CODER
from automl.training.device import pick_device
from automl.training.weights import save_weights
from automl.trial import TREES, Completed, Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from automl.experiment.plan import Plan
    from automl.experiment.shortage import Portions
    from automl.experiment.stage import Stage
    from automl.training.keeping import Fitted
    from automl.trial import Config, Epoch, Outcome

_NO_TIME = "there was no time left"


def refit_folds(
    record: Record,
    plan: Plan,
    stage: Stage,
    trial: int,
    *,
    say: Callable[[str], None],
    interrupts: Interrupts | None = None,
) -> None:
    """Train the network that stands for a trial of folds and keep its weights, unless that was done; else do nothing.

    Args:
        record: The run folder.
        plan: What was asked for.
        stage: The rows.
        trial: The trial's number.
        say: Hears what is done.
        interrupts: Whether somebody asked for the work to end.

    Raises:
        StudyError: The trial was not completed.
        SearchError: The training came to no finite loss.
    """
    kept = record.trial(trial)
    if not stage.folds or kept.weights_path.exists():
        return
    outcome = kept.read_outcome()
    if not isinstance(outcome, Completed):
        raise StudyError(f"trial {trial} of study {record.study!r} was not completed: it has no network to give")
    rows = counted(len(stage.train), "row")
    say(f"training trial {trial} once more, on all {rows} of its folds, for {counted(outcome.best_epoch, 'epoch')}")
    config = kept.read_config()
    trainer = Trainer(stage, pick_device(plan.device), plan.limits)
    candidate = Candidate(config, (plan.seed, trial), outcome.accumulation)
    watch = Unwatched(stage.task.higher_is_better, Clock(None), interrupts or Interrupts())
    fitted = trainer.refit(candidate, kept.read_curve()[: outcome.best_epoch], watch)
    if fitted.stopped_by == "diverged":
        raise SearchError(f"trial {trial}, trained once more on all rows of its folds, came to no finite loss")
    kept.write_preparation(stage.preparation(read_recipe(config).preparing).to_json())
    save_weights(kept.weights_path, fitted.weights)


@dataclass
class Refit:
    """The networks of a model trained once more, one after the other, those that count most first.

    What comes of it is kept in `refit`, in the form of a run folder. Those that were trained once more are not trained
    again; one that was cut off goes on. A network for which no time is left, or that comes to no finite loss, stays as
    the search left it.

    Args:
        model: What the search came to.
        plan: What was asked for.
        stage: The rows that are not sealed.
        clock: When the time is up.
        interrupts: Whether somebody asked for the work to end.
        say: Hears what is done.
    """

    model: Model
    plan: Plan
    stage: Stage
    clock: Clock
    interrupts: Interrupts
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        """Put training and validation rows together."""
        record, stage = self.model.record, self.stage
        self._record, self._folder = record, Record(record.refit_dir)
        self._whole = whole_of(stage)
        self._trainer = Trainer(self._whole, pick_device(self.plan.device), self.plan.limits)
        self._watch = Unwatched(stage.task.higher_is_better, self.clock, self.interrupts)
        self._checkpoints = Checkpoints(record, self.plan.seed, self.interrupts, self.say, "refit")

    def run(self) -> None:
        """Train what was not trained once more yet."""
        self._begin()
        kinds, trials = self._members
        with self._growing(kinds):
            for trial in trials:
                self._once(trial, self._train)
        for number in kinds:
            self._once(number, self._take)
        self._finish()

    @property
    def _members(self) -> tuple[list[int], list[int]]:
        """The trees and the trials that are the model, then the best trial, which is judged alone beside them."""
        shares = self.model.ensemble.shares if self.model.ensemble else {}
        ranked = sorted(shares, key=lambda number: (-shares[number], number))
        kinds = [number for number in ranked if number in TREES]
        return kinds, [*dict.fromkeys([*(number for number in ranked if number not in TREES), self.model.trial])]

    @contextmanager
    def _growing(self, kinds: list[int]) -> Iterator[None]:
        """Have trees grown anew while the block runs, and until they are or the time is up."""
        if not kinds or self.clock.is_over:
            yield
            return
        growing = Growing(self._record, self.clock, self.say, kinds)
        try:
            yield
            growing.finish(self.clock, self.interrupts)
        finally:
            growing.stop()

    def _once(self, number: int, make: Callable[[int], dict[str, Any]]) -> None:
        """Make a member, and note what came of it, unless that was done."""
        if number not in [member["trial"] for member in self._folder.read_json(REFIT)["members"]]:
            made = make(number)
            told = self._folder.read_json(REFIT)
            told["members"].append({"trial": number, **made})
            self._folder.write_json(REFIT, told)

    def _begin(self) -> None:
        """Make the folder anew, unless it is of this model."""
        folder, of = self._folder, self.model.weights_sha256
        if folder.has(REFIT) and folder.read_json(REFIT)["of"] == of:
            return
        shutil.rmtree(folder.run_dir, ignore_errors=True)
        folder.run_dir.mkdir()
        folder.write_json(PLAN, self._record.read_json(PLAN) | {"folds": None})
        folder.write_json(TASK, self._record.read_json(TASK))
        folder.write_json(CODER, self.stage.coder.to_json())
        folder.write_json(REFIT, {"of": of, "rows": len(self._whole.train), "members": []})

    def _train(self, trial: int) -> dict[str, Any]:
        """Train a trial's network once more, and keep it; one of which nothing comes as the search left it."""
        kept, own = self._record.trial(trial), self._folder.trial(trial)
        outcome, config = kept.read_outcome(), kept.read_config()
        assert isinstance(outcome, Completed)
        fitted = self._trained(trial, config, outcome, kept.read_curve()[: outcome.best_epoch])
        own.write_config(config)
        if isinstance(fitted, str):
            self.say(f"trial {trial} stays as it is: {fitted}")
            for path in (kept.weights_path, kept.preparation_path, *kept.folder.glob("fold-*")):
                if path.exists():
                    shutil.copyfile(path, own.folder / path.name)
            member: dict[str, Any] = {"left": fitted}
        else:
            own.write_preparation(self._whole.preparation(read_recipe(config).preparing).to_json())
            save_weights(own.weights_path, fitted.weights)
            member = {"epochs": len(fitted.epochs)}
        folds = self.model.folds if trial == self.model.trial else None
        sure = folds.calibration if folds else calibration(self._record, trial)
        write_json(own.calibration_path, sure.to_json())
        sync([*own.folder.iterdir(), own.folder, own.folder.parent])
        self._folder.write_outcomes({trial: outcome})
        self._checkpoints.forget([trial])
        return member

    def _trained(self, trial: int, config: Config, outcome: Completed, curve: list[Epoch]) -> Fitted | str:
        """Train a network, its batches in as many parts as before, or in more; or say why nothing comes of it."""
        if self.clock.left < self.stage.growth * outcome.seconds_to_best:
            return _NO_TIME
        rows = f"training and validation rows together ({counted(len(self._whole.train), 'row')})"
        self.say(f"training trial {trial} once more, on {rows}, for {counted(len(curve), 'epoch')}")
        found: list[Fitted] = []

        def train(_: Mapping[int, Config], portions: Portions) -> dict[int, Outcome]:
            parts = max(outcome.accumulation, portions.accumulation)
            keeper = self._checkpoints.keeper({trial: {**config, "parts": parts}}, self._watch)
            candidate = Candidate(config, (self.plan.seed, trial), parts)
            found.append(self._trainer.refit(candidate, curve, self._watch, keeper))
            return {trial: outcome}

        ended = contained(train, {trial: config}, most_parts=self._trainer.most_parts)[trial]
        if isinstance(ended, Failed):
            return _NO_TIME if ended.kind == "timeout" else ended.message
        if found[-1].stopped_by == "diverged":
            return "trained once more, it came to no finite loss"
        return found[-1] if len(found[-1].epochs) == len(curve) else _NO_TIME

    def _take(self, number: int) -> dict[str, Any]:
        """Take trees as they were grown anew; where there was no time for it, they stay as they are."""
        if settle_trees(self._record, number, self._folder):
            return {"rows": len(self._whole.train)}
        self.say(f"{spoken(TREES[number])}, as they are: {_NO_TIME}")
        return {"left": _NO_TIME}

    def _finish(self) -> None:
        """Keep who answers together."""
        folder, trial = self._folder, self.model.trial
        ensemble, folds = (each and self._settled(each) for each in (self.model.ensemble, self.model.folds))
        if ensemble is not None and len(ensemble.members) > 1:
            is_one = folds is None or len(folds.members) == 1
            keep_together(folder, Model(folder, trial, ensemble, None if is_one else folds))
        folder.write_json(REFIT, folder.read_json(REFIT) | {"finished": True})

    def _settled(self, ensemble: Ensemble) -> Ensemble:
        """Give who answers together now: of folds one network that was trained once more, or all where none was."""
        left = {each["trial"] for each in self._folder.read_json(REFIT)["members"] if "left" in each}
        members: list[Member] = []
        for trial, share in ensemble.shares.items():
            as_it_was = [member for member in ensemble.members if member.trial == trial]
            members += as_it_was if trial in left else [Member(trial, share, "")]
        return replace(ensemble, members=tuple(copied(member, self._folder) for member in members))
