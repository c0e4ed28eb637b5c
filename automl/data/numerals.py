"""How the numbers of a column are written: which mark is the decimal one, and which only groups digits.

It needs the standard library alone: a copy lies in every exported model and reads rows there as they are read here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

READABLE_SHARE = 0.95
"""Text is numbers when at least this share of its values reads as such."""

_SPACES, _APOSTROPHES = " \u00a0\u202f\u2009", "'\u2019"
_GLANCE = 1000
"""Once so many values were seen and most are no numbers, a column holds none."""


@dataclass(frozen=True)
class Style:
    """One way to write numbers.

    Args:
        words: What it is called.
        groups: The characters that group digits by threes; empty where none does.
        decimal: The decimal mark.
        pattern: What every number of it matches.
        proof: What one of it matches that is written in no other way.
    """

    words: str
    groups: str
    decimal: str
    pattern: re.Pattern[str]
    proof: re.Pattern[str]

    def plain(self, text: str) -> str:
        """Write a number with a decimal point and without groups; other text stays as it is.

        Examples:
            >>> STYLES["point_groups"].plain("1.234,5"), STYLES["point_groups"].plain("many")
            ('1234.5', 'many')
        """
        if not self.pattern.fullmatch(text.strip()):
            return text
        for mark in self.groups:
            text = text.replace(mark, "")
        return text.replace(self.decimal, ".").strip()


def _ungrouped(mark: str) -> re.Pattern[str]:
    return re.compile(rf"[+-]?(?:\d+{mark}?\d*|{mark}\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def _grouped(groups: str, mark: str) -> re.Pattern[str]:
    return re.compile(rf"[+-]?(?:[1-9]\d{{0,2}}(?:[{groups}]\d{{3}})+|\d{{1,4}})(?:{mark}\d+)?", re.ASCII)


def _style(words: str, groups: str, decimal: str, proof: str) -> Style:
    mark = re.escape(decimal)
    pattern = _grouped(re.escape(groups), mark) if groups else _ungrouped(mark)
    return Style(words, groups, decimal, pattern, re.compile(proof, re.ASCII))


STYLES: dict[str, Style] = {
    "point": _style("a decimal point", "", ".", r"(?![+-]?[1-9]\d{0,2}(?:\.\d{3})+$).*\."),
    "comma": _style("a decimal comma", "", ",", r"(?![+-]?[1-9]\d{0,2},\d{3}$).*,"),
    "comma_groups": _style("commas between thousands", ",", ".", r".*,\d{3}[,.]"),
    "point_groups": _style("points between thousands", ".", ",", r".*\.\d{3}[.,]"),
    "space_groups": _style("spaces between thousands", _SPACES, ".", rf".*\d[{_SPACES}]\d"),
    "space_groups_comma": _style("spaces between thousands and a decimal comma", _SPACES, ",", rf".*\d[{_SPACES}]\d"),
    "apostrophe_groups": _style("apostrophes between thousands", _APOSTROPHES, ".", rf".*[{_APOSTROPHES}]"),
    "apostrophe_groups_comma": _style(
        "apostrophes between thousands and a decimal comma", _APOSTROPHES, ",", rf".*[{_APOSTROPHES}]"
    ),
}
"""Every way to write numbers that is known."""

_STRONG_COMMA = re.compile(r"[+-]?(?:0,\d+|\d+,(?:\d\d|\d{4,}))(?:[eE][+-]?\d+)?", re.ASCII)
"""A decimal comma that is none of a list such as `1,5`."""
_FRACTION = {",": re.compile(r".*,\d+", re.ASCII), ".": re.compile(r".*\.\d+", re.ASCII)}


@dataclass
class Tally:
    """Counts how the values of a column can be read.

    Args:
        n: How many values there were.
        fits: How many match each style.
        proofs: How many different ones are written so, and in no other way.
        fractions: How many different ones of each style have decimals.
        strong: How many different ones are surely a decimal comma and no list.
    """

    n: int = 0
    fits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STYLES, 0))
    proofs: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STYLES, 0))
    fractions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STYLES, 0))
    strong: int = 0

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Tally:
        """Count values of which each stands there so many times."""
        tally = cls()
        for text, count in counts.items():
            tally.add(text, count)
            if tally.is_hopeless:
                break
        return tally

    @property
    def is_hopeless(self) -> bool:
        """Whether enough was seen to know that the column does not hold numbers."""
        return self.n > _GLANCE and 2 * max(self.fits.values()) < self.n

    def add(self, text: str, count: int = 1) -> None:
        """Count a value."""
        self.n += count
        if self.is_hopeless:
            return
        text = text.strip()
        if len(text) > 60 or not any("0" <= sign <= "9" for sign in text):
            return
        for name, style in STYLES.items():
            if style.pattern.fullmatch(text):
                self.fits[name] += count
                self.proofs[name] += style.proof.match(text) is not None
                self.fractions[name] += _FRACTION[style.decimal].fullmatch(text) is not None
        self.strong += _STRONG_COMMA.fullmatch(text) is not None

    def fitting(self, share: float = 1.0, *, are_numbers: bool = False) -> set[str]:
        """Name the styles that so large a share of the values matches.

        Args:
            share: That share.
            are_numbers: Whether the values are known to be numbers: then the styles that most of them match.
        """
        least = max(self.fits.values()) if are_numbers else share * self.n
        return {name for name, count in self.fits.items() if count >= max(least, 1)}

    def vote(self, separator: str) -> str:
        """Give the decimal mark that the column proves, empty where it proves none."""
        fitting = self.fitting(READABLE_SHARE)
        if "point" in fitting:
            return "." if self.proofs["point"] else ""
        if "comma" in fitting and self._proves_comma(separator):
            return ","
        for name in (name for name in STYLES if name in fitting - {"comma"}):
            is_proof = self.proofs[name] and (self.fractions[name] or STYLES[name].groups in ",.")
            if is_proof and self.fits[name] == max(self.fits.values()):
                return STYLES[name].decimal
        return ""

    def _proves_comma(self, separator: str) -> bool:
        return self.proofs["comma"] > 0 and (separator == ";" or self.strong > 0)

    def style(self, separator: str, decimal: str, *, are_numbers: bool = False) -> str | None:
        """Name the style of the column.

        Args:
            separator: What stands between the fields of the file: beside semicolons commas are decimal ones.
            decimal: The file's decimal mark, empty where it is not known.
            are_numbers: Whether the values are known to be numbers, some of which may be spoilt.

        Returns:
            The style; `point` where the column needs no change, `ambiguous` where it may be read in two ways, None
            where it does not hold numbers.
        """
        fitting = self.fitting(are_numbers=are_numbers)
        has_points = self.fractions["point"] > 0
        if "point" in fitting and not (decimal == "," and has_points and "point_groups" in fitting):
            return "point"
        if decimal == "," and "comma" in self.fitting(READABLE_SHARE, are_numbers=are_numbers):
            return "comma"
        by_mark = {",": "point_groups", ".": "comma_groups"}.get(decimal)
        if by_mark in fitting:
            return by_mark
        if {"comma", "comma_groups"} <= fitting:
            return "ambiguous"
        return self._proven(fitting, separator)

    def _proven(self, fitting: set[str], separator: str) -> str | None:
        if "comma" in fitting and self._proves_comma(separator):
            return "comma"
        proven = [name for name in STYLES if name in fitting and name not in ("point", "comma") and self.proofs[name]]
        return max(proven, key=lambda name: self.fractions[name], default=None)


def find_decimal(tallies: Iterable[Tally], separator: str) -> str:
    """Give the decimal mark of a file: the one that its columns prove, empty where they prove none or both."""
    votes = {tally.vote(separator) for tally in tallies} - {""}
    return votes.pop() if len(votes) == 1 else ""


def styles_of(
    tallies: Mapping[str, Tally],
    separator: str,
    *,
    asked: str | None = None,
    prior: str = "",
    known: Collection[str] = (),
) -> tuple[str, dict[str, str | None]]:
    """Find the decimal mark of a file, and the style of each column.

    Args:
        tallies: By column.
        separator: What stands between fields.
        asked: The decimal mark that a person names.
        prior: The decimal mark where the file proves none.
        known: Columns that are known to hold numbers.
    """
    found = find_decimal(tallies.values(), separator)
    if not found and any("point" in each.fitting() and each.fractions["point"] for each in tallies.values()):
        prior = "." if all(each.vote(separator) != "," for each in tallies.values()) else ""
    decimal = asked or found or prior
    return decimal, {
        name: tally.style(separator, decimal, are_numbers=name in known) for name, tally in tallies.items()
    }


def is_code(text: str) -> bool:
    """Tell whether digits are a code rather than a number: they begin with 0, or are more than a float can hold.

    Examples:
        >>> [is_code(text) for text in ("00123", "0", "0.5", "123", "12345678901234567890")]
        [True, False, False, False, True]
    """
    return text.isascii() and text.isdigit() and len(text) > 1 and (text[0] == "0" or len(text) > 16)


def are_codes(counts: Mapping[str, int]) -> bool:
    """Tell whether a column of digits holds codes: some are, and all are of one length or at least 5 % are.

    Args:
        counts: How often each value stands there.

    Examples:
        >>> are_codes({"02139": 1, "94110": 99}), are_codes({"7": 60, "12": 39, "03": 1}), are_codes({"7": 1})
        (True, False, False)
    """
    n_codes = sum(count for text, count in counts.items() if is_code(text))
    if n_codes == 0:
        return False
    return len({len(text) for text in counts}) == 1 or n_codes >= (1 - READABLE_SHARE) * sum(counts.values())
