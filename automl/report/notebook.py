"""A study as it shows itself in a notebook: what came of it, its best trials, and how the search and its winner went.

Everything is in the fragment itself, text is escaped, and colours are those of the page around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from automl.budget import asked_for
from automl.report.drawing import FIRST, SECOND, Series, chart, room_for
from automl.report.ensemble import scores, subject, verdicts
from automl.report.figures import allowance, duration, figure, interval, setting, spoken
from automl.report.leaderboard import trials
from automl.report.shortfall import shortfall
from automl.report.summary import by_state, judgement_of, one_line, read_or, summarise
from automl.task import HIGHER_IS_BETTER
from automl.tracking.record import PLAN, TASK, Record

Row = Mapping[str, Any]

_LEADERS = 5
_MOST_DOTS = 500
"""Of more trials only the best so far is drawn: the fragment is stored in the notebook."""
_COLUMNS = ("trial", "state", "validation", "loss", "epochs", "time", "parameters", "family", "optimizer", "lr")


def fragment(record: Record) -> str:
    """Write a study as a fragment of HTML.

    Args:
        record: The run folder; the study may be unfinished, and the folder gone.

    Raises:
        StudyError: A file of the folder is damaged.
    """
    if not record.has(PLAN):
        return f"<p>The run folder of study <b>{escape(record.study)}</b> is gone: {escape(str(record.run_dir))}</p>"
    summary, rows = summarise(record), trials(record)
    drawings = [_search_chart(rows, summary), _curve_chart(record, summary)]
    return "\n".join(
        [
            f"<div>{_first(record, summary)}<p><b>{escape(one_line(summary))}</b></p>",
            *(f"<p>{escape(sentence)}</p>" for sentence in _sentences(record, summary)),
            _table(("", ""), list(_facts(record, summary, rows))),
            f"<div>{''.join(drawings)}</div>" if any(drawings) else "",
            _table(_COLUMNS, [_leader(row) for row in rows[:_LEADERS]]) if rows else "",
            "</div>",
        ]
    )


def _first(record: Record, summary: Row) -> str:
    judged = judgement_of(record, summary["best"])
    said = shortfall(judged) if judged else ""
    return f"<p><b>{escape(said)}</b></p>" if said else ""


def _sentences(record: Record, summary: Row) -> Iterator[str]:
    judged = judgement_of(record, summary["best"])
    if judged:
        yield from (f"The {subject(judged)} is {verdict}." for verdict in verdicts(judged))
        yield from (f"Note: {note}." for note in judged["notes"])


def _facts(record: Record, summary: Row, rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    plan, target = read_or(record, PLAN, {}), read_or(record, TASK, {}).get("target")
    yield "data", f"{plan.get('data')}, target {target}" if target else str(plan.get("data"))
    yield "space", figure(plan.get("space"))
    yield "budget", allowance(asked_for(plan.get("trials"), plan.get("timeout")))
    yield "trials", f"{summary['trials']['total']}: {by_state(summary['trials'])}; {duration(summary['seconds'])}"
    default = next((row["score"] for row in rows if row["trial"] == 0), None)
    if summary["best"]:
        yield f"validation {summary['metric']}", f"{figure(summary['best']['validation'])} (default {figure(default)})"
    if judged := judgement_of(record, summary["best"]):
        for name, score in scores(judged).items():
            yield f"test {summary['metric']}, {spoken(name)}", f"{figure(score['value'])} {interval(score)}"


def _leader(row: Row) -> list[str]:
    shown = {**row, "validation": row["score"], "time": duration(row["seconds"])}
    return [setting(row["lr"]) if name == "lr" else figure(shown[name]) for name in _COLUMNS]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = f"<thead><tr>{_cells(header, 'th')}</tr></thead>" if any(header) else ""
    body = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _cells(values: Sequence[str], tag: str) -> str:
    return "".join(f'<{tag} style="text-align:left">{escape(value)}</{tag}>' for value in values)


def _search_chart(rows: Sequence[Row], summary: Row) -> str:
    """Draw every trial's score, and the best so far, by trial."""
    scored = sorted((row for row in rows if row["score"] is not None), key=_number)
    higher = HIGHER_IS_BETTER.get(summary["metric"], True)
    series = [
        Series("best so far", _best_so_far(scored, higher), "step", FIRST),
        Series("default", [(0.0, row["score"]) for row in scored if row["trial"] == 0], "level", SECOND),
    ]
    if len(scored) <= _MOST_DOTS:
        series = [_dots(scored, "completed"), _dots(scored, "pruned", is_faint=True), *series]
    room = room_for([row["score"] for row in scored], higher_is_better=higher)
    return chart(f"Validation {summary['metric']}", series, x_label="trial", y_range=room)


def _number(row: Row) -> int:
    return int(row["trial"])


def _dots(scored: Sequence[Row], state: str, *, is_faint: bool = False) -> Series:
    rows = [row for row in scored if row["state"] == state]
    notes = [f"trial {row['trial']}, {state}: {figure(row['score'])}" for row in rows]
    return Series(state, [(row["trial"], row["score"]) for row in rows], "dots", "", notes, is_faint)


def _best_so_far(scored: Sequence[Row], higher_is_better: bool) -> list[tuple[float, float]]:
    pick = max if higher_is_better else min
    points: list[tuple[float, float]] = []
    for row in scored:
        known = [points[-1][1]] if points else []
        if row["state"] == "completed":
            known.append(row["score"])
        if known:
            points.append((row["trial"], pick(known)))
    return points


def _curve_chart(record: Record, summary: Row) -> str:
    """Draw the winner's losses by epoch."""
    if summary["best"] is None:
        return ""
    number = summary["best"]["trial"]
    curve = record.trial(number).read_curve()
    kept = getattr(record.trial(number).read_outcome(), "best_epoch", None)
    series = [
        Series("training", [(epoch.epoch, epoch.train_loss) for epoch in curve], "line", FIRST),
        Series("validation", [(epoch.epoch, epoch.validation_loss) for epoch in curve], "line", SECOND),
        Series(f"kept: epoch {kept}", [(e.epoch, e.validation_loss) for e in curve if e.epoch == kept], "dots"),
    ]
    return chart(f"Loss of trial {number}", series, x_label="epoch")
