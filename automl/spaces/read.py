"""Reads a search space file; all of its mistakes are told at once, each with the file and the path in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from automl.errors import SpaceError, unknown
from automl.spaces.conditions import shown
from automl.spaces.extend import Node, extended
from automl.spaces.nodes import Nodes
from automl.spaces.shipped import find_space, is_path
from automl.spaces.space import Space
from automl.spaces.starts import fits, read_starts
from automl.spaces.yaml12 import dump, load

KEYS = ("name", "description", "extends", "space", "starts")
"""What a space file may say."""


@dataclass(frozen=True)
class Draft:
    """A space file as far as it is sound.

    Args:
        where: What the file is called in mistakes.
        document: What it says, together with what it takes over.
        space: The parameters without mistakes; all of them where there are none.
        mistakes: One line a mistake, with file and path.
        broken: The names of the parameters and sections with mistakes.
        extends: The space it takes over, as the file names it; empty for none.
        starts_left_out: How many known-good configs of that space are none of this one.
    """

    where: str
    document: Node
    space: Space
    mistakes: tuple[str, ...] = ()
    broken: frozenset[str] = frozenset()
    extends: str = ""
    starts_left_out: int = 0

    def sound(self) -> Space:
        """Give the space.

        Raises:
            SpaceError: The file has mistakes; all are told, one a line.
        """
        if self.mistakes:
            raise SpaceError("\n".join(self.mistakes))
        return self.space


def read_space(name_or_path: str | Path) -> Space:
    """Read a space by its shipped name or from a file.

    Raises:
        SpaceError: There is no such space, or its file has mistakes; all are told, one a line.

    Examples:
        >>> read_space("mlp").default()["family"]
        'mlp'
    """
    return draft_space(name_or_path).sound()


def read_space_text(text: str, where: str) -> Space:
    """Read a space from the text of its file.

    Args:
        text: The YAML document.
        where: What the file is called in mistakes; files that it extends lie beside it.

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
    return _draft(text, where, ()).sound()


def draft_space(name_or_path: str | Path) -> Draft:
    """Read as much of a space as is sound.

    Raises:
        SpaceError: There is no such space, or its file cannot be read.
    """
    path = find_space(name_or_path)
    return _draft(_text(path), str(path), ())


def whole_text(name_or_path: str | Path) -> str:
    """Give a space as the text of a file that needs no other: its own, or what it says with what it takes over.

    Raises:
        SpaceError: As `read_space`.
    """
    path = find_space(name_or_path)
    draft = draft_space(path)
    draft.sound()
    if not draft.extends:
        return _text(path)
    return f"# {path.name}, with what it takes over from {draft.extends}.\n{dump(draft.document)}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SpaceError(f"{path}: the file is not text in UTF-8") from None
    except OSError as error:
        raise SpaceError(f"{path}: cannot be read: {error.strerror}") from error


def _draft(text: str, where: str, heirs: tuple[str, ...]) -> Draft:
    """Read a file; `heirs` are those that take it over, the first of them the one that was asked for."""
    mistakes: list[str] = []
    document = load(text, mistakes)
    if document is None and not mistakes:
        mistakes.append("the file is empty")
    elif document is not None and not isinstance(document, Mapping):
        mistakes.append(f"a space file is a mapping with {', '.join(KEYS[:-1])} and {KEYS[-1]}")
    if not isinstance(document, Mapping):
        return Draft(where, {}, Space("?", "", ()), _lines(where, mistakes))
    mistakes.extend(unknown("key", key, KEYS) for key in document if key not in KEYS)
    if "extends" not in document:
        return _whole(document, where, mistakes)
    try:
        parent = _parent(document["extends"], where, heirs)
    except SpaceError as error:
        mistakes.append(f"extends: {error}")
        return Draft(where, document, Space("?", "", ()), _lines(where, mistakes))
    if parent.mistakes:
        return Draft(where, document, Space("?", "", ()), (*_lines(where, mistakes), *parent.mistakes))
    return _heir(document, parent, where, mistakes)


def _lines(where: str, mistakes: list[str]) -> tuple[str, ...]:
    return tuple(f"{where}: {mistake}" for mistake in mistakes)


def _parent(name: object, where: str, heirs: tuple[str, ...]) -> Draft:
    """Read the space that the file `where` takes over.

    Raises:
        SpaceError: There is no such space, or it takes over one of those that take it over.
    """
    if not isinstance(name, str) or not name:
        raise SpaceError(f"must be the name of a space or a file, got {shown(name)}")
    path = find_space(Path(where).parent / name if is_path(name) else name)
    chain = (*heirs, where)
    if path.resolve() in (Path(each).resolve() for each in chain):
        raise SpaceError(f"a space cannot take itself over: {' extends '.join((*chain, str(path)))}")
    return _draft(_text(path), str(path), chain)


def _heir(document: Node, parent: Draft, where: str, mistakes: list[str]) -> Draft:
    """Put a file together with the sound space that it takes over."""
    taken, own = parent.document["space"], document.get("space", {})
    whole = {**parent.document, **document, "name": document.get("name", "")}
    del whole["extends"]
    if isinstance(taken, Mapping) and isinstance(own, Mapping):
        whole["space"] = extended(taken, own, mistakes)
    left_out = 0
    if "starts" not in document:
        whole["starts"], left_out = _fitting(parent.document.get("starts"), whole["space"])
    return replace(_whole(whole, where, mistakes), extends=str(document["extends"]), starts_left_out=left_out)


def _fitting(starts: object, entries: object) -> tuple[list[object], int]:
    """Give the known-good configs that are also such of a space with these entries, and count the others."""
    if not isinstance(starts, list) or not isinstance(entries, Mapping):
        return [], 0
    space = Space("?", "", Nodes().section("", entries))
    kept = [start for start in starts if fits(start, space)]
    return kept, len(starts) - len(kept)


def _whole(document: Node, where: str, mistakes: list[str]) -> Draft:
    """Read a document that takes nothing over any more, adding what is wrong to `mistakes`."""
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
    if entries:
        starts = read_starts(document.get("starts"), space, nodes, mistakes)
        space = replace(space, starts=starts)
    return Draft(where, document, space, _lines(where, mistakes), frozenset(nodes.broken))


def _line(document: Node, key: str, mistakes: list[str]) -> str:
    value = document.get(key, "")
    if isinstance(value, str) and "\n" not in value.strip():
        return value.strip()
    mistakes.append(f"{key}: must be one line of text, got {shown(value)}")
    return "?"
