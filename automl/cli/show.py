"""`automl show`: what a study tried, what won, and the winner's layers; or one trial in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl.cli.options import RUNS, Json, RunsDir, StudyName, TrialNumber

if TYPE_CHECKING:
    from automl.tracking.record import Record

Row = Mapping[str, Any]

_LEADERS = ("trial", "state", "score", "loss", "epochs", "parameters", "family", "optimizer", "lr")
_LAYER = ("name", "output", "parameters", "multiply_adds")
_CURVE = ("epoch", "train_loss", "validation_loss", "validation", "lr")


def show(study: StudyName, trial: TrialNumber = None, runs_dir: RunsDir = RUNS, as_json: Json = False) -> None:
    """Show what a study tried, what won, and its layers with output size and parameters."""
    from automl.cli.screen import write_json
    from automl.tracking.record import Record

    record = Record.find(runs_dir, study)
    shown = _overview(record) if trial is None else _trial(record, trial)
    if as_json:
        write_json(shown)
    elif trial is None:
        _write_overview(shown)
    else:
        _write_trial(shown)


def _overview(record: Record) -> dict[str, Any]:
    from automl.report.trials import overview

    shown = overview(record)
    return {**shown, "layers": _layers(record, None) if shown["best"] is not None else []}


def _trial(record: Record, number: int) -> dict[str, Any]:
    from automl.report.trials import trial

    shown = trial(record, number)
    return {"study": record.study, **shown, "layers": _layers(record, number)}


def _layers(record: Record, number: int | None) -> Sequence[Row]:
    from automl.experiment import inspect  # takes seconds, and a study may have no layers to show

    return inspect.layers(record, number)


def _write_overview(shown: Row) -> None:
    from automl.cli.screen import write_lines, write_rows
    from automl.cli.summary import best_lines, counts_line, update_lines

    write_lines([counts_line(shown), ""])
    tried = [{"family": family, **counts} for family, counts in shown["tried"].items()]
    write_rows(("family", "completed", "pruned", "failed"), tried, words=("family",))
    write_lines([""])
    write_rows(_LEADERS, shown["leaders"], words=("state", "family", "optimizer"), spare=("loss", "epochs", "lr"))
    write_lines(best_lines(shown))
    write_lines(update_lines(shown))
    write_lines(each["sentence"] for each in shown["findings"] if each["kind"] == "prepared")
    _write_layers(shown["layers"])


def _write_trial(shown: Row) -> None:
    from automl.cli.screen import write_lines, write_rows

    write_lines(trial_lines(shown))
    if shown["curve"]:
        write_lines([""])
        write_rows(_CURVE, shown["curve"])
    _write_layers(shown["layers"])


def trial_lines(shown: Row) -> Iterator[str]:
    """Say what a trial was and what came of it.

    Args:
        shown: The trial as `automl.report.trials.trial` gives it, with its study.
    """
    from automl.cli.summary import config_lines

    yield f"{shown['study']}, trial {shown['trial']}: {shown['state']}"
    yield from config_lines(shown["config"])
    if shown["failure"]:
        yield from ("", f"Failed ({shown['failure']['kind'].replace('_', ' ')}): {shown['failure']['message']}")
        yield from shown["failure"]["traceback"].splitlines()
    elif shown["outcome"]:
        yield from ("", "Outcome", *config_lines(shown["outcome"]))
    yield from shown["prepared"]
    yield from shown["memory"]
    yield from (f"trial {shown['trial']}: {finding}" for finding in shown["health"]["findings"])


def _write_layers(layers: Sequence[Row]) -> None:
    from automl.cli.screen import write_lines, write_rows

    if layers:
        total = {name: sum(layer[name] for layer in layers) for name in ("parameters", "multiply_adds")}
        write_lines([""])
        write_rows(_LAYER, [*layers, {"name": "total", "output": "", **total}], words=("name", "output"))
