"""A trial of the record as a bundle that predicts without this project."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.data.rows import read_rows
from automl.data.seal import Seal
from automl.data.target import TargetCoder
from automl.experiment.rebuild import rebuild
from automl.experiment.winner import winner
from automl.export.bundle import Winner, write_bundle
from automl.models.summary import n_parameters
from automl.report.summary import summarise
from automl.task import Task
from automl.tracking.record import JUDGEMENT, PLAN, SPLIT, TASK
from automl.trial import Completed

if TYPE_CHECKING:
    from automl.tracking.record import Record


def export(record: Record, output: Path, trial: int | None = None) -> dict[str, Any]:
    """Write a trial as a bundle, and check on the validation rows that it answers as the network does.

    Args:
        record: The run folder.
        output: The bundle's folder.
        trial: The trial's number; the best one if None.

    Returns:
        The study, the trial, the folder, and the parity of network and bundle.

    Raises:
        StudyError: There is no such trial, its weights were not kept, or none is completed yet.
        BundleError: The folder holds something else or cannot be written, or bundle and network disagree.
    """
    trial = winner(record) if trial is None else trial
    network, preparation = rebuild(record, trial)
    task = Task.from_json(record.read_json(TASK))
    coder = TargetCoder.fit(task, read_rows(record.train_rows_path)[task.target])
    config = record.trial(trial).read_config()
    exported = Winner(network, {"config": config, "n_outputs": task.n_outputs}, preparation, coder, task)
    provenance = _provenance(record, trial, config) | {"parameters": n_parameters(network)}
    parity = write_bundle(output, exported, provenance=provenance, check_rows=read_rows(record.validation_rows_path))
    return {"study": record.study, "trial": trial, "output": str(Path(output).absolute()), "parity": asdict(parity)}


def _provenance(record: Record, trial: int, config: dict[str, Any]) -> dict[str, Any]:
    """Say where the model came from; test figures only where this very trial was judged."""
    plan, split = record.read_json(PLAN), record.read_json(SPLIT)
    outcome = record.trial(trial).read_outcome()
    judged = record.read_json(JUDGEMENT) if record.has(JUDGEMENT) else {}
    is_judged = judged.get("trial") == trial
    return {
        "study": record.study,
        "trial": trial,
        "family": config.get("family"),
        "config": config,
        "seed": plan["seed"],
        "created": plan.get("created"),
        "data": {"name": Path(plan["data"]).name, "sha256": split["data_sha256"], "rows": split["sizes"]},
        "validation": outcome.score if isinstance(outcome, Completed) else None,
        "test": judged["test"] if is_judged else None,
        "baselines": judged["baselines"] if is_judged else {},
        "verdicts": judged["verdicts"] if is_judged else [],
        "seal_broken": Seal(record.run_dir).broken,
        "findings": summarise(record)["findings"],
    }
