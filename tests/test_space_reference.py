"""The reference of space files is the code's: whole, fresh, and true of what the lint accepts."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

import pytest

from automl.errors import SpaceError
from automl.experiment.recipe import CHOICES, SECTIONS, lint
from automl.spaces.read import read_space_text
from docs.write_reference import PAGE, TITLES, meanings, page

OWNERS = {
    **SECTIONS,
    **{f"{name}.{option}": owner for name, registry in CHOICES.items() for option, owner in registry.items()},
}
ROWS = re.findall(r"^\| `([\w.]+)` \| (\w+) \| ([^|]+) \| ([^|]+) \|", page(), flags=re.MULTILINE)


def space_of(name, value):
    """A space file that fixes one argument, under its choice where it belongs to one."""
    *path, argument = name.split(".")
    if len(path) == 1:
        return f"name: one\nspace:\n  {path[0]}: {{{argument}: {value}}}\n"
    section, option = path
    return f"name: one\nspace:\n  {section}: {{choice: {{{option}: {{{argument}: {value}}}}}, default: {option}}}\n"


def refusal(name, value):
    """What the lint says of a space that fixes the argument; empty where it accepts it."""
    try:
        lint(read_space_text(space_of(name, value), "one.yaml"), "one.yaml")
    except SpaceError as error:
        return str(error)
    return ""


def test_the_page_is_what_the_code_says():
    assert PAGE.read_text(encoding="utf-8") == page(), "it is stale: python docs/write_reference.py"


def test_every_part_of_a_config_has_a_section():
    assert set(TITLES) == {*SECTIONS, *CHOICES}


def test_every_argument_has_a_row():
    arguments = {f"{name}.{field.name}" for name, owner in OWNERS.items() for field in fields(owner)}
    assert [name for name, *_ in ROWS] == sorted(arguments, key=[name for name, *_ in ROWS].index)


def test_every_kind_of_a_choice_has_a_heading():
    headings = re.findall(r"^### `(\w+)`$", page(), flags=re.MULTILINE)
    assert sorted(headings) == sorted(option for registry in CHOICES.values() for option in registry)


@pytest.mark.parametrize("name", OWNERS)
def test_a_docstring_says_what_each_argument_is(name):
    assert list(meanings(OWNERS[name])) == [field.name for field in fields(OWNERS[name])]


@pytest.mark.parametrize(("name", "kind", "values", "default"), ROWS, ids=[name for name, *_ in ROWS])
def test_a_space_may_set_the_default_and_every_value_shown(name, kind, values, default):
    ends = values.split(" to ") if kind in ("int", "float") else values.split(", ")
    ends = [int(float(end)) for end in ends] if kind == "int" else ends
    assert [refusal(name, value) for value in (default, *ends)] == [""] * (1 + len(ends))


@pytest.mark.parametrize(
    ("name", "high"),
    [(name, values.split(" to ")[1]) for name, kind, values, _ in ROWS if kind in ("int", "float")],
)
def test_a_value_beyond_the_greatest_is_refused(name, high):
    beyond = float(high) * 2
    assert "must lie between" in refusal(name, int(beyond) if beyond.is_integer() else beyond)


def test_a_meaning_over_several_lines_is_read_as_one():
    @dataclass(frozen=True)
    class Shown:
        """One sentence.

        Args:
            first: Half a sentence
                and the other half: whole.
            second: Another.

        Raises:
            ValueError: No argument of this name.
        """

        first: int = 1
        second: int = 2

    assert meanings(Shown) == {"first": "Half a sentence and the other half: whole.", "second": "Another."}


def test_a_class_without_arguments_has_no_meanings():
    class Bare:
        """One sentence."""

    assert meanings(Bare) == {}
