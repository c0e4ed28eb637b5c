"""Runs what the README shows, in order and in one folder, on small real tables with a small budget.

Only the two lines that begin with `pip install` are left to a fresh environment. The tables are scikit-learn's own,
written under the file names and target names that the README uses.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from automl.cli.app import COMMANDS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

TRIALS = {"search": "2", "resume": "3"}
"""What `--trials` becomes; a search without it gets it."""

PATIENCE = 300
"""Seconds one command may take."""


def blocks(text: str, *languages: str) -> list[str]:
    """The code blocks of a page in one of the languages."""
    found = re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [code for language, code in found if language in languages]


def commands(text: str) -> list[str]:
    """The commands of a page's shell blocks, without prompts, comments and optional words, as they stand in it."""
    found = []
    for block in blocks(text, "sh", "bash", "shell", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            bare = re.sub(r"(^|\s+)#.*$", "", line.removeprefix("$ ")).strip()
            bare = re.sub(r"\s\[[^\]]*\]", "", bare)
            if bare:
                found.append(bare)
    return found


def with_small_budget(command: str) -> str:
    """The command with at most a few trials."""
    words = shlex.split(command)
    name = words[1] if words[0] == "automl" and len(words) > 1 else ""
    command = re.sub(r"--reference random:\d+", "--reference random:1", command)
    if name not in TRIALS:
        return command
    command = re.sub(r"--trials[ =]\S+", f"--trials {TRIALS[name]}", command)
    return command if "--trials" in command or name == "resume" else f"{command} --trials {TRIALS[name]}"


def is_run_elsewhere(command: str) -> bool:
    return command.startswith("pip install")


def is_a_server(command: str) -> bool:
    return command.split()[:2] == ["automl", "ui"]


def write_tables(folder: Path) -> None:
    """Write every table the README names; the rows to predict have the columns of all of them."""
    patients = load_breast_cancer(as_frame=True)
    people = patients.data.assign(income=patients.target.map(dict(enumerate(patients.target_names))))
    houses = load_diabetes(as_frame=True).frame.rename(columns={"target": "price"})
    people.to_csv(folder / "adult.csv", index=False)
    houses.iloc[:240].to_parquet(folder / "train.parquet")
    houses.iloc[240:340].to_parquet(folder / "new.parquet")
    houses.iloc[340:].to_parquet(folder / "test.parquet")
    rows = pd.concat([patients.data.head(20), houses.drop(columns="price").head(20)], axis=1)
    rows.to_csv(folder / "rows.csv", index=False)
    write_images(folder)


def write_images(folder: Path) -> None:
    """Write every set of images the README names, of scikit-learn's digits."""
    digits = load_digits()
    pixels = (digits.images[:240] * 15).astype("uint8")
    listed = []
    for number, (image, label) in enumerate(zip(pixels, digits.target)):
        path = folder / "photos" / f"class {label % 3}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
        listed.append({"image": str(path.relative_to(folder)), "shade": image.mean(), "label": label % 3})
    np.savez(
        folder / "fashion.npz",
        x_train=pixels[:180],
        y_train=digits.target[:180],
        x_test=pixels[180:],
        y_test=digits.target[180:240],
    )
    pd.DataFrame(listed).to_csv(folder / "listing.csv", index=False)


def environment(folder: Path) -> dict[str, str]:
    """An environment in which `automl` is this source tree and nothing outside `folder` is written."""
    binaries = folder / ".bin"
    binaries.mkdir()
    script = binaries / "automl"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m automl "$@"\n')
    script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    path = os.pathsep.join([str(binaries), str(Path(sys.executable).parent), kept.get("PATH", "")])
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def run_to_its_end(command: str, folder: Path, env: dict[str, str]) -> None:
    done = subprocess.run(
        command, shell=True, cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, f"{command}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"


def run_a_server(command: str, folder: Path, env: dict[str, str]) -> None:
    """Start it, reach the address it prints, and end it as ctrl-C would."""
    server = subprocess.Popen(
        f"exec {command}",
        shell=True,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    timer = threading.Timer(PATIENCE, server.kill)
    timer.start()
    try:
        address = printed_address(server)
        assert address, f"{command} printed no address"
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(address, timeout=PATIENCE) as answer:
            assert answer.status == 200
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) in {0, 130}
    finally:
        timer.cancel()
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        server.communicate()


def printed_address(server: subprocess.Popen[str]) -> str | None:
    assert server.stdout is not None
    for line in server.stdout:
        found = re.search(r"http://[\w.:\[\]]+[^\s]*", line)
        if found:
            return found[0]
    return None


@pytest.mark.slow
def test_the_commands_of_the_readme_run_in_order(tmp_path: Path):
    write_tables(tmp_path)
    env = environment(tmp_path)
    for command in commands(README.read_text(encoding="utf-8")):
        if is_a_server(command):
            run_a_server(command, tmp_path, env)
        elif not is_run_elsewhere(command):
            run_to_its_end(with_small_budget(command), tmp_path, env)


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path: Path):
    write_tables(tmp_path)
    env = environment(tmp_path)
    for number, code in enumerate(blocks(README.read_text(encoding="utf-8"), "python", "py")):
        script = tmp_path / f"block{number}.py"
        script.write_text(re.sub(r"\btrials=\d+", "trials=2", code))
        run_to_its_end(f"python {script.name}", tmp_path, env)


def test_the_readme_shows_every_command():
    shown = {words[1] for words in map(str.split, commands(README.read_text(encoding="utf-8"))) if words[0] == "automl"}
    assert {command.__name__ for command in COMMANDS} <= shown


def test_the_readme_opens_with_two_lines_that_install():
    lines = [command for command in commands(README.read_text(encoding="utf-8")) if is_run_elsewhere(command)]
    assert lines[:2] == ["pip install . && automl search digits", "pip install -e '.[test]' && pytest"]


def test_commands_are_read_without_prompts_and_comments():
    page = "```sh\n$ automl compare [STUDY ...]   # leaderboard\n# alone\n\nautoml spaces\n```\n```json\n{}\n```\n"
    assert commands(page) == ["automl compare", "automl spaces"]


def test_a_command_over_two_lines_is_one():
    assert commands("```bash\nautoml search a.csv \\\n  --target b\n```\n") == ["automl search a.csv    --target b"]


def test_a_search_gets_a_small_budget():
    assert with_small_budget("automl search a.csv --trials 50 --timeout 10m") == (
        "automl search a.csv --trials 2 --timeout 10m"
    )


def test_a_reference_is_small():
    assert with_small_budget("automl report a --reference random:20") == "automl report a --reference random:1"


def test_a_search_without_a_budget_gets_one():
    assert with_small_budget("automl search digits") == "automl search digits --trials 2"


def test_a_resumption_raises_the_budget_only_where_it_is_shown_to():
    assert with_small_budget("automl resume houses") == "automl resume houses"
    assert with_small_budget("automl resume houses --trials 200") == "automl resume houses --trials 3"
