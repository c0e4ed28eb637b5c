"""Lets every write, rename and fsync of a short search and its judgement fail in turn, and goes on with it.

    python benchmarks/faults.py
    python benchmarks/faults.py --every 20

Needs Linux and a C compiler. A fault is a full disk or a failing one, by turns; half of them last until the
command has ended. The study must end as one that was left in peace. Prints what differed; exits 1 if anything did.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sessions import Fault, Session, prepare
from sklearn.datasets import load_iris
from studies import differences

KINDS = ("write", "rename", "fsync")
LIBRARY = "AUTOML_FAULTS"
WORDS = ("--target", "target", "--space", "tabular_small", "--trials", "5", "--cohort", "2", "--no-judge")


def build(folder: Path) -> Path:
    """Compile the library of faults."""
    library = folder / "faults.so"
    source = Path(__file__).with_name("faults.c")
    compiler = shutil.which("cc") or shutil.which("gcc") or sys.exit("there is no C compiler")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    return library


def again_with_the_library() -> None:
    """Start this script once more, with the library loaded before all others."""
    if LIBRARY in os.environ:
        return
    room = tempfile.mkdtemp(prefix="faults-")
    library = str(build(Path(room)))
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, LIBRARY: room, "LD_PRELOAD": library})


@dataclass(frozen=True)
class Phase:
    """A command in which things go wrong.

    Args:
        name: What it is called.
        words: The command; what it works on is called `faulty`.
        before: The study it begins with, of which it gets a copy; None where it makes its own.
        after: The study that it comes to where nothing goes wrong.
    """

    name: str
    words: tuple[str, ...]
    before: str | None
    after: str

    def start(self, runs: Path, python: Path, fault: Fault) -> Session:
        """Start it afresh."""
        shutil.rmtree(runs / "faulty", ignore_errors=True)
        if self.before is not None:
            shutil.copytree(runs / self.before, runs / "faulty")
        return Session(runs, *self.words, python=python, fault=fault)

    def finish(self, runs: Path, python: Path) -> None:
        """Bring to its end what a fault has ended; a study that was taken back is begun again."""
        is_search = self.before is None
        words = ("resume", "faulty") if is_search and (runs / "faulty" / "plan.json").exists() else self.words
        session = Session(runs, *words, python=python)
        if session.wait() and not (self.name == "judge" and "is judged" in session.errors):
            session.result()


def wrong(runs: Path, phase: Phase, code: int, said: str) -> list[str]:
    """Say what is wrong with a study that was disturbed and has come to its end."""
    found = differences(runs / "faulty", runs / phase.after)
    if code not in (0, 2):
        found.append(f"exit code {code}: {said[-2000:]}")
    if code == 2 and "error: " not in said:
        found.append(f"nothing was said: {said[-500:]}")
    return found


def try_all(runs: Path, python: Path, phase: Phase, every: int, first: int) -> tuple[Counter[int], int]:
    """Let every n-th call of a phase fail; give how it ended how often, and how often that did harm."""
    whole = phase.start(runs, python, Fault(-1, 0, 0))
    whole.result()
    counts = whole.counts
    print(f"{phase.name}: {', '.join(f'{n} {kind}s' for n, kind in zip(counts, KINDS))}", flush=True)
    shutil.copytree(runs / "faulty", runs / phase.after)
    codes: Counter[int] = Counter()
    n_wrong = 0
    for kind, count in enumerate(counts):
        for place, number in enumerate(range(first, count + 1, every)):
            fault = Fault(kind, number, (errno.ENOSPC, errno.EIO)[place % 2], is_lasting=place % 4 > 1)
            session = phase.start(runs, python, fault)
            code, said = session.wait(), session.errors
            if code:
                phase.finish(runs, python)
            found = wrong(runs, phase, code, said)
            codes[code] += 1
            n_wrong += bool(found)
            for sentence in found:
                print(f"{KINDS[kind]} {number}{' and all later' if fault.is_lasting else ''}: {sentence}", flush=True)
    return codes, n_wrong


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="only every n-th call of each kind")
    parser.add_argument("--first", type=int, default=1, help="the first call of each kind that fails")
    parser.add_argument("--phases", nargs="*", choices=("search", "judge"), default=("search", "judge"))
    options = parser.parse_args()
    again_with_the_library()
    room = Path(os.environ[LIBRARY])
    python = prepare(room)
    table, runs = room / "iris.csv", room / "runs"
    load_iris(as_frame=True).frame.to_csv(table, index=False)
    runs.mkdir()
    search = Phase("search", ("search", str(table), "--study", "faulty", *WORDS), None, "searched")
    phases = (search, Phase("judge", ("judge", "faulty"), "searched", "judged"))
    n_wrong = 0
    for phase in phases:
        if phase.name in options.phases:
            codes, harm = try_all(runs, python, phase, options.every, options.first)
            told = ", ".join(f"{n} times exit code {code}" for code, n in sorted(codes.items()))
            print(f"{phase.name}: {sum(codes.values())} faults ({told}): {harm or 'none'} of them did harm", flush=True)
            n_wrong += harm
        elif phase.before is None:
            phase.start(runs, python, Fault(-1, 0, 0)).result()
            shutil.copytree(runs / "faulty", runs / phase.after)
    if not n_wrong:
        shutil.rmtree(room)
    sys.exit(bool(n_wrong))


if __name__ == "__main__":
    main()
