"""Which model a study has: its winner, or what its latest promoted update made of it; and those that it had before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.errors import PlanError, StudyError, unknown
from automl.experiment.model import Model, model_in, model_of
from automl.tracking.updates import candidate, lineage, update_dir, updates_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from automl.tracking.record import Record


@dataclass(frozen=True)
class Version:
    """A model that a study has or had.

    Args:
        study: The study's run folder.
        model: The model.
        told: What came of the update that made it; None where it is the study's own.
    """

    study: Record
    model: Model
    told: Mapping[str, Any] | None = None

    @property
    def number(self) -> int:
        """The number of the update that made it, 0 where it is the study's own."""
        return self.told["update"] if self.told else 0

    @property
    def validation_rows_path(self) -> Path:
        """Validation rows that came with it, raw."""
        if self.told is None:
            return self.study.validation_rows_path
        return update_dir(self.study, self.number) / "rows" / "validation.parquet"


def present(record: Record) -> Version:
    """Give the model that a study has now.

    An update counts for as long as it stands on what the study gives: where the search went on and another trial was
    judged since, that is the model.

    Raises:
        StudyError: No trial is completed, or a file is damaged.
    """
    return versions(record)[-1]


def versions(record: Record) -> list[Version]:
    """Give the models that a study has had, its own first, the present one last."""
    own, updates = Version(record, model_of(record)), updates_of(record)
    made_by = lineage(updates, own.model.weights_sha256) if updates else []
    return [own, *(Version(record, made(record, told["update"], told["chosen"]), told) for told in made_by)]


def version_of(record: Record, trial: int | None = None, update: int | None = None) -> Version:
    """Give the present model, one of the study's trials, or the model that an update made.

    Args:
        record: The run folder.
        trial: The trial's number; None for what is the model.
        update: The number of the update; 0 for the study's own model, None for the present one.

    Raises:
        PlanError: Both are named.
        StudyError: There is no such trial, or no such update was promoted.
    """
    if trial is not None and update is not None:
        raise PlanError("--trial names a trial of the study, and --update a model that came after it; give one of them")
    if trial is not None:
        return Version(record, model_of(record, trial))
    known = {each.number: each for each in versions(record)}
    if update is None:
        return known[max(known)]
    if update not in known:
        raise StudyError(f"study {record.study!r}: {unknown('promoted update', update, known)}")
    return known[update]


def made(record: Record, number: int, way: str) -> Model:
    """Give the model that an update made in one way."""
    return model_in(candidate(record, number, way))
