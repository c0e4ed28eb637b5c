"""One text file in columns: how it is written, what is wrong with it, and its columns as pandas parses them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from automl.data.delimited import (
    CHUNK,
    MARKS,
    WORDS,
    Encoding,
    Layout,
    Reading,
    find_encoding,
    find_layout,
    opened,
    other_separators,
    plain_name,
    records_of,
    sample_of,
    text_of,
)
from automl.data.numerals import STYLES
from automl.errors import DataError
from automl.task import Finding

TEXT_ENDINGS = (".csv", ".tsv", ".txt")
"""The endings of text files, which may be followed by that of a compression."""

_NAMED_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}
_WORDS = {word.encode(): re.compile(word.encode() + rb"(?![\w.-])") for word in WORDS}


def is_text_file(path: Path) -> bool:
    """Tell whether a file's name is that of text in columns."""
    return plain_name(path).endswith(TEXT_ENDINGS)


@dataclass(frozen=True)
class TextFile:
    """A text file whose writing is known."""

    path: Path
    asked: Reading
    encoding: Encoding
    layout: Layout
    records: list[list[str]]

    @classmethod
    def found(cls, path: Path, asked: Reading) -> TextFile:
        """Find how a file is written, as far as nobody says it.

        Raises:
            Unreadable: It is no text, or not in the encoding that was asked for.
            DataError: Its header or its first rows cannot be those of a table.
        """
        encoding = find_encoding(path, asked.encoding)
        sample = sample_of(path, encoding.name)
        layout = find_layout(sample, asked.separator, "\t" if plain_name(path).endswith(".tsv") else ",")
        file = cls(path, asked, encoding, layout, records_of(sample, layout))
        file._check(sample)
        return file

    def _check(self, sample: str) -> None:
        if not self.records:
            said = "the file is empty" if not sample.strip() else "its quotes do not match; is a closing one missing?"
            raise DataError(f"{self.path}: {said}")
        header = self.records[0]
        check_headers(str(self.path), [name for name in header if name], hint_of_header(self.records))
        longer = next((record for record in self.records[1:] if len(record) > len(header)), None)
        if longer is not None:
            raise self._ragged()
        if len(header) == 1 and len(self.records) > 1:
            for separator, width in other_separators(sample, self.layout):
                said = f"{self.path}: with the separator {self.layout.separator!r} there is one column only"
                raise DataError(f"{said}, with {separator!r} there are {width}; --separator {separator!r} reads them")

    def _ragged(self) -> DataError:
        """Say which is the first row that is longer than the header."""
        width = len(self.records[0])
        for record, line in self.all_records():
            if len(record) > width:
                rule = "every row must have a header's number of fields"
                said = f"{self.path}: {rule}, but line {line} has {len(record)}, the header {width}"
                return DataError(f"{said}; quotes round a field keep a separator in it, --separator CHAR names another")
        return DataError(f"{self.path}: cannot be read as text in columns")

    def _unclosed(self) -> DataError:
        """Say where the last quote is opened."""
        before, begins = 1, 1
        for _, line in self.all_records():
            before, begins = line, before + 1
        said = f"{self.path}: a quote ({self.layout.quote}) that is opened in line {begins} or below is never closed"
        return DataError(f"{said}; within quotes one is written twice")

    def all_records(self) -> Iterator[tuple[list[str], int]]:
        """Give every record after the header, and the line it ends in; stops where the quotes make no sense."""
        with text_of(self.path, self.encoding.name) as stream:
            reader = csv.reader(
                stream,
                delimiter=self.layout.separator,
                quotechar=self.layout.quote,
                skipinitialspace=True,
            )
            next((record for record in reader if record), None)
            try:
                yield from ((record, reader.line_num) for record in reader if record)
            except csv.Error:
                return

    def parse(self, known: Collection[str] = ()) -> pd.DataFrame:
        """Parse all columns: numbers as numbers, with what stands for nothing missing; those that are known as text."""
        nothing = ["", *MARKS, *WORDS, *self.asked.na]
        if not known:
            return self._parse(na_values=nothing)
        missing = {name: [""] if name in known else nothing for name in self._names}
        return self._parse(na_values=missing, dtype={name: "str" for name in self._names if name in known})

    def raw(self, names: Collection[str]) -> pd.DataFrame:
        """Parse some columns as the text that stands in the file; only an empty field is missing."""
        return self._parse(usecols=list(names), dtype="str", na_values=[""])[list(names)]

    @property
    def _names(self) -> list[str]:
        return [name or f"Unnamed: {place}" for place, name in enumerate(self.records[0])]

    def _parse(self, **options: Any) -> pd.DataFrame:
        try:
            with opened(self.path) as stream:
                frame: pd.DataFrame = pd.read_csv(
                    stream,
                    sep=self.layout.separator,
                    quotechar=self.layout.quote,
                    encoding=self.encoding.name,
                    keep_default_na=False,
                    skipinitialspace=True,
                    index_col=False,
                    low_memory=False,
                    **options,
                )
                return frame
        except pd.errors.ParserError as error:
            if "Expected" in str(error):
                raise self._ragged() from error
            if "EOF inside string" in str(error):
                raise self._unclosed() from error
            raise DataError(f"{self.path}: cannot be read as text in columns ({_line(error)})") from error
        except (ValueError, OSError, EOFError) as error:
            raise DataError(f"{self.path}: cannot be read as text in columns ({_line(error)})") from error

    def how_it_was_read(self, decimal: str) -> Iterator[Finding]:
        """Say what about the file is not ordinary."""
        ordinary = "\t" if plain_name(self.path).endswith(".tsv") else ","
        said = []
        if self.layout.separator != ordinary:
            mark = self.layout.separator
            said.append(f"{_NAMED_SEPARATORS.get(mark, repr(mark))} between fields")
        if self.layout.quote != '"':
            said.append("single quotes round fields")
        if decimal == ",":
            said.append("a decimal comma")
        if self.encoding.name != "utf-8-sig":
            reason = f", {self.encoding.reason}" if self.encoding.reason else ""
            said.append(f"the encoding {self.encoding.name}{reason}")
        if self.asked.na:
            said.append(f"{', '.join(map(repr, self.asked.na))} for what is missing")
        if said:
            yield Finding("reading", None, f"{self.path.name} is read with {_listed(said)}")


@dataclass(frozen=True)
class Suspects:
    """Whether anywhere in a file there is a field that may be a code that begins with 0, or a word for nothing."""

    codes: bool
    words: bool

    @classmethod
    def of(cls, file: TextFile) -> Suspects:
        """Look through a file."""
        codes = words = False
        marks = b"\r\n \"'" + file.layout.separator.encode()
        starts = np.zeros(256, dtype=bool)
        starts[list(marks)] = True
        is_wide = file.encoding.name.startswith(("utf-16", "utf-32"))
        before = b"\n"
        with opened(file.path) if not is_wide else text_of(file.path, file.encoding.name) as stream:
            while part := stream.read(CHUNK):
                text = before + (part.encode() if isinstance(part, str) else part)
                codes = codes or _has_leading_zero(text, starts)
                words = words or _has_word(text, marks)
                before = text[-32:]
        return cls(codes, words)


def _has_leading_zero(text: bytes, starts: np.ndarray[Any, Any]) -> bool:
    signs = np.frombuffer(text, dtype=np.uint8)
    zeros = np.flatnonzero(signs[1:-1] == ord("0")) + 1
    after = signs[zeros + 1]
    return bool((starts[signs[zeros - 1]] & (after >= ord("0")) & (after <= ord("9"))).any())


def _has_word(text: bytes, marks: bytes) -> bool:
    found = (match.start() for word, one in _WORDS.items() if word in text for match in one.finditer(text))
    return any(text[start - 1] in marks for start in found if start)


def check_headers(where: str, names: list[str], hint: str = "") -> None:
    """Refuse two columns of one name.

    Raises:
        DataError: There are.
    """
    twice = sorted({name for name, count in Counter(names).items() if count > 1})
    if twice:
        said = f"{where}: columns must have different names, got {', '.join(map(repr, twice))} more than once"
        raise DataError(f"{said}; {hint}" if hint else said)


def hint_of_header(records: list[list[str]]) -> str:
    """Say that the first record looks like a row of values; empty where it looks like names."""
    header, *rest = records
    rest = [record for record in rest if len(record) == len(header)]
    if not rest or _are_counted(header):
        return ""
    columns = list(zip(*rest))
    are_numbers = [_is_number(name) for name in header]
    are_alike = [
        all(map(_is_number, filter(None, column))) if is_number else name in column
        for name, column, is_number in zip(header, columns, are_numbers)
    ]
    if not all(are_alike) or (len(header) == 1 and not any(are_numbers)):
        return ""
    return "the first line looks like a row of values; a line of names above it is needed"


def _are_counted(header: Iterable[str]) -> bool:
    """Tell whether names are numbers that only count the columns, as a frame without names has them."""
    names = list(header)
    return any(names == list(map(str, range(first, first + len(names)))) for first in (0, 1))


def _is_number(text: str) -> bool:
    return any(STYLES[name].pattern.fullmatch(text.strip()) for name in ("point", "comma"))


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
