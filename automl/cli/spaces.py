"""`automl spaces`: the space files that are shipped, or what one of them lets vary; and the commands below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from automl.cli import complete
from automl.cli.options import Json
from automl.cli.spaces_check import check
from automl.cli.spaces_diff import diff

if TYPE_CHECKING:
    from automl.spaces.describe import Row, Summary


def _names(incomplete: str) -> list[str]:
    """Offer the spaces, and the commands below this one."""
    commands = [command.callback.__name__ for command in group.registered_commands if command.callback]
    return complete.spaces(incomplete) + [name for name in commands if name.startswith(incomplete)]


Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME|PATH]",
        help="A shipped space, or a space file.",
        autocompletion=_names,
        show_default=False,
    ),
]


class _NameOrCommand(TyperGroup):
    """Commands beside an argument: a first word that is none of them is the argument."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Leave the argument empty where a command comes first; else take options wherever they stand."""
        ctx.allow_interspersed_args = not args or args[0] not in self.commands
        return super().parse_args(ctx, args if ctx.allow_interspersed_args else ["", *args])

    def get_params(self, ctx: Any) -> list[Any]:
        """Keep the argument out of the usage of the commands, which do not take it."""
        return super().get_params(ctx) if ctx.command is self else []


group = typer.Typer(name="spaces", cls=_NameOrCommand, invoke_without_command=True)


@group.callback()
def spaces(context: typer.Context, name: Name = None, as_json: Json = False) -> None:
    """List the search spaces, show what one lets vary, or check and compare space files.

    A file that is called like one of the commands is reached by its path, such as ./check.
    """
    from automl.cli.screen import write_json
    from automl.spaces.describe import summary
    from automl.spaces.read import read_space
    from automl.spaces.shipped import shipped_spaces

    if context.invoked_subcommand is not None:
        return
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


group.command()(check)
group.command()(diff)


@group.command()
def schema() -> None:
    """Print the JSON schema of space files, by which editors complete and check them."""
    from automl.cli.screen import write_json
    from automl.experiment.schema import space_schema

    write_json(space_schema())


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
