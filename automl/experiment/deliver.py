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
from automl.experiment.calibration import told
from automl.experiment.plan import Plan
from automl.experiment.refit import refit_folds
from automl.experiment.stage import coder_of, set_out
from automl.experiment.versions import Version, version_of
from automl.export.bundle import write_bundle
from automl.export.card import Parity
from automl.export.folders import check_format, check_output
from automl.export.mlflow_model import write_mlflow_model
from automl.export.onnx_file import OPSETS, write_onnx
from automl.export.torch_folder import write_torch
from automl.export.winner import Winner
from automl.models.summary import n_parameters
from automl.passwords import without_password
from automl.report.ensemble import refitting
from automl.report.prepared import PREPARED, prepared
from automl.report.shortfall import shortfall
from automl.report.summary import summarise
from automl.task import Task
from automl.tracking.names import short_params
from automl.tracking.record import JUDGEMENT, PLAN, SPLIT, TASK
from automl.tracking.registry import Entry, Source, find_source, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.tracking.record import Record


ALONE: dict[str, Callable[..., Parity]] = {"bundle": write_bundle, "onnx": write_onnx, "torch": write_torch}
"""Who writes a trained network in a form that needs no other; MLflow's is made of a bundle."""


def export(
    record: Record,
    output: Path | None,
    trial: int | None = None,
    *,
    form: str = "bundle",
    name: str | None = None,
    update: int | None = None,
) -> dict[str, Any]:
    """Write a study's model or a trial's, and check on the validation rows that it answers as the network does.

    Args:
        record: The run folder.
        output: The folder to write, for `onnx` the file; None where the model is registered only.
        trial: The trial's number; what is the study's model now if None.
        form: `bundle`; `onnx`, one file; `torch`, a folder that PyTorch loads; or `mlflow`, one that MLflow serves.
        name: The model of MLflow's registry of which it becomes the next version; it is not registered if None.
        update: The number of the update that made the model, 0 for the study's own; the present one if None.

    Returns:
        The study, the trial, the update where one made the model, what was written, the parity of network and model,
        the operations that an ONNX file needs, and what it was registered as.

    Raises:
        StudyError: There is no such trial, its weights were not kept, none is completed yet, or MLflow refuses it.
        BundleError: Something else is there already or cannot be written, or model and network disagree.
        PlanError: There is no such form, or trial and update are both named.
    """
    check_format(form)
    if output is not None:
        check_output(output, form)
    version = version_of(record, trial, update)
    model, trial = version.model, version.model.trial
    source = find_source(record, trial, os.environ) if name is not None else None
    with tempfile.TemporaryDirectory() as place:
        bundle = output if output is not None and form == "bundle" else Path(place) / "bundle"
        is_alone = output is not None and form in ALONE
        parity = _write(version, form if is_alone else "bundle", output if output and is_alone else bundle)
        if source is not None and not bundle.exists():
            _write(version, "bundle", bundle)
        if output is not None and form == "mlflow":
            write_mlflow_model(output, bundle)
        registered = None if source is None else _register(version, source, bundle, str(name))
    return {
        "study": record.study,
        "trial": trial,
        **({"ensemble": model.shares} if model.ensemble else {}),
        **({"update": version.number} if version.told else {}),
        "output": None if output is None else str(Path(output).absolute()),
        "format": None if output is None else form,
        "parity": asdict(parity),
        "opsets": OPSETS if output is not None and form == "onnx" else None,
        "registered": registered,
    }


def _write(version: Version, form: str, output: Path) -> Parity:
    model, record = version.model, version.model.record
    plan = Plan.from_json(record.read_json(PLAN))
    if plan.folds is not None and model.ensemble is None:
        refit_folds(record, plan, set_out(record, plan), model.trial, say=lambda sentence: None)
    network, preparation = model.rebuild()
    task = Task.from_json(record.read_json(TASK))
    architecture = {**model.architecture(getattr(network, "prefixes", ())), "n_outputs": task.n_outputs}
    reading = {**version.study.read_json(SPLIT).get("reading", {}), "na": record.read_json(PLAN).get("na", [])}
    exported = Winner(network, architecture, preparation, coder_of(record), task, model.calibration(), reading)
    provenance = _provenance(version, task) | {"parameters": n_parameters(network)}
    return ALONE[form](output, exported, provenance=provenance, check_rows=read_rows(version.validation_rows_path))


def _register(version: Version, source: Source, bundle: Path, name: str) -> dict[str, str]:
    record, model, trial = version.study, version.model, version.model.trial
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        write_mlflow_model(folder, bundle)
        params = model.shares if model.ensemble else short_params(record.trial(trial).read_config())
        entry = Entry(
            name=name,
            description=(bundle / "MODEL_CARD.md").read_text(encoding="utf-8").partition("## How to run it")[0].strip(),
            params=params,
            tags={
                "study": record.study,
                "trial": str(trial),
                "data_sha256": record.read_json(SPLIT)["data_sha256"],
                **({"update": str(version.number)} if version.told else {}),
            },
        )
        number = register(source, folder, entry)
    return {"name": name, "version": number, "tracking_uri": without_password(source.uri)}


def _provenance(version: Version, task: Task) -> dict[str, Any]:
    """Say where the model came from; test figures only where this very model was judged."""
    record, model, trial = version.study, version.model, version.model.trial
    plan, split = record.read_json(PLAN), record.read_json(SPLIT)
    judged = _judgement(version)
    config = model.shares if model.ensemble else model.record.trial(trial).read_config()
    return {
        "study": record.study,
        "trial": trial,
        "family": "ensemble" if model.ensemble else config.get("family"),
        "config": config,
        "seed": plan["seed"],
        "created": plan.get("created"),
        "data": {"name": Path(plan["data"]).name, "sha256": split["data_sha256"], "rows": split["sizes"]},
        "validation": model.validation,
        **(_of_update(version.told) if version.told else _of_judgement(judged)),
        **({"refit": refitting(judged)} if judged.get("refit") else {}),
        "calibration": judged.get("calibration") if judged else told(model.calibration(), task),
        "seal_broken": Seal(record.run_dir).broken,
        "findings": [
            *(finding for finding in summarise(record)["findings"] if finding["kind"] != PREPARED),
            *prepared(model.record, trial),
        ],
    }


def _judgement(version: Version) -> dict[str, Any]:
    """Give the judgement of a study's own model; nothing where another was judged."""
    record, model = version.study, version.model
    judged: dict[str, Any] = record.read_json(JUDGEMENT) if record.has(JUDGEMENT) else {}
    is_alike = bool(judged.get("ensemble")) == bool(model.ensemble) and bool(judged.get("refit")) == bool(model.before)
    is_judged = judged.get("trial") == model.trial and is_alike
    return judged if is_judged and version.told is None else {}


def _of_judgement(judged: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "test": judged.get("test"),
        "baselines": judged.get("baselines", {}),
        "shortfall": shortfall(judged) if judged else "",
        "verdicts": judged.get("verdicts", []),
    }


def _of_update(told: Mapping[str, Any]) -> dict[str, Any]:
    """Say what the update that made the model was given, and how the model was judged."""
    new = told["rows"]
    return {
        "test": {**told["test"][told["chosen"]], "rows": new["test"]},
        "update": {
            "number": told["update"],
            "data": {"name": Path(told["data"]).name, "sha256": told["data_sha256"], "rows": new},
            "sentence": told["sentence"],
        },
    }
