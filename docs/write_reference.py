"""Writes docs/space-reference.md, which lists what a space file may set, from the project's own code.

python docs/write_reference.py
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from automl.experiment.recipe import CHOICES, DEFAULTS, SECTIONS, is_shared
from automl.experiment.schema import meanings
from automl.spaces.conditions import word

PAGE = Path(__file__).with_name("space-reference.md")

TITLES = {
    "preparing": "Preparing the columns",
    "family": "Families of networks",
    "optimizer": "Optimizers",
    "schedule": "Schedules of the learning rate",
    "training": "Training",
    "augment": "Augmentation of images",
}
"""The sections in the order of the page, which is that of the shipped space files."""

OPENING = """\
# What a space file may set

Every name of a config, with its type, the values it may have, the one it has where a space leaves it out, and what it
does. A range in a space file must lie within these values; one that does not is refused before the search. How ranges,
choices and conditions are written is said in [Write a search space](space-files.md).

This page is written from the code by `python docs/write_reference.py`."""

TYPES = {bool: "bool", int: "int", float: "float", str: "str"}
HEADER = "| name | type | values | default | what it is |\n|---|---|---|---|---|"


def page() -> str:
    """Give the whole page."""
    parts = [OPENING]
    for name, title in TITLES.items():
        parts.append(f"## {title}")
        parts.extend(_section(name) if name in SECTIONS else _choice(name))
    return "\n\n".join(parts) + "\n"


def _section(name: str) -> Iterator[str]:
    owner = SECTIONS[name]
    yield _summary(owner, owner)
    yield from _table(owner, name)


def _choice(name: str) -> Iterator[str]:
    registry: Mapping[str, type[Any]] = CHOICES[name]
    words = ", ".join(f"`{option}`" for option in registry)
    yield f"`{name}` is one of {words}; `{DEFAULTS[name]}` where a space leaves it out."
    for option, owner in registry.items():
        yield f"### `{option}`"
        yield _summary(inspect.getmodule(owner) if name == "family" else owner, owner)
        yield from _table(owner, f"{name}.{option}")


def _summary(described: object, owner: type[Any]) -> str:
    """Give the first paragraph of a docstring, and what kind of column the owner of the arguments cannot be without."""
    said = " ".join((inspect.getdoc(described) or "").split("\n\n")[0].split())
    needed = getattr(owner, "reads", None)
    return f"{said} It needs a column of kind `{needed}`." if needed else said


def _table(owner: type[Any], prefix: str) -> Iterator[str]:
    names = [field.name for field in fields(owner)]
    if not names:
        return
    kinds, said = get_type_hints(owner), meanings(owner)
    rows = [
        f"| `{prefix}.{field.name}` | {_type(kinds[field.name])} | {_values(owner, field.name, kinds[field.name])} "
        f"| {word(field.default)} | {_cell(said[field.name])} |"
        for field in fields(owner)
    ]
    yield "\n".join([HEADER, *rows])
    free = [f"`{name}`" for name in names if not is_shared(f"{prefix}.{name}")]
    if prefix.startswith("family."):
        yield f"Candidates that differ in {', '.join(free[:-1])} or {free[-1]} alone may train together."


def _type(kind: Any) -> str:
    return "choice" if get_origin(kind) is Literal else TYPES[kind]


def _values(owner: type[Any], name: str, kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(map(word, get_args(kind)))
    if kind is bool:
        return "false, true"
    low, high = owner.bounds[name]
    return f"{_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    """Write a bound as a space file would.

    Examples:
        >>> _number(1e9), _number(0.5), _number(16384)
        ('1e9', '0.5', '16384')
    """
    return f"{value:g}".replace("e+0", "e")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
