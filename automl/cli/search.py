"""`automl search`: a table in; a searched, judged and exported model out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl.budget import parse_duration
from automl.cli import complete
from automl.cli.options import RUNS, Decimal, Encoding, Json, Quiet, RunsDir, Separator, Timeout, Trials
from automl.task import COLUMN_KINDS, HIGHER_IS_BETTER, TASK_KINDS
from automl.trial import COSTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from automl.experiment.plan import Plan

_KINDS, _TASKS, _METRICS = ", ".join(COLUMN_KINDS), "|".join(TASK_KINDS), ", ".join(HIGHER_IS_BETTER)
_PROBLEM, _SEARCH, _ROWS, _RECORD = "The problem", "The search", "The rows", "The record"


_AS_GIVEN = (
    *("data", "target", "task", "metric", "positive", "split", "tracking_uri", "storage", "space", "trials", "seed"),
    *("device", "sampler", "pruner", "cohort", "jobs", "max_parameters", "max_latency", "keep", "ensemble", "repeats"),
    *("include_trees", "refit"),
    *("separator", "decimal", "encoding"),
    *("group", "time", "folds", "weight", "class_weight", "target_transform"),
)
"""The options that a plan takes as they are."""


def _option(flag: str, metavar: str, panel: str, text: str, offered: Callable[[str], list[str]] | None = None) -> Any:
    return typer.Option(flag, metavar=metavar, help=text, rich_help_panel=panel, autocompletion=offered)


Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A CSV, TSV or other text file, Parquet or Feather, a folder or .npz of images, "
        "or digits, breast-cancer, wine, iris, diabetes.",
        show_default=False,
    ),
]
Target = Annotated[str | None, _option("--target", "COL[,COL]", _PROBLEM, "The column to predict, or several.")]
Task = Annotated[str | None, _option("--task", _TASKS, _PROBLEM, "What kind of problem; inferred from the target.")]
Quantiles = Annotated[
    str | None, _option("--quantiles", "Q,Q,...", _PROBLEM, "Predict these quantiles of a number: 0.1,0.5,0.9.")
]
Order = Annotated[
    str | None, _option("--order", "A,B,...", _PROBLEM, "The classes of an ordinal task, the least first.")
]
Kind = Annotated[list[str] | None, _option("--kind", "COL=KIND", _PROBLEM, f"Read a column as {_KINDS}; repeatable.")]
Drop = Annotated[list[str] | None, _option("--drop", "COL", _PROBLEM, "Leave a column out; repeatable.")]
Metric = Annotated[
    str | None, _option("--metric", "M", _PROBLEM, f"What chooses the winner: {_METRICS}.", complete.metrics)
]
Positive = Annotated[str | None, _option("--positive", "CLASS", _PROBLEM, "The class that f1 is about.")]
Space = Annotated[
    str | None,
    _option(
        "--space",
        "NAME|PATH",
        _SEARCH,
        "What may vary; see automl spaces. [default: by the data and the time]",
        complete.spaces,
    ),
]
WarmStart = Annotated[
    str | None, _option("--warm-start", "STUDY", _SEARCH, "Try this study's best configs right after the default.")
]
SeedConfig = Annotated[
    str | None, _option("--seed-config", "FILE", _SEARCH, "Try your own configs, YAML or JSON, before those.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, metavar="N", rich_help_panel=_SEARCH, help="Repeats a study.")]
Device = Annotated[str, _option("--device", "auto|cpu|cuda[:i]", _SEARCH, "Where to train.")]
Cohort = Annotated[str, _option("--cohort", "auto|N", _SEARCH, "How many trials train together. [default: auto]")]
Jobs = Annotated[int, typer.Option("--jobs", metavar="N", rich_help_panel=_SEARCH, help="How many processes search.")]
Sampler = Annotated[str, _option("--sampler", "tpe|random|gp|qmc|nsga2|grid", _SEARCH, "How configs are proposed.")]
Pruner = Annotated[str, _option("--pruner", "asha|hyperband|median|none", _SEARCH, "How trials are stopped early.")]
Objective = Annotated[
    list[str] | None,
    _option("--objective", "|".join(COSTS), _SEARCH, "Keep this small too, for a Pareto front; repeatable."),
]
MaxParameters = Annotated[
    int | None,
    typer.Option("--max-parameters", min=1, metavar="N", rich_help_panel=_SEARCH, help="The most a network may have."),
]
MaxMemory = Annotated[str | None, _option("--max-memory", "SIZE", _SEARCH, "The most one may take to train: 500MB.")]
MaxLatency = Annotated[float | None, _option("--max-latency", "MS", _SEARCH, "The most a row may take, predicted.")]
Test = Annotated[str | None, _option("--test", "FRACTION|FILE", _ROWS, "The rows to judge on; 0.2 of them.")]
Validation = Annotated[
    str | None, _option("--validation", "FRACTION|FILE", _ROWS, "The rows to choose by; 0.2 of them.")
]
Split = Annotated[str | None, _option("--split", "COL", _ROWS, "A column of train, validation (optional), test.")]
Na = Annotated[
    list[str] | None,
    _option("--na", "TEXT", "Text files", "What is missing; NA and the like are then values in texts; repeatable."),
]
Group = Annotated[str | None, _option("--group", "COL", _ROWS, "Rows of one value stay in one part.")]
Time = Annotated[str | None, _option("--time", "COL", _ROWS, "The newest rows judge, those before them choose.")]
Folds = Annotated[
    int | None, typer.Option("--folds", metavar="K", rich_help_panel=_ROWS, help="Choose by the mean over K folds.")
]
Weight = Annotated[str | None, _option("--weight", "COL", _ROWS, "How much a row counts, in loss and scores.")]
ClassWeight = Annotated[
    str, _option("--class-weight", "balanced|none|CLASS=W,...", _PROBLEM, "How much classes weigh in the loss.")
]
TargetTransform = Annotated[
    str,
    _option("--target-transform", "none|log|auto", _PROBLEM, "Learn a number's logarithm; scores stay in its units."),
]
Study = Annotated[str | None, _option("--study", "NAME", _RECORD, "The study's name; numbered after the data.")]
NoJudge = Annotated[
    bool,
    typer.Option("--no-judge", rich_help_panel=_RECORD, help="Leave the test rows sealed; automl judge opens them."),
]
Repeats = Annotated[
    int, typer.Option("--repeats", metavar="N", rich_help_panel=_SEARCH, help="Train the best again; best mean wins.")
]
Ensemble = Annotated[
    int, typer.Option("--ensemble", metavar="N", rich_help_panel=_SEARCH, help="How many trials may answer together.")
]
IncludeTrees = Annotated[
    bool,
    typer.Option(
        "--include-trees", rich_help_panel=_SEARCH, help="Trees may join the ensemble: boosted ones and forests."
    ),
]
Refit = Annotated[
    bool | None,
    typer.Option("--refit/--no-refit", rich_help_panel=_SEARCH, help="Train the winner on validation rows too."),
]
Keep = Annotated[str, _option("--keep", "best|top:N|all", _RECORD, "Whose weights are kept.")]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", rich_help_panel=_SEARCH, help="Say what would be searched and what a trial costs; stop."),
]
TrackingUri = Annotated[str | None, _option("--tracking-uri", "URI", _RECORD, "An MLflow server or store.")]
Storage = Annotated[
    str | None, _option("--storage", "URL", _RECORD, "An Optuna storage for the trials, such as a PostgreSQL database.")
]


def _planned(given: Mapping[str, Any]) -> Plan:
    """Give the plan of a command's options, checked."""
    from automl.experiment.checks import checked, parse_kinds
    from automl.experiment.first import with_first
    from automl.experiment.limits import parse_size
    from automl.experiment.plan import Plan
    from automl.experiment.quantiles import parse_quantiles

    plan = Plan(
        **{name: given[name] for name in _AS_GIVEN},
        kinds=parse_kinds(given["kind"] or []),
        drop=tuple(given["drop"] or ()),
        quantiles=parse_quantiles(given["quantiles"].split(",")) if given["quantiles"] else (),
        order=tuple(word.strip() for word in given["order"].split(",")) if given["order"] else (),
        na=tuple(given["na"] or ()),
        objective=tuple(word for words in given["objective"] or () for word in words.split(",")),
        timeout=parse_duration(given["timeout"]) if given["timeout"] else None,
        study=given["study"] or "",
        runs_dir=str(Path(given["runs_dir"]).absolute()),
        test=given["test"] or "0.2",
        validation=given["validation"] or "0.2",
        max_memory=parse_size(given["max_memory"]) if given["max_memory"] else None,
        judge=not given["no_judge"],
    )
    plan = checked(plan, split_twice=bool(given["split"] and given["test"]))
    return with_first(plan, warm_start=given["warm_start"], seed_configs=given["seed_config"])


def _look(plan: Plan, *, as_json: bool) -> None:
    from automl.cli.dry_run import write_dry_run
    from automl.experiment.dry_run import dry_run

    write_dry_run(dry_run(plan), as_json=as_json)


def _carry_out(plan: Plan, started: float | None, *, as_json: bool, quiet: bool) -> None:
    from automl.cli.progress import reporter
    from automl.cli.summary import write_result
    from automl.experiment import run

    with reporter(started, quiet=quiet) as progress:
        result = run.search(plan, started=started, progress=progress)
    write_result(result, as_json=as_json)


def search(
    context: typer.Context,
    data: Data,
    target: Target = None,
    task: Task = None,
    order: Order = None,
    quantiles: Quantiles = None,
    kind: Kind = None,
    drop: Drop = None,
    metric: Metric = None,
    positive: Positive = None,
    class_weight: ClassWeight = "none",
    target_transform: TargetTransform = "none",
    space: Space = None,
    trials: Trials = None,
    timeout: Timeout = None,
    warm_start: WarmStart = None,
    seed_config: SeedConfig = None,
    seed: Seed = 0,
    device: Device = "auto",
    sampler: Sampler = "tpe",
    pruner: Pruner = "asha",
    objective: Objective = None,
    cohort: Cohort = "auto",
    jobs: Jobs = 1,
    max_parameters: MaxParameters = None,
    max_memory: MaxMemory = None,
    max_latency: MaxLatency = None,
    repeats: Repeats = 0,
    ensemble: Ensemble = 1,
    include_trees: IncludeTrees = False,
    refit: Refit = None,
    test: Test = None,
    validation: Validation = None,
    split: Split = None,
    separator: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    na: Na = None,
    group: Group = None,
    time: Time = None,
    folds: Folds = None,
    weight: Weight = None,
    study: Study = None,
    runs_dir: RunsDir = RUNS,
    no_judge: NoJudge = False,
    keep: Keep = "top:3",
    tracking_uri: TrackingUri = None,
    storage: Storage = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Search for the best network on a table or on images, and judge it once."""
    plan = _planned(context.params)
    if dry_run:
        _look(plan, as_json=as_json)
    else:
        _carry_out(plan, context.obj, as_json=as_json, quiet=quiet)
