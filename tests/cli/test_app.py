"""The command as a whole: its help, its start, and how errors become sentences and exit codes."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from automl.cli.app import COMMANDS, app, exit_code, run
from automl.errors import AutoMLError, SearchError, StudyError

HEAVY = ("torch", "optuna", "mlflow", "pandas", "numpy", "sklearn", "onnx", "onnxruntime", "pyarrow", "yaml")

CONTRACT = {
    "search": (
        "--target --task --quantiles --order --kind --drop --space --trials --timeout --metric --positive --study "
        "--runs-dir --test --validation --split --group --time --folds --weight --class-weight --target-transform "
        "--separator --decimal --encoding --na --device --warm-start --seed-config --seed --sampler --pruner "
        "--objective --cohort --jobs --max-parameters --max-memory --max-latency --repeats --ensemble --include-trees "
        "--refit --no-judge --keep --tracking-uri --storage --dry-run --json --quiet"
    ),
    "resume": "--trials --timeout --break-seal --storage --runs-dir --json --quiet",
    "judge": "--break-seal --runs-dir --json --quiet",
    "update": "--timeout --runs-dir --json --quiet",
    "compare": "--runs-dir --json --csv",
    "show": "--trial --runs-dir --json",
    "explain": "--trainings --runs-dir --json --quiet",
    "replay": "--trial --runs-dir --json --quiet",
    "report": "--reference --runs-dir --json --quiet",
    "ui": "--port --runs-dir --tracking-uri",
    "export": "--format --output --register --trial --update --runs-dir --json",
    "predict": "--output --keep --separator --decimal --encoding",
    "spaces": "--json",
    "doctor": "--runs-dir --tracking-uri --json",
    "ls": "--runs-dir --json",
    "rm": "--mlflow --leave-storage --yes --runs-dir",
    "sync": "--tracking-uri --runs-dir --json",
}
"""The options of each command, which scripts rely on."""


def automl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "automl", *arguments], capture_output=True, text=True, check=False)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said on stderr when the command is refused; nothing is said on stdout."""
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("error: ") and captured.err.endswith("\n")
    return captured.err.removeprefix("error: ").rstrip("\n")


def test_the_commands_are_those_of_the_contract():
    assert {command.__name__ for command in COMMANDS} == set(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
def test_a_command_has_the_options_of_the_contract(name: str):
    command = typer.main.get_command(app).commands[name]
    options = {flag for parameter in command.params for flag in parameter.opts if flag.startswith("--")}
    assert options == set(CONTRACT[name].split())


@pytest.mark.parametrize("name", CONTRACT)
def test_every_option_says_what_it_does(name: str):
    command = typer.main.get_command(app).commands[name]
    assert [parameter.name for parameter in command.params if not parameter.help] == []


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from automl.cli.app import run; run(['--help']); run(['search', '--help']); "
        f"sys.stderr.write(str([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]"


def test_help_names_every_command():
    assert set(CONTRACT) <= set(re.findall(r"\w+", automl("--help").stdout))


@pytest.mark.parametrize("service", ["GITHUB_ACTIONS", "CI"])
def test_help_in_a_log_file_has_no_colours(service: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(service, "true")
    assert "\x1b" not in automl("search", "--help").stdout


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"automl {version('automl')}\n"


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]):
    run([])
    captured = capsys.readouterr()
    assert "search" in captured.out + captured.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serach"], r"No such command 'serach'.*; see automl --help"),
        (["search"], r"Missing argument 'DATA'.*; see automl search --help"),
        (["search", "digits", "--trails", "3"], r"No such option: ?--trails.*; see automl search --help"),
        (["search", "digits", "--trials", "0"], r"Invalid value for '--trials'.*; see automl search --help"),
        (["search", "digits", "--trials", "many"], r"Invalid value for '--trials'.*; see automl search --help"),
        (["search", "digits", "--seed", "-1"], r"Invalid value for '--seed'.*; see automl search --help"),
        (["show"], r"Missing argument 'STUDY'.*; see automl show --help"),
        (["search", "digits", "--timeout", "soon"], r"a duration is a number and a unit .*, got 'soon'"),
        (["search", "absent.csv", "--target", "y"], r"no such file: absent.csv.*"),
        (["search", "digits", "--metric", "acuracy"], r"unknown metric 'acuracy'; did you mean 'accuracy'\? Known: .*"),
        (["search", "digits", "--kind", "pixel"], r"--kind must be COL=KIND, such as zip=category, got 'pixel'"),
        (["search", "digits", "--split", "s", "--test", "0.5"], r"--split and --test both say .*"),
        (["resume", "houses", "--break-seal", " "], r"--break-seal must give the reason, .*"),
        (["resume", "houses"], r"unknown study 'houses'; there are no studies in .*"),
        (["judge", "houses", "--break-seal", ""], r"--break-seal must give the reason, .*"),
        (["judge", "houses"], r"unknown study 'houses'; there are no studies in .*"),
        (["update", "houses"], r"Missing argument 'NEW_ROWS'.*; see automl update --help"),
        (["update", "houses", "new.csv"], r"unknown study 'houses'; there are no studies in .*"),
        (["update", "houses", "new.csv", "--timeout", "soon"], r"a duration is a number and a unit .*, got 'soon'"),
        (["search", "digits", "--keep", "top:0"], r"--keep must be best, all or top:N such as top:3, got 'top:0'"),
        (["rm", "houses", "--yes"], r"unknown study 'houses'; there are no studies in .*"),
        (["show", "../houses"], r"a study's name may not leave the runs folder: .*got '../houses'"),
        (["compare", "houses"], r"unknown study 'houses'; there are no studies in .*"),
        (["compare", "--json", "--csv"], r"--json and --csv both say what to print; give one of them"),
        (["export", "houses", "--output", "d"], r"unknown study 'houses'; there are no studies in .*"),
        (
            ["export", "houses", "--format", "zip", "--output", "d"],
            r"unknown format 'zip'; Known: bundle, onnx, torch, mlflow",
        ),
        (["doctor", "--tracking-uri", "htp://x"], r"unknown scheme of a tracking URI 'htp'; did you mean 'http'\? .*"),
        (["spaces", "tabluar"], r"unknown space 'tabluar'; did you mean 'tabular'\? Known: .*"),
    ],
)
def test_a_mistake_is_one_sentence_and_creates_nothing(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    said = refused(capsys, *arguments)
    assert re.fullmatch(sentence, said) and list(tmp_path.iterdir()) == []


def test_mistakes_that_can_be_told_at_once_are_one_a_line(capsys: pytest.CaptureFixture[str]):
    said = refused(capsys, "search", "digits", "--metric", "acuracy", "--sampler", "grids", "--device", "gpu")
    assert [line.split()[0] for line in said.splitlines()] == ["unknown", "unknown", "--device"]


def test_a_closed_pipe_is_no_traceback():
    command = f"{sys.executable} -m automl spaces --json | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_the_spaces_are_listed(capsys: pytest.CaptureFixture[str]):
    assert run(["spaces"]) == 0
    assert "tabular" in capsys.readouterr().out


def test_the_spaces_are_one_json_object(capsys: pytest.CaptureFixture[str]):
    assert run(["spaces", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["spaces"]
    assert "tabular" in [space["name"] for space in listed]


def test_a_space_shows_what_varies(capsys: pytest.CaptureFixture[str]):
    assert run(["spaces", "tabular"]) == 0
    assert "known-good config" in capsys.readouterr().out


def test_a_space_is_one_json_object(capsys: pytest.CaptureFixture[str]):
    assert run(["spaces", "tabular", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dimensions"] > 0


def raising(error: BaseException) -> Callable[[], None]:
    """Work that comes to this error."""

    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code"),
    [(StudyError("no such study"), 2), (SearchError("every trial failed"), 1), (KeyboardInterrupt(), 130)],
)
def test_an_error_has_its_exit_code(error: BaseException, code: int):
    assert exit_code(raising(error)) == code


def test_an_interruption_says_nothing_more(capsys: pytest.CaptureFixture[str]):
    exit_code(raising(KeyboardInterrupt()))
    assert capsys.readouterr() == ("", "")


def test_every_line_of_a_refusal_is_shown(capsys: pytest.CaptureFixture[str]):
    exit_code(raising(AutoMLError("one\ntwo")))
    assert capsys.readouterr().err == "error: one\ntwo\n"


def test_a_full_disk_is_a_sentence(capsys: pytest.CaptureFixture[str]):
    assert exit_code(raising(OSError(errno.ENOSPC, "No space left on device", "runs/iris/clock.json"))) == 2
    assert capsys.readouterr().err == "error: the disk did not take runs/iris/clock.json: No space left on device\n"


def test_an_error_of_ours_is_a_traceback():
    with pytest.raises(ZeroDivisionError):
        exit_code(raising(ZeroDivisionError()))


@pytest.mark.parametrize(("value", "code"), [(None, 0), (0, 0), (130, 130), ("text", 0)])
def test_work_that_ends_well_gives_its_code(value: object, code: int):
    assert exit_code(lambda: value) == code
