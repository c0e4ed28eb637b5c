"""The words of YAML 1.2, and what is said of a document that is none."""

from __future__ import annotations

import math

import pytest

from automl.spaces.yaml12 import dump, load


def read(text: str) -> object:
    mistakes: list[str] = []
    value = load(text, mistakes)
    assert mistakes == []
    return value


def mistakes_in(text: str) -> list[str]:
    mistakes: list[str] = []
    load(text, mistakes)
    return mistakes


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1e-4", 1e-4),
        ("1E3", 1000.0),
        ("-2.5e+1", -25.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("12", 12),
        ("+3", 3),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_a_word_of_the_core_schema_is_the_value_it_stands_for(word: str, value: object) -> None:
    assert read(word) == value
    assert type(read(word)) is type(value)


@pytest.mark.parametrize(
    "word", ["no", "yes", "on", "off", "n", "y", "No", "tRUE", "2024-01-01", "1_000", "12:30", "none", "1e"]
)
def test_a_word_of_yaml_1_1_is_a_word(word: str) -> None:
    assert read(word) == word


def test_a_quoted_number_is_a_word() -> None:
    assert read("['1e-4', \"true\"]") == ["1e-4", "true"]


def test_a_long_whole_number_is_still_a_number() -> None:
    assert read("9" * 400) == math.inf
    assert read("9" * 5000) == math.inf


def test_an_anchor_is_repeated_where_its_alias_stands() -> None:
    assert read("{adam: &adam {lr: 1}, nadam: *adam}") == {"adam": {"lr": 1}, "nadam": {"lr": 1}}


def test_an_empty_document_is_nothing() -> None:
    assert read("") is None
    assert read("# only a comment\n") is None


def test_a_key_given_twice_names_both_lines() -> None:
    assert mistakes_in("a: 1\nb: 2\na: 3\n") == ["line 3: the key 'a' is given twice, first on line 1"]


def test_a_key_given_twice_in_depth_is_found() -> None:
    assert mistakes_in("a:\n  b: [{c: 1, c: 2}]\n") == ["line 2: the key 'c' is given twice, first on line 2"]


def test_a_syntax_error_names_its_line() -> None:
    (mistake,) = mistakes_in("a: 1\nb: [1, 2\nc: 3\n")
    assert mistake.startswith("line 3: not valid YAML: ")


def test_a_second_document_is_refused() -> None:
    (mistake,) = mistakes_in("a: 1\n---\nb: 2\n")
    assert mistake.startswith("line 2: not valid YAML: but found another document")


def test_a_control_character_is_refused_in_one_sentence() -> None:
    (mistake,) = mistakes_in("a: \x00")
    assert mistake.startswith("not valid YAML: ")
    assert "\n" not in mistake


def test_an_anchor_around_its_own_alias_is_refused() -> None:
    assert mistakes_in("a: &a\n  b: *a\n") == ["line 1: an anchor may not contain its own alias"]


def test_a_key_that_is_a_list_is_refused() -> None:
    assert mistakes_in("? [a, b]\n: 1\n") == ["line 1: a key must be a word, not a list or a mapping"]


@pytest.mark.parametrize("text", ["!!int x", "!!python/name:os.system x", "!own x"])
def test_a_tag_that_does_not_fit_is_refused(text: str) -> None:
    (mistake,) = mistakes_in(text)
    assert mistake == f"line 1: the tag {text.split()[0]} does not fit 'x'"


@pytest.mark.parametrize(
    "value",
    [
        *(
            "no",
            "on",
            "1e-4",
            "1_000",
            "0x1F",
            "0o7",
            "2001-01-01",
            "12:30",
            "=",
            "<<",
            "~",
            "",
            "null",
            "True",
            ".inf",
        ),
        *("a: b", "# not", "'", "ü", "3", " padded "),
        *(1e-4, 1e-7, 1e22, 0.1, -0.5, 3.0, 3, -3, True, None, [], {}, [1, [2]]),
    ],
)
def test_what_is_written_is_read_as_it_was(value: object) -> None:
    document = {"key": value, "list": [value]}
    again = load(dump(document), [])
    assert again == document and type(again["key"]) is type(value)


@pytest.mark.parametrize("key", [3, 1.5, True, None, "no", "1e-4"])
def test_a_key_that_is_no_word_is_written_too(key: object) -> None:
    [again] = load(dump({key: 1}), [])
    assert again == key and type(again) is type(key)


def test_what_stands_twice_is_written_twice() -> None:
    shared = {"int": [1, 2]}
    assert load(dump({"a": shared, "b": shared}), []) == {"a": shared, "b": shared}
    assert "&" not in dump({"a": shared, "b": shared})
