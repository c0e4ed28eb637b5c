"""Counting configs, compared with listing them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from automl.spaces.conditions import Clause, Condition
from automl.spaces.count import n_configs, n_continuous
from automl.spaces.read import read_space, read_space_text
from automl.spaces.shipped import shipped_spaces
from automl.spaces.space import Choice, Domain, Fixed, Float, Int, Parameter, Space
from automl.trial import Config, Scalar


def space(entries: str) -> Space:
    return read_space_text(f"name: small\nspace: {entries}", "small.yaml")


def every_value(domain: Domain) -> list[Scalar]:
    """The values of a discrete domain."""
    if isinstance(domain, Choice):
        return list(domain.options)
    if isinstance(domain, Fixed):
        return [domain.value]
    step = domain.step or 1
    n_steps = round((domain.high - domain.low) / step)
    return [*([0] if domain.zero else []), *(domain.low + step * place for place in range(n_steps + 1))]


def every_config(one: Space) -> Iterator[Config]:
    """List the configs of a discrete space, some of them more than once."""
    flat = one.parameters_flat()
    for values in itertools.product(*(every_value(each.domain) for each in flat)):
        decided = dict(zip((each.name for each in flat), values, strict=True))
        yield one.walk(lambda name, domain, decided=decided: decided[name])


@pytest.mark.parametrize(
    "entries",
    [
        "{a: 1}",
        "{a: {choice: [x], default: x}}",
        "{a: N3, b: {choice: [x, y], default: x}}",
        "{a: {int: [2, 8], step: 2, zero: true, default: 4}, b: {float: [0, 1], step: 0.25, default: 0}}",
        "{a: {choice: {x: {b: N3}, y: {b: {choice: [true, false], default: true}}, z: }, default: x}}",
        "{a: {choice: {x: {b: {choice: {p: {c: N3}, q: }, default: p}}, y: }, default: x}}",
        "{a: N3, b: {int: [1, 4], default: 1, when: {a: [1, 2]}}}",
        "{a: {int: [0, 5], default: 0}, b: {int: [1, 4], default: 1, when: {a: nonzero}}}",
        "{a: {int: [1, 5], zero: true, default: 0}, b: {int: [1, 4], default: 1, when: {a: nonzero}}, c: N3}",
        "{a: {int: [-2, 2], default: 0}, b: {fixed: 3, when: {a: 0}}, c: {int: [1, 3], default: 1, when: {b: 3}}}",
        "{a: N3, b: {int: [1, 3], default: 1, when: {a: 2}}, c: {int: [1, 3], default: 1, when: {b: 2}}}",
        "{a: N3, b: N3, c: {int: [1, 3], default: 1, when: {a: 2, b: [1, 3]}}, d: {fixed: 1, when: {a: 1}}}",
    ],
)
def test_as_many_are_counted_as_there_are(entries: str) -> None:
    one = space(entries.replace("N3", "{int: [1, 3], default: 1}"))
    listed = {tuple(sorted((name, str(value)) for name, value in config.items())) for config in every_config(one)}
    assert n_configs(one) == len(listed)


def test_a_continuous_range_counts_once_and_once_more_for_being_off() -> None:
    assert n_configs(space("{lr: {float: [0, 1], default: 1}}")) == 1
    assert n_configs(space("{lr: {float: [0.1, 1], zero: true, default: 1}}")) == 2


def test_what_hangs_on_a_continuous_range_is_told_apart_by_being_off() -> None:
    text = (
        "{m: {float: [0.5, 1], zero: true, default: 1}, n: {choice: [true, false], default: true, when: {m: nonzero}}}"
    )
    assert n_configs(space(text)) == 3


def test_true_is_not_1() -> None:
    one = space("{a: {choice: [true, 1], default: 1}, b: {int: [1, 9], default: 1, when: {a: 1}}}")
    assert n_configs(one) == 10


def test_a_space_without_parameters_has_one_config() -> None:
    assert n_configs(Space("none", "", ())) == 1


def test_numbers_that_no_list_could_hold_are_exact() -> None:
    wide = tuple(Parameter(f"p{place}", Int(1, 10, default=1)) for place in range(40))
    assert n_configs(Space("wide", "", wide)) == 10**40


def test_a_long_range_under_a_condition_is_not_listed() -> None:
    when = Condition((Clause("a", (7,)),))
    long = (Parameter("a", Int(1, 10**15, default=1)), Parameter("b", Int(1, 3, default=1), when))
    assert n_configs(Space("long", "", long)) == 10**15 + 2


@pytest.mark.parametrize("path", shipped_spaces(), ids=lambda path: path.stem)
def test_every_shipped_space_is_counted(path: object) -> None:
    assert n_configs(read_space(str(path))) > 10**5


def test_steps_and_whole_numbers_are_not_continuous() -> None:
    domains = (Float(0, 1, 0), Float(0, 1, 0, step=0.5), Int(1, 3, 1), Fixed(0.1), Choice((0.1, 0.2), 0.1))
    assert n_continuous(Space("s", "", tuple(Parameter(f"p{at}", each) for at, each in enumerate(domains)))) == 1
