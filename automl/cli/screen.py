"""How results are written on stdout: one JSON object, lines, or a table, plain where nobody looks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from automl.files import strict
from automl.report.figures import figure

_PIPE_WIDTH = 1000
"""Columns of a table that goes to a file: no line of it is folded."""


def write_json(value: Mapping[str, Any]) -> None:
    """Write one JSON object on stdout; a number that is not finite becomes null, which every JSON reader knows."""
    print(json.dumps(strict(value), indent=2))  # noqa: T201


def write_lines(lines: Iterable[str]) -> None:
    """Write lines on stdout, exactly as they are."""
    for line in lines:
        print(line)  # noqa: T201


def write_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[str] = ()) -> None:
    """Write a table on stdout.

    Args:
        header: The name of each column.
        rows: The cells of each row, ready to read.
        numbers: The names of the columns that stand to the right.
    """
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    for name in header:
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_WIDTH)
    console.print(table)


def write_rows(keys: Sequence[str], rows: Iterable[Mapping[str, Any]], *, words: Sequence[str] = ()) -> None:
    """Write some values of each row as a table.

    Args:
        keys: Which values; they name the table's columns.
        rows: The rows; a value that is absent leaves its cell empty.
        words: The keys whose values are words; numbers stand to the right.
    """
    cells = ([figure(row[key]) if key in row else "" for key in keys] for row in rows)
    write_table(keys, cells, numbers=[key for key in keys if key not in words])
