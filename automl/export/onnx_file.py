"""The winner as one ONNX file: raw columns in by name, predictions out, and in its metadata what one must know of it.

The metadata, text by name; what is more than a word is JSON:
    format                      of this metadata
    task, target, classes       what is predicted; classes in their own type
    columns                     a list: name, input (the name that ONNX knows it by), kind, what else reading it takes,
                                such as the words for nothing that are `values` of a category
    reading                     how the text file of the training rows was read
    metric, validation, test    the scores; test as {value, ci_low, ci_high, rows}, a 95 % interval, null if not judged
    study, trial, family, config, data, created, versions       where it came from
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import pandas as pd

from automl.data.delimited import WORDS
from automl.data.encodings import CategoryEncoding, Encoding
from automl.data.image_encoding import ImageEncoding
from automl.export.card import Parity
from automl.export.folders import check_absent, file_beside
from automl.export.manifest import versions_of
from automl.export.onnx_graph import build_model, input_names
from automl.export.onnx_nodes import ML_OPSET, OPSET
from automl.export.parity import measure_parity
from automl.export.predictor import FILE_FORMAT, Predictor
from automl.export.winner import Winner

OPSETS = f"ONNX opset {OPSET}, ai.onnx.ml {ML_OPSET}"
"""Which operations the file needs, for a person to read."""
_MISSING = {"numeric": "NaN", "category": "", "boolean": "", "datetime": "the smallest int64", "image": "mean colour"}
_PACKAGES = ("automl", "torch", "onnx", "onnxscript")


def write_onnx(
    path: Path | str, winner: Winner, *, provenance: dict[str, Any], check_rows: pd.DataFrame | None
) -> Parity:
    """Write one ONNX file, which appears whole or not at all.

    Args:
        path: Where to; nothing may be there.
        winner: The network and what belongs to it.
        provenance: Where it came from, see `automl.export.card`.
        check_rows: Raw rows on which file and network must agree; None checks nothing.

    Raises:
        BundleError: Something is there already or cannot be written, or file and network disagree.
    """
    target = Path(path).absolute()
    check_absent(target)
    with file_beside(target) as draft:
        model = build_model(winner.preparation, winner.coder, winner.module, winner.calibration)
        model.doc_string = _description(winner)
        onnx.helper.set_model_props(model, metadata(winner, provenance))
        onnx.checker.check_model(model, full_check=True)
        onnx.save_model(model, draft)
        parity = measure_parity(Predictor(draft).predict, winner, check_rows)
        draft.rename(target)
    return parity


def metadata(winner: Winner, provenance: dict[str, Any]) -> dict[str, str]:
    """Give what the file says of itself, text by name."""
    task = winner.task
    names = input_names(winner.preparation.columns, winner.coder)
    facts: dict[str, Any] = {
        "format": FILE_FORMAT,
        "task": task.kind,
        "target": task.target,
        "classes": list(task.classes),
        "reading": winner.reading,
        "columns": [_column(each, name) for each, name in zip(winner.preparation.encodings, names)],
        "metric": task.metric,
        "validation": provenance.get("validation"),
        "test": provenance.get("test"),
        **{key: provenance.get(key) for key in ("study", "trial", "family", "config", "data", "created")},
        "versions": versions_of(_PACKAGES),
    }
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}


def _column(encoding: Encoding, name: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": encoding.name, "input": name, "kind": encoding.kind}
    if isinstance(encoding, ImageEncoding):
        facts |= encoding.to_json()
    if isinstance(encoding, CategoryEncoding):
        facts |= {"numbers": encoding.numbers, "values": [word for word in WORDS if word in encoding.values]}
    return {**facts, "missing": _MISSING[encoding.kind]}


def _description(winner: Winner) -> str:
    task = winner.task
    what = f"the class of {task.target}" if task.classes else f"the number{'s'[: len(task.targets)]} {task.target}"
    n_columns = len(winner.preparation.columns)
    return f"Predicts {what} from {n_columns} raw column{'s'[: n_columns != 1]}; {OPSETS}."
