"""The final judgement: the winner's stored weights and the baselines fixed in advance, on the test rows, once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.baselines.dummy import DUMMIES
from automl.baselines.fit import BOOSTED_TREES, fit_baseline, names_of
from automl.baselines.trees import remark
from automl.data.judged import judged_rows
from automl.data.preparing import Preparing
from automl.data.rows import write_rows
from automl.data.seal import Seal
from automl.evaluation.compare import judgement, verdict
from automl.evaluation.intervals import Resampling, bootstrap, without
from automl.evaluation.metrics import row_losses
from automl.experiment.calibration import judged
from automl.experiment.first import foreign_rows
from automl.experiment.plan import Plan
from automl.experiment.trees import FOR_TREES
from automl.report.figures import duration, spoken
from automl.task import Task
from automl.tracking.record import JUDGEMENT, PLAN, REFIT

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from automl.baselines.fit import Baseline
    from automl.evaluation.intervals import Bootstrap
    from automl.experiment.model import Model
    from automl.experiment.stage import Stage
    from automl.tracking.record import Record

MODEL = "model"
ALONE = "best_trial"
"""What the best trial is called beside the ensemble that it may be a member of."""
BEFORE = "before_refit"
"""What the model is called as the search left it, beside itself trained once more."""
FOR_BASELINES = Preparing(numeric="standard")
"""What the baselines see, fixed in advance: a linear model does best on columns that keep their shape."""


def judge(
    record: Record,
    stage: Stage,
    model: Model,
    break_seal: str | None = None,
    *,
    say: Callable[[str], None],
) -> str | None:
    """Judge a model on the test rows, of an ensemble also its best trial alone, and what it was before the refit.

    What comes of it is in `judgement.json` and `judgement.parquet`. An opening that a killed session left without a
    result is taken up again for the same weights.

    Args:
        record: The run folder.
        stage: The rows that are not sealed.
        model: What is judged.
        break_seal: Why the rows may be opened though they were before.
        say: Hears how long the baselines took.

    Returns:
        A sentence where an earlier opening was completed, else None.

    Raises:
        SealError: The rows were opened before, or have changed.
    """
    seal = Seal(record.run_dir)
    sha256 = model.weights_sha256
    if seal.is_judged and record.has(JUDGEMENT) and seal.openings()[-1]["weights_sha256"] == sha256 and not break_seal:
        return None
    baselines = _fit_baselines(stage, say)
    sureness = model.calibration()
    opening = seal.open(model.trial, sha256, break_seal)
    raw = model.outputs(opening.rows)
    outputs = {MODEL: stage.coder.predictions(sureness.of_logits(raw))}
    outputs |= _of_its_parts(model, stage, opening.rows)
    outputs |= _of_baselines(stage, baselines, opening.rows)
    truth, resampling = stage.truth(opening.rows), resampling_of(stage.task, opening.rows)
    result = bootstrap(stage.task.metric, truth, outputs, stage.task, resampling=resampling)
    losses = {name: row_losses(truth, output, stage.task) for name, output in outputs.items()}
    ends = sureness.interval(stage.coder, raw)
    table = judged_rows(opening.rows, stage.coder, outputs, losses, stage.task, ends)
    write_rows(record.judgement_rows_path, table)
    notes = [*_of_counting(stage.task, opening.rows), *_of_trees(stage), *_notes(record, seal, opening.ordinal)]
    numbers = _numbers(model, result, stage, len(truth), notes)
    if stage.task.traits.is_several:
        numbers["targets"] = _by_target(stage.task, truth, outputs, resampling)
    else:
        numbers["calibration"] = judged(sureness, truth, raw, stage, resampling)
    record.write_json(JUDGEMENT, numbers)
    seal.finish(numbers["test"])
    return f"completed opening {opening.ordinal} of the test rows, which was interrupted" if opening.continued else None


def _numbers(model: Model, result: Bootstrap, stage: Stage, n_rows: int, notes: list[str]) -> dict[str, Any]:
    """Give scores and leads, of baselines and of what the model is made from, as plain JSON values."""
    numbers = judgement(
        model.trial,
        stage.task.metric,
        model.validation,
        without(result, ALONE, BEFORE),
        rows=n_rows,
        validated=result.scores[BEFORE].value if BEFORE in result.scores else None,
        notes=notes,
    )
    if model.ensemble is not None:
        numbers["ensemble"] = _told(model, result, stage)
    if model.before is not None:
        numbers["refit"] = _of_refit(model.record, result, stage)
    return numbers


def _by_target(
    task: Task, truth: NDArray[Any], outputs: dict[str, NDArray[Any]], resampling: Resampling
) -> dict[str, Any]:
    """Score each of several targets, or labels, by itself, as plain JSON values by its name and the predictor's."""
    told = {}
    metric = "accuracy" if task.metric == "subset_accuracy" else task.metric
    for place, name in enumerate(task.targets or map(str, task.classes)):
        own = {who: output[:, place] for who, output in outputs.items()}
        one = Task("regression", name, (), (), metric)
        if task.classes:
            own = {who: np.stack([1 - share, share], axis=1) for who, share in own.items()}
            one = Task("binary", name, (), (False, True), metric, positive=True)
        scores = bootstrap(metric, truth[:, place], own, one, resampling=resampling).scores
        told[name] = {who: interval.to_json() for who, interval in scores.items()}
    return told


def _told(model: Model, result: Bootstrap, stage: Stage) -> dict[str, Any]:
    """Say who answers together, and what the best of them comes to alone, as plain JSON values."""
    assert model.ensemble is not None
    shares = [{"trial": trial, "weight": share} for trial, share in model.ensemble.shares.items()]
    folds = {member.fold for member in model.ensemble.members}
    n_folds = 0 if None in folds else len(folds)  # where some were trained once more, the others are told of
    said: dict[str, Any] = {"members": shares, "folds": n_folds, "validation": model.validation}
    if ALONE in result.scores:
        lead = result.differences[ALONE]
        said |= {"alone": result.scores[ALONE].to_json(), "lead": lead.to_json()}
        said["verdict"] = verdict(f"trial {model.trial} alone", lead, stage.task.metric)
    return said


def _of_refit(folder: Record, result: Bootstrap, stage: Stage) -> dict[str, Any]:
    """Say what was trained once more, and what the model came to before that, as plain JSON values."""
    told, lead = folder.read_json(REFIT), result.differences[BEFORE]
    return {
        "rows": told["rows"],
        "members": told["members"],
        "before": result.scores[BEFORE].to_json(),
        "lead": lead.to_json(),
        "verdict": verdict("itself before the refit", lead, stage.task.metric),
    }


@dataclass(frozen=True)
class _Fitted:
    """A baseline, how its columns are prepared, and whether it learned what the network learns of the target."""

    baseline: Baseline
    preparing: Preparing
    is_encoded: bool


def _fit_baselines(stage: Stage, say: Callable[[str], None]) -> dict[str, _Fitted]:
    """Fit the baselines on the training rows, and say how long each took."""
    fitted, took, started = {}, [], time.monotonic()
    for name in names_of(stage.task):
        if (found := _fit(name, stage)) is None:
            continue
        fitted[name] = found
        if name not in DUMMIES[stage.task.kind]:  # a constant takes no time, but for the preparation that others use
            took.append(f"{spoken(name)} in {duration(time.monotonic() - started)}")
            started = time.monotonic()
    say(f"fitted the baselines: {', '.join(took)}")
    return fitted


def _fit(name: str, stage: Stage) -> _Fitted | None:
    preparing = FOR_TREES if name == BOOSTED_TREES else FOR_BASELINES
    prepared = stage.prepare(preparing)
    is_encoded = stage.task.transform != "none" and name not in DUMMIES[stage.task.kind]
    target = (stage.targets if is_encoded else stage.truth)(stage.train)
    blocks, weights = prepared.preparation.blocks, stage.weights(stage.train)
    baseline = fit_baseline(name, prepared.train, target, blocks, stage.task, weights, seed=0)
    return None if baseline is None else _Fitted(baseline, preparing, is_encoded)


def _of_trees(stage: Stage) -> list[str]:
    """Say where boosted trees did not learn from all training rows."""
    if BOOSTED_TREES not in names_of(stage.task):
        return []
    said = remark(len(stage.train), stage.preparation(FOR_TREES).blocks, stage.task)
    return [said] if said else []


def resampling_of(task: Task, rows: pd.DataFrame) -> Resampling:
    """Draw groups where rows belong together, and count each row as it counts."""
    weights = None if task.weight is None else rows[task.weight].to_numpy(dtype="float64")
    return Resampling(weights, None if task.group is None else rows[task.group].to_numpy())


def _of_counting(task: Task, rows: pd.DataFrame) -> list[str]:
    """Say how rows count, and what the intervals draw anew, where that is not each row by itself."""
    said = []
    if task.weight is not None:
        said.append(f"a test row counts by its {task.weight!r}, in scores and intervals")
    if task.group is not None:
        count = rows[task.group].nunique()
        said.append(
            f"the intervals draw whole groups of {task.group!r} anew ({count} in the test rows), not single rows"
        )
    return said


def _of_its_parts(model: Model, stage: Stage, rows: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Let what a model is made from predict the rows: itself before the refit, and the best of those together."""
    parts = {BEFORE: model.before, ALONE: model.alone}
    return {
        name: stage.coder.predictions(part.calibration().of_logits(part.outputs(rows)))
        for name, part in parts.items()
        if part is not None
    }


def _of_baselines(stage: Stage, baselines: dict[str, _Fitted], rows: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Let every baseline predict the rows."""
    outputs = {}
    preparings = dict.fromkeys(fitted.preparing for fitted in baselines.values())
    arrays = {preparing: stage.preparation(preparing).transform(rows) for preparing in preparings}
    for name, fitted in baselines.items():
        told = fitted.baseline.predict(arrays[fitted.preparing])
        outputs[name] = stage.coder.decode(told) if fitted.is_encoded else told
    return outputs


def _notes(record: Record, seal: Seal, ordinal: int) -> list[str]:
    """Say what makes this opening less than the first look at these rows."""
    earlier = seal.judged_before(record.runs_dir)
    notes = [f"the seal was broken: {reason}" for reason in seal.broken]
    if earlier:
        notes.append(f"study {len(earlier) + 1} judged on these rows, after {', '.join(earlier)}")
    if foreign := foreign_rows(record, Plan.from_json(record.read_json(PLAN))):
        notes.append(foreign)
    if ordinal > 1:
        notes.append(f"opening {ordinal} of these rows in this study")
    return notes
