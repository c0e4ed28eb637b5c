"""Runs what the tutorial and the how-to per task show, in order and in one folder a page, with a small budget.

A model that is served is asked while it is served; all other commands run one after the other.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.test_readme import (
    PATIENCE,
    commands,
    environment,
    is_a_server,
    is_run_elsewhere,
    run_a_server,
    run_to_its_end,
    with_small_budget,
)

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("tutorial.md", "tasks.md", "splits.md")


def steps(page: str) -> Iterator[tuple[str, str]]:
    """Give what a page shows, in order: Python blocks whole, shell blocks command by command."""
    for language, text in re.findall(r"^```(python|sh)\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE):
        if language == "python":
            yield language, re.sub(r"\btrials=\d+", "trials=2", text)
        else:
            yield from ((language, with_small_budget(command)) for command in commands(f"```sh\n{text}```\n"))


class Walk:
    """One page, followed in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page = ""
        self.env = environment(folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])

    def follow(self, page: str) -> None:
        todo = list(steps(page))
        for place, (language, text) in enumerate(todo):
            if language == "python":
                self.python(text)
            elif text.startswith("mlflow models serve"):
                self.serve(text, todo[place + 1 :])
            elif not text.startswith("curl"):
                self.run(text)

    def python(self, text: str) -> None:
        (self.folder / "shown.py").write_text(text)
        run_to_its_end("python shown.py", self.folder, self.env)

    def run(self, command: str) -> None:
        if is_a_server(command):
            run_a_server(command, self.folder, self.env)
        elif not is_run_elsewhere(command):
            run_to_its_end(command, self.folder, self.env)

    def serve(self, command: str, later: list[tuple[str, str]]) -> None:
        """Serve a model while it is asked what the page asks it next, with the Python before the question."""
        question = next(text for _, text in later if text.startswith("curl"))
        with self.serving(command.replace("5001", self.port)):
            for language, text in later[: later.index(("sh", question))]:
                assert language == "python"
                self.python(text)
            run_to_its_end(question.replace("5001", self.port), self.folder, self.env)

    @contextmanager
    def serving(self, command: str) -> Iterator[None]:
        with (self.folder / "server.log").open("w") as log:
            server = subprocess.Popen(
                command, shell=True, cwd=self.folder, env=self.env, stdout=log, stderr=log, start_new_session=True
            )
            try:
                self.wait(server)
                yield
            finally:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()

    def wait(self, server: subprocess.Popen[bytes]) -> None:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and server.poll() is None:
            try:
                direct.open(f"http://127.0.0.1:{self.port}/ping", timeout=PATIENCE).close()
                return
            except urllib.error.URLError:
                time.sleep(0.2)
        raise AssertionError((self.folder / "server.log").read_text())


@pytest.fixture(params=PAGES)
def walk(request: pytest.FixtureRequest, tmp_path: Path) -> Walk:
    """A page that was followed to its end."""
    if shutil.which("curl") is None:
        pytest.skip("what is served is asked with curl, which is not installed")
    walk = Walk(tmp_path)
    walk.page = (DOCS / request.param).read_text(encoding="utf-8")
    walk.follow(walk.page)
    return walk


@pytest.mark.slow
def test_what_a_page_shows_runs_in_order(walk: Walk):
    assert list(walk.folder.glob("runs/*/report.md"))
    assert (walk.folder / "predictions.csv").exists() == ("automl predict" in walk.page)


def test_steps_come_in_order_with_a_small_budget():
    page = "```sh\nautoml search a.csv --trials 50\n```\n\n```text\nno\n```\n\n```python\nx = 1\n```\n"
    assert list(steps(page)) == [("sh", "automl search a.csv --trials 2"), ("python", "x = 1\n")]


LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
LINKING = [*sorted(DOCS.glob("*.md")), *sorted(DOCS.parent.glob("*.md"))]


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(DOCS.parent)))
def test_every_link_leads_to_a_file(page: Path):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_index_names_every_page_once():
    pages = {path.name for path in DOCS.iterdir() if path.suffix in (".md", ".ipynb")} - {"README.md"}
    links = LINK.findall((DOCS / "README.md").read_text(encoding="utf-8"))
    assert sorted(link for link in links if "/" not in link) == sorted(pages)
