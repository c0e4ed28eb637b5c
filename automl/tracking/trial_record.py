"""The folder of one trial: what it was, how it went epoch by epoch, and what came of it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from automl import files
from automl.errors import StudyError
from automl.trial import Config, Epoch, Outcome, outcome_from_json, outcome_to_json

_CURVE_COLUMNS = [field.name for field in fields(Epoch)]
_CURVE_ROW = attrgetter(*_CURVE_COLUMNS)
_NUMBERS = ("score", "loss", "seconds")


class TrialRecord:
    """The folder of one trial, such as `runs/houses/trials/0007`.

    It exists once its config is written, and the trial is over once its outcome is. No file here is waited for when it
    is written: what lasts is `trials.jsonl`, from which `Record.lock` mends what a power cut took.

    Args:
        folder: Where it is; its name is the trial's number.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = int(folder.name)

    @property
    def config_path(self) -> Path:
        """The trial's config, written before its training begins; an empty one is what a power cut left of it."""
        return self.folder / "config.json"

    @property
    def curve_path(self) -> Path:
        """One line an epoch."""
        return self.folder / "curve.csv"

    @property
    def outcome_path(self) -> Path:
        """What came of the trial, written last."""
        return self.folder / "outcome.json"

    @property
    def preparation_path(self) -> Path:
        """The fitted preprocessing the trial's network was trained on."""
        return self.folder / "preparation.json"

    @property
    def weights_path(self) -> Path:
        """The weights of the trial's best epoch; kept for the best few trials."""
        return self.folder / "weights.safetensors"

    @property
    def outputs_path(self) -> Path:
        """What its best epoch gave for the validation rows, of folds for those of each, in half precision."""
        return self.folder / "outputs.safetensors"

    @property
    def calibration_path(self) -> Path:
        """How sure its network is, learned on validation rows when it is judged or exported."""
        return self.folder / "calibration.json"

    @property
    def health_path(self) -> Path:
        """How the layers fared, and what is wrong with them."""
        return self.folder / "health.json"

    @property
    def traceback_path(self) -> Path:
        """Where the trial failed, if it did."""
        return self.folder / "traceback.txt"

    @property
    def has_begun(self) -> bool:
        """Whether its config is there."""
        return not files.is_empty(self.config_path)

    def write_config(self, config: Config) -> None:
        """Make the folder and write what is to be tried."""
        self._make_folder()
        files.write_json(self.config_path, dict(config), lasting=False)

    def _make_folder(self) -> None:
        """Make the folder, and that of all trials; not the run folder, which may have been moved away."""
        self.folder.parent.mkdir(exist_ok=True)
        self.folder.mkdir(exist_ok=True)

    def read_config(self) -> dict[str, Any]:
        """Read the config, its names in the order of the space.

        Raises:
            StudyError: It is absent or damaged.
        """
        config: dict[str, Any] = files.read_json(self.config_path)
        return config

    def write_curve(self, curve: Sequence[Epoch]) -> None:
        """Write all epochs so far, one a line under a header; numbers that are not finite are `nan` and `inf`."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(_CURVE_COLUMNS)
        table.writerows(_CURVE_ROW(epoch) for epoch in curve)
        files.write_text(self.curve_path, text.getvalue(), lasting=False)

    def read_curve(self) -> list[Epoch]:
        """Read the epochs so far; none where the first one never ended.

        Raises:
            StudyError: The file is damaged.
        """
        if files.is_empty(self.curve_path):
            return []
        rows = csv.DictReader(io.StringIO(self.curve_path.read_text(encoding="utf-8")))
        try:
            return [_epoch(row) for row in rows]
        except (KeyError, TypeError, ValueError) as error:
            raise StudyError(f"{self.curve_path} is damaged: {error}") from None

    def write_health(self, health: Mapping[str, Any]) -> None:
        """Write how the layers fared: `findings`, `epochs` and `layers`, as `automl.training.health.summary` gives."""
        files.write_json(self.health_path, health, lasting=False)

    def read_health(self) -> dict[str, Any]:
        """Read how the layers fared; nothing is found in a trial of which nothing was written.

        Raises:
            StudyError: The file is damaged.
        """
        nothing: dict[str, Any] = {"findings": [], "epochs": [], "layers": []}
        return nothing if files.is_empty(self.health_path) else files.read_json(self.health_path)

    def write_preparation(self, preparation: Mapping[str, Any], fold: int | None = None) -> None:
        """Write the fitted preprocessing, or that of a fold."""
        path = self.preparation_path if fold is None else self.fold_paths(fold)[1]
        files.write_json(path, preparation, lasting=False)

    def write_outcome(self, outcome: Outcome) -> None:
        """Write what came of the trial, which ends it; `Record.write_outcomes` makes it last."""
        files.write_json(self.outcome_path, outcome_to_json(outcome), lasting=False)

    def read_outcome(self) -> Outcome | None:
        """Read what came of the trial, or None while it is not over; a number that was not finite is nan.

        Raises:
            StudyError: The file is damaged.
        """
        if files.is_empty(self.outcome_path):
            return None
        record = files.read_json(self.outcome_path)
        try:
            return outcome_from_json(
                {key: math.nan if key in _NUMBERS and value is None else value for key, value in record.items()}
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StudyError(f"{self.outcome_path} is damaged: {error}") from None

    def write_failure(self, traceback: str) -> None:
        """Write where the trial failed."""
        files.write_text(self.traceback_path, traceback, lasting=False)

    def as_line(self, outcome: Outcome) -> dict[str, Any]:
        """Give the trial as a line of `trials.jsonl`: its number, and the text of its files.

        Args:
            outcome: What came of it, which need not be written yet.
        """
        written = (self.config_path, self.curve_path, self.health_path, self.traceback_path)
        texts = {path.name: path.read_bytes().decode() for path in written if path.exists()}
        texts[self.outcome_path.name] = files.as_json(outcome_to_json(outcome))
        return {"trial": self.number, "files": texts}

    def mend(self, texts: Mapping[str, str]) -> None:
        """Write the files again that a power cut took, the outcome last.

        Args:
            texts: The text of every file, by its name, as in a line of `trials.jsonl`.
        """
        self._make_folder()
        for name, text in texts.items():
            if files.is_empty(self.folder / name):
                files.write_text(self.folder / name, text, lasting=False)

    def fold_paths(self, fold: int) -> tuple[Path, Path]:
        """The weights of the network of a fold and its fitted preprocessing; kept where the folds are one model."""
        return self.folder / f"fold-{fold}.safetensors", self.folder / f"fold-{fold}.json"

    @property
    def has_weights(self) -> bool:
        """Whether the weights of its network are kept, or those of its folds."""
        return self.weights_path.exists() or self.fold_paths(0)[0].exists()

    def forget_weights(self) -> None:
        """Remove the weights and what belongs to them; what became of the trial stays."""
        for path in (self.weights_path, self.preparation_path, self.calibration_path, *self.folder.glob("fold-*")):
            path.unlink(missing_ok=True)

    def sync_weights(self) -> None:
        """Wait until the weights and what belongs to them, where they are kept, are on the disk."""
        written = (self.weights_path, self.preparation_path, *self.folder.glob("fold-*"))
        kept = [path for path in written if path.exists()]
        if kept:
            files.sync([*kept, self.folder, self.folder.parent])


def _epoch(row: Mapping[str, str]) -> Epoch:
    numbers = {name: float(row[name]) for name in _CURVE_COLUMNS if name != "epoch"}
    return Epoch(epoch=int(row["epoch"]), **numbers)
