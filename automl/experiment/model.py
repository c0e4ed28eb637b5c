"""What a study gives: its best trial, or the trials that are better together."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from automl.errors import StudyError
from automl.experiment.calibration import calibration
from automl.experiment.ensemble import Choice, Ensemble, read_choice, rebuild_together
from automl.experiment.rebuild import rebuild
from automl.experiment.recipe import DEFAULTS, read_recipe
from automl.experiment.trees import arguments_of
from automl.experiment.winner import winner
from automl.task import Task
from automl.tracking.record import ENSEMBLE, REFIT, TASK, Record
from automl.training.weights import raw_outputs, weights_sha256
from automl.trial import TREES, Aim, Completed, ranked

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from automl.data.calibration import Calibration
    from automl.data.joint import JointPreparation
    from automl.data.prepare import Preparation
    from automl.experiment.plan import Plan
    from automl.models.build import Network
    from automl.models.ensemble import Ensemble as EnsembleNetwork


@dataclass(frozen=True)
class Model:
    """One network, or several that answer together.

    Args:
        record: The run folder.
        trial: The trial that it is, of several the one that is best alone.
        ensemble: Those that answer together; None where it is that trial's one network.
        folds: The folds of the best trial, where these answer together.
        before: The same as the search left it, where this one was trained once more on all rows that are not sealed.
    """

    record: Record
    trial: int
    ensemble: Ensemble | None = None
    folds: Ensemble | None = None
    before: Model | None = None

    @property
    def alone(self) -> Model | None:
        """The best trial by itself; None where that is the model."""
        is_alone = self.ensemble is None or len(self.ensemble.shares) == 1
        return None if is_alone else Model(self.record, self.trial, self.folds)

    @property
    def shares(self) -> dict[str, str]:
        """How much each trial of an ensemble counts, and of what family it is; nothing of one by itself."""
        shares = self.ensemble.shares if self.ensemble else {}
        named = {trial: TREES.get(trial, f"trial {trial}") for trial in shares}
        return {named[trial]: f"{share:.3g} x {self._family(trial)}" for trial, share in shares.items()}

    @property
    def weights_sha256(self) -> str:
        """The digest of all its weights, and of how much each network counts."""
        if self.ensemble is None:
            return weights_sha256(self.record.trial(self.trial).weights_path)
        told = "".join(f"{each.weights_sha256} {each.weight!r}\n" for each in self.ensemble.members)
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def validation(self) -> float:
        """Its score over the validation rows.

        Raises:
            StudyError: The trial was not completed.
        """
        if self.ensemble is not None:
            return self.ensemble.validation
        outcome = self.record.trial(self.trial).read_outcome()
        if not isinstance(outcome, Completed):
            raise StudyError(f"trial {self.trial} of study {self.record.study!r} was not completed")
        return outcome.score

    def calibration(self) -> Calibration:
        """Say how sure it is; of a trial that is learned now if it was not."""
        return self.ensemble.calibration if self.ensemble else calibration(self.record, self.trial)

    def rebuild(self) -> tuple[Network | EnsembleNetwork, Preparation | JointPreparation]:
        """Build what it is made of with its stored weights, in evaluation, and give what prepares its rows.

        Raises:
            StudyError: There is no such trial, or its weights were not kept.
        """
        if self.ensemble is None:
            return rebuild(self.record, self.trial)
        return rebuild_together(self.record, self.ensemble.members)

    def outputs(self, rows: pd.DataFrame) -> NDArray[Any]:
        """Give what it says of raw rows, raw too: (N, K)."""
        network, preparation = self.rebuild()
        return raw_outputs(network, preparation.transform(rows))

    def architecture(self, prefixes: tuple[str, ...] = ()) -> dict[str, Any]:
        """Say what rebuilds it, as plain JSON values.

        Args:
            prefixes: Of an ensemble, what the names of each network's blocks begin with.
        """
        if self.ensemble is None:
            return self._network(self.trial)
        members = [
            {**self._network(each.trial, each.fold), **asdict(each), "prefix": prefix}
            for each, prefix in zip(self.ensemble.members, prefixes)
        ]
        return {"members": members}

    def _network(self, trial: int, fold: int | None = None) -> dict[str, Any]:
        if trial in TREES:
            return {"family": TREES[trial], "arguments": arguments_of(self.record, trial, fold)}
        config = self.record.trial(trial).read_config()
        return {"config": config, "family": self._family(trial), "arguments": asdict(read_recipe(config).family)}

    def _family(self, trial: int) -> str:
        if trial in TREES:
            return TREES[trial]
        return str(self.record.trial(trial).read_config().get("family", DEFAULTS["family"]))


def model_of(record: Record, trial: int | None = None) -> Model:
    """Give what a study gives, or one of its trials.

    Args:
        record: The run folder.
        trial: The trial's number; None for the trials that were chosen together, or the best one where none were, with
            the networks that were trained once more, if they were.

    Raises:
        StudyError: No trial is completed.
    """
    if trial is not None:
        return Model(record, trial)
    searched = searched_model(record)
    folder = Record(record.refit_dir)
    told = folder.read_json(REFIT) if folder.has(REFIT) else {}
    if not told.get("finished") or all("left" in each for each in told["members"]):
        return searched
    return replace(model_in(folder), before=searched) if told["of"] == searched.weights_sha256 else searched


def searched_model(record: Record) -> Model:
    """Give what a search came to, its networks as it left them.

    Raises:
        StudyError: No trial is completed.
    """
    best = winner(record)
    choice = read_choice(record)
    if choice is None or choice.best != best:
        return Model(record, best)
    return Model(record, best, choice.ensemble, choice.alone)


def model_in(folder: Record) -> Model:
    """Give the model of a folder in the form of a run folder, which holds that model alone."""
    if folder.has(ENSEMBLE):
        told = folder.read_json(ENSEMBLE)
        ensemble, folds = (told[name] and Ensemble.from_json(told[name]) for name in ("ensemble", "alone"))
        return Model(folder, told["best"], ensemble, folds)
    return Model(folder, folder.trials()[0].number)


def keep_together(folder: Record, model: Model) -> None:
    """Keep in such a folder which trials answer together; nothing where one is the model."""
    if model.ensemble is not None:
        n_trials = len(folder.trials())
        Choice(n_trials, n_trials, model.trial, model.ensemble, model.folds).write(folder)


def forget_the_rest(model: Model, plan: Plan) -> None:
    """Remove the weights that were kept only until it was chosen what the model is.

    Args:
        model: What was chosen.
        plan: Says whose weights are kept anyway.
    """
    record, outcomes = model.record, model.record.outcomes()
    aim = Aim(Task.from_json(record.read_json(TASK)).higher_is_better, plan.objective)
    kept = {*ranked(outcomes.items(), aim.higher_is_better, aim.costs)[: plan.n_kept], model.trial}
    kept |= model.ensemble.shares.keys() if model.ensemble else set()
    kept |= {*aim.front(outcomes.items())} if aim.costs else set()
    for number in outcomes.keys() - kept:
        record.trial(number).forget_weights()
