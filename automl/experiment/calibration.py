"""How sure a trial's network is: learned on validation rows, before any test row is looked at, and kept beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automl.data.calibration import ENDS, LEVEL, Calibration
from automl.data.rows import read_rows
from automl.evaluation.calibrate import radius, temperature
from automl.evaluation.compare import sureness
from automl.evaluation.intervals import mean_interval
from automl.evaluation.metrics import row_losses
from automl.experiment.rebuild import rebuild
from automl.experiment.stage import coder_of
from automl.files import read_json, write_json
from automl.task import Task
from automl.tracking.record import PLAN, TASK
from automl.training.weights import raw_outputs

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from automl.data.target import TargetCoder
    from automl.evaluation.intervals import Resampling
    from automl.experiment.stage import Stage
    from automl.tracking.record import Record


def calibration(record: Record, trial: int) -> Calibration:
    """Give what was learned of a trial's outputs, and learn it now if it was not.

    A network of folds was trained on the validation rows too: of it nothing is learned.

    Args:
        record: The run folder.
        trial: The trial's number; its weights are kept.
    """
    path = record.trial(trial).calibration_path
    if path.exists():
        return Calibration.from_json(read_json(path))
    learned = Calibration() if record.read_json(PLAN).get("folds") else _learn(record, trial)
    write_json(path, learned.to_json())
    return learned


def told(learned: Calibration, task: Task) -> dict[str, Any]:
    """Give what was learned as plain JSON values, with a sentence."""
    of_each: dict[str, dict[str, Any]] = {
        "temperature": {"temperature": learned.temperature, "rows": learned.rows},
        "interval": {"level": learned.level, "is_given": learned.radius is not None, "rows": learned.rows},
        "none": {"quantiles": list(task.quantiles)},
    }
    said = of_each[task.traits.sureness]
    return {**said, "sentence": sureness(said)}


def judged(
    learned: Calibration, truth: NDArray[Any], raw: NDArray[Any], stage: Stage, resampling: Resampling
) -> dict[str, Any]:
    """Give what was learned and what it came to on judged rows, as plain JSON values.

    Args:
        learned: What was learned.
        truth: Class codes, or numbers in the target's own units (N,).
        raw: What the network gives (N, K).
        stage: Says what is predicted, and how.
        resampling: How rows are drawn anew, for the interval of the coverage.

    Returns:
        What `told` gives; of classes also the `log_loss` and `log_loss_without` the temperature, of intervals their
        `coverage` and their median `width`, of quantiles the shares of rows that lie `below` each.
    """
    coder, said = stage.coder, told(learned, stage.task)
    if ends := learned.interval(coder, raw):
        lower, upper = (ends[name] for name in ENDS)
        said["coverage"] = mean_interval((lower <= truth) & (truth <= upper), resampling).to_json()
        said["width"] = float(np.median(upper - lower))
    elif stage.task.traits.sureness == "temperature":
        for name, logits in (("log_loss", learned.of_logits(raw)), ("log_loss_without", raw)):
            losses = row_losses(truth, coder.predictions(logits), stage.task)
            said[name] = mean_interval(losses, resampling).value
    elif stage.task.quantiles:
        is_below = truth[:, None] <= coder.predictions(raw)
        said["below"] = [mean_interval(each, resampling).to_json() for each in is_below.T]
    return {**said, "sentence": sureness(said)}


def _learn(record: Record, trial: int) -> Calibration:
    task = Task.from_json(record.read_json(TASK))
    rows = read_rows(record.validation_rows_path)
    network, preparation = rebuild(record, trial)
    return learned(task, coder_of(record), rows, raw_outputs(network, preparation.transform(rows)))


def learned(task: Task, coder: TargetCoder, rows: pd.DataFrame, outputs: NDArray[Any]) -> Calibration:
    """Learn how sure a model is from what it gives for rows (N, K) that it was not trained on."""
    if task.traits.sureness == "none":
        return Calibration()
    truth = coder.encode(rows[task.target])
    if task.traits.sureness == "temperature":
        weights = None if task.weight is None else rows[task.weight].to_numpy()
        return Calibration(temperature=temperature(outputs, truth, weights), rows=len(rows))
    return Calibration(radius=radius(outputs[:, 0] - truth, LEVEL), rows=len(rows))
