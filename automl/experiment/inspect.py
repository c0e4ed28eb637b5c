"""What a trial's network is made of, rebuilt from the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.experiment.rebuild import architecture
from automl.experiment.winner import winner
from automl.models import summary

if TYPE_CHECKING:
    from automl.models.summary import LayerRow
    from automl.tracking.record import Record


def layers(record: Record, trial: int | None = None) -> list[LayerRow]:
    """List a trial's layers, the best trial's if None: name, output shape of a row, parameters.

    Raises:
        StudyError: There is no such trial, or none is completed yet.
    """
    network, preparation = architecture(record, winner(record) if trial is None else trial)
    return summary.layers(network, preparation.blocks)
