"""From the nodes of a space file to parameters, collecting every mistake on the way.

A node is a scalar (a fixed value), a mapping with one of `float`, `int`, `choice`, `fixed` (a range), or any other
mapping (a section, whose name goes before its entries' names). `when` makes either of the last two conditional.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from automl.errors import unknown
from automl.spaces.conditions import Clause, Condition, is_number, shown, word
from automl.spaces.domains import Choice, Domain, Fixed, Parameter
from automl.spaces.ranges import read_numbers
from automl.trial import Scalar

_KEYS = {
    "float": ("float", "log", "step", "zero", "default", "when"),
    "int": ("int", "log", "step", "zero", "default", "when"),
    "choice": ("choice", "default", "when"),
    "fixed": ("fixed", "when"),
}
_RESERVED = ("float", "int", "choice", "fixed", "log", "step", "zero", "default", "when")
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_OPTION = re.compile(r"^[A-Za-z0-9_]+$")

Node = Mapping[object, object]
Clauses = tuple[Clause, ...]


@dataclass
class Nodes:
    """Reads nodes; what it found wrong and what it has seen so far is kept here.

    Args:
        mistakes: One line a mistake, `path: sentence`.
        broken: The paths with mistakes.
        seen: Each sound parameter's domain, with what must hold for it to be active.
    """

    mistakes: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    seen: dict[str, tuple[Domain, Clauses]] = field(default_factory=dict)
    _later: list[tuple[str, str]] = field(default_factory=list)

    def section(self, path: str, node: Node, around: Clauses = (), when: Clauses = ()) -> tuple[Parameter, ...]:
        """Read the entries of a section.

        Args:
            path: The section's full name, empty for the whole space.
            node: Its entries.
            around: What must hold for the section's branch to be open.
            when: What the sections around it ask for.
        """
        found: list[Parameter] = []
        for key, child in node.items():
            if not isinstance(key, str) or not _NAME.match(key):
                self._wrong(path, f"a name is made of letters, digits and _, got {shown(key)}")
            elif key in _RESERVED:
                self._wrong(path, f"{key} is a word of ranges and cannot be the name of a parameter here")
            else:
                found.extend(self._node(f"{path}.{key}" if path else key, child, around, when))
        return tuple(found)

    def finish(self) -> None:
        """Say of each condition on a name not seen before it whether that name is unknown or comes later."""
        for path, name in self._later:
            if name == path:
                self._wrong(path, "when: a parameter cannot be its own condition")
            elif name in self.seen:
                self._wrong(path, f"when: {name} comes later, and only an earlier parameter can be a condition")
            elif not self.touches_broken(name):
                self._wrong(path, f"when: {unknown('parameter', name, self.seen)}")

    def touches_broken(self, name: str) -> bool:
        """Tell whether a name is, or lies below, a path with a mistake."""
        return any(not path or name == path or name.startswith(path + ".") for path in self.broken)

    def _wrong(self, path: str, sentence: str) -> None:
        self.mistakes.append(f"{path or 'space'}: {sentence}")
        self.broken.add(path)

    def _node(self, path: str, node: object, around: Clauses, when: Clauses) -> tuple[Parameter, ...]:
        if not isinstance(node, Mapping):
            return self._leaf(path, node, around, when)
        kinds = [kind for kind in _KEYS if kind in node]
        if len(kinds) > 1:
            self._wrong(path, f"must have one of {' and '.join(kinds)}, not both")
            return ()
        if kinds:
            return self._range(path, kinds[0], node, around, when)
        stray = [key for key in _RESERVED[:-1] if key in node]
        if stray:
            self._wrong(path, f"must have one of float, int, choice or fixed beside {stray[0]}")
            return ()
        entries = {key: child for key, child in node.items() if key != "when"}
        if not entries:
            self._wrong(path, "the section is empty")
        when = when + self._when(path, node, around + when)
        return self.section(path, entries, around, when)

    def _leaf(self, path: str, node: object, around: Clauses, when: Clauses) -> tuple[Parameter, ...]:
        if node is None or isinstance(node, list):
            came = "nothing" if node is None else "a list"
            self._wrong(path, f"must be a value, a range or a section, got {came}")
            return ()
        if not self._is_option(path, node):
            return ()
        return self._parameter(path, Fixed(cast(Scalar, node)), around, when)

    def _range(self, path: str, kind: str, node: Node, around: Clauses, when: Clauses) -> tuple[Parameter, ...]:
        for key in node:
            if key not in _KEYS[kind]:
                self._wrong(path, unknown("key", key if isinstance(key, str) else word(key), _KEYS[kind]))
        when = when + self._when(path, node, around + when)
        if kind == "fixed":
            return self._leaf(path, node["fixed"], around, when)
        if kind == "choice":
            return self._choice(path, node, around, when)
        domain = read_numbers(kind, node, lambda sentence: self._wrong(path, sentence))
        return () if domain is None else self._parameter(path, domain, around, when)

    def _parameter(self, path: str, domain: Domain, around: Clauses, when: Clauses) -> tuple[Parameter, ...]:
        self.seen[path] = (domain, around + when)
        return (Parameter(path, domain, Condition(when) if when else None),)

    def _choice(self, path: str, node: Node, around: Clauses, when: Clauses) -> tuple[Parameter, ...]:
        options = self._options(path, node["choice"])
        if not options:
            return ()
        if "default" not in node:
            self._wrong(path, "a default is missing")
            return ()
        try:
            domain = Choice(options, Choice(options, options[0]).read(node["default"]))
        except ValueError as error:
            self._wrong(path, str(error).replace("unknown option", "unknown default", 1))
            domain = Choice(options, options[0])
        self._parameter(path, domain, around, when)
        branches = self._branches(path, node["choice"], around + when)
        return self._parameter(path, Choice(options, domain.default, branches), around, when)

    def _options(self, path: str, node: object) -> tuple[Scalar, ...]:
        """Read the options of a choice; empty where one of them is wrong."""
        if not isinstance(node, list | Mapping) or not node:
            self._wrong(path, "choice must be a list of options, or a mapping from options to their sections")
            return ()
        options = list(node)
        if not all([self._is_option(path, option) for option in options]):
            return ()
        names = [word(option) for option in options]
        twice = sorted({name for name in names if names.count(name) > 1})
        ill = [name for name in names if isinstance(node, Mapping) and not _OPTION.match(name)]
        if twice:
            self._wrong(path, f"the option {twice[0]} is given twice")
        if ill:
            self._wrong(path, f"an option with a section is made of letters, digits and _, got {shown(ill[0])}")
        return () if twice or ill else tuple(options)

    def _branches(self, path: str, node: object, around: Clauses) -> dict[Scalar, tuple[Parameter, ...]]:
        """Read the section of each option that has one; conditions around a choice hold for what it opens."""
        branches: dict[Scalar, tuple[Parameter, ...]] = {}
        for option, child in node.items() if isinstance(node, Mapping) else ():
            below = f"{path}.{word(option)}"
            if isinstance(child, Mapping):
                branches[option] = self.section(below, child, (*around, Clause(path, (option,))))
            elif child is not None:
                self._wrong(below, f"must be a section, which may be empty, got {_kind(child)}")
        return branches

    def _is_option(self, path: str, value: object) -> bool:
        """Tell whether a value is a scalar that JSON can hold."""
        if not isinstance(value, Scalar):
            self._wrong(path, f"must be a plain value, got {_kind(value)}")
            return False
        if isinstance(value, float) and not math.isfinite(value):
            self._wrong(path, f"must be finite, got {word(value)}")
            return False
        return True

    def _when(self, path: str, node: Node, around: Clauses) -> Clauses:
        """Read the clauses of a node's `when`; those with mistakes are left out."""
        if "when" not in node:
            return ()
        when = node["when"]
        if not isinstance(when, Mapping) or not when:
            self._wrong(path, f"when must map a parameter to the values it needs, got {_kind(when)}")
            return ()
        found = (self._clause(path, word(name), wanted) for name, wanted in when.items())
        clauses = tuple(clause for clause in found if clause is not None)
        return clauses if self._can_hold(path, clauses, around) else ()

    def _can_hold(self, path: str, clauses: Clauses, around: Clauses) -> bool:
        """Tell whether clauses, with all they need to be active, can hold together where they stand."""
        needs = {clause: (clause, *self.seen[clause.name][1]) for clause in clauses}
        others = [*around, *(need for each in needs.values() for need in each)]
        for clause in clauses:
            clash = next((other for other in others for need in needs[clause] if need.excludes(other)), None)
            if clash is not None:
                self._wrong(path, f"when: {clause} can never hold where {clash}")
                return False
        return True

    def _clause(self, path: str, name: str, wanted: object) -> Clause | None:
        if name not in self.seen:
            self._later.append((path, name))
            return None
        domain = self.seen[name][0]
        values = wanted if isinstance(wanted, list) else [wanted]
        if not values:
            self._wrong(path, f"when: {name}: at least one value is needed")
            return None
        clause = Clause(name)
        if values != ["nonzero"] or (isinstance(domain, Choice) and "nonzero" in domain.options):
            try:
                clause = Clause(name, tuple(domain.read(value) for value in values))
            except ValueError as error:
                self._wrong(path, f"when: {name}: {error}")
                return None
        elif not _may_be_nonzero(domain):
            self._wrong(path, f"when: {name}: nonzero is for numbers, and it is never one but 0")
            return None
        return clause


def _may_be_nonzero(domain: Domain) -> bool:
    values = domain.options if isinstance(domain, Choice) else (domain.value,) if isinstance(domain, Fixed) else (1,)
    return any(is_number(value) and value != 0 for value in values)


def _kind(node: object) -> str:
    """Say in a word or two what a node is."""
    if isinstance(node, list):
        return f"a list of {len(node)}"
    if isinstance(node, Mapping):
        return "a mapping"
    return "nothing" if node is None else shown(node)
