"""What a report is made of, whatever it is written in: paragraphs, lists, tables, commands; text is plain here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Strong:
    """Words that stand out; in a table, a value."""

    text: Any


@dataclass(frozen=True)
class Code:
    """Words to be read letter by letter."""

    text: str


Line = Sequence[str | Strong | Code]
"""A sentence, in pieces."""


@dataclass(frozen=True)
class Paragraph:
    """A sentence that stands alone."""

    line: Line


@dataclass(frozen=True)
class Items:
    """A list."""

    lines: Sequence[Line]


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        header: The columns' names.
        rows: Their values, to be written as `automl.report.figures.figure` does; `Strong` ones stand out.
        right: The positions of columns aligned to the right.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    right: Sequence[int] = ()


@dataclass(frozen=True)
class Commands:
    """Commands to type, each with a remark that may be empty."""

    lines: Sequence[tuple[str, str]]


Block = Paragraph | Items | Table | Commands


def plain(*pieces: str | Strong | Code) -> Paragraph:
    """Give a paragraph of these pieces."""
    return Paragraph(pieces)
