"""YAML by the words of version 1.2: `1e-4` is a number, `no` and `on` are words, a key given twice is a mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import yaml

_TAG = "tag:yaml.org,2002:"
_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_BOOL = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
# Longer whole numbers fall through to floats, which Python reads at any length.
_INT = re.compile(r"^(?:[-+]?[0-9]{1,18}|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15})$")
_FLOAT = re.compile(
    r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)


# The parser written in C takes a tenth of the time; not every installation of PyYAML has it.
_Parser: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _Loader(_Parser):  # type: ignore[misc]
    """PyYAML's parser with the core schema of YAML 1.2 in place of the one of 1.1."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # a table of its own, not its parents'


for _name, _pattern, _first in (
    ("null", _NULL, ["~", "n", "N", ""]),
    ("bool", _BOOL, list("tTfF")),
    ("int", _INT, list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(_TAG + _name, _pattern, _first)


class _Dumper(yaml.SafeDumper):
    """Writes what `_Loader` reads back as it was: a word that 1.2 takes for a number stands in quotes."""

    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers

    def ignore_aliases(self, data: object) -> bool:
        """Write everything out."""
        return True


def load(text: str, mistakes: list[str]) -> object:
    r"""Read one YAML document into plain dicts, lists and scalars.

    Args:
        text: The document.
        mistakes: Every mistake found is added here, each with its line; of a key given twice the first value counts.

    Returns:
        The value; None for an empty document and for one that is no YAML at all.

    Examples:
        >>> load("{lr: 1e-4, nesterov: no}", [])
        {'lr': 0.0001, 'nesterov': 'no'}
        >>> mistakes = []
        >>> load("lr: 1\nlr: 2", mistakes), mistakes
        ({'lr': 1}, ["line 2: the key 'lr' is given twice, first on line 1"])
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mistakes.append(_syntax(error))
        return None
    return None if node is None else _value(node, mistakes, ())


def dump(document: Mapping[object, object]) -> str:
    r"""Write plain values as a YAML document, in their order.

    Examples:
        >>> dump({"lr": [1e-4, 0.1], "words": ["no", "1e-4"]})
        "lr: [0.0001, 0.1]\nwords: [no, '1e-4']\n"
    """
    return yaml.dump(
        dict(document), Dumper=_Dumper, default_flow_style=None, sort_keys=False, allow_unicode=True, width=120
    )


def _syntax(error: yaml.YAMLError) -> str:
    """Say in one sentence what PyYAML stumbled over, and on which line."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: not valid YAML: {error.problem}"
    return f"not valid YAML: {str(error).splitlines()[0]}"


def _value(node: yaml.Node, mistakes: list[str], inside: tuple[int, ...]) -> object:
    """Turn a node into a plain value; `inside` are the nodes around it, by which an alias of itself is known."""
    if id(node) in inside:
        mistakes.append(f"{_line(node)}: an anchor may not contain its own alias")
        return None
    inside = (*inside, id(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, mistakes, inside)
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, mistakes, inside) for child in node.value]
    return _scalar(node, mistakes)


def _mapping(node: yaml.MappingNode, mistakes: list[str], inside: tuple[int, ...]) -> dict[object, object]:
    """Read a mapping, whose keys must be scalars and different."""
    values: dict[object, object] = {}
    first: dict[object, int] = {}
    for key_node, child in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            mistakes.append(f"{_line(key_node)}: a key must be a word, not a list or a mapping")
            continue
        key = _scalar(key_node, mistakes)
        line = key_node.start_mark.line + 1
        value = _value(child, mistakes, inside)
        if key in first:
            mistakes.append(f"line {line}: the key {key_node.value!r} is given twice, first on line {first[key]}")
            continue
        first[key] = line
        values[key] = value
    return values


def _scalar(node: yaml.Node, mistakes: list[str]) -> bool | int | float | str | None:
    """Read a scalar by its tag, which plain words get from the patterns above and quoted ones never do."""
    text = str(node.value)
    kind = node.tag.removeprefix(_TAG)
    if kind == "str":
        return text
    if kind == "null" and _NULL.match(text):
        return None
    if kind == "bool" and _BOOL.match(text):
        return text.lower() == "true"
    if kind == "int" and _INT.match(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if kind == "float" and _FLOAT.match(text):
        return float(re.sub(r"\.(inf|nan)$", r"\1", text.lower()))
    mistakes.append(f"{_line(node)}: the tag {node.tag.replace(_TAG, '!!')} does not fit {text!r}")
    return text


def _line(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}"
