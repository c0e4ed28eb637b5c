"""A write, rename or fsync that fails ends a search with a sentence at most; it goes on as if nothing had been.

The faults come from a library that is loaded before all others (`benchmarks/faults.c`); the long form, with every call
in turn, is `python benchmarks/faults.py`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "benchmarks"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux" or shutil.which("cc") is None, reason="needs Linux and a C compiler"),
]


def _run(*words):
    root = str(SCRIPTS.parent)
    env = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPTS / words[0]), *words[1:]]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=1200, check=False)


def test_a_search_whose_disk_fails_goes_on_as_if_nothing_had_been():
    done = _run("faults.py", "--phases", "search", "--every", "45", "--first", "25")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "none of them did harm" in done.stdout


def test_a_judgement_whose_disk_fails_is_completed_with_one_opening():
    done = _run("faults.py", "--phases", "judge", "--every", "28", "--first", "9")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "none of them did harm" in done.stdout


def test_a_search_that_is_killed_in_the_middle_of_its_writes_goes_on_from_its_checkpoints():
    done = _run("kills.py", "--searches", "cohorts", "--kills", "6")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing differs" in done.stdout
