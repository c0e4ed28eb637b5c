"""The JSON schema of space files, by which editors complete and check them, from the arguments that rooms publish.

It also lets through what only a file that extends another may say; whether a space is sound, `sound_space` says.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from automl.experiment.recipe import CHOICES, SECTIONS

Schema = dict[str, Any]

_NOTHING: Schema = {"type": "null"}
_WHEN: Schema = {
    "description": "What must hold of parameters before this one: a value, a list of values, or nonzero.",
    "type": ["object", "null"],
}
_SWITCHES: Schema = {
    "log": {"description": "Whether ratios count rather than differences.", "type": ["boolean", "null"]},
    "step": {"description": "The distance between allowed values.", "type": ["number", "null"]},
    "zero": {"description": "Whether 0 (off) is allowed beside the range.", "type": ["boolean", "null"]},
}
_LINE = {"type": "string", "pattern": r"^[^\n]*\n?$"}


def space_schema() -> Schema:
    """Give the schema (draft 7, which every editor's YAML support reads).

    Examples:
        >>> mlp = space_schema()["definitions"]["family.mlp"]["properties"]
        >>> mlp["layers"]["description"], mlp["layers"]["anyOf"][0]
        ('Hidden layers, at least 1.', {'type': 'integer', 'minimum': 1, 'maximum': 64})
    """
    options = {f"{choice}.{name}": kind for choice, registry in CHOICES.items() for name, kind in registry.items()}
    sections = {name: _section(kind) for name, kind in SECTIONS.items()}
    choices = {name: _choice(name, list(registry)) for name, registry in CHOICES.items()}
    space = {"type": "object", "properties": {**sections, **choices}, "additionalProperties": False}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A search space of automl",
        "type": "object",
        "properties": {
            "name": {"description": "A short name.", **_LINE},
            "description": {"description": "One line.", **_LINE},
            "extends": {"description": "A shipped space, or a file beside this one, to take over.", "type": "string"},
            "space": {"description": "What may vary.", **space},
            "starts": {
                "description": "Known-good configs, tried before the search proposes its own.",
                "type": ["array", "null"],
                "items": {"type": "object"},
            },
        },
        "required": ["name"],
        "anyOf": [{"required": ["space"]}, {"required": ["extends"]}],
        "additionalProperties": False,
        "definitions": {name: _section(kind) for name, kind in options.items()},
    }


def meanings(owner: type[Any]) -> dict[str, str]:
    """Give what the docstring of a class says of each argument, on one line.

    Examples:
        >>> meanings(CHOICES["schedule"]["cosine"])
        {'warmup': 'The share of all steps that the warm-up takes, from 0 to below 1.'}
    """
    _, _, rest = (inspect.getdoc(owner) or "").partition("\nArgs:\n")
    block = re.split(r"\n(?=\S)", rest, maxsplit=1)[0]
    entries = re.split(r"^ {4}(?=\w+: )", block, flags=re.MULTILINE)[1:]
    pairs = (entry.split(": ", maxsplit=1) for entry in entries)
    return {name: " ".join(text.split()) for name, text in pairs}


def _section(owner: type[Any]) -> Schema:
    """Describe a section by the arguments of its owner."""
    said, hints = meanings(owner), get_type_hints(owner)
    bounds = getattr(owner, "bounds", {})
    arguments = {
        field.name: {
            "description": said.get(field.name, ""),
            **_argument(_value(hints[field.name], bounds.get(field.name)), hints[field.name]),
        }
        for field in fields(owner)
    }
    properties = {**arguments, "when": _WHEN}
    about = " ".join((inspect.getdoc(owner) or "").partition("\n\n")[0].split())
    return {
        "description": about,
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
    }


def _value(accepted: Any, bounds: tuple[float, float] | None) -> Schema:
    """Describe one value of an argument."""
    if get_origin(accepted) is Literal:
        return {"enum": list(get_args(accepted))}
    if accepted is bool:
        return {"type": "boolean"}
    limits = {"minimum": bounds[0], "maximum": bounds[1]} if bounds else {}
    return {"type": "integer" if accepted is int else "number", **limits}


def _argument(value: Schema, accepted: Any) -> Schema:
    """Describe what a space may say of an argument: a value, a range, a choice, or nothing."""
    ends = {"description": "[low, high]", "type": "array", "items": value, "minItems": 2, "maxItems": 2}
    is_whole = accepted is int or all(type(each) is int for each in value.get("enum", [None]))
    kinds = {"float": ends} if accepted is float else {}
    if accepted is float or is_whole:
        kinds |= {"int": ends, **_SWITCHES}
    options: Schema = {"type": ["array", "object"], "items": value}
    ranged = {**kinds, "choice": options, "fixed": value, "default": value, "when": _WHEN}
    return {"anyOf": [value, {"type": "object", "properties": ranged, "additionalProperties": False}, _NOTHING]}


def _choice(word: str, names: list[str]) -> Schema:
    """Describe the choice of one of several sections: a name, a list of names, or a mapping from names to sections."""
    name = {"enum": names}
    sections = {each: {"$ref": f"#/definitions/{word}.{each}"} for each in names}
    opened = {"type": "object", "properties": sections, "additionalProperties": False}
    listed = {"type": "array", "items": name}
    keys = {"choice": {"anyOf": [opened, listed]}, "fixed": name, "default": name, "when": _WHEN}
    ranged = {"type": "object", "properties": {**keys, **sections}, "additionalProperties": False}
    return {"description": f"Which {word}, and its arguments.", "anyOf": [ranged, name, _NOTHING]}
