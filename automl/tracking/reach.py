"""Whether MLflow is where it is said to be, seen without importing it: a file, a folder, a database or a server."""

from __future__ import annotations

import http.client
import os
import socket
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from automl.tracking.address import database_path
from automl.tracking.storage import nearest_folder, unwritable

_PATIENCE = 5.0
"""Seconds an answer may take, unless it is said otherwise."""
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
_SERVER_ERRORS = 500


def unreachable(uri: str, patience: float = _PATIENCE) -> str | None:
    """Say why MLflow cannot be told anything at an address; None where it can, as far as this can be seen from outside.

    Args:
        uri: The address, absolute, as `automl.tracking.address.resolve_uri` gives it.
        patience: Seconds an answer may take.
    """
    database = database_path(uri)
    if database is not None:
        return _unusable_database(database)
    scheme = urlsplit(uri).scheme.partition("+")[0]
    if scheme == "file":
        return unwritable(nearest_folder(Path(unquote(urlsplit(uri).path))))
    if scheme in ("http", "https"):
        return _silent_server(uri, patience)
    return _closed_port(uri, _PORTS[scheme], patience) if scheme in _PORTS else None


def _unusable_database(path: Path) -> str | None:
    if not path.exists():
        return unwritable(nearest_folder(path))
    if not os.access(path, os.R_OK | os.W_OK):
        return f"{path} may not be read and written"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.Error as error:
        return f"{path} cannot be read: {error}"
    return None


def _silent_server(uri: str, patience: float) -> str | None:
    """Ask whether a server is well; one that refuses is there, for it may know others than this caller."""
    address = urlsplit(uri)
    netloc = address.netloc.rpartition("@")[2]
    asked = urlunsplit((address.scheme, netloc, f"{address.path.rstrip('/')}/health", "", ""))
    try:
        with urllib.request.urlopen(asked, timeout=patience):
            return None
    except urllib.error.HTTPError as error:
        return f"the server answers {error.code} {error.reason}" if error.code >= _SERVER_ERRORS else None
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"the server does not answer: {getattr(error, 'reason', error)}"


def _closed_port(uri: str, port: int, patience: float) -> str | None:
    address = urlsplit(uri)
    try:
        with socket.create_connection((address.hostname or "localhost", address.port or port), patience):
            return None
    except OSError as error:
        return f"the database does not answer: {error.strerror or error}"
