"""A trial of the record as a model that predicts without this project, in a folder or in MLflow's registry."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.data.rows import read_rows
from automl.data.seal import Seal
from automl.data.target import TargetCoder
from automl.experiment.calibration import calibration, told
from automl.experiment.plan import Plan
from automl.experiment.rebuild import rebuild
from automl.experiment.recipe import DEFAULTS, read_recipe
from automl.experiment.refit import refit
from automl.experiment.stage import learned_rows, set_out
from automl.experiment.winner import winner
from automl.export.bundle import write_bundle
from automl.export.card import Parity
from automl.export.folders import check_format, check_output
from automl.export.mlflow_model import write_mlflow_model
from automl.export.onnx_file import OPSETS, write_onnx
from automl.export.torch_folder import write_torch
from automl.export.winner import Winner
from automl.models.summary import n_parameters
from automl.passwords import without_password
from automl.report.prepared import PREPARED, prepared
from automl.report.shortfall import shortfall
from automl.report.summary import summarise
from automl.task import Task
from automl.tracking.names import short_params
from automl.tracking.record import JUDGEMENT, PLAN, SPLIT, TASK
from automl.tracking.registry import Entry, Source, find_source, register
from automl.trial import Completed

if TYPE_CHECKING:
    from automl.tracking.record import Record


ALONE: dict[str, Callable[..., Parity]] = {"bundle": write_bundle, "onnx": write_onnx, "torch": write_torch}
"""Who writes a trained network in a form that needs no other; MLflow's is made of a bundle."""


def export(
    record: Record, output: Path | None, trial: int | None = None, *, form: str = "bundle", name: str | None = None
) -> dict[str, Any]:
    """Write a trial's model, and check on the validation rows that it answers as the network does.

    Args:
        record: The run folder.
        output: The folder to write, for `onnx` the file; None where the model is registered only.
        trial: The trial's number; the best one if None.
        form: `bundle`; `onnx`, one file; `torch`, a folder that PyTorch loads; or `mlflow`, one that MLflow serves.
        name: The model of MLflow's registry of which it becomes the next version; it is not registered if None.

    Returns:
        The study, the trial, what was written, the parity of network and model, the operations that an ONNX file
        needs, and what it was registered as.

    Raises:
        StudyError: There is no such trial, its weights were not kept, none is completed yet, or MLflow refuses it.
        BundleError: Something else is there already or cannot be written, or model and network disagree.
        PlanError: There is no such form.
    """
    check_format(form)
    if output is not None:
        check_output(output, form)
    trial = winner(record) if trial is None else trial
    source = find_source(record, trial, os.environ) if name is not None else None
    with tempfile.TemporaryDirectory() as place:
        bundle = output if output is not None and form == "bundle" else Path(place) / "bundle"
        is_alone = output is not None and form in ALONE
        parity = _write(record, trial, form if is_alone else "bundle", output if output and is_alone else bundle)
        if source is not None and not bundle.exists():
            _write(record, trial, "bundle", bundle)
        if output is not None and form == "mlflow":
            write_mlflow_model(output, bundle)
        registered = None if source is None else _register(record, trial, source, bundle, str(name))
    return {
        "study": record.study,
        "trial": trial,
        "output": None if output is None else str(Path(output).absolute()),
        "format": None if output is None else form,
        "parity": asdict(parity),
        "opsets": OPSETS if output is not None and form == "onnx" else None,
        "registered": registered,
    }


def _write(record: Record, trial: int, form: str, output: Path) -> Parity:
    plan = Plan.from_json(record.read_json(PLAN))
    if plan.folds is not None:
        refit(record, plan, set_out(record, plan), trial, say=lambda sentence: None, check=lambda: None)
    network, preparation = rebuild(record, trial)
    task = Task.from_json(record.read_json(TASK))
    coder = TargetCoder.fit(task, learned_rows(record)[task.target])
    config = record.trial(trial).read_config()
    architecture = {
        "config": config,
        "n_outputs": task.n_outputs,
        "family": str(config.get("family", DEFAULTS["family"])),
        "arguments": asdict(read_recipe(config).family),
    }
    reading = {**record.read_json(SPLIT).get("reading", {}), "na": record.read_json(PLAN).get("na", [])}
    exported = Winner(network, architecture, preparation, coder, task, calibration(record, trial), reading)
    provenance = _provenance(record, trial, config, task) | {"parameters": n_parameters(network)}
    return ALONE[form](output, exported, provenance=provenance, check_rows=read_rows(record.validation_rows_path))


def _register(record: Record, trial: int, source: Source, bundle: Path, name: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as place:
        model = Path(place) / "model"
        write_mlflow_model(model, bundle)
        entry = Entry(
            name=name,
            description=(bundle / "MODEL_CARD.md").read_text(encoding="utf-8").partition("## How to run it")[0].strip(),
            params=short_params(record.trial(trial).read_config()),
            tags={"study": record.study, "trial": str(trial), "data_sha256": record.read_json(SPLIT)["data_sha256"]},
        )
        version = register(source, model, entry)
    return {"name": name, "version": version, "tracking_uri": without_password(source.uri)}


def _provenance(record: Record, trial: int, config: dict[str, Any], task: Task) -> dict[str, Any]:
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
        "shortfall": shortfall(judged) if is_judged else "",
        "verdicts": judged["verdicts"] if is_judged else [],
        "calibration": judged.get("calibration") if is_judged else told(calibration(record, trial), task),
        "seal_broken": Seal(record.run_dir).broken,
        "findings": [
            *(finding for finding in summarise(record)["findings"] if finding["kind"] != PREPARED),
            *prepared(record, trial),
        ],
    }
