"""Small studies on disk, and one MLflow database for all tests: making its tables takes seconds."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from automl.task import Column, Task
from automl.tracking.record import PLAN, SPACE, SPLIT, TASK, Record
from automl.tracking.settings import DEFAULTS
from automl.trial import Completed, Epoch, Failed, Outcome, Pruned

TASK_OF_ALL = Task("binary", "income", (Column("age", "numeric"),), ("no", "yes"), "accuracy", "yes")


@pytest.fixture(scope="session")
def outcomes() -> list[Outcome]:
    """One outcome of each kind, the best of the completed ones in the middle."""
    return [
        Completed(0.7, 0.5, 2, 3, 1.5, 1000, "epochs"),
        Completed(0.9, 0.3, 3, 3, 1.5, 2000, "patience"),
        Pruned(0.5, 0.8, 1, 1, 0.5, 1000),
        Failed("bug", "the shapes do not fit", "Traceback ...", 0.25),
        Completed(0.8, 0.4, 1, 2, 1.0, 1000, "budget"),
    ]


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., Record]:
    """Make a study that has been split and has no trial yet."""

    def make(name: str = "adult-1", **plan: object) -> Record:
        planned = {"study_id": uuid.uuid4().hex, "data": "tables/adult.csv.gz", "space": "tabular", "seed": 3, **plan}
        record = Record.create(tmp_path / "runs", name, planned)
        record.write_text(SPACE, "name: tabular\n")
        record.write_json(TASK, TASK_OF_ALL.to_json())
        record.write_json(SPLIT, {"sizes": {"train": 60, "validation": 20, "test": 20}, "data_sha256": "d" * 64})
        return record

    return make


@pytest.fixture
def add_trials() -> Callable[[Record, Sequence[Outcome | None]], None]:
    """Add trials to a study; None is a trial that is not over."""

    def add(record: Record, outcomes: Sequence[Outcome | None]) -> None:
        first = len(record.trials())
        for number, outcome in enumerate(outcomes, first):
            trial = record.trial(number)
            trial.write_config({"family": "mlp", "optimizer": "adamw", "optimizer.adamw.lr": 0.001, "skip": True})
            trial.write_curve([Epoch(epoch, 1 / epoch, 0.9 / epoch, 0.1 * epoch, 0.01, 0.5) for epoch in (1, 2, 3)])
            if outcome is not None:
                trial.write_outcome(outcome)

    return add


@pytest.fixture
def judge() -> Callable[[Record], None]:
    """Give a study what its end leaves: a report and a bundle."""

    def end(record: Record) -> None:
        assert record.has(PLAN)
        test = {"value": 0.85, "ci_low": 0.8, "ci_high": 0.9, "rows": 100}
        record.write_json("report.json", {"metric": "accuracy", "best": {"trial": 1}, "test": test})
        record.write_text("report.md", "# adult-1\n")
        record.write_text("report.html", "<!doctype html><title>adult-1</title>")
        record.bundle_dir.mkdir()
        record.write_text("bundle/manifest.json", "{}\n")

    return end


@pytest.fixture(scope="session")
def mlflow_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of an MLflow database whose tables are made."""
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"
    MlflowClient(uri).search_experiments()
    return uri


@pytest.fixture(scope="session")
def strange_uri(mlflow_uri: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a database with a table that is not known here, so that MLflow's client must write it."""
    path = tmp_path_factory.mktemp("strange") / "mlflow.db"
    shutil.copy(mlflow_uri.removeprefix("sqlite:///"), path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE tags ADD COLUMN more TEXT")
    return f"sqlite:///{path}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that keeps runs, and the settings that a worker talks to it with."""
    for name, value in DEFAULTS.items():
        monkeypatch.setenv(name, value)
    with Server() as serving:
        yield serving


class Server:
    """Stands in for an MLflow server: keeps runs without their points, and notes in `asked` what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._runs: dict[str, dict[str, Any]] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Server:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, what: str, said: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(what)
        if what == "experiments/get-by-name":
            return {"experiment": {"experiment_id": "1", "name": "adult", "lifecycle_stage": "active"}}
        if what == "runs/create":
            run_id = uuid.uuid4().hex
            info = {"run_id": run_id, "experiment_id": "1", "status": "RUNNING", "start_time": said["start_time"]}
            self._runs[run_id] = {"info": info, "data": {"tags": said["tags"], "params": []}}
            return {"run": self._runs[run_id]}
        if what == "runs/get":
            return {"run": self._runs[said["run_id"]]}
        if what == "runs/log-batch":
            for kind in ("tags", "params"):
                self._runs[said["run_id"]]["data"][kind] += said.get(kind, [])
        return {}


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            self._answer({key: values[0] for key, values in query.items()})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, said: dict[str, Any]) -> None:
            what = urlsplit(self.path).path.removeprefix("/api/2.0/mlflow/")
            body = json.dumps(server.answer(what, said)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
