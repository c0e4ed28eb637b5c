"""The pieces of a report as HTML; whatever text there is in them, it stays text."""

from __future__ import annotations

import html
from typing import Any

from automl.report.document import Block, Code, Commands, Items, Line, Paragraph, Strong, Table
from automl.report.figures import figure


def tag(name: str, *children: str, **attributes: str | None) -> str:
    """Give an element.

    Args:
        name: Its name.
        children: What is in it, as HTML.
        attributes: Text, which is escaped; None leaves an attribute out, and a trailing `_` of a name is left out.

    Examples:
        >>> tag("p", text("a < b"), class_="note")
        '<p class="note">a &lt; b</p>'
    """
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    words = "".join(f' {key}="{html.escape(value)}"' for key, value in given.items())
    return f"<{name}{words}>{''.join(children)}</{name}>"


def text(value: object) -> str:
    """Write text so that it stays text."""
    return html.escape(str(value))


def line(pieces: Line) -> str:
    """Give a sentence."""
    return "".join(_piece(piece) for piece in pieces)


def block(one: Block, label: str) -> str:
    """Give a paragraph, a list, a table or commands.

    Args:
        one: The block.
        label: What it is about, for those who do not see where it stands.
    """
    if isinstance(one, Paragraph):
        return tag("p", line(one.line))
    if isinstance(one, Items):
        return tag("ul", *(tag("li", line(pieces)) for pieces in one.lines))
    if isinstance(one, Table):
        return _boxed(_table(one), label)
    return _boxed(_commands(one), label)


def _piece(piece: str | Strong | Code) -> str:
    if isinstance(piece, Strong):
        return tag("strong", text(piece.text))
    return tag("code", text(piece.text)) if isinstance(piece, Code) else text(piece)


def _boxed(inner: str, label: str) -> str:
    """Put what may be wide into a box that scrolls by itself, by keys too."""
    return tag("div", inner, class_="box", role="region", aria_label=label, tabindex="0")


def _table(one: Table) -> str:
    head = "".join(_cell("th", name, column in one.right) for column, name in enumerate(one.header))
    body = (
        tag("tr", *(_cell("td", value, column in one.right) for column, value in enumerate(row))) for row in one.rows
    )
    titled = tag("thead", tag("tr", head)) if any(one.header) else ""
    return tag("table", titled, tag("tbody", *body))


def _cell(name: str, value: Any, is_right: bool) -> str:
    shown = tag("strong", text(figure(value.text))) if isinstance(value, Strong) else text(figure(value))
    return tag(name, shown, class_="right" if is_right else None)


def _commands(one: Commands) -> str:
    lines = (
        tag("div", tag("code", _unbroken(command)), tag("em", text(remark)) if remark else "")
        for command, remark in one.lines
    )
    return tag("div", *lines, class_="commands")


def _unbroken(command: str) -> str:
    """Let a long command break between its words alone: two hyphens are no place to break."""
    return " ".join(tag("span", text(word)) for word in command.split(" "))
