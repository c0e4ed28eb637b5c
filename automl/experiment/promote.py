"""The opening of an update's slice: the model before and what was made of it, judged once on the same rows."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from automl.baselines.dummy import DUMMIES
from automl.data.judged import judged_rows
from automl.data.rows import write_rows
from automl.data.seal import Seal
from automl.data.target import fit_coder
from automl.evaluation.compare import verdict
from automl.evaluation.intervals import Interval, Resampling, bootstrap
from automl.evaluation.metrics import row_losses
from automl.experiment.judge import resampling_of
from automl.experiment.stage import coder_of
from automl.task import Task
from automl.tracking.record import TASK
from automl.tracking.updates import CONTINUED, PRESENT, update_dir

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from automl.evaluation.intervals import Bootstrap
    from automl.experiment.model import Model
    from automl.tracking.record import Record

GUESS = "a constant guess"
"""What the most frequent class, or the mean, is called."""


def judge_update(
    record: Record, told: Mapping[str, Any], models: Mapping[str, Model], train: pd.DataFrame
) -> dict[str, Any]:
    """Judge the models of an update on its sealed slice, and say whether the chosen one is promoted.

    It is where it is not worse than the model before beyond chance, and better than a constant guess: on a slice of
    spoilt labels, no model is worse than another. The ledger says first which weights are about to be judged, and which
    of them was chosen; an opening that a killed process left without a result is taken up again for the same ones.

    Args:
        record: The study's run folder.
        told: What is known of the update.
        models: The present model, then what was made of it.
        train: All rows that were learned from, by which the guess is made.

    Returns:
        `test`, each one's score with its interval; `leads` over the model before, with `verdicts`; the constant guess
        as `baseline`, with its `test` and the chosen one's `lead` over it; whether that is `promoted`; the `sentence`.

    Raises:
        SealError: The slice was opened before for other weights, or has changed.
    """
    task = Task.from_json(record.read_json(TASK))
    chosen, digests = told["chosen"], {name: told[name]["weights_sha256"] for name in models}
    pinned = hashlib.sha256(json.dumps({"chosen": chosen, **digests}).encode()).hexdigest()
    seal = Seal(record.run_dir, told["update"])
    rows = seal.open(models[chosen].trial, pinned).rows
    outputs = {name: _predicted(model, rows) for name, model in models.items()}
    coder = coder_of(models[PRESENT].record)
    truth = coder.truth(rows[task.target])
    result = bootstrap(task.metric, truth, outputs, task, resampling=resampling_of(task, rows))
    losses = {name: row_losses(truth, output, task) for name, output in outputs.items()}
    table = judged_rows(rows, coder, outputs, losses, task)
    write_rows(update_dir(record, told["update"]) / "judgement.parquet", table)
    leads = {name: _turned(lead) for name, lead in result.differences.items()}
    is_new = digests[chosen] != digests[PRESENT]
    baseline, beside = _beside_a_guess(task, train, truth, outputs[chosen], resampling_of(task, rows))
    is_promoted = is_new and leads[chosen].high >= 0 and beside.differences[GUESS].low > 0
    return {
        "test": {name: ends.to_json() for name, ends in result.scores.items()},
        "leads": {name: lead.to_json() for name, lead in leads.items()},
        "verdicts": {name: verdict("the model before", lead, task.metric) for name, lead in leads.items()},
        "baseline": {
            "name": baseline,
            "test": beside.scores[GUESS].to_json(),
            "lead": beside.differences[GUESS].to_json(),
        },
        "promoted": is_promoted,
        "sentence": _sentence(told, leads[chosen], beside.differences[GUESS], task.metric, is_new=is_new),
    }


def _beside_a_guess(
    task: Task, train: pd.DataFrame, truth: NDArray[Any], output: NDArray[Any], resampling: Resampling
) -> tuple[str, Bootstrap]:
    """Compare a model with the answer that reads no column; give what it is called, too."""
    [(name, fit)] = DUMMIES[task.kind].items()
    target = fit_coder(task, train[task.target]).truth(train[task.target])
    weights = None if task.weight is None else train[task.weight].to_numpy(dtype="float64")
    guess = fit({}, target, (), task, 0, weights).repeated(len(truth))
    return name, bootstrap(task.metric, truth, {"model": output, GUESS: guess}, task, resampling=resampling)


def _predicted(model: Model, rows: pd.DataFrame) -> NDArray[Any]:
    """Give what a model says of rows, as sure as it was learned to be."""
    return coder_of(model.record).predictions(model.calibration().of_logits(model.outputs(rows)))


def _turned(lead: Interval) -> Interval:
    """Give the lead of one over another, of the other's lead over it."""
    return Interval(0.0 - lead.value, 0.0 - lead.high, 0.0 - lead.low)


def _sentence(told: Mapping[str, Any], lead: Interval, over_guess: Interval, metric: str, *, is_new: bool) -> str:
    number = told["update"]
    if not is_new:
        return f"update {number} is not promoted: on validation rows nothing was better than the model before"
    how = "trained on from where it was" if told["chosen"] == CONTINUED else "trained from scratch"
    before, guess = verdict("the model before", lead, metric), verdict(GUESS, over_guess, metric)
    if not lead.high >= 0:
        return f"update {number} is not promoted: the model, {how}, is {before}"
    if not over_guess.low > 0:
        return f"update {number} is not promoted: the model, {how}, is {guess}"
    return f"update {number} is promoted: the model, {how}, is {before}"
