"""Reads the known-good configs of a space file, whose names may be written flat or as nested sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from automl.spaces.conditions import shown, word
from automl.spaces.domains import Choice
from automl.spaces.nodes import Nodes
from automl.spaces.space import Space
from automl.trial import Config, Scalar


def read_starts(node: object, space: Space, nodes: Nodes, mistakes: list[str]) -> tuple[Config, ...]:
    """Read the known-good configs and complete them.

    Args:
        node: What the file says of them.
        space: The sound part of the space.
        nodes: What read it; what hangs on its mistakes is not blamed.
        mistakes: Told of every other one, with its path.
    """
    if node is None:
        return ()
    if not isinstance(node, list):
        mistakes.append("starts: must be a list of configs")
        return ()
    found: list[Config] = []
    for index, entry in enumerate(node):
        config: dict[str, Scalar] = {}
        sentences = _wrong(entry, space, nodes, config)
        mistakes.extend(f"starts[{index}]: {sentence}" for sentence in sentences)
        if not sentences and not nodes.mistakes:
            found.append(space.complete(config))
    return tuple(found)


def fits(entry: object, space: Space) -> bool:
    """Tell whether a known-good config is one of a sound space."""
    return not _wrong(entry, space, Nodes(), {})


def _wrong(entry: object, space: Space, nodes: Nodes, config: dict[str, Scalar]) -> list[str]:
    """Say what is wrong with a known-good config, and write it flat into `config`."""
    if not isinstance(entry, Mapping):
        return ["must be a mapping from names to values"]
    sentences: list[str] = []
    _flatten(entry, space, config, sentences)
    wrong = space.check(config)
    return sentences + [wrong[name] for name in wrong if not nodes.touches_broken(name)]


def _flatten(node: Mapping[object, object], space: Space, config: dict[str, Scalar], sentences: list[str]) -> None:
    """Write nested sections as dotted names, adding what is wrong to `sentences`."""
    choices = {each.name: each.domain for each in space.parameters_flat() if isinstance(each.domain, Choice)}
    for name, value in _pairs("", node, choices):
        if not isinstance(value, Scalar):
            sentences.append(f"{name}: must be a plain value, got {shown(value)}")
        elif name in config:
            sentences.append(f"{name}: is given twice, as {word(config[name])} and as {word(value)}")
        else:
            config[name] = value


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
