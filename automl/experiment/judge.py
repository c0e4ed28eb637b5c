"""The final judgement: the winner's stored weights and two baselines fixed in advance, on the test rows, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.baselines.dummy import DUMMIES
from automl.baselines.fit import fit_baselines
from automl.data.judged import judged_rows
from automl.data.preparing import Preparing
from automl.data.rows import write_rows
from automl.data.seal import Seal
from automl.evaluation.compare import judgement
from automl.evaluation.intervals import Resampling, bootstrap
from automl.evaluation.metrics import row_losses
from automl.experiment.calibration import calibration, judged
from automl.experiment.first import foreign_rows
from automl.experiment.plan import Plan
from automl.experiment.rebuild import rebuild
from automl.tracking.record import JUDGEMENT, PLAN
from automl.training.weights import raw_outputs, weights_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from automl.baselines.fit import Baseline
    from automl.experiment.stage import Stage
    from automl.task import Task
    from automl.tracking.record import Record
    from automl.trial import Completed

MODEL = "model"
FOR_BASELINES = Preparing(numeric="standard")
"""What the baselines see, fixed in advance: a linear model does best on columns that keep their shape."""


def judge(record: Record, stage: Stage, trial: int, outcome: Completed, break_seal: str | None = None) -> str | None:
    """Judge a trial on the test rows; what comes of it is in `judgement.json` and `judgement.parquet`.

    An opening that a killed session left without a result is taken up again for the same weights.

    Args:
        record: The run folder.
        stage: The rows that are not sealed.
        trial: The winner's number.
        outcome: What it came to.
        break_seal: Why the rows may be opened though they were before.

    Returns:
        A sentence where an earlier opening was completed, else None.

    Raises:
        SealError: The rows were opened before, or have changed.
    """
    seal = Seal(record.run_dir)
    sha256 = weights_sha256(record.trial(trial).weights_path)
    if seal.is_judged and record.has(JUDGEMENT) and seal.openings()[-1]["weights_sha256"] == sha256 and not break_seal:
        return None
    baselines = _fit_baselines(stage)
    sureness = calibration(record, trial)
    opening = seal.open(trial, sha256, break_seal)
    raw = _raw(record, trial, opening.rows)
    outputs = {MODEL: stage.coder.predictions(sureness.of_logits(raw))}
    outputs |= _of_baselines(stage, baselines, opening.rows)
    truth, resampling = stage.truth(opening.rows), _resampling(stage, opening.rows)
    result = bootstrap(stage.task.metric, truth, outputs, stage.task, resampling=resampling)
    losses = {name: row_losses(truth, output, stage.task) for name, output in outputs.items()}
    ends = sureness.interval(stage.coder, raw)
    table = judged_rows(opening.rows, stage.coder, outputs, losses, stage.task, ends)
    write_rows(record.judgement_rows_path, table)
    notes = [*_of_counting(stage.task, opening.rows), *_notes(record, seal, opening.ordinal)]
    numbers = judgement(trial, stage.task.metric, outcome.score, result, rows=len(truth), notes=notes)
    numbers["calibration"] = judged(sureness, truth, raw, stage, resampling)
    record.write_json(JUDGEMENT, numbers)
    seal.finish(numbers["test"])
    return f"completed opening {opening.ordinal} of the test rows, which was interrupted" if opening.continued else None


def _fit_baselines(stage: Stage) -> dict[str, Baseline]:
    prepared = stage.prepare(FOR_BASELINES)
    blocks = prepared.preparation.blocks
    weights = stage.weights(stage.train)
    fitted = fit_baselines(prepared.train, stage.truth(stage.train), blocks, stage.task, 0, weights)
    if stage.task.transform == "none":
        return fitted
    learned = fit_baselines(prepared.train, stage.targets(stage.train), blocks, stage.task, 0, weights)
    constant = DUMMIES[stage.task.kind]
    return {name: fitted[name] if name in constant else _Transformed(learned[name], stage) for name in fitted}


@dataclass(frozen=True)
class _Transformed:
    """A baseline that learned what the network learns of the target."""

    baseline: Baseline
    stage: Stage

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give numbers (N,) in the target's own units."""
        numbers: NDArray[np.float64] = self.stage.coder.decode(self.baseline.predict(arrays))
        return numbers


def _resampling(stage: Stage, rows: pd.DataFrame) -> Resampling:
    """Draw groups where rows belong together, and count each row as it counts."""
    groups = None if stage.task.group is None else rows[stage.task.group].to_numpy()
    return Resampling(stage.weights(rows), groups)


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


def _raw(record: Record, trial: int, rows: pd.DataFrame) -> NDArray[Any]:
    """Let the winner's network speak on the rows: (N, K)."""
    network, preparation = rebuild(record, trial)
    return raw_outputs(network, preparation.transform(rows))


def _of_baselines(stage: Stage, baselines: dict[str, Baseline], rows: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Let every baseline predict the rows."""
    arrays = stage.prepare(FOR_BASELINES).preparation.transform(rows)
    return {name: baseline.predict(arrays) for name, baseline in baselines.items()}


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
