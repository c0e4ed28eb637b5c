"""A PostgreSQL of its own for the tests that need one, where Debian's or another's programs are found."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER, PASSWORD = "ann", "s3cret/p@ss"


def programs() -> Path:
    """The folder of PostgreSQL's programs; a test that needs them is skipped where there are none."""
    found = shutil.which("initdb")
    places = (
        [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    )
    usable = [place for place in places if (place / "initdb").exists()]
    if not usable:
        pytest.skip("PostgreSQL's initdb is not found")
    return usable[0]


class PostgreSQL:
    """A cluster in a temporary folder that listens on a free port of this machine."""

    def __init__(self, place: Path) -> None:
        self._programs, self._place = programs(), place
        with socket.socket() as once:
            once.bind(("127.0.0.1", 0))
            self.port = int(once.getsockname()[1])

    def url(self, database: str, password: str | None = "s3cret%2Fp%40ss") -> str:
        secret = "" if password is None else f":{password}"
        return f"postgresql://{USER}{secret}@127.0.0.1:{self.port}/{database}"

    def make(self) -> None:
        """Make the cluster, and start it."""
        (self._place / "password").write_text(PASSWORD + "\n")
        if os.geteuid() == 0:
            for path in (self._place, self._place / "password"):
                shutil.chown(path, "postgres", "postgres")
        words = ["-D", str(self._place / "data"), "-U", USER, "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"]
        self._run("initdb", *words, "--pwfile", str(self._place / "password"))
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._place} -F"
        self._run(
            "pg_ctl", "-D", str(self._place / "data"), "-w", "-l", str(self._place / "log"), "-o", options, "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._place / "data"), "-m", "immediate", "-w", "stop")

    def create(self, database: str) -> str:
        """Make an empty database, and give its address."""
        words = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER, database]
        self._run("createdb", *words, environ={**os.environ, "PGPASSWORD": PASSWORD})
        return self.url(database)

    def _run(self, program: str, *words: str, environ: dict[str, str] | None = None) -> None:
        command = [str(self._programs / program), *words]
        if os.geteuid() == 0 and program in ("initdb", "pg_ctl"):
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            command,
            env=environ,
            cwd=self._place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
            stderr=(self._place / f"{program}.err").open("w"),
        )
        assert done.returncode == 0, (self._place / f"{program}.err").read_text()


@contextmanager
def running() -> Iterator[PostgreSQL]:
    """Run a cluster while the block runs; a test is skipped where that cannot be done."""
    pytest.importorskip("psycopg")
    programs()
    if os.geteuid() == 0 and not shutil.which("runuser"):
        pytest.skip("PostgreSQL does not run as root, and runuser is not found")
    with tempfile.TemporaryDirectory(prefix="automl-pg-", ignore_cleanup_errors=True) as place:
        cluster = PostgreSQL(Path(place))
        cluster.make()
        try:
            yield cluster
        finally:
            cluster.stop()
