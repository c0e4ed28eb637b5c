"""A study as a page of plain Markdown, rebuilt from the run folder alone."""

from __future__ import annotations

from typing import Any

from automl.report.content import SECTIONS, headline
from automl.report.document import Block, Code, Commands, Items, Line, Paragraph, Strong, Table
from automl.report.figures import cell, table
from automl.report.reading import Reading
from automl.tracking.record import Record


def page(record: Record) -> str:
    """Write the report of a study, finished or not.

    Raises:
        StudyError: A file of the folder is damaged.
    """
    reading = Reading(record)
    lines = [f"# Study `{record.study}`", "", _line(headline(reading))]
    for title, section in SECTIONS.items():
        blocks = section(reading)
        if blocks:
            lines += ["", f"## {title}"]
        for block in blocks:
            lines += ["", *_block(block)]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        return [_line(block.line)]
    if isinstance(block, Items):
        return [f"- {_line(line)}" for line in block.lines]
    if isinstance(block, Table):
        return table(block.header, [[_value(value) for value in row] for row in block.rows], block.right)
    return _commands(block)


def _line(line: Line) -> str:
    return "".join(_piece(piece) for piece in line)


def _piece(piece: str | Strong | Code) -> str:
    if isinstance(piece, Strong):
        return f"**{piece.text}**"
    return f"`{piece.text}`" if isinstance(piece, Code) else piece


def _value(value: Any) -> Any:
    return f"**{cell(value.text)}**" if isinstance(value, Strong) else value


def _commands(block: Commands) -> list[str]:
    width = max(len(command) for command, _ in block.lines)
    lines = (f"{command:<{width}}  # {remark}" if remark else command for command, remark in block.lines)
    return ["```sh", *lines, "```"]
