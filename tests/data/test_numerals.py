"""Which mark is the decimal one, and which groups digits."""

from __future__ import annotations

from collections import Counter

import pytest

from automl.data.numerals import STYLES, Tally, are_codes, find_decimal, styles_of


def tally(*texts: str) -> Tally:
    return Tally.of(Counter(texts))


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("number", ["0", "7", "-7", "1234", "1234567", "-1234.5", "0.25"])
def test_every_style_is_read_back(name, number):
    style = STYLES[name]
    group = style.groups[:1]
    whole, point, rest = f"{float(number):,}".removesuffix(".0").partition(".")
    written = whole.replace(",", group) + (style.decimal if point else "") + rest
    assert style.plain(written) == number


@pytest.mark.parametrize(
    ("texts", "separator", "vote"),
    [
        (("1,5", "2"), ";", ","),
        (("1,5", "2"), "\t", ""),
        (("1,500", "2"), ";", ""),
        (("0,500", "2"), "\t", ","),
        (("1.5", "2"), ";", "."),
        (("1.500", "2"), ";", ""),
        (("1 234,5",), ";", ","),
        (("1 234",), ";", ""),
        (("x", "1,5"), ";", ""),
    ],
)
def test_a_column_proves_a_decimal_mark_only_where_there_is_no_other_way(texts, separator, vote):
    assert tally(*texts).vote(separator) == vote


def test_columns_that_disagree_prove_no_decimal_mark():
    assert find_decimal([tally("1,25"), tally("1.5")], ";") == ""


def test_a_column_of_words_is_given_up_soon():
    many = Tally.of(Counter(f"word {row}" for row in range(5000)))
    assert many.n < 1100 and many.style(";", "") is None


def test_spoilt_numbers_are_read_where_they_are_known_to_be_numbers():
    tallies = {"a": tally("1,5", "2,25", "n. a.")}
    assert styles_of(tallies, ";")[1] == {"a": None}
    assert styles_of(tallies, ";", known=["a"])[1] == {"a": "comma"}


@pytest.mark.parametrize(
    ("texts", "are"),
    [
        ([], False),
        (["007", "010"], True),
        (["02139", "94110"], True),
        (["7", "12", "3"], False),
        (["0", "1", "10"], False),
        (["01", *map(str, range(10, 50)), *map(str, range(100, 150))], False),
        (["12345678901234567"] * 2, True),
    ],
)
def test_codes_are_told_from_numbers(texts, are):
    assert are_codes(Counter(texts)) == are
