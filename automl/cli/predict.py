"""`automl predict`: an exported model and a table or images in, a column of predictions out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from automl.cli.options import Decimal, Encoding, Separator

Bundle = Annotated[Path, typer.Argument(metavar="MODEL", help="The exported bundle or ONNX file.", show_default=False)]
Rows = Annotated[
    Path,
    typer.Argument(
        metavar="ROWS",
        help="A CSV, TSV or other text file, Parquet or Feather; for a model of images also a folder of them, "
        "one image, or .npz.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="Where to write; stdout as CSV if not given.", show_default=False),
]
Keep = Annotated[
    list[str] | None,
    typer.Option("--keep", metavar="COL", help="A column of ROWS to write too; repeatable.", show_default=False),
]


def predict(
    bundle: Bundle,
    rows: Rows,
    output: Output = None,
    keep: Keep = None,
    separator: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
) -> None:
    """Predict the rows of a table, or images, with an exported model."""
    from automl.experiment.predict import predict as write_predictions

    reading = {"separator": separator, "decimal": decimal, "encoding": encoding}
    done = write_predictions(bundle, rows, output, keep or [], reading)
    for sentence in done["findings"]:
        sys.stderr.write(f"{sentence}\n")
    if output is not None:
        sys.stderr.write(f"{done['rows']:,} predictions written to {output}\n")
