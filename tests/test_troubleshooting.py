"""Runs what the page on troubles shows, in order and in one folder, and holds what is printed against the page."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from sklearn.datasets import load_breast_cancer

from automl.cli.app import run

PAGE = Path(__file__).parents[1] / "docs" / "troubleshooting.md"


def shown(page: str) -> Iterator[tuple[str, str]]:
    """Give each command of the page's console blocks, and the line that it is said to print."""
    for block in re.findall(r"^```console\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE):
        lines = block.splitlines()
        yield from zip(lines[::2], lines[1::2], strict=True)


def write_files(folder: Path) -> None:
    """Write the files that the page's commands name."""
    frame = load_breast_cancer(as_frame=True)
    patients = frame.data.assign(diagnosis=frame.target.map({0: "malignant", 1: "benign"}))
    patients.to_csv(folder / "patients.csv", index=False)
    patients.head(8).to_csv(folder / "few.csv", index=False)
    patients.head().drop(columns="mean radius").to_csv(folder / "short.csv", index=False)
    (folder / "mine.yaml").write_text(
        "optimizer:\n  choice:\n    adamw: {lr: {float: [0.1, 0.001]}}\n", encoding="utf-8"
    )
    (folder / "taken").mkdir()
    (folder / "taken" / "notes.txt").write_text("mine\n", encoding="utf-8")


def matches(line: str, printed: str) -> bool:
    pattern = ".*".join(map(re.escape, line.split("…")))
    return bool(re.fullmatch(pattern, printed.strip(), flags=re.DOTALL))


@pytest.mark.slow
def test_every_trouble_is_told_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    for command, line in shown(PAGE.read_text(encoding="utf-8")):
        code = run(shlex.split(command.removeprefix("$ automl ")))
        captured = capsys.readouterr()
        said = captured.err if line.startswith("error:") else captured.out
        assert matches(line, said), f"{command}\n{said}"
        assert (code > 0) == line.startswith("error:"), command


def test_a_line_with_gaps_is_matched_whole():
    assert matches("error: … in …", "error: 2 in 3\n")
    assert not matches("error: 2", "error: 2 in 3\n")
