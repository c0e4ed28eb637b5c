"""Text files in columns to frames: what each file's own writing says of separators, numbers and missing values.

pandas parses the fields. Columns that it cannot tell by themselves are looked at once more as they stand in the file:
numbers with a decimal comma or grouped digits, codes that begin with 0, and words such as `NA` in columns of text.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from automl.data.delimited import MARKS, WORDS, Reading, Unreadable
from automl.data.findings import with_findings
from automl.data.numerals import READABLE_SHARE, STYLES, Tally, are_codes, styles_of
from automl.data.text_source import Suspects, TextFile, hint_of_header
from automl.data.values import MISSING_TIME, as_microseconds, as_number
from automl.errors import DataError
from automl.task import Finding

_READING = "reading"
_LARGEST_EXACT = 2.0**53


@dataclass(frozen=True)
class Known:
    """What an earlier table says of the columns of a file that is to be read like it.

    Args:
        texts: Columns to be read as text whatever they look like, each with the words for nothing that are its values.
        numbers: Columns that hold numbers, though some values may be spoilt.
        separator: What stood between the fields of the earlier file.
        decimal: Its decimal mark, which counts where this one proves none and has the same separator.
    """

    texts: Mapping[str, Collection[str]] = field(default_factory=dict)
    numbers: Collection[str] = ()
    separator: str = ""
    decimal: str = ""

    @classmethod
    def of(cls, table: pd.DataFrame) -> Known:
        """Tell what a table says of files that are to be read like it."""
        texts = {
            str(name): [word for word in WORDS if (values == word).any()]
            for name, values in table.items()
            if _is_text(values)
        }
        numbers = [str(name) for name, values in table.items() if types.is_numeric_dtype(values.dtype)]
        return cls(texts, numbers, **how_read(table))

    @classmethod
    def of_columns(cls, columns: Iterable[Mapping[str, Any]], how: Mapping[str, Any]) -> Known:
        """Tell what a model says of files that are to be read like its training rows.

        Args:
            columns: What it takes, `name` and `kind` of each; of a category also whether its values are `numbers`, and
                `values`, among them the words for nothing that are such.
            how: The `separator` and the `decimal` mark of the training rows' text file, where it was one.
        """
        numbers, texts = [], {}
        for each in columns:
            if each["kind"] == "numeric" or each.get("numbers"):
                numbers.append(each["name"])
            elif each["kind"] == "category":
                texts[each["name"]] = each["values"]
        return cls(texts, numbers, how.get("separator", ""), how.get("decimal", ""))

    def prior(self, separator: str) -> str:
        """Give the decimal mark of a file that proves none; empty where it is left open."""
        if self.separator == separator and self.decimal:
            return self.decimal
        return "." if separator == "," else "," if self.numbers and separator == ";" else ""


def how_read(table: pd.DataFrame) -> dict[str, str]:
    """Give the `separator` and the `decimal` mark of the text file that a table was read from; empty for another."""
    found: dict[str, str] = table.attrs.get(_READING, {})
    return found


def read_text(path: Path, asked: Reading, known: Known) -> pd.DataFrame:
    """Read a text file in columns.

    Args:
        path: The file.
        asked: What a person says of it.
        known: What an earlier table says of its columns.

    Raises:
        DataError: It cannot be read, is empty, has two columns of one name, or rows longer than its header.
    """
    try:
        file = TextFile.found(path, asked)
        return _Reader(file, file.parse(known.texts), known).read()
    except Unreadable as error:
        raise DataError(str(error)) from error


@dataclass
class _Reader:
    """Goes over the columns of a parsed file, and looks at some once more."""

    file: TextFile
    frame: pd.DataFrame
    known: Known
    findings: list[Finding] = field(default_factory=list)

    def read(self) -> pd.DataFrame:
        """Give the frame with its findings."""
        for name in self.known.texts:
            if name in self.frame.columns:
                words = () if self.file.asked.na else WORDS
                self.frame[name] = self._without(self.frame[name], {*self._nothing, *words})
        suspects = Suspects.of(self.file)
        decimal = self._read_numerals()
        if suspects.codes:
            self._keep_codes()
        self._keep_large_numbers()
        if suspects.words or self.file.asked.na:
            self._keep_words()
        self._note_short_rows()
        self._note_header()
        self.findings[:0] = self.file.how_it_was_read(decimal)
        self.frame.attrs[_READING] = {"separator": self.file.layout.separator, "decimal": decimal}
        return with_findings(self.frame, self.findings)

    @property
    def _nothing(self) -> set[str]:
        """What stands for nothing among texts."""
        return {"", *(self.file.asked.na or MARKS)}

    @property
    def _no_number(self) -> set[str]:
        """What stands for nothing among numbers."""
        return {*self._nothing, *MARKS, *WORDS}

    def _raw(self, names: Iterable[str]) -> dict[str, pd.Series[Any]]:
        """Give columns of numbers as they stand in the file."""
        wanted = [name for name in names if name not in self.known.texts]
        if not wanted:
            return {}
        raw = self.file.raw(wanted)
        return {name: self._without(raw[name], self._no_number) for name in wanted}

    def _without(self, values: pd.Series[Any], nothing: Collection[str]) -> pd.Series[Any]:
        kept = set(self.known.texts.get(str(values.name), ()))
        return values.mask(values.isin(set(nothing) - kept))

    def _texts(self) -> list[str]:
        """Name the columns of text that nobody knows to be such."""
        names = [str(name) for name in self.frame.columns if name not in self.known.texts]
        return [name for name in names if _is_text(self.frame[name])]

    def _read_numerals(self) -> str:
        """Read numbers that are not written with a decimal point alone; give the file's decimal mark."""
        separator, asked = self.file.layout.separator, self.file.asked.decimal
        prior = self.known.prior(separator)
        texts = {name: self.frame[name] for name in self._texts()}
        tallies = {name: Tally.of(Counter(values.dropna().tolist())) for name, values in texts.items()}
        if asked == "," or any(tally.vote(separator) == "," for tally in tallies.values()) or prior == ",":
            pointed = self._raw(str(name) for name in self.frame.columns if _has_fractions(self.frame[name]))
            texts |= pointed
            tallies |= {name: Tally.of(Counter(values.dropna().tolist())) for name, values in pointed.items()}
        elif any(_has_fractions(self.frame[name]) for name in self.frame.columns):
            prior = "."
        decimal, styles = styles_of(tallies, separator, asked=asked, prior=prior, known=self.known.numbers)
        for name, style in styles.items():
            if style == "ambiguous":
                self._note(name, f"holds numbers such as {_first(texts[name], ',')}, which may be read in two ways: ")
            elif style not in (None, "point"):
                self._restyle(name, texts[name], str(style))
        return decimal

    def _restyle(self, name: str, values: pd.Series[Any], style: str) -> None:
        self.frame[name] = _reparsed(values.map(STYLES[style].plain, na_action="ignore"), self.file.asked.na)
        if style != "comma":
            mark = next((mark for mark in STYLES[style].groups if values.str.contains(mark, regex=False).any()), "")
            said = f"column {name!r} has {STYLES[style].words}, such as {_first(values, mark)}: read as numbers"
            self.findings.append(Finding("reading", name, said))

    def _note(self, name: str, said: str) -> None:
        advice = "it is left as text; --decimal , or --decimal . says how"
        self.findings.append(Finding("reading", name, f"column {name!r} {said}{advice}"))

    def _keep_codes(self) -> None:
        """Read columns of digits as text where some begin with 0."""
        names = (str(name) for name in self.frame.columns if name not in self.known.numbers)
        for name, values in self._raw(name for name in names if _is_whole(self.frame[name])).items():
            if are_codes(Counter(values.dropna())):
                self.frame[name] = values
                said = f"column {name!r} holds codes that begin with 0, such as {_first(values, '', starts='0')}"
                self.findings.append(
                    Finding("reading", name, f"{said}: read as text; --kind {name}=numeric reads numbers")
                )

    def _keep_large_numbers(self) -> None:
        """Read whole numbers that a float would round as integers, or as text where there is no such integer."""
        for name, values in self._raw(str(name) for name in self.frame.columns if _is_large(self.frame[name])).items():
            known = values.dropna()
            if not known.str.fullmatch(r"[+-]?[0-9]+").all():
                continue
            try:
                whole = [pd.NA if pd.isna(value) else int(value) for value in values]
                self.frame[name] = pd.array(whole, dtype="Int64")
            except (OverflowError, TypeError, ValueError):
                self.frame[name] = values
                said = f"column {name!r} holds whole numbers too large to count with, such as {_first(values, '')}"
                self.findings.append(Finding("reading", name, f"{said}: read as text"))

    def _keep_words(self) -> None:
        """Give columns of text the words that are values of theirs.

        A word for nothing is a value among texts, unless it stands for nothing in this file: in a column of numbers,
        truths or dates. Where a person says what is missing, nothing else is.
        """
        lacking = [name for name in self._texts() if self.frame[name].isna().any() and not self._is_typed(name)]
        if not lacking:
            return
        raw, asked = self.file.raw(lacking), self.file.asked.na
        found = {name: [word for word in WORDS if word not in asked and (raw[name] == word).any()] for name in lacking}
        meant = {} if asked or not any(found.values()) else self._words_for_nothing(lacking)
        for name in lacking:
            self.frame[name] = self._without(raw[name], {*self._nothing, *meant})
            self.findings += [self._of_word(name, word, raw[name], meant) for word in found[name]]

    def _of_word(self, name: str, word: str, values: pd.Series[Any], meant: Mapping[str, str]) -> Finding:
        n_words = int((values == word).sum())
        said = f"column {name!r} has {word!r} in {n_words} {'row' if n_words == 1 else 'rows'}: "
        if word in meant:
            why = f"missing, as in column {meant[word]!r}; to keep it, say with --na what else is missing"
            return Finding("reading", name, said + why)
        return Finding("reading", name, f"{said}read as a value; --na {word} has it missing")

    def _words_for_nothing(self, texts: Collection[str]) -> dict[str, str]:
        """Give the words that stand for nothing in typed columns, each with the first such column."""
        lacks = [str(name) for name in self.frame.columns if self.frame[name].isna().any()]
        others = {*texts, *self.known.texts}
        typed = [name for name in lacks if name not in others and not self.frame[name].isna().all()]
        raw = self.file.raw(typed) if typed else pd.DataFrame()
        found: dict[str, str] = {}
        for name in typed:
            for word in WORDS:
                if word not in found and (raw[name] == word).any():
                    found[word] = name
        return found

    def _is_typed(self, name: str) -> bool:
        """Tell whether text is truths, or nearly all numbers or dates: a word is missing there."""
        known = self.frame[name].dropna()
        if types.infer_dtype(known, skipna=True) == "boolean":
            return True
        distinct = pd.Series(known.unique())
        readable = ~np.isnan(as_number(distinct)) | (as_microseconds(distinct) != MISSING_TIME)
        return bool(readable.mean() >= READABLE_SHARE)

    def _note_short_rows(self) -> None:
        """Say how many rows are shorter than the header; their last column is missing then."""
        if not self.frame.iloc[:, -1].isna().any():
            return
        width = len(self.file.records[0])
        short = [line for record, line in self.file.all_records() if len(record) < width]
        if short:
            rows = f"{len(short)} rows have" if len(short) > 1 else "a row has"
            said = f"{self.file.path.name}: {rows} fewer fields than the header ({width}), the first in line {short[0]}"
            self.findings.append(Finding("reading", None, f"{said}: what is not there is missing"))

    def _note_header(self) -> None:
        if hint := hint_of_header(self.file.records):
            names = ", ".join(map(repr, self.file.records[0][:3]))
            self.findings.append(Finding("header", None, f"{self.file.path.name}: {hint}, such as {names}"))


def _is_text(values: pd.Series[Any]) -> bool:
    return isinstance(values.dtype, pd.StringDtype) or types.infer_dtype(values, skipna=True) == "string"


def _is_whole(values: pd.Series[Any]) -> bool:
    if not types.is_numeric_dtype(values.dtype) or types.is_bool_dtype(values.dtype):
        return False
    if types.is_integer_dtype(values.dtype):
        return True
    numbers = values.to_numpy(np.float64)
    known = numbers[~np.isnan(numbers)]
    return bool(len(known) and (known == np.floor(known)).all())


def _is_large(values: pd.Series[Any]) -> bool:
    if types.is_object_dtype(values.dtype):
        return types.infer_dtype(values, skipna=True) == "integer"
    is_large = types.is_float_dtype(values.dtype) and bool((values.abs() >= _LARGEST_EXACT).any())
    return is_large and _is_whole(values)


def _has_fractions(values: pd.Series[Any]) -> bool:
    return types.is_float_dtype(values.dtype) and not _is_whole(values) and bool(values.notna().any())


def _reparsed(values: pd.Series[Any], nothing: Iterable[str]) -> pd.Series[Any]:
    """Read texts as pandas reads a column of a file in which some stand for nothing."""
    lines = io.StringIO()
    csv.writer(lines, quoting=csv.QUOTE_ALL).writerows([text] for text in values.fillna(""))
    lines.seek(0)
    options: dict[str, Any] = {"skip_blank_lines": False, "keep_default_na": False, "na_values": ["", *nothing]}
    column: pd.Series[Any] = pd.read_csv(lines, header=None, **options)[0]
    return column


def _first(values: pd.Series[Any], holds: str, starts: str = "") -> str:
    """Give the first value, in quotes, that holds some text and begins with another."""
    known = values.dropna()
    fitting = known[known.str.contains(holds, regex=False) & known.str.startswith(starts) & (known.str.len() > 1)]
    return repr(str((fitting if len(fitting) else known).iloc[0]))
