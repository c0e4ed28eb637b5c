"""`automl spaces`: the space files that are shipped, or what one of them lets vary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from automl.cli import complete
from automl.cli.options import Json

if TYPE_CHECKING:
    from automl.spaces.describe import Row, Summary

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME|PATH]",
        help="A shipped space, or a space file.",
        autocompletion=complete.spaces,
        show_default=False,
    ),
]


def spaces(name: Name = None, as_json: Json = False) -> None:
    """List the search spaces, or show what one lets vary."""
    from automl.cli.screen import write_json
    from automl.spaces.describe import summary
    from automl.spaces.read import read_space
    from automl.spaces.shipped import shipped_spaces

    if name is not None:
        one = summary(read_space(name))
        if as_json:
            write_json(one)
        else:
            _write_space(one)
        return
    every = [summary(read_space(path)) for path in shipped_spaces()]
    if as_json:
        write_json({"spaces": every})
    else:
        _write_list(every)


def _write_list(every: list[Summary]) -> None:
    from automl.cli.screen import write_lines, write_rows

    write_rows(("name", "dimensions", "description"), every, words=("name", "description"))
    write_lines(["", "What one lets vary, with its defaults: automl spaces NAME"])


def _write_space(space: Summary) -> None:
    from automl.cli.screen import write_lines, write_rows
    from automl.report.figures import counted

    size = f"{counted(space['dimensions'], 'dimension')}; tried first: {counted(space['starts'], 'known-good config')}"
    write_lines([f"{space['name']}: {space['description']}", size, ""])
    columns = ("name", "range", "default", "condition")
    write_rows(columns, map(_shown, space["varies"]), words=columns)
    if space["fixed"]:
        write_lines(["", "Fixed"])
        write_rows(("name", "value", "condition"), map(_shown, space["fixed"]), words=(*columns, "value"))


def _shown(row: Row) -> dict[str, str]:
    from automl.cli.summary import setting

    value = setting(row["default"])
    return {"name": row["name"], "range": row["range"], "default": value, "value": value, "condition": row["condition"]}
