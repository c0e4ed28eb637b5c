"""How a text file is written is found from the file itself."""

from __future__ import annotations

import pytest

from automl.data.delimited import (
    Encoding,
    Layout,
    Unreadable,
    find_encoding,
    find_layout,
    other_separators,
    records_of,
)


@pytest.mark.parametrize(
    ("sample", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b;c\n1,5;2,5;3,5\n", ";"),
        ("height, cm\tweight, kg\n180,5\t70,2\n", "\t"),
        ("a|b\nx,y|z\n", "|"),
        ('a;b\n"1;2";"x;y"\n', ";"),
        ('a,b\n"1\n2",x\n"3;4",y\n', ","),
        ("id,tags\n1,a;b\n2,c;d\n", ","),
        ("a,b\n1,2\n3,4,5\n", ","),
        ("name\nx\ny\n", ","),
        ("", ","),
    ],
)
def test_the_separator_is_the_one_that_divides_records_alike(sample, separator):
    assert find_layout(sample).separator == separator


@pytest.mark.parametrize(
    ("sample", "quote"),
    [
        ("'a','b'\n'x,y','it''s'\n", "'"),
        ("a,b\n'x',1\n'y',2\n", "'"),
        ("a,b\nit's,'tis\nb,c\n", '"'),
        ("a,b\n's-Hertogenbosch,1\n'x',2\n", '"'),
        ("a,b\n\"x\",'y'\n", '"'),
    ],
)
def test_single_quotes_are_quotes_where_they_enclose_fields(sample, quote):
    assert find_layout(sample).quote == quote


def test_the_separator_that_is_named_is_taken():
    assert find_layout("a,b:c\n1,2:3\n", separator=":") == Layout(":", '"')


def test_a_text_of_one_column_names_what_would_divide_it():
    assert list(other_separators("a^b^c\n1^2^3\n", Layout(",", '"'))) == [("^", 3)]
    assert list(other_separators("a\nsome words\nmore words here\n", Layout(",", '"'))) == []


def test_quotes_written_twice_are_one():
    assert records_of('a,b\n"say ""hi""",2\n', Layout(",", '"')) == [["a", "b"], ['say "hi"', "2"]]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("a\né\n".encode(), "utf-8-sig"),
        ("a\né\n".encode("utf-8-sig"), "utf-8-sig"),
        ("a\né\n".encode("utf-16"), "utf-16"),
        ("a\né\n".encode("utf-32"), "utf-32"),
        ("a\n\u201cé\u201d €\n".encode("cp1252"), "cp1252"),
        (b"a\n\xe9\x81\n", "latin-1"),
    ],
)
def test_the_encoding_of_a_file_is_found(tmp_path, content, name):
    (tmp_path / "x.csv").write_bytes(content)
    assert find_encoding(tmp_path / "x.csv").name == name


def test_utf8_that_a_chunk_cuts_is_utf8(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a" + "é".encode() * 5_000_000)
    assert find_encoding(tmp_path / "x.csv") == Encoding("utf-8-sig")


def test_the_line_that_is_no_utf8_is_named(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a\n" * 3_000_000 + b"\xe9\n")
    assert find_encoding(tmp_path / "x.csv").reason == "for line 3000001 is not UTF-8; --encoding NAME names another"


def test_zero_bytes_are_refused_with_the_option(tmp_path):
    (tmp_path / "x.csv").write_bytes("a,b\n".encode("utf-16-le"))
    with pytest.raises(Unreadable, match="--encoding utf-16-le reads UTF-16 without a byte order mark"):
        find_encoding(tmp_path / "x.csv")
    assert find_encoding(tmp_path / "x.csv", "utf-16-le").name == "utf-16-le"
