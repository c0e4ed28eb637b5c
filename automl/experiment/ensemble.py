"""Trials that answer together as one model: which they are, as the run folder keeps it, and their networks."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from automl.data.calibration import Calibration
from automl.data.joint import JointPreparation
from automl.experiment.rebuild import rebuild
from automl.experiment.trees import rebuild_trees, trees_weights
from automl.models.ensemble import Ensemble as EnsembleNetwork
from automl.task import Scale, Task
from automl.tracking.record import ENSEMBLE, TASK
from automl.training.weights import weights_sha256
from automl.trial import TREES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import nn

    from automl.data.prepare import Preparation
    from automl.tracking.record import Record


@dataclass(frozen=True)
class Member:
    """A network of an ensemble.

    Args:
        trial: The number of its trial; that of `TREES` for trees.
        weight: How much it counts; those of all members add up to 1.
        weights_sha256: The digest of its weights.
        fold: The fold of which it is; None where trials are no folds.
        scale: By what its outputs are multiplied, so that all members' are on one scale; of several targets, each's.
        shift: What is added to them then.
    """

    trial: int
    weight: float
    weights_sha256: str
    fold: int | None = None
    scale: Scale = 1.0
    shift: Scale = 0.0


@dataclass(frozen=True)
class Ensemble:
    """Trials that answer together, or the folds of one.

    Args:
        members: At least two networks, by trial and fold.
        validation: Their score over the validation rows.
        calibration: How sure they are.
    """

    members: tuple[Member, ...]
    validation: float
    calibration: Calibration

    @property
    def shares(self) -> dict[int, float]:
        """How much each trial counts, by its number."""
        trials = dict.fromkeys(member.trial for member in self.members)
        return {trial: sum(each.weight for each in self.members if each.trial == trial) for trial in trials}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Ensemble:
        """Rebuild it from plain JSON values."""
        members = tuple(Member(**each) for each in record["members"])
        return cls(members, record["validation"], Calibration.from_json(record["calibration"]))


@dataclass(frozen=True)
class Choice:
    """What was chosen when a search was over.

    Args:
        trials: How many trials were over then.
        considered: How many of them could be members.
        best: The best trial by itself.
        ensemble: Those that are better together, or the folds of the best; None where the best is one network.
        alone: The folds of the best; None where trials are no folds.
    """

    trials: int
    considered: int
    best: int
    ensemble: Ensemble | None
    alone: Ensemble | None

    def write(self, record: Record) -> None:
        """Keep it in the run folder."""
        record.write_json(ENSEMBLE, asdict(self))


def read_choice(record: Record, n_trials: int | None = None) -> Choice | None:
    """Read what was chosen; None where nothing was, or trials came after it.

    Args:
        record: The run folder.
        n_trials: How many trials are over; counted if None.

    Raises:
        StudyError: The file is damaged.
    """
    told = record.read_json(ENSEMBLE) if record.has(ENSEMBLE) else None
    if told is None or told["trials"] != (len(record.outcomes()) if n_trials is None else n_trials):
        return None
    ensemble, alone = (told[name] and Ensemble.from_json(told[name]) for name in ("ensemble", "alone"))
    return Choice(told["trials"], told["considered"], told["best"], ensemble, alone)


def rebuild_together(record: Record, members: Sequence[Member]) -> tuple[EnsembleNetwork, JointPreparation]:
    """Build the networks of an ensemble with their stored weights, in evaluation, and give their preparations.

    Raises:
        StudyError: A trial's weights are gone.
    """
    networks: list[nn.Module] = []
    prefixes = []
    preparations: list[Preparation] = []
    for member in members:
        network, preparation = _rebuild(record, member)
        if preparation not in preparations:
            preparations.append(preparation)
        networks.append(network)
        prefixes.append(f"{preparations.index(preparation)}/")
    link = Task.from_json(record.read_json(TASK)).traits.link
    terms = [(member.weight, member.scale, member.shift) for member in members]
    together = EnsembleNetwork(networks, prefixes, terms, link)
    return together.eval(), JointPreparation(tuple(preparations))


def copied(member: Member, folder: Record) -> Member:
    """Give a member with its network in another folder of the form of a run folder."""
    return replace(member, weights_sha256=weights_sha256(weights_of(folder, member.trial, member.fold)))


def weights_of(folder: Record, number: int, fold: int | None = None) -> Path:
    """Give the file of what a trial's network, or trees, learned, in all or of a fold."""
    if number in TREES:
        return trees_weights(folder, number, fold)
    kept = folder.trial(number)
    return kept.weights_path if fold is None else kept.fold_paths(fold)[0]


def _rebuild(record: Record, member: Member) -> tuple[nn.Module, Preparation]:
    if member.trial in TREES:
        return rebuild_trees(record, member.trial, member.fold)
    return rebuild(record, member.trial, member.fold)
