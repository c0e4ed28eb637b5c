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
from automl.data.target import fit_coder
from automl.experiment.calibration import told
from automl.experiment.model import Model, model_of
from automl.experiment.plan import Plan
from automl.experiment.refit import refit
from automl.experiment.stage import learned_rows, set_out
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
    model = model_of(record, trial)
    trial = model.trial
    source = find_source(record, trial, os.environ) if name is not None else None
    with tempfile.TemporaryDirectory() as place:
        bundle = output if output is not None and form == "bundle" else Path(place) / "bundle"
        is_alone = output is not None and form in ALONE
        parity = _write(model, form if is_alone else "bundle", output if output and is_alone else bundle)
        if source is not None and not bundle.exists():
            _write(model, "bundle", bundle)
        if output is not None and form == "mlflow":
            write_mlflow_model(output, bundle)
        registered = None if source is None else _register(model, source, bundle, str(name))
    return {
        "study": record.study,
        "trial": trial,
        **({"ensemble": model.shares} if model.ensemble else {}),
        "output": None if output is None else str(Path(output).absolute()),
        "format": None if output is None else form,
        "parity": asdict(parity),
        "opsets": OPSETS if output is not None and form == "onnx" else None,
        "registered": registered,
    }


def _write(model: Model, form: str, output: Path) -> Parity:
    record = model.record
    plan = Plan.from_json(record.read_json(PLAN))
    if plan.folds is not None and model.ensemble is None:
        refit(record, plan, set_out(record, plan), model.trial, say=lambda sentence: None, check=lambda: None)
    network, preparation = model.rebuild()
    task = Task.from_json(record.read_json(TASK))
    coder = fit_coder(task, learned_rows(record)[task.target])
    architecture = {**model.architecture(getattr(network, "prefixes", ())), "n_outputs": task.n_outputs}
    reading = {**record.read_json(SPLIT).get("reading", {}), "na": record.read_json(PLAN).get("na", [])}
    exported = Winner(network, architecture, preparation, coder, task, model.calibration(), reading)
    provenance = _provenance(model, task) | {"parameters": n_parameters(network)}
    return ALONE[form](output, exported, provenance=provenance, check_rows=read_rows(record.validation_rows_path))


def _register(model: Model, source: Source, bundle: Path, name: str) -> dict[str, str]:
    record, trial = model.record, model.trial
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        write_mlflow_model(folder, bundle)
        params = model.shares if model.ensemble else short_params(record.trial(trial).read_config())
        entry = Entry(
            name=name,
            description=(bundle / "MODEL_CARD.md").read_text(encoding="utf-8").partition("## How to run it")[0].strip(),
            params=params,
            tags={"study": record.study, "trial": str(trial), "data_sha256": record.read_json(SPLIT)["data_sha256"]},
        )
        version = register(source, folder, entry)
    return {"name": name, "version": version, "tracking_uri": without_password(source.uri)}


def _provenance(model: Model, task: Task) -> dict[str, Any]:
    """Say where the model came from; test figures only where this very model was judged."""
    record, trial = model.record, model.trial
    plan, split = record.read_json(PLAN), record.read_json(SPLIT)
    config = model.shares if model.ensemble else record.trial(trial).read_config()
    judged = record.read_json(JUDGEMENT) if record.has(JUDGEMENT) else {}
    is_judged = judged.get("trial") == trial and bool(judged.get("ensemble")) == bool(model.ensemble)
    return {
        "study": record.study,
        "trial": trial,
        "family": "ensemble" if model.ensemble else config.get("family"),
        "config": config,
        "seed": plan["seed"],
        "created": plan.get("created"),
        "data": {"name": Path(plan["data"]).name, "sha256": split["data_sha256"], "rows": split["sizes"]},
        "validation": model.validation,
        "test": judged["test"] if is_judged else None,
        "baselines": judged["baselines"] if is_judged else {},
        "shortfall": shortfall(judged) if is_judged else "",
        "verdicts": judged["verdicts"] if is_judged else [],
        "calibration": judged.get("calibration") if is_judged else told(model.calibration(), task),
        "seal_broken": Seal(record.run_dir).broken,
        "findings": [
            *(finding for finding in summarise(record)["findings"] if finding["kind"] != PREPARED),
            *prepared(record, trial),
        ],
    }
