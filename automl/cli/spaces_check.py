"""`automl spaces check`: every mistake of a space file, or what a sound one amounts to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from automl.cli import complete
from automl.cli.options import Json

File = Annotated[
    str,
    typer.Argument(
        metavar="NAME|PATH",
        help="A space file, or a shipped space.",
        autocompletion=complete.spaces,
        show_default=False,
    ),
]

_LAYER = ("name", "output", "parameters")


def check(file: File, as_json: Json = False) -> None:
    """Tell every mistake of a space file, or how large a sound one is, with one of its networks."""
    from automl.cli.screen import write_json, write_lines, write_rows
    from automl.experiment.check_space import check_space

    found = check_space(file)
    if as_json:
        write_json(found)
        return
    write_lines(_lines(found))
    layers = found["sample"]["layers"]
    if layers:
        total = {"name": "total", "output": "", "parameters": sum(layer["parameters"] for layer in layers)}
        write_lines([""])
        write_rows(_LAYER, [*layers, total], words=("name", "output"))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    from automl.cli.summary import config_lines
    from automl.report.figures import counted

    extends = f", which extends {found['extends']}" if found["extends"] else ""
    yield f"{found['file']}: no mistakes in {found['name']}{extends}"
    yield f"{counted(found['dimensions'], 'dimension')}, {found['continuous']} of them continuous"
    yield f"{counted(found['configs'], 'config')} of the discrete part"
    left_out = found["starts_left_out"]
    beside = f"; {left_out} of {found['extends']} left out, outside of this space" if left_out else ""
    yield f"tried first: {counted(found['starts'], 'known-good config')}{beside}"
    sample = found["sample"]
    if sample["infeasible"] is None:
        yield from ("", f"A network drawn at random, for {sample['input']}", *config_lines(sample["config"]))
    else:
        yield from ("", f"No network that was drawn can be built for {sample['input']}: {sample['infeasible']}")
