"""Nodes of a space file: what they stand for, and every sentence about those that stand for nothing."""

from __future__ import annotations

import pytest

from automl.errors import SpaceError
from automl.spaces.conditions import Clause, Condition
from automl.spaces.read import read_space_text
from automl.spaces.space import Choice, Fixed, Float, Int

WHOLE = "name: x\nspace:\n  "


def parameter(node: str) -> object:
    """The domain that a node stands for."""
    space = read_space_text(f"{WHOLE}p: {node}\n", "x.yaml")
    return space.parameters[0].domain


def sentences(text: str) -> list[str]:
    """What is wrong with a file, without its name."""
    with pytest.raises(SpaceError) as refusal:
        read_space_text(text, "search_spaces/x.yaml")
    lines = str(refusal.value).splitlines()
    assert all(line.startswith("search_spaces/x.yaml: ") for line in lines)
    return [line.removeprefix("search_spaces/x.yaml: ") for line in lines]


@pytest.mark.parametrize(
    ("node", "domain"),
    [
        ("{float: [0, 1], default: 0}", Float(0.0, 1.0, 0.0)),
        ("{float: [1e-4, 1], log: true, default: 1e-2}", Float(1e-4, 1.0, 1e-2, log=True)),
        ("{float: [1e-4, 1], log: true, zero: true, default: 0}", Float(1e-4, 1.0, 0.0, log=True, zero=True)),
        ("{float: [0, 0.3], step: 0.1, default: 0.3}", Float(0.0, 0.3, 0.3, step=0.1)),
        ("{int: [1, 6], default: 3}", Int(1, 6, 3)),
        ("{int: [16, 1e3], log: true, default: 64.0}", Int(16, 1000, 64, log=True)),
        ("{int: [1, 7], step: 2, zero: true, default: 0}", Int(1, 7, 0, step=2, zero=True)),
        ("{choice: [no, yes], default: no}", Choice(("no", "yes"), "no")),
        ("{choice: [false, true], default: true}", Choice((False, True), True)),
        ("{choice: [64, 128], default: 128}", Choice((64, 128), 128)),
        ("{choice: [null, 1], default: null}", Choice((None, 1), None)),
        ("{choice: {a: {}, b: }, default: b}", Choice(("a", "b"), "b", {"a": ()})),
        ("100", Fixed(100)),
        ("1e-4", Fixed(1e-4)),
        ("no", Fixed("no")),
        ("{fixed: true}", Fixed(True)),
    ],
)
def test_a_node_is_the_domain_it_stands_for(node: str, domain: object) -> None:
    found = parameter(node)
    assert found == domain
    assert repr(found) == repr(domain)


def test_sections_put_their_names_before_their_entries() -> None:
    space = read_space_text(f"{WHOLE}a: {{b: {{c: 1}}, d: 2}}", "x.yaml")
    assert space.default() == {"a.b.c": 1, "a.d": 2}


def test_a_word_for_nonzero_may_be_an_option() -> None:
    text = f"{WHOLE}a: {{choice: [nonzero, b], default: b}}\n  c: {{fixed: 1, when: {{a: nonzero}}}}"
    assert read_space_text(text, "x.yaml").parameters[1].when == Condition((Clause("a", ("nonzero",)),))


def test_a_section_s_condition_holds_for_each_of_its_entries_and_their_branches() -> None:
    text = f"""{WHOLE}a: {{int: [0, 3], default: 0}}
  b:
    when: {{a: [1, 2]}}
    c: 1
    d: {{choice: {{e: {{f: 2}}}}, default: e, when: {{a: 2}}}}
"""
    space = read_space_text(text, "x.yaml")
    assert space.complete({"a": 1}) == {"a": 1, "b.c": 1}
    assert space.complete({"a": 2}) == {"a": 2, "b.c": 1, "b.d": "e", "b.d.e.f": 2}
    assert space.default() == {"a": 0}


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        ("{choice: [a, b]}", "a default is missing"),
        ("{choice: [sgd, adam], default: adma}", "unknown default 'adma'; did you mean 'adam'? Known: sgd, adam"),
        ("{float: [1, 2], log: true, step: 1, default: 1}", "log and step cannot both be set"),
        ("{float: [0, 1], defualt: 0, default: 0}", "unknown key 'defualt'; did you mean 'default'? Known: float, "),
        ("{float: [0, 1], int: [0, 1], default: 0}", "must have one of float and int, not both"),
        ("{flaot: [0, 1], default: 0}", "must have one of float, int, choice or fixed beside default"),
        ("{choice: [], default: 0}", "choice must be a list of options, or a mapping from options to their sections"),
        ("{choice: 3, default: 3}", "choice must be a list of options, or a mapping from options to their sections"),
        ("{choice: [a, a], default: a}", "the option a is given twice"),
        ("{choice: [1, '1'], default: 1}", "the option 1 is given twice"),
        ("{choice: [1, 1.0], default: 1}", "the option 1 is given twice"),
        ("{choice: [[a], b], default: b}", "must be a plain value, got a list of 1"),
        ("{choice: [.inf, 1], default: 1}", "must be finite, got inf"),
        ("{choice: {a.b: {}}, default: a.b}", "an option with a section is made of letters, digits and _, got 'a.b'"),
        ("[1, 2]", "must be a value, a range or a section, got a list"),
        ("", "must be a value, a range or a section, got nothing"),
        ("{fixed: {a: 1}}", "must be a plain value, got a mapping"),
        (".nan", "must be finite, got nan"),
        ("{}", "the section is empty"),
        ("{when: {a: 1}, b: 2}", "when: unknown parameter 'a'; Known: p.b"),
        ("{fixed: 1, when: {p: 1}}", "when: a parameter cannot be its own condition"),
        ("{fixed: 1, when: a}", "when must map a parameter to the values it needs, got 'a'"),
    ],
)
def test_a_mistaken_node_is_refused_with_its_sentence(node: str, sentence: str) -> None:
    (said,) = sentences(f"{WHOLE}p: {node}\n")
    assert said.startswith(f"p: {sentence}")


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        ("{a-b: 1}", "p: a name is made of letters, digits and _, got 'a-b'"),
        ("{1: 1}", "p: a name is made of letters, digits and _, got 1"),
        ("{choice: {a: 3}, default: a}", "p.a: must be a section, which may be empty, got 3"),
        (
            "{choice: {a: {default: 3}}, default: a}",
            "p.a: default is a word of ranges and cannot be the name of a parameter here",
        ),
    ],
)
def test_a_mistake_below_a_node_is_named_by_its_path(node: str, sentence: str) -> None:
    assert sentences(f"{WHOLE}p: {node}\n") == [sentence]


def test_a_condition_on_another_branch_is_refused() -> None:
    branch = "{choice: {a: {x: 1}, b: {y: {fixed: 1, when: {p.a.x: 1}}}}, default: a}"
    assert sentences(f"{WHOLE}p: {branch}") == ["p.b.y: when: p.a.x is 1 can never hold where p is b"]


CONDITIONS = """name: x
space:
  family: {choice: {mlp: {layers: {int: [1, 6], default: 3}}, linear: {l2: 0.1}}, default: mlp}
  p: {fixed: 1, when: WHEN}
  last: {int: [0, 3], default: 0}
"""


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ("{family: mpl}", "p: when: family: unknown option 'mpl'; did you mean 'mlp'? Known: mlp, linear"),
        ("{family: [mlp, 3]}", "p: when: family: unknown option '3'; Known: mlp, linear"),
        ("{family.mlp.layers: 9}", "p: when: family.mlp.layers: must be between 1 and 6, got 9"),
        (
            "{famliy: mlp}",
            "p: when: unknown parameter 'famliy'; did you mean 'family'? Known: family, family.mlp.layers",
        ),
        ("{last: 1}", "p: when: last comes later, and only an earlier parameter can be a condition"),
        ("{family: nonzero}", "p: when: family: nonzero is for numbers, and it is never one but 0"),
        ("{family: []}", "p: when: family: at least one value is needed"),
        ("{family: linear, family.mlp.layers: 3}", "p: when: family is linear can never hold where family is mlp"),
        (
            "{family.mlp.layers: 3, family: linear}",
            "p: when: family.mlp.layers is 3 can never hold where family is linear",
        ),
    ],
)
def test_a_mistaken_condition_is_refused_with_its_sentence(when: str, sentence: str) -> None:
    (said,) = sentences(CONDITIONS.replace("WHEN", when))
    assert said.startswith(sentence)


@pytest.mark.parametrize("node", ["0", "{choice: [0, off], default: 0}", "word"])
def test_nonzero_of_what_is_always_0_is_refused(node: str) -> None:
    said = sentences(f"{WHOLE}a: {node}\n  p: {{fixed: 1, when: {{a: nonzero}}}}")
    assert said == ["p: when: a: nonzero is for numbers, and it is never one but 0"]


def test_nonzero_where_it_is_0_is_refused() -> None:
    text = f"{WHOLE}a: {{int: [0, 3], default: 0}}\n  b: {{when: {{a: 0}}, p: {{fixed: 1, when: {{a: nonzero}}}}}}"
    assert sentences(text) == ["b.p: when: a is not 0 can never hold where a is 0"]
