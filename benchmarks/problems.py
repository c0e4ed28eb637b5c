"""What both sides of a comparison are given: the same rows, the same space, the same list of candidates."""

from __future__ import annotations

import argparse
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from automl.experiment.environment import environment
from automl.experiment.plan import Plan
from automl.experiment.recipe import is_shared, read_recipe
from automl.experiment.stage import Stage, set_out
from automl.models.build import count_operations
from automl.spaces.read import read_space, whole_text
from automl.spaces.space import Choice, Fixed, Float, Int, Space
from automl.tracking.record import ENVIRONMENT, SPACE, Record
from automl.training.size import cohort_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from automl.trial import Config, Scalar


@dataclass(frozen=True)
class Problem:
    """A table or a set of images, and what is asked of it.

    Args:
        target: The column to predict.
        split: The column that says which part a row belongs to; None to divide at random.
        file: What the file in the data set's folder is called.
        are_classes: Whether the target is one of classes, not a number.
    """

    target: str
    split: str | None = None
    file: str = "data.parquet"
    are_classes: bool = True


PROBLEMS = {
    "adult": Problem("income", split="split"),
    "satimage": Problem("classes", split="split"),
    "california_housing": Problem("median_house_value", are_classes=False),
    "credit_g": Problem("class"),
    "penguins": Problem("species"),
    "titanic": Problem("survived"),
    "breast_cancer_w": Problem("Class"),
    "house_votes84": Problem("Class"),
    "hypothyroid": Problem("Class"),
    "abalone": Problem("rings", are_classes=False),
    "spambase": Problem("type"),
    "wine_quality": Problem("quality", are_classes=False),
    "diamonds": Problem("price", are_classes=False),
    "digits": Problem("label", file="data.npz"),
    "fashion_mnist_12k": Problem("label", file="data.npz"),
    "fashion_mnist": Problem("label", file="data.npz"),
    "made": Problem("class"),
}
"""By name; `made` is drawn on the spot: 20 000 rows, 16 columns, 26 classes."""

_SPACES = Path(__file__).parent / "spaces"
SPACES = {
    "narrow64": str(_SPACES / "narrow64.yaml"),
    "narrow128": str(_SPACES / "narrow128.yaml"),
    "tiny": str(_SPACES / "tiny.yaml"),
    "tabular": "tabular",
    "cnn": "cnn",
    "cnn_small": "cnn_small",
}

_RECIPES = {"narrow64": 16, "narrow128": 8}
"""Recipes an architecture; a space that is not here has as many as a search would train together."""


def parser(description: str | None) -> argparse.ArgumentParser:
    """Make a parser with the options that every script has."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--data", choices=PROBLEMS, default="satimage")
    made.add_argument("--space", choices=SPACES, default="tabular")
    made.add_argument("--seed", type=int, default=0, help="of the division, the list and the search")
    made.add_argument("--device", default="cpu", help="cpu or cuda, for both sides")
    made.add_argument("--at-once", type=int, default=1, help="repeats or seeds at once, each on a core of its own")
    return made


def add_list_options(made: argparse.ArgumentParser) -> None:
    """Add the options that say which list of candidates is trained."""
    made.add_argument("--candidates", type=int, default=64)
    made.add_argument("--epochs", type=int, default=20)
    made.add_argument("--jobs", type=int, help="in so many processes of the command, for the project's side")
    made.add_argument("--recipes", type=int, help="recipes an architecture; as the space has them if left out")


def at_once(n_calls: int, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Make calls, one after the other or several at once, each with what it starts on a core of its own."""
    if n_calls == 1:
        return [call() for call in calls]
    cores: SimpleQueue[int] = SimpleQueue()
    for core in sorted(os.sched_getaffinity(0)):
        cores.put(core)
    with ThreadPoolExecutor(n_calls, initializer=lambda: os.sched_setaffinity(0, {cores.get_nowait()})) as pool:
        return list(pool.map(lambda call: call(), calls))


def data_file(name: str, room: Path) -> Path:
    """Give the file of a problem's rows; `made` ones are written into the room first."""
    if name == "made":
        return _make(room / "made.parquet")
    folder = os.environ.get("AUTOML_TEST_DATA")
    if not folder:
        raise SystemExit("AUTOML_TEST_DATA must name the folder of real data sets, and it is not set")
    return Path(folder) / name / PROBLEMS[name].file


def search_words(data: str, space: str, room: Path) -> list[str]:
    """Give the words of `automl search` on a problem, with its own division where it has one.

    Args:
        data: A key of `PROBLEMS`.
        space: A key of `SPACES`.
        room: A folder for rows that are drawn.
    """
    problem = PROBLEMS[data]
    words = ["search", str(data_file(data, room)), "--target", problem.target, "--space", SPACES[space]]
    return [*words, "--split", problem.split] if problem.split else words


def _make(path: Path) -> Path:
    import pandas as pd
    from sklearn.datasets import make_classification

    X, y = make_classification(20_000, 16, n_informative=12, n_redundant=2, n_classes=26, class_sep=1.5, random_state=0)
    table = pd.DataFrame(X, columns=[f"x{column}" for column in range(X.shape[1])])
    table["class"] = [f"class {code}" for code in y]
    table.to_parquet(path)
    return path


def set_stage(data: str, space: str, room: Path, seed: int) -> tuple[Record, Plan, Stage]:
    """Make a study's folder in the room and set its rows out, as the search itself does.

    Args:
        data: A key of `PROBLEMS`.
        space: A key of `SPACES`.
        room: An empty folder.
        seed: Of the division.
    """
    problem = PROBLEMS[data]
    plan = Plan(
        data=str(data_file(data, room)),
        study="measured",
        runs_dir=str(room / "runs"),
        target=problem.target,
        split=problem.split,
        space=SPACES[space],
        seed=seed,
    )
    facts = {"study_id": "measured", "created": datetime.now(UTC).isoformat(timespec="seconds")}
    record = Record.create(room / "runs", plan.study, plan.to_json() | facts)
    record.write_text(SPACE, whole_text(plan.space))
    record.write_json(ENVIRONMENT, environment("cpu"))
    return record, plan, set_out(record, plan)


def cohorts_of(options: argparse.Namespace, stage: Stage) -> tuple[Space, list[list[Config]]]:
    """Draw the list: architectures from the space, and several recipes for each.

    Every candidate trains for `options.epochs` epochs: the list has no early stopping.

    Args:
        options: Of a parser with the options of a list.
        stage: The rows, on which the size of a network depends.

    Returns:
        The space with these epochs, and the candidates of each architecture.
    """
    space = _fixed_epochs(read_space(SPACES[options.space]), options.epochs)
    recipes = options.recipes or _RECIPES.get(options.space)
    draw = np.random.default_rng(options.seed)
    cohorts: list[list[Config]] = []
    while (left := options.candidates - sum(map(len, cohorts))) > 0:
        config = _draw(space, draw, {})
        shared = {name: value for name, value in config.items() if is_shared(name)}
        size = recipes or _size_in_a_search(config, stage, torch.device(options.device))
        cohorts.append([config, *(_draw(space, draw, shared) for _ in range(min(size, left) - 1))])
    return space, cohorts


def prepare_for(stage: Stage, configs: list[Config]) -> None:
    """Prepare the arrays of all configs, so that neither side is measured at it."""
    for config in configs:
        stage.prepare(read_recipe(config).preparing)


def _fixed_epochs(space: Space, epochs: int) -> Space:
    """Give the space with so many epochs, no patience that could end them early, and images as they are."""
    fixed: dict[str, Scalar] = {"training.epochs": epochs, "training.patience": epochs + 1}
    fixed |= {one.name: 0.0 for one in space.parameters if one.name.startswith("augment.")}
    parameters = tuple(
        replace(one, domain=Fixed(fixed[one.name])) if one.name in fixed else one for one in space.parameters
    )
    return replace(space, parameters=parameters, starts=())


def _size_in_a_search(config: Config, stage: Stage, device: torch.device) -> int:
    recipe = read_recipe(config)
    blocks = stage.prepare(recipe.preparing).preparation.blocks
    n_operations = count_operations(recipe.family, blocks, stage.task.n_outputs)
    return cohort_size(n_operations, recipe.training.batch_size, device)


def _draw(space: Space, draw: np.random.Generator, given: Config) -> Config:
    return space.walk(lambda name, domain: given[name] if name in given else _value(domain, draw))


def _value(domain: Float | Int | Choice, draw: np.random.Generator) -> Scalar:
    """Draw a value as a search without any knowledge would; a range that may be off is off half of the time."""
    if isinstance(domain, Choice):
        return domain.options[int(draw.integers(len(domain.options)))]
    if domain.zero and draw.random() < 0.5:
        return 0
    if isinstance(domain, Int) and not domain.log:
        return domain.low + domain.step * int(draw.integers((domain.high - domain.low) // domain.step + 1))
    low, high = (math.log(domain.low), math.log(domain.high)) if domain.log else (domain.low, domain.high)
    value = low + (high - low) * draw.random()
    value = math.exp(value) if domain.log else value
    return round(value) if isinstance(domain, Int) else value


def machine(device: str) -> dict[str, object]:
    """Say on what a figure was measured."""
    cpu = "unknown"
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), cpu)
    found = environment(device)
    load = os.getloadavg()[0]
    if device.startswith("cuda"):
        found["gpu"] = torch.cuda.get_device_name(device)
    return {**found, "cpu": cpu, "load": round(load, 1), "date": time.strftime("%Y-%m-%d")}
