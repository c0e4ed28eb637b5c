"""Run folders written through the record, as a search writes them, for the reports to read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from automl.evaluation.compare import judgement
from automl.evaluation.intervals import Bootstrap, Interval
from automl.report.summary import summarise
from automl.task import Column, Task
from automl.tracking.record import Record
from automl.trial import Completed, Epoch, Failed, Outcome, Pruned

TASK = Task("binary", "income", (Column("age", "numeric"),), ("high", "low"), "accuracy", positive="high")
DEFAULT = {"family": "mlp", "family.mlp.layers": 3, "optimizer": "adamw", "optimizer.adamw.lr": 0.001}
RESNET = {"family": "resnet", "family.resnet.blocks": 2, "optimizer": "adamw", "optimizer.adamw.lr": 0.00321}
LEAD = Interval(0.02, 0.01, 0.03)
OUTCOMES: tuple[tuple[dict[str, Any], Outcome], ...] = (
    (DEFAULT, Completed(0.84, 0.36, 9, 25, 12.5, 1200, "patience")),
    (RESNET, Completed(0.86, 0.33, 14, 30, 20.0, 4000, "epochs")),
    (DEFAULT, Pruned(0.95, 0.10, 6, 6, 3.0, 1200)),
    (RESNET, Failed("diverged", "the loss of epoch 2 is not finite", "", 1.0)),
    (DEFAULT, Completed(0.86, 0.31, 3, 4, 5.0, 1200, "budget")),
    (DEFAULT, Failed("out_of_memory", "a batch needs 9 GB\nof 8 GB", "Traceback ...", 0.5)),
)
FINDING = {"kind": "identifier", "column": "id", "sentence": "column 'id' names rows and was dropped"}
WEIGHTS, TEST_ROWS = "ab" * 32, "cd" * 32

WriteStudy = Callable[..., Record]
Judge = Callable[..., None]
JudgeRows = Callable[..., None]


def write_folder(runs_dir: Path, name: str, outcomes, task: Task, plan: dict[str, Any]) -> Record:
    plan = {"data": "data/adult.csv.gz", "space": "tabular", "trials": 6, "timeout": 600.0, "seed": 0, **plan}
    record = Record.create(runs_dir, name, {**plan, "sampler": "tpe", "pruner": "asha"})
    record.write_json("task.json", task.to_json())
    sizes = {"train": 600, "validation": 200, "test": 200}
    hashes = {"data_sha256": "ef" * 32, "test_sha256": TEST_ROWS}
    record.write_json("split.json", {"sizes": sizes, "seed": 0, **hashes, "findings": [FINDING]})
    record.write_json("environment.json", {"python": "3.12.1", "libraries": {"torch": "2.9"}, "threads": 2})
    record.write_json("clock.json", {"seconds": 42.25})
    record.append_jsonl("rungs.jsonl", {"epoch": 6, "scores": {"0": 0.8, "1": 0.8, "2": 0.7}, "pruned": [2]})
    record.append_jsonl("rungs.jsonl", {"epoch": 6, "scores": {"4": 0.8}, "pruned": []})
    record.append_jsonl("rungs.jsonl", {"epoch": 12, "scores": {"0": 0.8, "1": 0.8}, "pruned": []})
    run = {"tracking_uri": "sqlite:////runs/mlflow.db", "experiment": "adult", "experiment_id": "1", "run_id": "r1"}
    record.write_json("tracking.json", run)
    for number, (config, outcome) in enumerate(outcomes):
        trial = record.trial(number)
        trial.write_config(config)
        if outcome is not None:
            trial.write_curve([Epoch(1, 0.7, 0.6, 0.7, 0.001, 0.5), Epoch(2, 0.5, float("nan"), 0.8, 0.001, 0.5)])
            trial.write_outcome(outcome)
    return record


@pytest.fixture(scope="session")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the study most tests read, written once; they get copies."""
    return write_folder(tmp_path_factory.mktemp("houses"), "houses", OUTCOMES, TASK, {}).run_dir


@pytest.fixture
def write_study(tmp_path: Path, houses: Path) -> WriteStudy:
    """Write a study that was searched but not judged; its trials, task and plan may be given."""

    def write(name: str = "houses", outcomes=OUTCOMES, task: Task = TASK, **plan: Any) -> Record:
        if outcomes is not OUTCOMES or task is not TASK or plan:
            return write_folder(tmp_path / "runs", name, outcomes, task, plan)
        return Record(shutil.copytree(houses, tmp_path / "runs" / name))

    return write


@pytest.fixture
def judge() -> Judge:
    """Write the judgement of a trial into a study, with an opening of its seal; trees are judged if a lead is given."""

    def write(
        record: Record, trial: int = 4, lead: Interval = LEAD, trees: Interval | None = None, **more: Any
    ) -> None:
        result = Bootstrap(
            {
                "network": Interval(0.85, 0.83, 0.87),
                "majority": Interval(0.6, 0.57, 0.63),
                "linear": Interval(0.85 - lead.value, 0.81, 0.86),
            },
            {"majority": Interval(0.25, 0.19, 0.31), "linear": lead},
        )
        if trees is not None:
            value = 0.85 - trees.value
            result.scores["boosted_trees"] = Interval(value, value - 0.01, value + 0.01)
            result.differences["boosted_trees"] = trees
        opening = {"trial": trial, "weights_sha256": WEIGHTS, "test_sha256": TEST_ROWS, "reason": more.get("reason")}
        ordinal = sum(event["event"] == "opening" for event in record.read_jsonl("ledger.jsonl")) + 1
        time = "2026-01-02T03:04:05+00:00"
        record.append_jsonl("ledger.jsonl", {"event": "opening", "ordinal": ordinal, **opening, "time": time})
        if more.get("continued"):
            record.append_jsonl("ledger.jsonl", {"event": "continued", "ordinal": ordinal, "time": time})
        notes = more.get("notes", ())
        judged = judgement(trial, "accuracy", 0.86, result, rows=200, notes=notes)
        record.append_jsonl("ledger.jsonl", {"event": "result", "ordinal": ordinal, "value": 0.85, "time": time})
        record.write_json("judgement.json", judged)

    return write


@pytest.fixture
def judge_rows(judge: Judge) -> JudgeRows:
    """Write the judgement of a study's winner, and its rows: of each the truth and what was predicted.

    Classes take their confidence in the prediction, and the rest goes to the other classes alike; 0.9 if not given.
    """

    def write(record: Record, truth: list[Any], prediction: list[Any], confidence: list[float] | None = None) -> None:
        judge(record, summarise(record)["best"]["trial"])
        rows = {"row": range(len(truth)), "truth": truth, "prediction": prediction, "loss": 0.1}
        classes = record.read_json("task.json")["classes"]
        chances = confidence or [0.9] * len(truth)
        for known in classes:
            rows[f"probability_{known}"] = [
                chance if known == told else (1 - chance) / (len(classes) - 1)
                for told, chance in zip(prediction, chances)
            ]
        pd.DataFrame(rows).to_parquet(record.judgement_rows_path)

    return write
