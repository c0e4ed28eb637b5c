"""Tables that have a name instead of a file; nothing heavy until one is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

LOADERS: dict[str, str] = {
    "breast-cancer": "load_breast_cancer",
    "diabetes": "load_diabetes",
    "digits": "load_digits",
    "iris": "load_iris",
    "wine": "load_wine",
}
"""A table's name and the function of `sklearn.datasets` that loads it."""

NAMED_CLASSES = ("breast-cancer", "iris", "wine")
TARGET = "target"

FILE_ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".feather", ".arrow")
"""The endings of a table's file; text may be compressed, and images come as `.npz` or a folder."""


def is_builtin(source: object) -> bool:
    """Tell whether a source is the bare name of a built-in table; `./digits` is a path."""
    return isinstance(source, str) and source in LOADERS


def builtin_target(source: object) -> str | None:
    """Give the target of a built-in table, None for any other source."""
    return TARGET if is_builtin(source) else None


def load_builtin(name: str) -> pd.DataFrame:
    """Load a built-in table: its features, then `target`, with the classes' names where they have one.

    The digits are images of 8 x 8 pixels, whose 17 shades become those from 0 to 255.
    """
    from sklearn import datasets

    if name == "digits":
        return _digits(datasets.load_digits())
    bunch = getattr(datasets, LOADERS[name])(as_frame=True)
    table: pd.DataFrame = bunch.frame
    if name in NAMED_CLASSES:
        words = [str(word) for word in bunch.target_names]
        table[TARGET] = [words[code] for code in table[TARGET]]
    return table


def _digits(bunch: Any) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    from automl.data.images import ImageArray

    pixels = np.rint(bunch.images * (255.0 / 16.0)).astype(np.uint8)
    return pd.DataFrame({"image": ImageArray(pixels[:, None]), TARGET: bunch.target})
