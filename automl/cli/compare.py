"""`automl compare`: a leaderboard of all studies, some of them side by side, or the trials of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl.cli.complete import studies
from automl.cli.options import RUNS, Csv, Json, RunsDir

if TYPE_CHECKING:
    from automl.tracking.record import Record

Studies = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[STUDY ...]",
        help="All studies if none; the trials of one; the first beside the others.",
        autocompletion=studies,
        show_default=False,
    ),
]
Row = Mapping[str, Any]

_STUDY = (
    *("study", "data", "target", "metric", "trials", "validation", "test", "interval"),
    *("linear", "boosted_trees", "time"),
)
_SIDE_BY_SIDE = (
    *("data", "target", "metric", "space", "budget", "trials", "validation", "test", "interval"),
    *("linear", "boosted_trees", "time"),
)
_TRIAL = ("trial", "state", "score", "loss", "epochs", "time", "parameters", "family", "optimizer", "lr")
_WORDS = ("study", "data", "target", "metric", "interval", "state", "pareto", "family", "optimizer")
_SPARE_OF_STUDY = ("boosted_trees", "linear", "target", "time", "metric", "validation")
_SPARE_OF_TRIAL = ("loss", "epochs", "lr", "time")
_NOT_COSTS = ("trial", "validation")


def compare(names: Studies = None, runs_dir: RunsDir = RUNS, as_json: Json = False, as_csv: Csv = False) -> None:
    """Compare studies with one another, or the trials of one study."""
    from automl.errors import PlanError
    from automl.tracking.record import Record

    if as_json and as_csv:
        raise PlanError("--json and --csv both say what to print; give one of them")
    names = names or []
    if len(names) == 1:
        _compare_trials(Record.find(runs_dir, names[0]), as_json=as_json, as_csv=as_csv)
    else:
        _compare_studies(runs_dir, names, as_json=as_json, as_csv=as_csv)


def _compare_trials(record: Record, *, as_json: bool, as_csv: bool) -> None:
    from automl.cli.screen import write_csv, write_json, write_lines, write_rows
    from automl.report import leaderboard

    rows = leaderboard.trials(record)
    if as_json:
        write_json({"study": record.study, "trials": rows, **_front(record)})
    elif as_csv:
        write_csv(rows)
    elif rows:
        write_front(_front(record))
        write_rows(_columns(rows[0]), map(_timed, rows), words=_WORDS, spare=_SPARE_OF_TRIAL)
    else:
        write_lines([f"{record.study} has no trials yet"])


def _front(record: Record) -> dict[str, Any]:
    """Give what a study's summary says of its Pareto front; nothing where only the score counts."""
    from automl.report.summary import summarise

    summary = summarise(record)
    return {name: summary[name] for name in ("metric", "pareto")} if "pareto" in summary else {}


def write_front(summary: Row) -> None:
    """Write a study's Pareto front as a table, best score first; nothing where only the score counts."""
    from automl.cli.screen import write_lines, write_rows
    from automl.report import pareto

    if summary.get("pareto"):
        rows = [
            {name: value if name in _NOT_COSTS else pareto.cost(name, value) for name, value in each.items()}
            for each in summary["pareto"]
        ]
        write_lines([f"{pareto.sentence(summary)}", ""])
        write_rows(list(rows[0]), rows)
        write_lines([""])


def _columns(row: Row) -> list[str]:
    """Name the columns of the trials' table: whether one is on the front stands behind its state."""
    if "pareto" not in row:
        return list(_TRIAL)
    latency = ["latency"] if row["latency"] is not None else []
    place = _TRIAL.index("parameters") + 1
    return [*_TRIAL[:2], "pareto", *_TRIAL[2:place], *latency, *_TRIAL[place:]]


def _compare_studies(runs_dir: Path, names: Sequence[str], *, as_json: bool, as_csv: bool) -> None:
    from automl.cli.screen import write_csv, write_json, write_lines, write_rows
    from automl.report import leaderboard

    rows = leaderboard.studies(runs_dir, names)
    if names:
        rows = with_leads(runs_dir, rows)
    if as_json:
        write_json({"studies": rows})
    elif as_csv:
        write_csv([_whole(row) for row in rows])
    elif names:
        _write_side_by_side(rows)
    elif rows:
        write_rows(_STUDY, map(study_row, rows), words=_WORDS, spare=_SPARE_OF_STUDY)
    else:
        write_lines([f"there are no studies in {runs_dir} yet; begin with: automl search digits"])


def with_leads(runs_dir: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Add to each study its paired lead over the first, which itself has None."""
    from automl.experiment.pairs import lead
    from automl.tracking.record import Record

    first, *others = (Record.find(runs_dir, row["study"]) for row in rows)
    leads = [None, *(lead(other, first) for other in others)]
    return [{**row, "lead": each} for row, each in zip(rows, leads)]


def study_row(row: Row) -> Row:
    """Give a study's row as it is shown: its test score and interval side by side, budget and time in words."""
    from automl.budget import Budget
    from automl.report.figures import allowance, interval

    test = row["test"]
    judged = {"test": test["value"], "interval": interval(test)} if test else {"test": None, "interval": None}
    return _timed({**row, **judged, "budget": allowance(Budget(**row["budget"]))})


def _timed(row: Row) -> Row:
    from automl.report.figures import duration

    return {**row, "time": duration(row["seconds"])}


def _write_side_by_side(rows: Sequence[Row]) -> None:
    from automl.cli.screen import write_lines, write_prose, write_side_by_side

    shown = [study_row(row) for row in rows]
    facts = {name: [row[name] for row in shown] for name in _SIDE_BY_SIDE}
    write_side_by_side([row["study"] for row in rows], facts)
    write_lines([""])
    write_prose(_remarks(rows))


def _remarks(rows: Sequence[Row]) -> Iterator[str]:
    """Say who leads the first, on the same rows, and what is to be read beside the judgements."""
    for lead in (row["lead"] for row in rows if row["lead"]):
        paired = f", paired over the same {lead['rows']:,} test rows" if lead["rows"] else ""
        yield f"{lead['sentence']}{paired}."
    yield from (f"{row['study']}: {note}." for row in rows for note in row["notes"])


def _whole(row: Row) -> Row:
    """Give a row with all the names it can have, so that every table has the same columns."""
    filled = {**row, "test": row["test"] or dict.fromkeys(("value", "ci_low", "ci_high", "rows"))}
    if "lead" in row:
        filled["lead"] = row["lead"] or dict.fromkeys(("over", "value", "ci_low", "ci_high", "rows", "sentence"))
    return filled
