"""Where nobody reads a command's words any more, the work goes on, and a result that is not read is told."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from automl.cli.streams import Printed, Spoken


def broken_pipe() -> IO[str]:
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w")


def closed_terminal() -> IO[str]:
    master, end = pty.openpty()
    os.close(master)
    return os.fdopen(end, "w")


def full_disk() -> IO[str]:
    return Path("/dev/full").open("w")


GONE = {"broken pipe": broken_pipe, "closed terminal": closed_terminal}


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
@pytest.mark.parametrize("made", [*GONE.values(), full_disk], ids=[*GONE, "full disk"])
def test_standard_error_loses_words_that_nobody_takes(made: Callable[[], IO[str]]):
    with made() as stream:
        spoken = Spoken(stream)
        for _ in range(3):
            assert spoken.write("trials 3 of 10\n") == 15
            spoken.flush()


def test_after_that_what_goes_past_it_is_lost_too():
    with broken_pipe() as stream:
        spoken = Spoken(stream)
        spoken.write("trials 3 of 10\n")
        spoken.flush()
        assert os.write(stream.fileno(), b"a library's own line") == 20


@pytest.mark.parametrize("made", GONE.values(), ids=GONE)
def test_a_result_that_nobody_reads_is_a_broken_pipe(made: Callable[[], IO[str]]):
    with made() as stream:
        printed = Printed(stream)
        printed.write("{}\n")
        with pytest.raises(BrokenPipeError):
            printed.flush()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_result_that_the_disk_does_not_take_says_so():
    stream = full_disk()
    printed = Printed(stream)
    printed.write("{}\n")
    with pytest.raises(OSError, match="No space left"):
        printed.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    stream.close()


def test_a_stream_is_otherwise_what_it_was(tmp_path: Path):
    with (tmp_path / "out").open("w", encoding="utf-8") as stream:
        spoken = Spoken(stream)
        spoken.write("a line\n")
        assert (spoken.isatty(), spoken.fileno(), spoken.encoding) == (False, stream.fileno(), "utf-8")
    assert (tmp_path / "out").read_text() == "a line\n"
