"""A space file that takes over another: the other's nodes, with its own in their place or after them.

A section is taken over entry by entry, a range of the same kind key by key, a choice option by option; anything else
replaces what was there. Nothing, as in `resnet:` or `resnet: null`, removes (as in RFC 7396, JSON merge patches).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from automl.errors import unknown
from automl.spaces.conditions import word
from automl.trial import Scalar

Node = Mapping[object, object]

_KINDS = ("float", "int", "choice", "fixed")
_SWITCHES = ("log", "step", "zero", "when")
"""The keys of a range that it can do without."""


def extended(parent: Node, child: Node, mistakes: list[str], path: str = "") -> dict[object, object]:
    """Give the parent's section as the child's changes it.

    Args:
        parent: A sound section; its order is kept, and what is new comes after it.
        child: What is to be changed, added or, by nothing, removed.
        mistakes: Told of everything that is removed although it is not there.
        path: The section's full name, empty for the whole space.

    Examples:
        >>> parent = {"lr": {"float": [1e-4, 0.1], "log": True, "default": 0.01}, "epochs": 100}
        >>> extended(parent, {"lr": {"float": [1e-3, 0.1]}, "epochs": None}, [])
        {'lr': {'float': [0.001, 0.1], 'log': True, 'default': 0.01}}
        >>> mistakes = []
        >>> extended({"epochs": 100}, {"epoch": None}, mistakes), mistakes
        ({'epochs': 100}, ["epoch: nothing to remove: unknown name 'epoch'; did you mean 'epochs'? Known: epochs"])
    """
    whole = dict(parent)
    for key, node in child.items():
        below = f"{path}.{word(key)}" if path else word(key)
        if node is None:
            _remove(whole, key, below, mistakes)
        elif key == "when":
            whole[key] = node
        else:
            whole[key] = _node(whole.get(key), node, mistakes, below)
    return whole


def _remove(whole: dict[object, object], key: object, path: str, mistakes: list[str]) -> None:
    if key in whole:
        del whole[key]
    else:
        mistakes.append(f"{path}: nothing to remove: {unknown('name', word(key), map(word, whole))}")


def _node(parent: object, child: object, mistakes: list[str], path: str) -> object:
    if not isinstance(parent, Mapping) or not isinstance(child, Mapping):
        return child
    kind, own = _kind(parent), _kind(child)
    if own and own != kind:
        return child
    if not kind:
        return extended(parent, child, mistakes, path)
    if kind == "choice":
        return _choice(parent, child, mistakes, path)
    return _keys(parent, child)


def _kind(node: Node) -> str:
    return next((kind for kind in _KINDS if kind in node), "")


def _keys(parent: Node, child: Node) -> dict[object, object]:
    """Take a range over key by key; a switch that is set to nothing is taken out."""
    whole = {**parent, **child}
    return {key: value for key, value in whole.items() if value is not None or key not in _SWITCHES}


def _choice(parent: Node, child: Node, mistakes: list[str], path: str) -> dict[object, object]:
    """Take a choice over; options that are named anew are all there are, and keep the parameters they open."""
    options = _options(parent["choice"])
    if "choice" in child:
        named = _options(child["choice"])
        if not named:
            return _keys(parent, child)
        options = {key: _branch(options.get(key), node, mistakes, f"{path}.{word(key)}") for key, node in named.items()}
    keys = {}
    for key, node in child.items():
        if not _is_of_an_option(key, node, options):
            keys[key] = node
        elif node is None:
            _remove(options, key, f"{path}.{word(key)}", mistakes)
        else:
            options[key] = _branch(options.get(key), node, mistakes, f"{path}.{word(key)}")
    opens = any(section is not None for section in options.values())
    return {**_keys(parent, keys), "choice": options if opens else list(options)}


def _is_of_an_option(key: object, node: object, options: Node) -> bool:
    """Tell an option with its section from a key of the choice, also from a misspelt one."""
    if key in ("choice", "default", "when"):
        return False
    return key in options or node is None or isinstance(node, Mapping)


def _options(node: object) -> dict[object, object]:
    """Give each option with its section; none where they are not written as options are."""
    if isinstance(node, Mapping):
        return dict(node)
    if not isinstance(node, list) or not all(isinstance(option, Scalar) for option in node):
        return {}
    options = dict.fromkeys(cast("list[object]", node))
    return options if len(options) == len(node) else {}


def _branch(parent: object, child: object, mistakes: list[str], path: str) -> object:
    """Take the section of an option over; where none is given, it stays as it is."""
    return parent if child is None else _node({} if parent is None else parent, child, mistakes, path)
