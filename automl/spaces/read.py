"""Reads a search space file; all of its mistakes are told at once, each with the file and the path in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from automl.errors import SpaceError, unknown
from automl.spaces.conditions import shown, word
from automl.spaces.nodes import Nodes
from automl.spaces.shipped import find_space
from automl.spaces.space import Choice, Space
from automl.spaces.yaml12 import load
from automl.trial import Config, Scalar

_KEYS = ("name", "description", "space", "starts")


def read_space(name_or_path: str | Path) -> Space:
    """Read a space by its shipped name or from a file.

    Raises:
        SpaceError: There is no such space, or its file has mistakes; all are told, one a line.

    Examples:
        >>> read_space("mlp").default()["family"]
        'mlp'
    """
    path = find_space(name_or_path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SpaceError(f"{path}: the file is not text in UTF-8") from None
    except OSError as error:
        raise SpaceError(f"{path}: cannot be read: {error.strerror}") from error
    return read_space_text(text, str(path))


def read_space_text(text: str, where: str) -> Space:
    """Read a space from the text of its file.

    Args:
        text: The YAML document.
        where: What the file is called in mistakes.

    Raises:
        SpaceError: The text has mistakes; all are told, one a line.

    Examples:
        >>> text = "{name: one, space: {lr: {float: [LOW, 1], log: true, default: 1e-2}}}"
        >>> read_space_text(text.replace("LOW", "1e-4"), "x.yaml").default()
        {'lr': 0.01}
        >>> read_space_text(text.replace("LOW", "0"), "x.yaml")
        Traceback (most recent call last):
        automl.errors.SpaceError: x.yaml: lr: low must be positive when log is set, got 0
    """
    mistakes: list[str] = []
    document = load(text, mistakes)
    if document is None and not mistakes:
        mistakes.append("the file is empty")
    elif document is not None and not isinstance(document, Mapping):
        mistakes.append("a space file is a mapping with name, description, space and starts")
    space = _read(document, mistakes) if isinstance(document, Mapping) else None
    if space is None or mistakes:
        raise SpaceError("\n".join(f"{where}: {mistake}" for mistake in mistakes))
    return space


def _read(document: Mapping[object, object], mistakes: list[str]) -> Space:
    """Read the whole document, adding what is wrong to `mistakes`."""
    mistakes.extend(unknown("key", key, _KEYS) for key in document if key not in _KEYS)
    name = _line(document, "name", mistakes)
    if not name:
        mistakes.append("name: a short name is missing")
    description = _line(document, "description", mistakes)
    nodes = Nodes()
    entries = document.get("space")
    if not isinstance(entries, Mapping) or not entries:
        mistakes.append("space: must be a mapping of parameters")
        entries = {}
    space = Space(name, description, nodes.section("", entries))
    nodes.finish()
    mistakes.extend(nodes.mistakes)
    if not entries:
        return space
    starts = _starts(document.get("starts"), space, nodes, mistakes)
    return Space(name, description, space.parameters, starts)


def _line(document: Mapping[object, object], key: str, mistakes: list[str]) -> str:
    value = document.get(key, "")
    if isinstance(value, str) and "\n" not in value.strip():
        return value.strip()
    mistakes.append(f"{key}: must be one line of text, got {shown(value)}")
    return "?"


def _starts(node: object, space: Space, nodes: Nodes, mistakes: list[str]) -> tuple[Config, ...]:
    """Read the known-good configs and complete them."""
    if node is None:
        return ()
    if not isinstance(node, list):
        mistakes.append("starts: must be a list of configs")
        return ()
    found: list[Config] = []
    for index, entry in enumerate(node):
        path = f"starts[{index}]"
        if not isinstance(entry, Mapping):
            mistakes.append(f"{path}: must be a mapping from names to values")
            continue
        sentences: list[str] = []
        config = _flatten(entry, space, sentences)
        wrong = space.check(config)
        sentences += [wrong[name] for name in wrong if not nodes.touches_broken(name)]
        mistakes.extend(f"{path}: {sentence}" for sentence in sentences)
        if not sentences and not nodes.mistakes:
            found.append(space.complete(config))
    return tuple(found)


def _flatten(node: Mapping[object, object], space: Space, sentences: list[str]) -> dict[str, Scalar]:
    """Write nested sections as dotted names, adding what is wrong to `sentences`."""
    choices = {each.name: each.domain for each in space.parameters_flat() if isinstance(each.domain, Choice)}
    config: dict[str, Scalar] = {}
    for name, value in _pairs("", node, choices):
        if not isinstance(value, Scalar):
            sentences.append(f"{name}: must be a plain value, got {shown(value)}")
        elif name in config:
            sentences.append(f"{name}: is given twice, as {word(config[name])} and as {word(value)}")
        else:
            config[name] = value
    return config


def _pairs(path: str, node: Mapping[object, object], choices: Mapping[str, Choice]) -> Iterator[tuple[str, object]]:
    """Give each name with its value; a mapping under a choice also names the option whose branch it fills."""
    options = choices[path].options if path in choices else ()
    for key, child in node.items():
        name = f"{path}.{word(key)}" if path else word(key)
        if key in options:
            yield path, key
        if isinstance(child, Mapping):
            yield from _pairs(name, child, choices)
        elif key not in options or child is not None:
            yield name, child
