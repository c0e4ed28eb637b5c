"""Tries what happens around a search: full disks, moved folders, closed terminals, signals, clocks that are set.

    python benchmarks/surroundings.py
    python benchmarks/surroundings.py --only disk terminal

Each try is the real command on a real table, a process of its own with a terminal of its own where that matters. What
was disturbed is gone on with, and must end as a search that was left in peace. Prints a line a try: what the person
saw, how the command ended, and what was wrong; exits 1 if anything was. A full disk and a read-only one need root
(they are mounted), set clocks a C compiler.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sessions import Session, prepare
from sklearn.datasets import load_breast_cancer
from studies import differences, left_behind

ROOT = Path(__file__).parents[1]
MARK = "AUTOML_SURROUNDINGS"
"""The variable by which a command's processes are found again."""
_SPACE = """name: long_cohorts
description: A few networks that train long enough to be disturbed
space:
  family: {choice: {mlp: {layers: 2, width: {choice: [32, 48], default: 32}, dropout: 0.1}}, default: mlp}
  optimizer: {choice: {adamw: {lr: {float: [3e-4, 3e-2], log: true, default: 3e-3}}}, default: adamw}
  training: {batch_size: 32, epochs: 24, patience: 24}
"""


class Command:
    """A command of the project, running.

    Args:
        words: The command's words.
        cwd: Where it runs.
        environ: What its environment has beside this one's.
        has_terminal: Whether it has a terminal of its own, which can be closed.
        wrapper: What stands before the interpreter, such as `nohup`.
    """

    def __init__(
        self,
        *words: str,
        cwd: Path,
        environ: dict[str, str] | None = None,
        has_terminal: bool = False,
        wrapper: Sequence[str] = (),
        stderr: int | None = None,
    ) -> None:
        self.mark = f"{os.getpid()}-{time.monotonic_ns()}"
        self._out, self._err = (cwd / f"{self.mark}.{name}" for name in ("out", "err"))
        environ = {
            **os.environ,
            "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT)),
            MARK: self.mark,
            **(environ or {}),
        }
        command = [*wrapper, sys.executable, "-m", "automl", *words]
        self.terminal: int | None = None
        if has_terminal:
            self.terminal, end = pty.openpty()
            with self._out.open("w") as out:
                self.process = subprocess.Popen(
                    command, cwd=cwd, env=environ, stdin=end, stdout=out, stderr=end, preexec_fn=_take_terminal
                )
            os.close(end)
            os.set_blocking(self.terminal, False)
        else:
            with self._out.open("w") as out, self._err.open("w") as err:
                self.process = subprocess.Popen(
                    command, cwd=cwd, env=environ, stdout=out, stderr=err if stderr is None else stderr,
                    stdin=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
        self._seen = b""

    def read_terminal(self) -> str:
        """Give what the terminal has shown so far."""
        with contextlib.suppress(OSError):
            while self.terminal is not None and (chunk := os.read(self.terminal, 65536)):
                self._seen += chunk
        return self._seen.decode(errors="replace")

    def close_terminal(self) -> None:
        """Close the terminal, as a window that is closed or a connection that breaks does."""
        assert self.terminal is not None
        self.read_terminal()
        os.close(self.terminal)
        self.terminal = None

    def type(self, keys: bytes) -> None:
        """Press keys at the terminal."""
        assert self.terminal is not None
        os.write(self.terminal, keys)

    def wait(self, seconds: float = 900.0) -> int:
        """Wait for its end; give the exit code, below 0 the signal that ended it."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            self.read_terminal()
            if time.monotonic() > deadline:
                self.process.kill()
                self.process.wait()
                return 999
            time.sleep(0.01)
        return self.process.returncode

    @property
    def said(self) -> str:
        """What it said on standard error, or at the terminal."""
        return self._err.read_text() if self._err.exists() and self._err.stat().st_size else self.read_terminal()

    @property
    def printed(self) -> str:
        """What it printed on standard output."""
        return self._out.read_text()

    def left_over(self, seconds: float = 4.0) -> list[str]:
        """Name the processes that it has left behind, given some seconds to leave."""
        deadline = time.monotonic() + seconds
        while (found := _marked(self.mark)) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid, _ in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return [f"left over: {name}" for _, name in found]


def _take_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _marked(mark: str) -> list[tuple[int, str]]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if words != [""]:  # of a zombie nothing is left but its number
                    found.append((int(folder.name), " ".join(words[:5])))
    return found


@dataclass
class Room:
    """Where a try takes place.

    Args:
        place: The folder.
        whole: The run folder of the study that was left in peace.
        python: An interpreter for the commands that go on, which leaves MLflow out.
        has_mlflow: Whether the commands that are disturbed tell MLflow; else it is away.
        study: What the study is called that is disturbed.
        found: What was wrong.
        facts: What the person saw, and how commands ended.
    """

    place: Path
    whole: Path
    python: Path
    has_mlflow: bool = False
    study: str = "study"
    found: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    @property
    def runs(self) -> Path:
        """The runs folder."""
        return self.place / "runs"

    @property
    def run_dir(self) -> Path:
        """The run folder."""
        return self.runs / self.study

    def search(self, *words: str, **options: object) -> Command:
        """Begin the search."""
        return self.command("search", *_words(self.place), "--study", self.study, *words, **options)

    def command(self, *words: str, **options: object) -> Command:
        """Begin another command."""
        options.setdefault("cwd", self.place)
        away = {} if self.has_mlflow else {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
        options["environ"] = away | options.get("environ", {})  # type: ignore[operator]
        return Command(*words, **options)  # type: ignore[arg-type]

    def until(self, command: Command, is_so: Callable[[], bool], seconds: float = 300.0) -> None:
        """Wait until something is so, or the command has ended."""
        deadline = time.monotonic() + seconds
        while not is_so() and command.process.poll() is None and time.monotonic() < deadline:
            command.read_terminal()
            time.sleep(0.002)
        if command.process.poll() is not None or not is_so():
            self.found.append(f"it had ended before it was disturbed: {command.said[-300:]}")

    def trains(self, number: int = 2) -> bool:
        """Whether a trial is in training."""
        trial = self.run_dir / "trials" / f"{number:04d}"
        return (trial / "config.json").exists() and not (trial / "outcome.json").exists()

    def has_said(self, words: str) -> bool:
        """Whether the study's log holds some words."""
        log = self.run_dir / "log.txt"
        return log.exists() and words in log.read_text(errors="replace")

    def ended(self, command: Command, codes: Sequence[int], *said: str, seconds: float = 900.0) -> None:
        """Wait for a command's end, and check how it ended and what was said."""
        begun = time.monotonic()
        code = command.wait(seconds)
        text = command.said
        last = [line for line in text.replace("\r", "").splitlines() if line.strip()][-2:]
        self.facts.append(f"exit {code} after {time.monotonic() - begun:.1f} s: {' / '.join(last)[-300:]}")
        if code not in codes:
            self.found.append(f"exit code {code}, not {codes}: {text[-1500:]}")
        self.found += [f"{words!r} was not said: {text[-500:]}" for words in said if words not in text]
        if "Traceback" in text:
            self.found.append(f"a traceback: {text[-1500:]}")
        self.found += command.left_over()

    def commands(self, code: int, *all_words: list[str], must_not_name: str = "?") -> None:
        """Try other commands on the study, which shall end with an exit code and never name some place."""
        for first, *words in all_words:
            names = [] if first in ("ls", "compare") else [self.study]
            done = self.command(first, *names, *words)
            if done.wait() != code or "Traceback" in done.said:
                self.found.append(f"{first}: exit {done.process.returncode}: {done.said[-700:]}")
            if must_not_name in done.printed:
                self.found.append(f"{first} names {must_not_name}")

    def nothing_runs(self) -> None:
        """Check that MLflow shows no run as RUNNING."""
        database = self.runs / "mlflow.db"
        if not database.exists():
            return
        with contextlib.closing(sqlite3.connect(database)) as connection, contextlib.suppress(sqlite3.OperationalError):
            (count,) = connection.execute("SELECT count(*) FROM runs WHERE status = 'RUNNING'").fetchone()
            self.found += [f"{count} runs are RUNNING in MLflow"] if count else []

    def goes_on(self, *, is_same: bool = True, **options: object) -> None:
        """Resume the study, and hold its end against that of the one that was left in peace."""
        if options:
            command = self.command("resume", self.study, **options)
            code, said = command.wait(), command.said
        else:
            session = Session(self.runs, "resume", self.study, python=self.python)
            code, said = session.wait(), session.errors
        if code != 0:
            self.found.append(f"it does not go on: {said[-1500:]}")
            return
        self.found += differences(self.run_dir, self.whole) if is_same else left_behind(self.run_dir)
        if not is_same and not (self.run_dir / "report.json").exists():
            self.found.append("no report")
        self.found += [] if (self.run_dir / "bundle").is_dir() else ["there is no bundle"]


def _words(place: Path) -> list[str]:
    table, space = place / "cancer.csv", place / "long.yaml"
    return [str(table), "--target", "target", "--space", str(space), "--trials", "5", "--cohort", "2"]


Try = Callable[[Room], None]


@contextlib.contextmanager
def mounted(place: Path, size: str) -> Iterator[None]:
    """Let a folder be a small disk of its own."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(folder: Path) -> Path:
    """Fill a disk to its last byte."""
    path = folder / "ballast"
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0")
    return path


def full_disk(when: str) -> Try:
    """Fill the disk of the runs folder while a search is somewhere, make room after it has ended, go on."""

    def attempt(room: Room) -> None:
        with mounted(room.runs, "60m"):
            command = room.search()
            room.until(command, lambda: _is_at(room, when))
            ballast = fill(room.runs)
            room.ended(command, [2], "the disk did not take", f"go on with: automl resume {room.study}")
            ballast.unlink()
            room.goes_on()

    return attempt


def full_from_the_start(room: Room) -> None:
    """Begin a search where there is room for next to nothing."""
    with mounted(room.runs, "64k"):
        ballast = fill(room.runs)
        room.ended(room.search(), [2], "No space left")
        ballast.unlink()
        left = [path.name for path in room.runs.iterdir()]
        room.found += [f"left in the runs folder: {left}"] if left else []


def _is_at(room: Room, when: str) -> bool:
    if when == "reading":
        return (room.run_dir / "plan.json").exists()
    if when == "sampling":
        return (room.run_dir / "trials" / "0000" / "config.json").exists()
    if when == "training":
        return room.trains()
    return room.has_said({"judging": "judging trial", "exporting": "exporting the winner"}[when])


def asked_to_end(when: str, number: int, *, jobs: int = 1, whole_group: bool = False, twice: bool = False) -> Try:
    """Send a signal while a search is somewhere, once or twice, to one process or to all of them."""
    code = 128 + number

    def attempt(room: Room) -> None:
        command = room.search("--jobs", str(jobs))
        room.until(command, lambda: _is_at(room, when))
        begun = time.monotonic()
        targets = [pid for pid, _ in _marked(command.mark)] if whole_group else [command.process.pid]
        for _ in range(1 + twice):
            for pid in targets:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            time.sleep(0.15)
        is_over = when == "exporting" and not twice
        room.ended(command, [0, code] if is_over else [code], *([] if is_over else ["go on with: automl resume"]))
        if twice and time.monotonic() - begun > 20.0:
            room.found.append(f"it left only after {time.monotonic() - begun:.1f} s")
        deaths = room.run_dir / "deaths.jsonl"
        room.found += [f"counted as a death: {deaths.read_text()}"] if deaths.exists() else []
        room.nothing_runs()
        room.goes_on(is_same=jobs == 1)

    return attempt


def terminal_closed(when: str, *, jobs: int = 1, survives: bool = False) -> Try:
    """Close the terminal of a search; where it survives the signal (nohup, disown), its words go nowhere."""

    def attempt(room: Room) -> None:
        wrapper = ["nohup"] if survives else []
        command = room.search("--jobs", str(jobs), has_terminal=True, wrapper=wrapper)
        room.until(command, lambda: _is_at(room, when))
        command.close_terminal()
        room.ended(command, [0] if survives else [129])
        if not survives:
            room.nothing_runs()
            if when != "exporting" and not room.has_said("go on with: automl resume"):
                room.found.append("the log does not say how to go on")
        room.goes_on(is_same=jobs == 1)

    return attempt


def keys(count: int, *, jobs: int = 1) -> Try:
    """Press ctrl-C at a real terminal, so often."""

    def attempt(room: Room) -> None:
        command = room.search("--jobs", str(jobs), has_terminal=True)
        room.until(command, room.trains)
        for _ in range(count):
            command.type(b"\x03")
            time.sleep(0.2)
        room.ended(command, [130], "go on with: automl resume")
        room.nothing_runs()
        room.goes_on(is_same=jobs == 1)

    return attempt


def nobody_listens(stream: str) -> Try:
    """Close the reading end of standard error while a search speaks into it."""

    def attempt(room: Room) -> None:
        listening, speaking = os.pipe()
        command = room.search(stderr=speaking)
        os.close(speaking)
        room.until(command, lambda: _is_at(room, "sampling"))
        os.close(listening)
        room.ended(command, [0])
        room.goes_on()

    return attempt


def head(room: Room) -> None:
    """Pipe both outputs of a search into `head -1`."""
    words = " ".join(["search", *_words(room.place), "--study", room.study])
    line = f"{sys.executable} -m automl {words} 2>&1 | head -1; exit ${{PIPESTATUS[0]}}"
    environ = {**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))}
    command = ["bash", "-c", line]
    done = subprocess.run(command, cwd=room.place, env=environ, capture_output=True, text=True, check=False)
    room.facts.append(f"exit {done.returncode}: {done.stdout.strip()[-200:]}")
    room.found += [f"exit code {done.returncode}"] if done.returncode != 1 else []
    room.found += [f"said: {done.stderr[-500:]}"] if done.stderr else []
    room.goes_on()


def moved_while_it_runs(when: str, *, jobs: int = 1) -> Try:
    """Move the run folder away while a search is somewhere; go on where it is now."""

    def attempt(room: Room) -> None:
        command = room.search("--jobs", str(jobs))
        room.until(command, lambda: _is_at(room, when))
        there = room.place / "elsewhere"
        there.mkdir()
        room.run_dir.rename(there / room.study)
        room.ended(command, [2], "was moved or removed", "--runs-dir")
        room.found += [f"left behind: {path}" for path in room.runs.glob(f"*{room.study}*")]
        room.runs.rename(room.place / "old")
        there.rename(room.runs)
        room.goes_on(is_same=jobs == 1)

    return attempt


def moved_between(how: str) -> Try:
    """Interrupt a search, move its runs folder, rename or copy it, and go on; every command finds its way."""

    def attempt(room: Room) -> None:
        command = room.search()
        room.until(command, room.trains)
        command.process.send_signal(signal.SIGINT)
        room.ended(command, [130])
        place = room.place
        if how == "renamed":
            room.run_dir.rename(room.runs / "renamed")
            room.study = "renamed"
        else:
            room.place = place / "there"
            room.place.mkdir()
            if how == "moved":
                (place / "runs").rename(room.runs)
            else:
                shutil.copytree(place / "runs", room.runs)
        room.goes_on()
        ways = [["show"], ["report"], ["export", "--output", "model"]]
        room.commands(0, *ways, must_not_name=str(place / "runs") if how in ("moved", "copied") else "?")
        if how == "moved" and (place / "runs").exists():
            room.found.append("something was written at the old place")

    return attempt


def finished_then_moved(room: Room) -> None:
    """Move a finished study together with its runs folder; what is told of it afterwards names the new place."""
    command = room.search()
    room.ended(command, [0])
    old, room.place = room.place, room.place / "there"
    room.place.mkdir()
    (old / "runs").rename(room.runs)
    ways = [["resume"], ["show", "--json"], ["report"], ["compare", "--json"], ["judge", "--break-seal", "moved"]]
    room.commands(0, *ways, must_not_name=str(old / "runs"))
    if (old / "runs").exists():
        room.found.append("something was written at the old place")


def read_only_before(room: Room) -> None:
    """Begin a search on a disk that is read-only."""
    with mounted(room.runs, "1m"):
        subprocess.run(["mount", "-o", "remount,ro", str(room.runs)], check=True)
        room.ended(room.search(), [2], "cannot be written: Read-only file system")


def read_only_afterwards(room: Room) -> None:
    """Let the disk of a finished study become read-only: what only reads is as ever, the rest is refused."""
    with mounted(room.runs, "60m"):
        room.ended(room.search(), [0])
        subprocess.run(["mount", "-o", "remount,ro", str(room.runs)], check=True)
        room.commands(0, ["show"], ["ls"], ["resume"], ["compare"], ["export", "--output", "model"])
        room.commands(2, ["judge"], ["report"], ["explain"])


def without_rights(when: str) -> Try:
    """Search as a person who may not write in the runs folder, or may no longer; the owner's rights count for root."""

    def attempt(room: Room) -> None:
        as_anybody = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
        room.runs.mkdir(mode=0o755)
        if when == "before":
            room.runs.chmod(0o555)
            room.ended(room.search(wrapper=as_anybody), [2], "cannot be written: Permission denied")
            return
        command = room.search(wrapper=as_anybody)
        room.until(command, lambda: _is_at(room, when))
        folders = [room.run_dir, *(path for path in room.run_dir.rglob("*") if path.is_dir())]
        for path in folders:
            path.chmod(0o555)
        room.ended(command, [2], "Permission denied", "go on with: automl resume")
        for path in folders:
            path.chmod(0o755)
        room.goes_on()

    return attempt


def clock_set(hours: int, *, jobs: int = 1, timeout: str | None = None) -> Try:
    """Set the wall clock of all of a search's processes by some hours while it trains."""

    def attempt(room: Room) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            room.facts.append("not tried: there is no C compiler")
            return
        library, file = room.place / "clock.so", room.place / "it-is-set"
        source = Path(__file__).with_name("clock.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        environ = {
            "LD_PRELOAD": str(library),
            "AUTOML_CLOCK_FILE": str(file),
            "AUTOML_CLOCK_SHIFT": str(hours * 3600),
        }
        words = ["--timeout", timeout, "--trials", "500"] if timeout else []
        begun = time.monotonic()
        command = room.search("--jobs", str(jobs), *words, environ=environ)
        room.until(command, lambda: room.trains(0 if timeout else 1))
        file.touch()
        room.ended(command, [0])
        seconds = time.monotonic() - begun
        log = (room.run_dir / "log.txt").read_text().splitlines()
        room.facts.append(f"the log begins {log[0][11:19]} and ends {log[-1][11:19]}")
        if timeout and not 0.5 < seconds / float(timeout[:-1]) < 3.0:
            room.found.append(f"a budget of {timeout} took {seconds:.0f} s")
        room.found += differences(room.run_dir, room.whole) if jobs == 1 and not timeout else left_behind(room.run_dir)
        room.found += _negative(room)
        room.nothing_runs()
        if (room.run_dir / "deaths.jsonl").exists():
            room.found.append("a living worker was taken for dead")

    return attempt


def _negative(room: Room) -> list[str]:
    import json

    told = [json.loads(path.read_text())["seconds"] for path in room.run_dir.glob("trials/*/outcome.json")]
    found = [f"a trial took {seconds} s" for seconds in told if not 0 <= seconds < 300]
    clock = json.loads((room.run_dir / "clock.json").read_text())["seconds"]
    found += [] if 0 < clock < 300 else [f"the study took {clock} s"]
    with contextlib.closing(sqlite3.connect(room.runs / "mlflow.db")) as connection:
        rows = connection.execute("SELECT name, end_time - start_time FROM runs WHERE end_time < start_time").fetchall()
    return [*found, *(f"{name} took {span} ms in MLflow" for name, span in rows)]


TRIES: dict[str, dict[str, Try]] = {
    "disk": {
        "full before it begins": full_from_the_start,
        "full while it trains": full_disk("training"),
        "full at the judgement": full_disk("judging"),
        "full at the export": full_disk("exporting"),
    },
    "read-only": {
        "before it begins": read_only_before,
        "when it is finished": read_only_afterwards,
        "no right to write before it begins": without_rights("before"),
        "no right to write while it trains": without_rights("training"),
    },
    "moved": {
        "while it trains": moved_while_it_runs("training"),
        "while two jobs train": moved_while_it_runs("training", jobs=2),
        "at the judgement": moved_while_it_runs("judging"),
        "at the export": moved_while_it_runs("exporting"),
        "between runs": moved_between("moved"),
        "renamed between runs": moved_between("renamed"),
        "copied between runs": moved_between("copied"),
        "when it is finished": finished_then_moved,
    },
    "terminal": {
        "ctrl-C once": keys(1),
        "ctrl-C twice": keys(2),
        "ctrl-C once, two jobs": keys(1, jobs=2),
        "ctrl-C twice, two jobs": keys(2, jobs=2),
        "closed while it reads": terminal_closed("reading"),
        "closed while it trains": terminal_closed("training"),
        "closed while two jobs train": terminal_closed("training", jobs=2),
        "closed at the judgement": terminal_closed("judging"),
        "closed, under nohup": terminal_closed("training", survives=True),
    },
    "signals": {
        "SIGTERM while it reads": asked_to_end("reading", signal.SIGTERM),
        "SIGTERM as it samples": asked_to_end("sampling", signal.SIGTERM),
        "SIGTERM while it trains": asked_to_end("training", signal.SIGTERM),
        "SIGTERM while two jobs train": asked_to_end("training", signal.SIGTERM, jobs=2),
        "SIGTERM to all processes": asked_to_end("training", signal.SIGTERM, whole_group=True),
        "SIGTERM to all processes of two jobs": asked_to_end("training", signal.SIGTERM, jobs=2, whole_group=True),
        "SIGTERM at the judgement": asked_to_end("judging", signal.SIGTERM),
        "SIGTERM at the export": asked_to_end("exporting", signal.SIGTERM),
        "SIGTERM twice while it trains": asked_to_end("training", signal.SIGTERM, twice=True),
        "SIGINT to all processes of two jobs": asked_to_end("training", signal.SIGINT, jobs=2, whole_group=True),
        "SIGINT twice at the export": asked_to_end("exporting", signal.SIGINT, twice=True),
    },
    "output": {"nobody reads what it says": nobody_listens("stderr"), "piped to head": head},
    "clock": {
        "an hour back": clock_set(-1),
        "an hour back, two jobs": clock_set(-1, jobs=2),
        "an hour back, by a timeout": clock_set(-1, timeout="90s"),
        "an hour forward, two jobs, by a timeout": clock_set(1, jobs=2, timeout="90s"),
    },
}


def prepared(place: Path) -> Path:
    """Write table and space into a folder."""
    place.mkdir(parents=True)
    load_breast_cancer(as_frame=True).frame.to_csv(place / "cancer.csv", index=False)
    (place / "long.yaml").write_text(_SPACE)
    return place


HAVE_MLFLOW = {"disk", "terminal", "signals", "clock"}
"""The kinds of tries in which MLflow is told too."""


def main() -> None:
    """Try all of it, or a part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(TRIES), default=list(TRIES))
    parser.add_argument("--named", help="only tries whose name holds this")
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="surroundings-"))
    place.chmod(0o755)
    python = prepare(place)
    whole = Room(prepared(place / "whole"), place / "whole" / "runs" / "study", python)
    whole.ended(whole.search(), [0])
    n_wrong = 0
    for kind in options.only:
        for name, attempt in TRIES[kind].items():
            if options.named and options.named not in name:
                continue
            room = Room(prepared(place / kind / name.replace(" ", "-")), whole.run_dir, python)
            room.has_mlflow = kind in HAVE_MLFLOW
            begun = time.monotonic()
            try:
                attempt(room)
            except Exception as error:
                room.found.append(f"{type(error).__name__}: {error}")
            n_wrong += bool(room.found)
            print(f"{kind}: {name} ({time.monotonic() - begun:.0f} s): {'; '.join(room.facts)}", flush=True)
            for sentence in dict.fromkeys(room.found):
                print(f"    WRONG: {sentence}", flush=True)
    print(f"{n_wrong or 'nothing'} went wrong" if n_wrong != 1 else "one try went wrong")
    if not n_wrong:
        shutil.rmtree(place)
    sys.exit(bool(n_wrong))


if __name__ == "__main__":
    main()
