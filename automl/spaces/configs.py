"""Configs that people write, flat or in nested sections, read from YAML or JSON before a space is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automl.errors import SpaceError
from automl.spaces.conditions import shown, word
from automl.spaces.domains import Choice
from automl.spaces.space import Space
from automl.spaces.yaml12 import load
from automl.trial import Config, Scalar


def read_configs(path: str | Path) -> dict[str, Config]:
    """Read a file of configs: a list of them, or one.

    The `plan.json` of a study is such a file, too: it holds the configs that were tried first there.

    Returns:
        The configs in the file's order, flat, each by the words for where it stands.

    Raises:
        SpaceError: The file cannot be read, or has mistakes; all are told, one a line.
    """
    mistakes: list[str] = []
    document = _document(Path(path), mistakes)
    found = {} if mistakes else flat_configs(document, str(path), mistakes)
    if mistakes:
        raise SpaceError("\n".join(mistakes))
    return found


def flat_configs(document: object, where: str, mistakes: list[str]) -> dict[str, Config]:
    """Write configs flat, each by the words for where it stands.

    Args:
        document: A list of configs, or one.
        where: What they stand in.
        mistakes: Every mistake found is added here, with where it is.

    Examples:
        >>> flat_configs([{"optimizer": {"sgd": {"lr": 0.1}}}, {"schedule": "cosine"}], "mine.yaml", [])
        {'mine.yaml: [0]': {'optimizer.sgd.lr': 0.1}, 'mine.yaml: [1]': {'schedule': 'cosine'}}
    """
    if isinstance(document, Mapping) and isinstance(document.get("first"), list):
        document = [entry.get("config") for entry in document["first"] if isinstance(entry, Mapping)]
    entries = document if isinstance(document, list) else [document]
    found: dict[str, Config] = {}
    for index, entry in enumerate(entries):
        place = f"{where}: [{index}]" if isinstance(document, list) else where
        if not isinstance(entry, Mapping):
            mistakes.append(f"{place}: a config is a mapping from names to values, got {shown(entry)}")
            continue
        config: dict[str, Scalar] = {}
        _flatten(entry, "", config, place, mistakes)
        found[place] = config
    return found


def named(config: Config, space: Space) -> Config:
    """Add the choices that a config only implies: `optimizer.sgd.lr` says that the optimizer is sgd.

    Examples:
        >>> from automl.spaces.read import read_space
        >>> named({"optimizer.sgd.lr": 0.1, "schedule.cosine": None}, read_space("tabular_small"))
        {'optimizer.sgd.lr': 0.1, 'optimizer': 'sgd', 'schedule': 'cosine'}
    """
    full = dict(config)
    for parameter in space.parameters_flat():
        if not isinstance(parameter.domain, Choice):
            continue
        options = {f"{parameter.name}.{word(option)}": option for option in parameter.domain.options}
        implied = [option for path, option in options.items() if _touches(config, path)]
        if len(implied) == 1:
            full.setdefault(parameter.name, implied[0])
        for path in options:
            if path in full and full[path] is None:  # `cosine:` with nothing below it names the option, and no more
                del full[path]
    return full


def _touches(config: Config, path: str) -> bool:
    return any(name == path or name.startswith(f"{path}.") for name in config)


def _document(path: Path, mistakes: list[str]) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        mistakes.append(f"{path}: the file is not text in UTF-8")
        return None
    except OSError as error:
        mistakes.append(f"{path}: cannot be read: {error.strerror}")
        return None
    found: list[str] = []
    document = _json(text, found) if path.suffix == ".json" else load(text, found)
    if document is None and not found:
        found.append("the file is empty")
    mistakes.extend(f"{path}: {mistake}" for mistake in found)
    return document


def _json(text: str, mistakes: list[str]) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        mistakes.append(f"line {error.lineno}: not valid JSON: {error.msg}")
        return None


def _flatten(node: Mapping[Any, object], path: str, config: dict[str, Scalar], place: str, mistakes: list[str]) -> None:
    """Write nested sections as dotted names into a config; an empty section is a name with None."""
    for key, child in node.items():
        name = f"{path}.{word(key)}" if path else word(key)
        if isinstance(child, Mapping) and child:
            _flatten(child, name, config, place, mistakes)
        elif isinstance(child, Mapping | Scalar):
            value = None if isinstance(child, Mapping) else child
            if name in config:
                mistakes.append(f"{place}: {name}: is given twice, as {word(config[name])} and as {word(value)}")
            config[name] = value
        else:
            mistakes.append(f"{place}: {name}: must be a plain value, got {shown(child)}")
