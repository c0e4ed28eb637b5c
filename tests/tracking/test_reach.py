"""Whether MLflow is where it is said to be."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from automl.tracking.reach import unreachable


@contextmanager
def server(status: int, asked: list[str]) -> Iterator[str]:
    """A server that answers everything with a status, and keeps what it was asked."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{http.server_port}"
        http.shutdown()


def free_port() -> int:
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        return int(once.getsockname()[1])


def test_a_database_that_is_not_there_yet_will_be_made(tmp_path: Path):
    assert unreachable(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}") is None
    assert list(tmp_path.iterdir()) == []


def test_a_database_is_read_and_left_as_it_is(tmp_path: Path):
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE runs (name)")
    before = path.read_bytes()
    assert unreachable(f"sqlite:///{path}") is None
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_no_database_says_so(tmp_path: Path):
    (tmp_path / "mlflow.db").write_text("no database, whatever its name" * 10)
    reason = unreachable(f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert reason == f"{tmp_path / 'mlflow.db'} cannot be read: file is not a database"


def test_a_place_where_no_database_can_be_made_says_why():
    assert unreachable("sqlite:////proc/mlflow.db") == "No such file or directory"


def test_a_folder_is_tried(tmp_path: Path):
    assert unreachable((tmp_path / "ml runs").as_uri()) is None
    assert unreachable("file:///proc/mlruns") == "No such file or directory"


@pytest.mark.parametrize("status", [200, 401, 404])
def test_a_server_that_answers_is_there(status: int):
    asked: list[str] = []
    with server(status, asked) as place:
        assert unreachable(f"http://{place}/ml/") is None
    assert asked == ["/ml/health"]


def test_a_password_in_the_address_is_no_part_of_the_place():
    with server(200, []) as place:
        assert unreachable(f"http://ann:secret@{place}") is None


def test_a_server_in_trouble_says_so():
    with server(503, []) as place:
        assert unreachable(f"http://{place}") == "the server answers 503 Service Unavailable"


def test_a_server_that_is_not_there_says_so():
    reason = unreachable(f"http://127.0.0.1:{free_port()}")
    assert reason is not None and reason.startswith("the server does not answer: ") and "refused" in reason


@pytest.mark.parametrize("scheme", ["postgresql", "mysql+pymysql", "mssql"])
def test_a_database_server_that_is_not_there_says_so(scheme: str):
    assert unreachable(f"{scheme}://ann:secret@127.0.0.1:{free_port()}/mlflow") == (
        "the database does not answer: Connection refused"
    )


def test_a_database_server_that_listens_is_there():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert unreachable(f"postgresql://127.0.0.1:{listening.getsockname()[1]}/mlflow") is None


def test_what_cannot_be_seen_from_outside_is_believed():
    assert unreachable("databricks") is None
