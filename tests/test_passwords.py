"""Passwords in addresses."""

from __future__ import annotations

import pytest

from automl.passwords import is_hidden, with_password, without_password


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ann:se%20cret@db/x", "postgresql://ann:***@db/x"),
        ("postgresql://ann:se/cr@et@db:5432/x?sslmode=require", "postgresql://ann:***@db:5432/x?sslmode=require"),
        ("postgresql://ann:secret@/x?host=/run", "postgresql://ann:***@/x?host=/run"),
        ("mysql+pymysql://ann:p:q@db/x", "mysql+pymysql://ann:***@db/x"),
        ("redis://:secret@db:6379/0", "redis://:***@db:6379/0"),
        (
            "postgresql://db/x?user=ann&password=secret&sslmode=require",
            "postgresql://db/x?user=ann&password=***&sslmode=require",
        ),
        ("https://ann:sec@ret@there/path", "https://ann:***@there/path"),
        ("no route to http://ann:secret@there: refused", "no route to http://ann:***@there: refused"),
    ],
)
def test_a_password_is_not_shown(address: str, shown: str):
    assert without_password(address) == shown


@pytest.mark.parametrize(
    "address",
    [
        "http://there:5000/a@b:c",
        "postgresql://ann@db/x",
        "sqlite:////home/ann/a.db",
        "databricks",
        "postgresql:///x?host=/run/postgresql&port=5433",
    ],
)
def test_where_there_is_no_password_nothing_changes(address: str):
    assert without_password(address) == address
    assert not is_hidden(address)


def test_hiding_twice_is_hiding_once():
    shown = without_password("postgresql://ann:secret@db/x?password=y")
    assert without_password(shown) == shown
    assert is_hidden(shown)


def test_the_password_of_another_address_is_not_taken():
    assert with_password("mysql://ann:***@db/x", "mysql://ann:secret@db/y") is None


def test_an_address_that_hides_nothing_is_whole():
    assert with_password("mysql://ann@db/x", "mysql://ann:secret@db/x") == "mysql://ann@db/x"
