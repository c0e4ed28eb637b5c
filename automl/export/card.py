"""The model card: what the model predicts, from what, how well, and how to run it, in Markdown.

Provenance is a dictionary of plain JSON values; every key may be absent, and only what is there is told:
    study, trial, family, parameters, config {name: value}, seed, created
    data {name, sha256, rows {train, validation, test}}
    validation                                  the metric over the validation rows
    test {value, ci_low, ci_high, rows}         the metric over the sealed rows
    baselines {name: {value, ci_low, ci_high}}  over the same rows
    refit                                       on how many rows which networks were trained once more, a sentence
    shortfall                                   which of them the model loses to or does not beat, a sentence
    calibration {sentence}, verdicts [sentence], seal_broken [reason], findings [{kind, column, sentence}]
    update {number, sentence, data {name, sha256, rows}}    the update of the study that made the model
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from automl.task import Block, ColumnKind, Task

INPUTS: dict[ColumnKind, str] = {
    "numeric": "number (ONNX: double, NaN where missing)",
    "category": "text (ONNX: string, empty where missing)",
    "boolean": "true or false (ONNX: string, empty where missing)",
    "datetime": "instant (ONNX: int64 microseconds since 1970 in UTC, the smallest int64 where missing)",
    "image": "picture of any size, or its file's name",
}
"""What a column's values are."""


@dataclass(frozen=True)
class Parity:
    """How well an exported model repeats the network it was made from.

    Args:
        rows: How many real rows were compared.
        labels_equal: The share of rows with the same prediction, for regression to 1e-4 of the target's deviation.
        largest_difference: Of any probability; for regression, of any value, in deviations of the training target.
    """

    rows: int
    labels_equal: float
    largest_difference: float


def model_card(
    task: Task,
    provenance: dict[str, Any],
    parity: Parity,
    versions: dict[str, str],
    image: Block | None = None,
    *,
    running: str | None = None,
) -> str:
    """Write the card of one exported folder.

    Args:
        task: What is predicted from what.
        provenance: Where the model came from, see above.
        parity: How well the folder repeats the network.
        versions: The versions of the software that wrote it.
        image: What the network is given for a column of images, if there is one.
        running: How to run it, in Markdown; as a bundle if None.
    """
    sections = [
        _purpose(task, provenance),
        _quality(task, provenance),
        running or _running(image),
        _inputs(task, image, for_onnx=running is None),
        _origin(provenance),
        _limits(provenance),
        _verification(parity, versions),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _purpose(task: Task, provenance: dict[str, Any]) -> str:
    lines = [f"# {_one_line(task.target)}: {task.kind} model", ""]
    if task.kind == "multilabel":
        labels = ", ".join(f"`{label}`" for label in task.classes)
        lines.append(f"Predicts which labels of `{_one_line(task.target)}` a row has, any number of them: {labels}.")
    elif task.classes:
        labels = ", ".join(f"`{label}`" for label in task.classes)
        order = ", from the least to the greatest" if task.traits.is_ordered else ""
        lines.append(f"Predicts which class of `{task.target}` a row belongs to{order}: {labels}.")
    elif task.targets:
        names = ", ".join(f"`{name}`" for name in task.targets)
        lines.append(f"Predicts the numbers {names} of a row, each in its own units.")
    elif task.quantiles:
        which = ", ".join(f"{level:g}" for level in task.quantiles)
        lines.append(f"Predicts the quantiles {which} of the number `{task.target}` of a row, in its own units.")
    else:
        lines.append(f"Predicts the number `{task.target}` of a row, in its own units.")
    if "study" in provenance:
        trial = f", trial {provenance['trial']}" if "trial" in provenance else ""
        lines.append(
            f"It was chosen by its {task.metric} over validation rows in study `{provenance['study']}`{trial}."
        )
    if update := provenance.get("update"):
        lines.append(
            f"Update {update['number']} of the study made it with new rows, and judged it on a sealed slice of them."
        )
    return "\n".join(lines)


def _quality(task: Task, provenance: dict[str, Any]) -> str:
    rows = []
    if provenance.get("validation") is not None:
        validated = "this model before the refit" if provenance.get("refit") else "this model"
        rows.append((validated, "validation (chose the model)", f"{provenance['validation']:.4g}"))
    if provenance.get("test"):
        rows.append(("this model", "test (sealed)", _with_interval(provenance["test"])))
    for name, baseline in (provenance.get("baselines") or {}).items():
        rows.append((f"baseline: {name.replace('_', ' ')}", "test (sealed)", _with_interval(baseline)))
    if not rows:
        return ""
    better = "higher" if task.higher_is_better else "lower"
    first = f"**{provenance['shortfall']}**\n\n" if provenance.get("shortfall") else ""
    text = f"## How well\n\n{first}Metric: {task.metric}, {better} is better; brackets are 95 % intervals.\n\n"
    text += _table(("model", "rows", task.metric), rows)
    if provenance.get("validation") is not None and not provenance.get("test"):
        text += (
            "\n\nThis model was not judged on test rows; its validation value is optimistic, for it was chosen by it."
        )
    updated = [provenance["update"]["sentence"]] if provenance.get("update") else []
    refit = [provenance["refit"]] if provenance.get("refit") else []
    remarks = [*(provenance.get("verdicts") or ()), *refit, *updated, *_broken_seals(provenance)]
    return text + "".join(f"\n\n{_one_line(remark)}" for remark in remarks)


def _broken_seals(provenance: dict[str, Any]) -> list[str]:
    return [f"The seal of the test rows was broken: {reason}" for reason in provenance.get("seal_broken") or ()]


def _running(image: Block | None) -> str:
    pillow, raw = (" pillow", "raw columns, images at their final size,") if image else ("", "raw columns")
    return (
        f"## How to run it\n\n```\npip install onnxruntime numpy{pillow}\npython predict.py example.json\n"
        f"python predict.py rows.csv predictions.csv\n```\n\n{_images(image) if image else ''}"
        f"`model.onnx` takes {raw} and runs wherever ONNX does; `weights.safetensors` and `architecture.json` "
        "hold the network itself, `preprocessing.json` what happens to columns before it."
    )


def _images(image: Block) -> str:
    channels, height, width = image.shape
    return (
        "Where the images are all there is, a folder of image files, a single one, or an array of pixels stands for "
        "the table: `python predict.py photos/ predictions.csv`. In a table, the column names files, seen from the "
        f"table. Every picture is stretched to {height} rows of {width} pixels by Pillow's bilinear filter and made "
        f"{'grey' if channels == 1 else 'red, green and blue'}; pixels that have this size need no Pillow.\n\n"
    )


def _inputs(task: Task, image: Block | None, *, for_onnx: bool) -> str:
    values = [_values(column.kind, image) if for_onnx else INPUTS[column.kind] for column in task.columns]
    rows = [
        (f"`{column.name}`", column.kind, value if for_onnx else value.partition(" (ONNX")[0])
        for column, value in zip(task.columns, values)
    ]
    return "## Inputs\n\n" + _table(("column", "kind", "value"), rows)


def _values(kind: ColumnKind, image: Block | None) -> str:
    if kind != "image" or image is None:
        return INPUTS[kind]
    shape, colour = (", ".join(map(str, numbers)) for numbers in (image.shape, map(round, image.mean)))
    return f"{INPUTS[kind]} (ONNX: uint8 of shape (N, {shape}), from 0 to 255; every pixel ({colour}) where missing)"


def _origin(provenance: dict[str, Any]) -> str:
    data = provenance.get("data") or {}
    facts = [
        ("data", data.get("name")),
        ("SHA-256 of the data", data.get("sha256")),
        *((f"{part} rows", count) for part, count in (data.get("rows") or {}).items()),
        *_new_rows(provenance),
        ("family", provenance.get("family")),
        ("parameters", provenance.get("parameters")),
        ("seed", provenance.get("seed")),
        ("created", provenance.get("created")),
        *((provenance.get("config") or {}).items()),
    ]
    rows = [(name, f"`{value}`") for name, value in facts if value is not None]
    return "## Where it comes from\n\n" + _table(("what", "value"), rows) if rows else ""


def _new_rows(provenance: dict[str, Any]) -> list[tuple[str, object]]:
    if not (update := provenance.get("update")):
        return []
    data = update["data"]
    facts = [("new data", data["name"]), ("SHA-256 of the new data", data["sha256"])]
    return [*facts, *((f"new {part} rows", count) for part, count in data["rows"].items())]


def _limits(provenance: dict[str, Any]) -> str:
    lines = [
        "It knows only rows like those it was trained on; when the data drift, judge it again.",
        "A category it has not seen in training counts as unknown; a missing value counts as missing, not as an error.",
        f"How sure it is: {provenance['calibration']['sentence']}." if provenance.get("calibration") else "",
        *(finding["sentence"] for finding in provenance.get("findings") or ()),
    ]
    return "## Limits\n\n" + "\n".join(f"- {_one_line(line)}" for line in lines if line)


def _verification(parity: Parity, versions: dict[str, str]) -> str:
    said = (
        f"Compared with the network itself on {parity.rows} validation rows: {parity.labels_equal:.2%} of the "
        f"predictions agree, the largest difference is {parity.largest_difference:.2g}."
        if parity.rows
        else "Not compared with the network itself: no rows were given."
    )
    return f"## Verification\n\n{said}\n\n" + _table(("software", "version"), versions.items())


def _with_interval(score: dict[str, Any]) -> str:
    interval = f" [{score['ci_low']:.4g}, {score['ci_high']:.4g}]" if score.get("ci_low") is not None else ""
    rows = f", {score['rows']} rows" if "rows" in score else ""
    return f"{score['value']:.4g}{interval}{rows}"


def _table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(_one_line(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
