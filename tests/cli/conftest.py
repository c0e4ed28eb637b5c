"""A run folder as a search writes it, for the commands that only read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from automl.task import Column, Task
from automl.tracking.record import Record
from automl.trial import Completed, Epoch, Failed, Pruned

MLP = {"family": "mlp", "family.mlp.layers": 3, "optimizer": "adamw", "optimizer.adamw.lr": 0.001}
TASK = Task("binary", "income", (Column("age", "numeric"),), ("high", "low"), "accuracy", positive="high")
OUTCOMES = (
    Completed(0.84, 0.36, 9, 25, 12.5, 1200, "patience"),
    Pruned(0.7, 0.5, 6, 6, 3.0, 1200),
    Failed("out_of_memory", "a batch does not fit", "Traceback: [here]", 0.5),
)
TEST = {"value": 0.85, "ci_low": 0.83, "ci_high": 0.87, "rows": 200}
LINEAR = {"value": 0.8, "ci_low": 0.78, "ci_high": 0.82}
LEAD = {"value": 0.05, "ci_low": 0.03, "ci_high": 0.07}

WriteStudy = Callable[..., Record]


@pytest.fixture
def write_study(tmp_path: Path) -> WriteStudy:
    """Write a study under `runs` of the temporary folder; its outcomes may be given, and it may be judged."""

    def write(
        name: str, outcomes: tuple[Any, ...] = OUTCOMES, *, is_judged: bool = False, notes: Sequence[str] = ()
    ) -> Record:
        record = Record.create(tmp_path / "runs", name, {"data": "adult.csv", "space": "tabular", "trials": 3})
        record.write_json("task.json", TASK.to_json())
        for number, outcome in enumerate(outcomes):
            trial = record.trial(number)
            trial.write_config(MLP)
            trial.write_curve([Epoch(1, 0.7, 0.6, 0.7, 0.001, 0.5), Epoch(2, 0.5, 0.5, 0.8, 0.001, 0.5)])
            trial.write_outcome(outcome)
        if is_judged:
            judged = {"trial": 0, "test": TEST, "baselines": {"linear": LINEAR}, "differences": {"linear": LEAD}}
            gap = {"sentence": "validation is 0.01 below test"}
            record.write_json(
                "judgement.json", {**judged, "verdicts": ["better than linear"], "gap": gap, "notes": notes}
            )
        return record

    return write
