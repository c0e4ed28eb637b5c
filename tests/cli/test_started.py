"""When the process began."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from automl.cli.started import process_started


def test_a_new_process_began_before_its_first_line():
    code = "import time; now = time.monotonic(); from automl.cli.started import process_started as p; print(now - p())"
    before = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0.0 <= float(done.stdout) <= time.monotonic() - before + 0.02  # the kernel counts in hundredths


@pytest.mark.parametrize("text", [None, "", "1 (a) b) R 1", "1 (python) " + "x " * 40])
def test_where_the_system_does_not_say_it_is_now(tmp_path: Path, text: str | None):
    stat = tmp_path / "stat"
    if text is not None:
        stat.write_text(text)
    before = time.monotonic()
    assert before <= process_started(stat) <= time.monotonic()


def test_a_process_that_did_other_things_first_begins_now(tmp_path: Path):
    stat = tmp_path / "stat"
    stat.write_text("1 (init) " + "0 " * 40)  # began at boot
    assert time.monotonic() - process_started(stat) < 1.0
