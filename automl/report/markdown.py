"""A study as a page of plain Markdown, rebuilt from the run folder alone: what came of it and how far to trust it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

from automl.budget import asked_for
from automl.report.explanation import as_markdown, explanation_of
from automl.report.fidelity import UNSAFE, rung_correlations
from automl.report.figures import allowance, cell, counted, duration, figure, flat, interval, setting, table
from automl.report.leaderboard import trials as rows_of_trials
from automl.report.summary import judgement_of, read_or, summarise
from automl.task import HIGHER_IS_BETTER
from automl.tracking.record import ENVIRONMENT, JUDGEMENT, LEDGER, PLAN, RUNGS, SPLIT, TASK, Record

_LEADERS = 10


def page(record: Record) -> str:
    """Write the report of a study, finished or not.

    Raises:
        StudyError: A file of the folder is damaged.
    """
    summary = summarise(record)
    judged = judgement_of(record, summary["best"])
    sections: dict[str, list[str]] = {
        "Result": _result(summary, judged),
        "Search": _search(record, summary),
        "Best trials": _leaders(record),
        "The winner beside the default": _winner(record, summary),
        "Why it won": _explanation(record, summary),
        "Failures": _failures(record),
        "Health": _health(record),
        "Pruning": _pruning(record),
        "Data": _data(record, summary),
        "The sealed test rows": _seal(record, summary, judged),
        "Environment": _environment(record),
        "What next": _next(record, summary),
    }
    lines = [f"# Study `{record.study}`", "", headline(summary, judged)]
    for title, section in sections.items():
        if section:
            lines += ["", f"## {title}", "", *section]
    return "\n".join(lines) + "\n"


def headline(summary: dict[str, Any], judged: dict[str, Any] | None) -> str:
    """Say in one line what came of the study; a network that does not beat the linear model says so first."""
    best, metric = summary["best"], summary["metric"]
    if best is None:
        return "No trial has completed yet." if not summary["trials"]["failed"] else "No trial has completed."
    reached = f"validation {metric} {figure(best['validation'])} by trial {best['trial']}"
    if judged is None:
        return f"**Not judged yet**: {reached}, the best of {counted(summary['trials']['total'], 'trial')}."
    test = judged["test"]
    value = f"Test {metric} {figure(test['value'])}"
    rest = f"{interval(test)} (95 % interval, {counted(test['rows'], 'row')}), {reached}."
    lead = judged["differences"].get("linear")
    if lead is not None and (lead["ci_low"] is None or lead["ci_low"] <= 0):
        return f"**The network does not beat the linear model beyond chance.** {value} {rest}"
    return f"**{value}** {rest} The network is {'; '.join(sentence.split(':')[0] for sentence in judged['verdicts'])}."


def _result(summary: dict[str, Any], judged: dict[str, Any] | None) -> list[str]:
    if judged is None:
        return []
    scored = {"network": judged["test"], **judged["baselines"]}
    rows = [
        [name, ends["value"], interval(ends), *_lead(judged["differences"].get(name), ends["value"])]
        for name, ends in scored.items()
    ]
    header = ["", f"test {summary['metric']}", "95 % interval", "the network's lead", "95 % interval of it"]
    return [
        *table(header, rows, right=(1, 3)),
        "",
        "A lead is positive where the network is better; its interval is paired, over the same resamples of the rows.",
        "",
        *(f"- The network is {sentence}." for sentence in judged["verdicts"]),
        f"- The gap: {judged['gap']['sentence']}.",
    ]


def _lead(difference: dict[str, float | None] | None, like: float | None) -> list[str]:
    return ["", ""] if difference is None else [figure(difference["value"], like), interval(difference, like)]


def _search(record: Record, summary: dict[str, Any]) -> list[str]:
    plan, counts = read_or(record, PLAN, {}), summary["trials"]
    facts = {
        "data": plan.get("data"),
        "task": f"{summary['task']}, target {read_or(record, TASK, {}).get('target')}" if summary["task"] else None,
        "metric": f"{summary['metric']}, to {summary['direction']}" if summary["metric"] else None,
        "space": plan.get("space"),
        "budget": allowance(asked_for(plan.get("trials"), plan.get("timeout"))),
        "spent": f"{counted(counts['total'], 'trial')}, {duration(summary['seconds'])}",
        "trials": ", ".join(f"{counts[state]} {state}" for state in ("completed", "pruned", "failed")),
        **{name: plan.get(name) for name in ("sampler", "pruner", "seed", "device")},
    }
    return table(["", ""], [[name, value] for name, value in facts.items() if value is not None])


def _leaders(record: Record) -> list[str]:
    rows = [row for row in rows_of_trials(record) if row["state"] in ("completed", "pruned")]
    if not rows:
        return []
    shown = [
        [
            *(row[name] for name in ("trial", "state", "score", "loss", "best_epoch", "epochs")),
            duration(row["seconds"]),
            *(row[name] for name in ("parameters", "family", "optimizer")),
            "" if row["lr"] is None else setting(row["lr"]),
        ]
        for row in rows[:_LEADERS]
    ]
    header = ["trial", "state", "validation", "loss", "best epoch", "epochs", "time", "parameters", "family"]
    left_out = len(rows) - len(shown)
    rest = ["", f"{counted(left_out, 'more trial')} completed or pruned."] if left_out else []
    return [*table([*header, "optimizer", "lr"], shown, right=(0, 2, 3, 4, 5, 6, 7, 10)), *rest]


def _winner(record: Record, summary: dict[str, Any]) -> list[str]:
    """Put the winner's config beside trial 0's, which is the space's default."""
    if summary["best"] is None or not record.trial(0).config_path.exists():
        return []
    number, config = summary["best"]["trial"], summary["best"]["config"]
    if number == 0:
        return [
            "The default config, trial 0, is the winner:",
            "",
            *table(["", "trial 0"], [[name, _shown(config, name)] for name in config]),
        ]
    default, absent = record.trial(0).read_config(), object()
    rows = []
    for name in [*config, *(name for name in default if name not in config)]:
        ours, theirs = (_shown(source, name) for source in (config, default))
        differs = config.get(name, absent) != default.get(name, absent)
        rows.append([name, f"**{cell(ours)}**" if differs and name in config else ours, theirs])
    gained = _gain(record, summary)
    return [*gained, *table(["", f"trial {number}, the winner", "trial 0, the default"], rows)]


def _shown(config: dict[str, Any], name: str) -> str:
    """Give a value of a config, or an empty cell where the name is not active."""
    return setting(config[name]) if name in config else ""


def _gain(record: Record, summary: dict[str, Any]) -> list[str]:
    score = getattr(record.trial(0).read_outcome(), "score", None)
    if score is None:
        return []
    found = figure(summary["best"]["validation"])
    return [f"Validation {summary['metric']}: {found} against {figure(score)} for the default.", ""]


def _explanation(record: Record, summary: dict[str, Any]) -> list[str]:
    told = explanation_of(record, summary["best"]["trial"]) if summary["best"] else None
    return as_markdown(told) if told else []


def _failures(record: Record) -> list[str]:
    kinds: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows_of_trials(record), key=lambda row: row["trial"]):
        if row["state"] == "failed":
            kinds.setdefault(row["failure"], []).append(row)
    rows = [
        [kind, len(failed), _numbers([row["trial"] for row in failed]), failed[0]["message"].partition("\n")[0]]
        for kind, failed in kinds.items()
    ]
    return table(["kind", "trials", "which", "the first of them said"], rows, right=(1,)) if rows else []


def _health(record: Record) -> list[str]:
    """Say what was found in the layers of networks, the findings of most trials first."""
    found: dict[str, list[int]] = {}
    for trial in record.trials():
        for finding in trial.read_health()["findings"]:
            found.setdefault(_without_share(finding), []).append(trial.number)
    rows = sorted(([finding, len(numbers), _numbers(numbers)] for finding, numbers in found.items()), key=_count)
    if not rows:
        return []
    left_out = len(rows) - _LEADERS
    rest = ["", f"{counted(left_out, 'more finding')}."] if left_out > 0 else []
    return [*table(["what was seen in the layers", "trials", "which"], rows[:_LEADERS], right=(1,)), *rest]


def _without_share(finding: str) -> str:
    """Write findings alike that differ in a share alone."""
    return re.sub(r"\d+%( to \d+%)?", "most", finding)


def _count(row: list[Any]) -> int:
    return -int(row[1])


def _pruning(record: Record) -> list[str]:
    came: dict[int, int] = {}
    stopped: dict[int, list[int]] = {}
    for event in record.read_jsonl(RUNGS):
        came[event["epoch"]] = came.get(event["epoch"], 0) + len(event["scores"])
        stopped.setdefault(event["epoch"], []).extend(event["pruned"])
    if not came:
        return []
    metric = read_or(record, TASK, {}).get("metric")
    told = rung_correlations(record, sorted(came), HIGHER_IS_BETTER[metric]) if metric else {}
    rows = [
        [epoch, came[epoch], len(stopped[epoch]), _correlation(told, epoch), _numbers(sorted(stopped[epoch]))]
        for epoch in sorted(came)
    ]
    header = ["rung (epoch)", "trials that came", "stopped", "rank correlation with the end", "which were stopped"]
    return [*table(header, rows, right=(0, 1, 2, 3)), *_unsafe(told)]


def _correlation(told: dict[int, tuple[float, int]], epoch: int) -> str:
    return f"{told[epoch][0]:.2f} ({told[epoch][1]} trials)" if epoch in told else ""


def _unsafe(told: dict[int, tuple[float, int]]) -> list[str]:
    """Warn of rungs whose order says little about the order at the end."""
    return [
        line
        for epoch, (correlation, _) in told.items()
        if correlation < UNSAFE
        for line in (
            "",
            f"Halving is unsafe here: the order of the trials at epoch {epoch} says little about their order at the "
            f"end (rank correlation {correlation:.2f}). `--pruner none` trains every trial to its end.",
        )
    ]


def _numbers(numbers: list[int]) -> str:
    """List trial numbers, the first dozen of many."""
    shown = ", ".join(str(number) for number in numbers[:12])
    return shown if len(numbers) <= 12 else f"{shown}, ... ({len(numbers)} in all)"


def _data(record: Record, summary: dict[str, Any]) -> list[str]:
    split = read_or(record, SPLIT, {})
    if not split:
        return []
    total = sum(split["sizes"].values()) or 1
    rows = [[part, f"{size:,}", f"{100 * size / total:.1f} %"] for part, size in split["sizes"].items()]
    hashes = {"all rows": split.get("data_sha256"), "test rows": split.get("test_sha256")}
    seed = [f"- Split with seed {split['seed']}."] if split.get("seed") is not None else []
    found = [f"- {finding['sentence'].rstrip('.')}." for finding in summary["findings"]] or ["Nothing was found amiss."]
    return [
        *table(["part", "rows", "share"], rows, right=(1, 2)),
        "",
        *seed,
        *(f"- SHA-256 of {what}: `{digest}`." for what, digest in hashes.items() if digest),
        "",
        "Findings:",
        "",
        *found,
    ]


def _seal(record: Record, summary: dict[str, Any], judged: dict[str, Any] | None) -> list[str]:
    events = record.read_jsonl(LEDGER)
    if not events:
        return ["The test rows have not been opened."] if record.has(SPLIT) else []
    broken = sum(bool(event.get("reason")) for event in events)
    opened = sum(event["event"] == "opening" for event in events)
    breach = f", the seal **broken {counted(broken, 'time')}**" if broken else ""
    said = [_EVENTS[event["event"]](event) for event in events if event["event"] in _EVENTS]
    notes = [f"Note: {note}" for note in _notes(record, summary, judged)]
    return [f"Opened {counted(opened, 'time')}{breach}.", "", *(f"- {sentence}." for sentence in [*said, *notes])]


def _notes(record: Record, summary: dict[str, Any], judged: dict[str, Any] | None) -> list[str]:
    """Give what must be said beside the judgement, such as that another study was judged on these rows."""
    stored = read_or(record, JUDGEMENT, {})
    notes = list(stored.get("notes", []))
    if stored and judged is None and summary["best"]:
        judgement = f"{stored['metric']} {figure(stored['test']['value'])} {interval(stored['test'])}"
        notes.append(
            f"trial {stored['trial']} was judged ({judgement}) before trial {summary['best']['trial']} "
            "became the best, which has not been judged"
        )
    return notes


def _opening(event: dict[str, Any]) -> str:
    reason = f"; the seal was broken because: {event['reason']}" if event.get("reason") else ""
    weights = f"weights `{event['weights_sha256']}`"
    return f"Opening {event['ordinal']}, {event['time']}: trial {event['trial']}, {weights}{reason}"


def _continued(event: dict[str, Any]) -> str:
    return f"Continued after an interruption, {event.get('time', '')}: the same opening for the same weights"


_EVENTS: dict[str, Callable[[dict[str, Any]], str]] = {"opening": _opening, "continued": _continued}


def _environment(record: Record) -> list[str]:
    facts = flat(read_or(record, ENVIRONMENT, {}))
    return table(["", ""], list(facts.items())) if facts else []


def _next(record: Record, summary: dict[str, Any]) -> list[str]:
    study = shlex.quote(record.study)
    at = "" if record.runs_dir.name == "runs" else f" --runs-dir {shlex.quote(str(record.runs_dir))}"
    more = f"automl resume {study} --trials {max(2 * summary['trials']['total'], 10)}{at}"
    commands = [(f"automl show {study}{at}", "what was tried, what won, its layers")]
    if summary["best"] and summary["best"]["trial"]:
        commands.append((f"automl explain {study}{at}", "which of the winner's choices carry its gain"))
    if record.has(JUDGEMENT):
        commands.append((f"{more} --break-seal REASON", "search on, and judge on the same rows again"))
    else:
        commands += [(f"automl resume {study}{at}", "finish it if it was interrupted"), (more, "raise its budget")]
    if summary["best"]:
        commands.append((f"automl export {study} --output DIR{at}", "the winner as files that work alone"))
    width = max(len(command) for command, _ in commands)
    return ["```sh", *(f"{command:<{width}}  # {remark}" for command, remark in commands), "```"]
