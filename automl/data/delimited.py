"""How a text file in columns is written: compression, encoding, separator and quotes, found from the file itself.

It needs the standard library alone (and pyarrow for `.zst`): a copy lies in every exported model and reads rows there
as they are read here.
"""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

SEPARATORS = (",", ";", "\t", "|")
"""What may stand between two fields, where nobody says what does; of two that fit alike, the first."""
OTHERS = (" ", ":", "^", "~", "\x01", "\x1f")
"""What else may; these are named, and never taken unasked, for they are common in ordinary text."""
SAMPLE, SAMPLE_RECORDS = 1 << 20, 50
"""How much of a file is looked at to find how it is written: characters, and records."""
GLANCE = 1 << 15
"""Characters that are looked at for single quotes."""
CHUNK = 1 << 22
"""Bytes that are looked at together."""
MARKS = (
    *("?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"),
    *("N/A", "n/a"),
)
"""What stands for nothing in every column."""
WORDS = ("NA", "NULL", "NaN", "None", "nan", "null")
"""What stands for nothing among numbers, truths and dates, and may be a name among texts."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+")


class Unreadable(Exception):  # noqa: N818 - it is about the file
    """A file that cannot be read; its text is a sentence for the person."""


@dataclass(frozen=True)
class Reading:
    """What a person says of text files; what is None or empty is found from each file.

    Args:
        separator: What stands between two fields.
        decimal: The decimal mark, `.` or `,`.
        encoding: The codec.
        na: What stands for nothing in every column; words such as `NA` are then values in columns of text.
    """

    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    na: tuple[str, ...] = ()


@dataclass(frozen=True)
class Encoding:
    """A codec, and why it was taken.

    Args:
        name: The codec; that of UTF-8 skips a byte order mark.
        reason: Empty where it is UTF-8, or was asked for.
    """

    name: str
    reason: str = ""


@dataclass(frozen=True)
class Layout:
    """How fields are told apart."""

    separator: str
    quote: str


def plain_name(path: Path) -> str:
    """Give a file's name in small letters, without the ending of its compression.

    Examples:
        >>> plain_name(Path("Rows.CSV.gz"))
        'rows.csv'
    """
    name = path.name.lower()
    return next((name.removesuffix(ending) for ending in _COMPRESSED if name.endswith(ending)), name)


def opened(path: Path) -> IO[bytes]:
    """Open a file's bytes, decompressed as its ending says.

    Raises:
        Unreadable: It ends in `.zst`, and pyarrow is not installed.
    """
    ending = path.suffix.lower()
    if ending == ".zst":
        return _opened_zstandard(path)
    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    stream: IO[bytes] = openers.get(ending, open)(path, "rb")
    return stream


def _opened_zstandard(path: Path) -> IO[bytes]:
    try:
        from pyarrow import input_stream
    except ImportError:
        raise Unreadable(f"{path}: files that end in .zst need pyarrow: pip install pyarrow") from None
    stream: IO[bytes] = io.BufferedReader(input_stream(str(path), compression="zstd"))
    return stream


def text_of(path: Path, encoding: str) -> io.TextIOWrapper:
    """Open a file's text, lines ending as they do in the file."""
    return io.TextIOWrapper(opened(path), encoding=encoding, newline="")


def find_encoding(path: Path, asked: str | None = None) -> Encoding:
    """Tell in which encoding a whole file is: what its byte order mark says, or UTF-8, or else cp1252 or latin-1.

    cp1252 is latin-1 with letters and signs in the place of 27 control characters, so that it is right for both; where
    a byte has no meaning in it, latin-1 is left, in which every byte has one.

    Args:
        path: The file.
        asked: The codec that a person names.

    Raises:
        Unreadable: The file cannot be decompressed, is no text, or is not in the encoding that was asked for.
    """
    try:
        with opened(path) as file:
            start = file.read(4)
        marked = next((name for mark, name in _BYTE_ORDER_MARKS if start.startswith(mark)), None)
        name = _with_mark(asked, marked) if asked else marked or "utf-8-sig"
        fault = _first_fault(path, name)
        if fault is None:
            return Encoding(name, "" if asked or name == "utf-8-sig" else "as its byte order mark says")
        if asked or marked:
            said = f"{path}: line {fault.line} cannot be read in the encoding {asked or marked} ({fault.said})"
            raise Unreadable(f"{said}; --encoding NAME names another")
        other = "cp1252" if _first_fault(path, "cp1252") is None else "latin-1"
        return Encoding(other, f"for line {fault.line} is not UTF-8; --encoding NAME names another")
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise Unreadable(f"{path}: cannot be read ({str(error).splitlines()[0].rstrip('.')})") from error


def _with_mark(asked: str, marked: str | None) -> str:
    """Give the codec that is asked for in the form that skips a byte order mark."""
    name = codecs.lookup(asked).name
    if name == "utf-8":
        return "utf-8-sig"
    return marked if marked and name.startswith(marked) else name


@dataclass(frozen=True)
class _Fault:
    line: int
    said: str


def _first_fault(path: Path, encoding: str) -> _Fault | None:
    """Give the first place that cannot be decoded.

    Raises:
        Unreadable: The file holds zero bytes, and the encoding is not one in which they stand between letters.
    """
    decoder, n_lines = codecs.getincrementaldecoder(encoding)(), 0
    is_wide = encoding.startswith(("utf-16", "utf-32"))
    with opened(path) as file:
        while True:
            chunk = file.read(CHUNK)
            if b"\0" in chunk and not is_wide:
                said = f"{path}: must be text in UTF-8, got bytes that are none"
                raise Unreadable(f"{said}; --encoding utf-16-le reads UTF-16 without a byte order mark")
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(encoding, errors="ignore").count("\n")
                return _Fault(n_lines + before + 1, f"byte 0x{error.object[error.start]:02x}")
            if not chunk:
                return None
            n_lines += text.count("\n")


def sample_of(path: Path, encoding: str) -> str:
    """Give the beginning of a text file, cut at a line's end."""
    with text_of(path, encoding) as stream:
        text = stream.read(SAMPLE)
    return text[: text.rfind("\n") + 1] or text if len(text) == SAMPLE else text


def records_of(sample: str, layout: Layout, most: int = SAMPLE_RECORDS) -> list[list[str]]:
    """Give the first records of a text, blank lines left out; none where the quotes make no sense."""
    reader = csv.reader(
        io.StringIO(sample, newline=""),
        delimiter=layout.separator,
        quotechar=layout.quote,
        skipinitialspace=True,
    )
    try:
        return list(islice((record for record in reader if record), most))
    except csv.Error:
        return []


def find_layout(sample: str, separator: str | None = None, preferred: str = ",") -> Layout:
    r"""Find separator and quotes: those by which most records have as many fields as the first.

    Of several that do, the one whose fields look whole: they hold no other separator, or are numbers with a decimal
    comma. Single quotes are quotes where fields that begin with one also end with one, and hardly a line has none.

    Args:
        sample: The beginning of the file.
        separator: What a person names.
        preferred: The separator where none divides the first record.

    Examples:
        >>> find_layout("size;price\n1,5;2,5\n")
        Layout(separator=';', quote='"')
        >>> find_layout("name|text\n'a'|'b|c'\n'd'|'e'\n").quote
        "'"
    """
    quote = "'" if _has_single_quotes(sample) else '"'
    if separator is not None:
        return Layout(separator, quote)
    ranked = sorted(SEPARATORS, key=lambda each: each != preferred)
    layouts = [Layout(each, quote) for each in ranked]
    return max(layouts, key=lambda layout: _fitness(records_of(sample, layout), layout.separator))


def other_separators(sample: str, layout: Layout) -> Iterator[tuple[str, int]]:
    """Give separators by which a text of one column has several, the same number in every record, and how many."""
    for separator in (*SEPARATORS, *OTHERS):
        widths = {len(record) for record in records_of(sample, Layout(separator, layout.quote))}
        if len(widths) == 1 and (width := widths.pop()) > 1:
            yield separator, width


def _fitness(records: list[list[str]], separator: str) -> tuple[float, float, int]:
    """Say how well a separator divides records: the share as wide as the first, the share of whole fields, the width.

    Shape:
        () -> three numbers, the larger the better; all 0 where the first record is not divided.
    """
    width = len(records[0]) if records else 0
    if width < 2:
        return 0.0, 0.0, 0
    alike = sum(len(record) == width for record in records) / len(records)
    fields = [field for record in records for field in record]
    other = re.compile(f"[{''.join(mark for mark in SEPARATORS if mark != separator)}](?! )")
    whole = sum(_COMMA_NUMBER.fullmatch(field) is not None or other.search(field) is None for field in fields)
    return round(alike, 2), round(whole / len(fields), 2), width


def _has_single_quotes(sample: str) -> bool:
    if "'" not in sample[:GLANCE]:
        return False
    sample = sample[:GLANCE]
    sample = sample[: sample.rfind("\n") + 1] or sample
    marks = "".join(SEPARATORS)
    if re.search(rf'(?:^|[{marks}])[ ]*"', sample, flags=re.MULTILINE):
        return False
    begun = len(re.findall(rf"(?:^|[{marks}])[ ]*'(?=[^\s{marks}]|[^'\n]+')", sample, flags=re.MULTILINE))
    ended = len(re.findall(rf"(?<=[^{marks}\n])'[ ]*(?=\r?$|[{marks}])", sample, flags=re.MULTILINE))
    n_lines = sum(1 for line in sample.splitlines() if line.strip())
    return begun == ended and begun >= max(n_lines - 1, 1)
