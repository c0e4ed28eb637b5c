"""How results are written on stdout: one JSON object, lines, or a table, plain where nobody looks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from automl.files import strict
from automl.report.figures import figure, flat

if TYPE_CHECKING:
    from rich.console import Console

_GAP = 3
"""Spaces between two columns."""
_PIPE_WIDTH = 1000
"""Columns of a table that goes to a file: no line of it is folded."""


def write_json(value: Mapping[str, Any]) -> None:
    """Write one JSON object on stdout; a number that is not finite becomes null, which every JSON reader knows."""
    print(json.dumps(strict(value), indent=2))  # noqa: T201


def write_lines(lines: Iterable[str]) -> None:
    """Write lines on stdout, exactly as they are."""
    for line in lines:
        print(line)  # noqa: T201


def write_prose(lines: Iterable[str]) -> None:
    """Write sentences on stdout; a terminal that is too narrow for one breaks it between words."""
    from rich.text import Text

    console = _console()
    for line in lines:
        console.print(Text(line), soft_wrap=not console.is_terminal)


def write_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV on stdout, nested values under names with dots; what a row lacks is an empty cell."""
    import csv
    import sys

    flattened = [{name: _csv_cell(value) for name, value in flat(strict(row)).items()} for row in rows]
    names = list(dict.fromkeys(name for row in flattened for name in row))
    table = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    table.writeheader()
    table.writerows(flattened)


def _csv_cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def write_side_by_side(names: Sequence[str], facts: Mapping[str, Sequence[Any]]) -> None:
    """Write things beside one another, a column each and a line for each fact; as many beside as the terminal has room.

    Args:
        names: What stands above each column.
        facts: By a fact's name, its value for each of them.
    """
    from rich.cells import cell_len

    cells = [[name, *(figure(values[place]) for values in facts.values())] for place, name in enumerate(names)]
    widths = [max(map(cell_len, column)) for column in cells]
    available = _console().width - max(map(cell_len, facts))
    while cells:
        n_fitting = max(1, sum(total <= available for total in accumulate(width + _GAP for width in widths)))
        together, cells, widths = cells[:n_fitting], cells[n_fitting:], widths[n_fitting:]
        header, *lines = zip(*together)
        write_table(["", *header], [[name, *line] for name, line in zip(facts, lines)])
        if cells:
            write_lines([""])


def write_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[str] = ()) -> None:
    """Write a table on stdout.

    Args:
        header: The name of each column.
        rows: The cells of each row, ready to read.
        numbers: The names of the columns that stand to the right.
    """
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    for name in header:
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    _console().print(table)


def write_rows(
    keys: Sequence[str], rows: Iterable[Mapping[str, Any]], *, words: Sequence[str] = (), spare: Sequence[str] = ()
) -> None:
    """Write some values of each row as a table.

    Args:
        keys: Which values; they name the table's columns.
        rows: The rows; a value that is absent leaves its cell empty.
        words: The keys whose values are words; numbers stand to the right.
        spare: The keys to leave out where the terminal is too narrow for all, the first of them first; it is said.
    """
    columns: dict[str, list[str]] = {key: [] for key in keys}
    for row in rows:
        for key, cells in columns.items():
            cells.append(figure(row[key]) if key in row else "")
    shown = _fitting(columns, spare)
    write_table(shown, zip(*(columns[key] for key in shown)), numbers=[key for key in shown if key not in words])
    left_out = [key for key in keys if key not in shown]
    if left_out:
        write_lines([f"A wider terminal also shows: {', '.join(left_out)}"])


def _fitting(columns: Mapping[str, Sequence[str]], spare: Sequence[str]) -> list[str]:
    """Name the columns that fit beside one another, leaving out as few of the spare ones as it takes."""
    from rich.cells import cell_len

    widths = {key: max(map(cell_len, [key, *cells])) for key, cells in columns.items()}
    shown, available = list(columns), _console().width
    for key in spare:
        if sum(widths[each] for each in shown) + _GAP * (len(shown) - 1) <= available:
            break
        shown.remove(key)
    return shown


def _console() -> Console:
    """Give the terminal, or what stands for it where the output goes elsewhere."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=_PIPE_WIDTH)
