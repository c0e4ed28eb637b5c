"""Runs the tests with the oldest, or with the newest, versions of the libraries that `pyproject.toml` admits.

    python .ci/versions.py oldest                                      # every requirement at its lower bound
    python .ci/versions.py newest                                      # at the newest release there is
    python .ci/versions.py oldest --python python3.13 --set pandas=2.2.3 -- tests/data -x
    python .ci/versions.py oldest --list                               # just the versions

Makes a fresh virtual environment, prints what was installed, runs pytest there, and removes it, unless `--keep DIR`
says where it shall stay; one that is there already is used again. What stands behind `--` goes to pytest. A lower bound
without a build for the interpreter, because it is the older of the two, is raised with `--set NAME=VERSION`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]


def lower_bounds(requirements: list[str]) -> dict[str, str]:
    """Give the lowest version that each requirement admits, by name.

    Raises:
        ValueError: A requirement is not of the form `name>=version`.
    """
    bounds = {}
    for requirement in requirements:
        name, sign, version = requirement.partition(">=")
        if not sign or not version.replace(".", "").isdigit():
            raise ValueError(f"a requirement must be name>=version, got {requirement!r}")
        bounds[name.strip()] = version
    return bounds


def project_bounds() -> dict[str, str]:
    """Give the lower bounds of what the project cannot do without."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return lower_bounds(project["dependencies"])


@contextmanager
def environment(python: str, keep: Path | None) -> Iterator[Path]:
    """Make a virtual environment; give its interpreter."""
    with tempfile.TemporaryDirectory() as room:
        folder = keep or Path(room)
        if not (folder / "bin" / "python").exists():
            subprocess.run([python, "-m", "venv", str(folder)], check=True)
            pip(folder / "bin" / "python", "--upgrade", "pip")
        yield folder / "bin" / "python"


def pip(python: Path, *words: str) -> None:
    """Install with pip, quietly."""
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *words], check=True)


def install(python: Path, which: str, raised: dict[str, str]) -> None:
    """Install the project with its test libraries, the ones that it needs at one end of their ranges."""
    if which == "newest":
        pip(python, "--upgrade", "--upgrade-strategy", "eager", "-e", f"{ROOT}[test]")
        return
    bounds = {**project_bounds(), **raised}
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("".join(f"{name}=={version}\n" for name, version in bounds.items()))
        constraints.flush()
        pip(python, "--constraint", constraints.name, "-e", f"{ROOT}[test]")


def installed(python: Path) -> str:
    """Say which versions the project's needs have."""
    names = ", ".join(map(repr, project_bounds()))
    code = (
        "import sys; from importlib.metadata import version; "
        f"print('Python', sys.version.split()[0], *(f'{{name}} {{version(name)}}' for name in [{names}]), sep=', ')"
    )
    return subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def main() -> int:
    """Run the tests; give pytest's exit code."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n", 1)[0], epilog="What stands behind -- goes to pytest."
    )
    parser.add_argument("which", choices=["oldest", "newest"])
    parser.add_argument("--python", default=sys.executable, help="the interpreter to make the environment with")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VERSION", help="instead of a lower bound")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the environment shall stay")
    parser.add_argument("--list", action="store_true", help="print the lower bounds and stop")
    words = sys.argv[1:]
    place = words.index("--") if "--" in words else len(words)  # argparse takes no more of them behind an option
    options = parser.parse_args(words[:place])
    raised = dict(word.split("=", 1) for word in options.set)
    if options.list:
        print(*(f"{name}=={version}" for name, version in {**project_bounds(), **raised}.items()), sep="\n")
        return 0
    with environment(options.python, options.keep) as python:
        install(python, options.which, raised)
        print(installed(python), flush=True)
        own = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
        return subprocess.run([str(python), "-m", "pytest", *words[place + 1 :]], cwd=ROOT, env=own).returncode


if __name__ == "__main__":
    sys.exit(main())
