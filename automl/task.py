"""The problem to solve: typed columns, the target, its classes, the metric, and the blocks of tensors a model sees.

Shapes used across the house:
    N rows; a *block* is what one kind of column becomes: `numeric` (N, a) float32, `one_hot` (N, b) float32,
    `category` (N, c) int64 codes with 0 for a value never seen in training, `image` (N, channels, height, width) uint8.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Label = bool | int | float | str
ColumnKind = Literal["numeric", "category", "boolean", "datetime", "image"]
TaskKind = Literal["binary", "multiclass", "ordinal", "regression", "quantile", "multitarget", "multilabel"]

COLUMN_KINDS: tuple[ColumnKind, ...] = ("numeric", "category", "boolean", "datetime", "image")
TASK_KINDS: tuple[TaskKind, ...] = get_args(TaskKind)
LossName = Literal["cross_entropy", "ranked", "squared_error", "pinball", "squared_errors", "binary_cross_entropies"]
Link = Literal["softmax", "sigmoid", "identity"]
CoderName = Literal["classes", "number", "quantiles", "numbers", "labels"]
Scale = float | tuple[float, ...]
"""By what outputs are multiplied, or what is added to them: all, or each of several."""

HIGHER_IS_BETTER: dict[str, bool] = {
    "accuracy": True,
    "balanced_accuracy": True,
    "f1": True,
    "roc_auc": True,
    "log_loss": False,
    "quadratic_kappa": True,
    "mean_steps": False,
    "rmse": False,
    "mae": False,
    "r2": True,
    "pinball": False,
    "subset_accuracy": True,
}
CLASS_METRICS = ("accuracy", "balanced_accuracy", "f1", "roc_auc", "log_loss")
ORDINAL_METRICS = ("quadratic_kappa", "mean_steps", "accuracy", "balanced_accuracy", "log_loss")
REGRESSION_METRICS = ("rmse", "mae", "r2")
SEVERAL_METRICS = ("rmse", "mae", "r2")
LABEL_METRICS = ("log_loss", "f1", "roc_auc", "subset_accuracy")
QUANTILE_METRICS = ("pinball", "mae")


@dataclass(frozen=True)
class Traits:
    """What all tasks of a kind have in common.

    Args:
        coder: What turns the target into what is learned, a key of `automl.data.target.CODERS`.
        metrics: Those that score it, the default first.
        loss: What is differentiated, a key of `automl.training.loss.LOSSES`.
        link: What makes predictions of a network's outputs: what several networks say is averaged behind it.
        sureness: What is learned of how sure a network is.
        is_ordered: Whether classes have an order; the label is then the median of their probabilities.
    """

    coder: CoderName
    metrics: tuple[str, ...]
    loss: LossName
    link: Link
    sureness: Literal["temperature", "interval", "none"]
    is_ordered: bool = False

    @property
    def has_classes(self) -> bool:
        """Whether every row is of one of several classes."""
        return self.link == "softmax"

    @property
    def is_several(self) -> bool:
        """Whether several things are predicted of a row, each of which may be scored by itself."""
        return self.coder in ("numbers", "labels")

    @property
    def is_stratified(self) -> bool:
        """Whether rows are divided so that what is to be predicted is as frequent in every part."""
        return self.has_classes or self.coder == "labels"

    @property
    def is_wide(self) -> bool:
        """Whether several numbers are predicted for a row."""
        return self.coder != "number"

    @property
    def has_numbers(self) -> bool:
        """Whether the target is one number."""
        return self.coder in ("number", "quantiles")


_CLASSES = Traits("classes", CLASS_METRICS, "cross_entropy", "softmax", "temperature")
KINDS: dict[TaskKind, Traits] = {
    "binary": _CLASSES,
    "multiclass": _CLASSES,
    "ordinal": Traits("classes", ORDINAL_METRICS, "ranked", "softmax", "temperature", is_ordered=True),
    "regression": Traits("number", REGRESSION_METRICS, "squared_error", "identity", "interval"),
    "multilabel": Traits("labels", LABEL_METRICS, "binary_cross_entropies", "sigmoid", "none"),
    "multitarget": Traits("numbers", SEVERAL_METRICS, "squared_errors", "identity", "none"),
    "quantile": Traits("quantiles", QUANTILE_METRICS, "pinball", "identity", "none"),
}
"""What each kind of task comes to."""


@dataclass(frozen=True)
class Column:
    """One input column of the table.

    Args:
        name: The column's header.
        kind: What its values are.
        numbers: For a category whose values are numbers: `3` and `3.0` are then the same value, written `3`.
    """

    name: str
    kind: ColumnKind
    numbers: bool = False


@dataclass(frozen=True)
class Block:
    """One tensor of a batch, by its name.

    Args:
        name: Its key in a batch, which is also the name of the encoder that reads it.
        shape: The shape of one row of it.
        dtype: The numpy name of its element type.
        cardinalities: For category codes, how many codes each column has, code 0 (never seen) included.
        mean: For images, the mean of each channel over the training rows, pixels counted from 0 to 255.
        std: For images, the standard deviation of each channel, likewise.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    cardinalities: tuple[int, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


@dataclass(frozen=True)
class Finding:
    """Something about the data a person should know.

    Args:
        kind: A short word to filter by, such as `identifier`, `constant`, `duplicate`.
        column: The column it is about, or None where it is about rows.
        sentence: What was found and what was done about it.
    """

    kind: str
    column: str | None
    sentence: str


@dataclass(frozen=True)
class Task:
    """What is to be predicted from what, and how it is scored.

    Args:
        kind: Binary, multiclass, ordinal, regression, quantile, multitarget or multilabel.
        target: The target column's name.
        columns: The input columns, in the table's order; dropped ones are not among them.
        classes: The labels in their own type, sorted, or of an ordinal task in its order; of a multilabel task those
            that a row may have; empty for regression. Codes are positions in it.
        metric: What chooses trials, a key of `HIGHER_IS_BETTER`.
        positive: For a binary task, the class that `f1` and `roc_auc` are about.
        weight: The column that says how much a row counts; None where all count alike.
        group: The column that says which rows belong together; None where each stands by itself.
        transform: Of a number, what of the target is learned: itself, its logarithm, or that of one more.
        quantiles: Which quantiles of a number are predicted, in their order; empty where none are.
        targets: Of several targets their columns' names, whose values the target column holds; empty where it is one.
        deviations: Of several targets the standard deviation of each over the training rows: the unit of its errors.
    """

    kind: TaskKind
    target: str
    columns: tuple[Column, ...]
    classes: tuple[Label, ...]
    metric: str
    positive: Label | None = None
    weight: str | None = None
    group: str | None = None
    transform: Literal["none", "log", "log1p"] = "none"
    quantiles: tuple[float, ...] = ()
    targets: tuple[str, ...] = ()
    deviations: tuple[float, ...] = ()

    @property
    def has_images(self) -> bool:
        """Whether a column is one of images."""
        return any(column.kind == "image" for column in self.columns)

    @property
    def traits(self) -> Traits:
        """What it has in common with all tasks of its kind."""
        return KINDS[self.kind]

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger score is a better one."""
        return HIGHER_IS_BETTER[self.metric]

    @property
    def direction(self) -> Literal["maximize", "minimize"]:
        """The word for it that a study uses."""
        return "maximize" if self.higher_is_better else "minimize"

    @property
    def n_outputs(self) -> int:
        """How many numbers the network gives a row: one a class, quantile or target, or one for regression."""
        return len(self.classes) or len(self.quantiles) or len(self.targets) or 1

    def to_json(self) -> dict[str, Any]:
        """Give the task as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Task:
        """Rebuild a task from `to_json`."""
        columns = tuple(Column(**column) for column in record["columns"])
        lists = {name: tuple(record.get(name, ())) for name in ("classes", "quantiles", "targets", "deviations")}
        return cls(**{**record, **lists, "columns": columns})
