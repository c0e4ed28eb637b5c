"""`automl spaces diff`: in what two spaces differ."""

from __future__ import annotations

from typing import Annotated

import typer

from automl.cli import complete
from automl.cli.options import Json

One = Annotated[
    str,
    typer.Argument(
        metavar="A", help="A shipped space, or a space file.", autocompletion=complete.spaces, show_default=False
    ),
]
Other = Annotated[str, typer.Argument(metavar="B", help="Another.", autocompletion=complete.spaces, show_default=False)]


def diff(a: One, b: Other, as_json: Json = False) -> None:
    """Say parameter by parameter in what two spaces differ."""
    from automl.cli.screen import write_json, write_lines, write_rows
    from automl.report.figures import counted
    from automl.spaces.compare import differences, different_starts
    from automl.spaces.read import read_space

    one, other = read_space(a), read_space(b)
    found, starts = differences(one, other), different_starts(one, other)
    if as_json:
        write_json({"a": a, "b": b, "parameters": found, "starts": starts})
        return
    write_lines([f"A: {a}", f"B: {b}", ""])
    if found:
        rows = ({"name": row["name"], "": row["what"], "A": row["a"], "B": row["b"]} for row in found)
        write_rows(("name", "", "A", "B"), rows, words=("name", "", "A", "B"))
    else:
        write_lines(["Their parameters are the same."])
    for side, configs in (("A", starts["only_a"]), ("B", starts["only_b"])):
        if configs:
            write_lines([f"{counted(len(configs), 'known-good config')} only in {side}"])
