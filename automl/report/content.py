"""What a report says of a study, section by section: what came of it and how far to trust it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from automl.budget import asked_for
from automl.report.by_target import by_target
from automl.report.document import Block, Code, Commands, Items, Line, Paragraph, Strong, Table, plain
from automl.report.ensemble import counting, leads, reached, refitting, scores, subject, verdicts
from automl.report.explanation import as_blocks, explanation_of
from automl.report.fidelity import UNSAFE, rung_correlations
from automl.report.figures import allowance, counted, duration, figure, flat, interval, setting, spoken
from automl.report.finals import finals
from automl.report.pareto import pareto
from automl.report.reading import Reading
from automl.report.replay import command, is_exact
from automl.report.shortfall import shortfall
from automl.report.summary import by_state, read_or
from automl.report.updates import updates
from automl.task import HIGHER_IS_BETTER
from automl.tracking.record import ENVIRONMENT, JUDGEMENT, SPACE, SPLIT
from automl.trial import COSTS

LEAK = "leak"
"""The kind of a finding that says that a column gives the target away."""
_LEADERS = 10
MANY_TRIALS = 100
"""Of fewer trials importance is little more than chance."""
_ABSENT = object()


def headline(reading: Reading) -> Line:
    """Say in one line what came of the study; which baselines the network does not beat stands first."""
    summary, judged = reading.summary, reading.judged
    best, metric = summary["best"], summary["metric"]
    if best is None:
        return ("No trial has completed yet." if not summary["trials"]["failed"] else "No trial has completed.",)
    if judged is None:
        by_whom = f"validation {metric} {figure(best['validation'])} by trial {best['trial']}"
        tried = f": {by_whom}, the best of {counted(summary['trials']['total'], 'trial')}."
        return Strong("Not judged yet"), tried
    test = judged["test"]
    value = f"Test {metric} {figure(test['value'])}"
    by_whom = reached(judged, metric, best["validation"])
    rest = f" {interval(test)} (95 % interval, {counted(test['rows'], 'row')}), {by_whom}."
    if said := shortfall(judged):
        return Strong(said), f" {value}{rest}"
    told = "; ".join(sentence.split(":")[0] for sentence in verdicts(judged))
    return Strong(value), f"{rest} The {subject(judged)} is {told}."


def _result(reading: Reading) -> list[Block]:
    judged = reading.judged
    if judged is None:
        return []
    differences, model = leads(judged), subject(judged)
    rows = [
        [spoken(name), ends["value"], interval(ends), *_lead(differences.get(name), ends["value"])]
        for name, ends in scores(judged).items()
    ]
    header = ["", f"test {reading.summary['metric']}", "95 % interval", f"the {model}'s lead", "95 % interval of it"]
    return [
        Table(header, rows, right=(1, 3)),
        plain(f"A lead is positive where the {model} is better; its interval is paired, over the same resamples."),
        Items(
            [
                *([said] for said in [counting(judged), refitting(judged)] if said),
                *([f"The {model} is {said}."] for said in verdicts(judged)),
                [f"The gap: {judged['gap']['sentence']}."],
                *([f"How sure: {said['sentence']}."] for said in [judged.get("calibration")] if said),
            ]
        ),
        *by_target(judged),
    ]


def _lead(difference: Mapping[str, float | None] | None, like: float | None) -> list[str]:
    return ["", ""] if difference is None else [figure(difference["value"], like), interval(difference, like)]


def _search(reading: Reading) -> list[Block]:
    plan, summary, counts = reading.plan, reading.summary, reading.summary["trials"]
    facts = {
        "data": plan.get("data"),
        "task": f"{summary['task']}, target {reading.task.get('target')}" if summary["task"] else None,
        **_counting(reading),
        "metric": f"{summary['metric']}, to {summary['direction']}" if summary["metric"] else None,
        "space": plan.get("space"),
        "budget": allowance(asked_for(plan.get("trials"), plan.get("timeout"))),
        "spent": f"{counted(counts['total'], 'trial')}, {duration(summary['seconds'])}",
        "trials": by_state(counts),
        "beside it": " and ".join(COSTS[cost] for cost in reading.costs) or None,
        **{name: plan.get(name) for name in ("sampler", "pruner", "seed", "device")},
        "repeats": plan.get("repeats") or None,
        "ensemble": f"at most {plan['ensemble']} trials" if plan.get("ensemble", 1) > 1 else None,
        "refit": "on training and validation rows together" if plan.get("refit") else None,
        "note": "; ".join(plan.get("remarks") or ()) or None,
    }
    return [Table(["", ""], [[name, value] for name, value in facts.items() if value is not None])]


def _counting(reading: Reading) -> dict[str, Any]:
    """Say what of the target is learned, and how rows are divided and count, where that was asked for."""
    plan, transform = reading.plan, reading.task.get("transform", "none")
    learned = {"log": "log({})", "log1p": "log(1 + {})"}.get(transform, "").format(reading.task.get("target"))
    weighing = plan.get("class_weight", "none")
    sizes = read_or(reading.record, SPLIT, {}).get("sizes", {})
    rows = sizes.get("train", 0) + sizes.get("validation", 0)
    folds = f"mean over {plan['folds']} folds of {counted(rows, 'row')}" if plan.get("folds") else None
    return {
        "learned": learned or None,
        "validation": folds,
        "class weights": weighing if weighing != "none" else None,
        **{f"{role} column": plan.get(role) for role in ("group", "time", "weight")},
    }


def _parameters(reading: Reading) -> list[Block]:
    """Say which parameters set the best trials apart, with the values that the winner and the default have."""
    told, best = reading.importance, reading.summary["best"]
    if told is None or best is None:
        return []
    default = reading.record.trial(0).read_config() if reading.record.trial(0).has_begun else {}
    rows = [
        [name, f"{100 * part:.0f} %", _shown(best["config"], name), _shown(default, name)]
        for name, part in list(told["parameters"].items())[:_LEADERS]
    ]
    header = ["parameter", "importance", "the winner's", "the default's"]
    return [Table(header, rows, right=(1,)), plain(_caveat(told))]


def _caveat(told: Mapping[str, Any]) -> str:
    """Say what importance means and where it misleads."""
    n_best = math.ceil(told["best_share"] * told["trials"])
    hint = "; of so few trials it is a hint at most." if told["trials"] < MANY_TRIALS else "."
    return (
        f"{told['method']} compares the values of the best {n_best} of {told['trials']:,} trials with those of all of "
        "them, a pruned one at the score at which it was stopped. It sees one parameter at a time and tells of where "
        f"the search looked: a parameter that was hardly varied seems not to matter{hint}"
    )


def _leaders(reading: Reading) -> list[Block]:
    rows = [row for row in reading.rows if row["state"] in ("completed", "pruned")]
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
    rest = [plain(f"{counted(left_out, 'more trial')} completed or pruned.")] if left_out else []
    return [Table([*header, "optimizer", "lr"], shown, right=(0, 2, 3, 4, 5, 6, 7, 10)), *rest]


def _winner(reading: Reading) -> list[Block]:
    """Put the winner's config beside trial 0's, which is the space's default."""
    best, first = reading.summary["best"], reading.record.trial(0)
    if best is None or not first.config_path.exists():
        return []
    number, config = best["trial"], best["config"]
    if number == 0:
        shown = [[name, _shown(config, name)] for name in config]
        return [plain("The default config, trial 0, is the winner:"), Table(["", "trial 0"], shown)]
    default = first.read_config()
    rows: list[list[Any]] = []
    for name in [*config, *(name for name in default if name not in config)]:
        ours, theirs = (_shown(source, name) for source in (config, default))
        differs = config.get(name, _ABSENT) != default.get(name, _ABSENT)
        rows.append([name, Strong(ours) if differs and name in config else ours, theirs])
    return [*_gain(reading), Table(["", f"trial {number}, the winner", "trial 0, the default"], rows)]


def _shown(config: dict[str, Any], name: str) -> str:
    """Give a value of a config, or an empty cell where the name is not active."""
    return setting(config[name]) if name in config else ""


def _gain(reading: Reading) -> list[Block]:
    score = reading.default_score
    if score is None:
        return []
    found = figure(reading.summary["best"]["validation"])
    return [plain(f"Validation {reading.summary['metric']}: {found} against {figure(score)} for the default.")]


def _explanation(reading: Reading) -> list[Block]:
    best = reading.summary["best"]
    told = explanation_of(reading.record, best["trial"]) if best else None
    return as_blocks(told) if told else []


def _failures(reading: Reading) -> list[Block]:
    kinds: dict[str, list[dict[str, Any]]] = {}
    for row in reading.by_number:
        if row["state"] == "failed":
            kinds.setdefault(row["failure"], []).append(row)
    rows = [
        [kind, len(failed), _numbers([row["trial"] for row in failed]), failed[0]["message"].partition("\n")[0]]
        for kind, failed in kinds.items()
    ]
    return [Table(["kind", "trials", "which", "the first of them said"], rows, right=(1,))] if rows else []


def _health(reading: Reading) -> list[Block]:
    """Say what was found in the layers of networks, the findings of most trials first."""
    found: dict[str, list[int]] = {}
    for trial in reading.record.trials():
        for finding in trial.read_health()["findings"]:
            found.setdefault(_without_share(finding), []).append(trial.number)
    rows = sorted(([finding, len(numbers), _numbers(numbers)] for finding, numbers in found.items()), key=_count)
    if not rows:
        return []
    left_out = len(rows) - _LEADERS
    rest = [plain(f"{counted(left_out, 'more finding')}.")] if left_out > 0 else []
    return [Table(["what was seen in the layers", "trials", "which"], rows[:_LEADERS], right=(1,)), *rest]


def _without_share(finding: str) -> str:
    """Write findings alike that differ in a share alone."""
    return re.sub(r"\d+%( to \d+%)?", "most", finding)


def _count(row: list[Any]) -> int:
    return -int(row[1])


def _pruning(reading: Reading) -> list[Block]:
    came: dict[int, int] = {}
    stopped: dict[int, list[int]] = {}
    for event in reading.rungs:
        came[event["epoch"]] = came.get(event["epoch"], 0) + len(event["scores"])
        stopped.setdefault(event["epoch"], []).extend(event["pruned"])
    if not came:
        return []
    metric = reading.task.get("metric")
    told = rung_correlations(reading.record, sorted(came), HIGHER_IS_BETTER[metric]) if metric else {}
    rows = [
        [epoch, came[epoch], len(stopped[epoch]), _correlation(told, epoch), _numbers(sorted(stopped[epoch]))]
        for epoch in sorted(came)
    ]
    header = ["rung (epoch)", "trials that came", "stopped", "rank correlation with the end", "which were stopped"]
    return [Table(header, rows, right=(0, 1, 2, 3)), *_unsafe(told)]


def _correlation(told: dict[int, tuple[float, int]], epoch: int) -> str:
    return f"{told[epoch][0]:.2f} ({told[epoch][1]} trials)" if epoch in told else ""


def _unsafe(told: dict[int, tuple[float, int]]) -> list[Block]:
    """Warn of rungs whose order says little about the order at the end."""
    return [
        plain(
            f"Halving is unsafe here: the order of the trials at epoch {epoch} says little about their order at the "
            f"end (rank correlation {correlation:.2f}). ",
            Code("--pruner none"),
            " trains every trial to its end.",
        )
        for epoch, (correlation, _) in told.items()
        if correlation < UNSAFE
    ]


def _numbers(numbers: list[int]) -> str:
    """List trial numbers, the first dozen of many."""
    shown = ", ".join(str(number) for number in numbers[:12])
    return shown if len(numbers) <= 12 else f"{shown}, ... ({len(numbers)} in all)"


def _data(reading: Reading) -> list[Block]:
    split = reading.split
    if not split:
        return []
    total = sum(split["sizes"].values()) or 1
    rows = [[part, f"{size:,}", f"{100 * size / total:.1f} %"] for part, size in split["sizes"].items()]
    hashes = {"all rows": split.get("data_sha256"), "test rows": split.get("test_sha256")}
    facts: list[Line] = [[f"SHA-256 of {what}: ", Code(digest), "."] for what, digest in hashes.items() if digest]
    if split.get("seed") is not None:
        facts.insert(0, [f"Split with seed {split['seed']}."])
    leaks_first = sorted(reading.summary["findings"], key=lambda finding: bool(finding["kind"] != LEAK))
    found = [_finding(finding) for finding in leaks_first]
    return [
        Table(["part", "rows", "share"], rows, right=(1, 2)),
        Items(facts),
        plain("Findings:"),
        Items(found) if found else plain("Nothing was found amiss."),
    ]


def _finding(finding: Mapping[str, Any]) -> Line:
    sentence = f"{finding['sentence'].rstrip('.')}."
    return (Strong("Leak:"), f" {sentence}") if finding["kind"] == LEAK else (sentence,)


def _seal(reading: Reading) -> list[Block]:
    events = reading.ledger
    if not events:
        return [plain("The test rows have not been opened.")] if reading.record.has(SPLIT) else []
    broken = sum(bool(event.get("reason")) for event in events)
    opened = sum(event["event"] == "opening" for event in events)
    breach: Line = (", the seal ", Strong(f"broken {counted(broken, 'time')}")) if broken else ()
    said = [_EVENTS[event["event"]](event) for event in events if event["event"] in _EVENTS]
    notes: list[Line] = [(f"Note: {note}",) for note in _notes(reading)]
    return [
        Paragraph((f"Opened {counted(opened, 'time')}", *breach, ".")),
        Items([(*line, ".") for line in [*said, *notes]]),
    ]


def _notes(reading: Reading) -> list[str]:
    """Give what must be said beside the judgement, such as that another study was judged on these rows."""
    best, stored = reading.summary["best"], read_or(reading.record, JUDGEMENT, {})
    notes = list(stored.get("notes", []))
    if stored and reading.judged is None and best:
        judgement = f"{stored['metric']} {figure(stored['test']['value'])} {interval(stored['test'])}"
        notes.append(
            f"trial {stored['trial']} was judged ({judgement}) before trial {best['trial']} "
            "became the best, which has not been judged"
        )
    return notes


def _opening(event: dict[str, Any]) -> Line:
    reason = f"; the seal was broken because: {event['reason']}" if event.get("reason") else ""
    weights = Code(event["weights_sha256"])
    return f"Opening {event['ordinal']}, {event['time']}: trial {event['trial']}, weights ", weights, reason


def _continued(event: dict[str, Any]) -> Line:
    return (f"Continued after an interruption, {event.get('time', '')}: the same opening for the same weights",)


_EVENTS: dict[str, Callable[[dict[str, Any]], Line]] = {"opening": _opening, "continued": _continued}


def _environment(reading: Reading) -> list[Block]:
    facts = flat(read_or(reading.record, ENVIRONMENT, {}))
    told = [Table(["", ""], [list(fact) for fact in facts.items()])] if facts else []
    return [*told, *_replay(reading)]


def _replay(reading: Reading) -> list[Block]:
    record = reading.record
    folder = f"runs/{record.study}" if record.runs_dir.name == "runs" else str(record.run_dir)
    again = command(reading.plan, f"{folder}/{SPACE}") if record.has(SPACE) else None
    if again is None:
        return []
    exact = "; on the same CPU with these versions it comes out the same, bit for bit"
    less = "; time and other processes have a say in which trials it runs, so that it may come out otherwise"
    return [plain(f"The study once more{exact if is_exact(reading.plan) else less}:"), Commands([(again, "")])]


def _next(reading: Reading) -> list[Block]:
    summary, words = reading.summary, reading.words
    more = f"automl resume {words} --trials {max(2 * summary['trials']['total'], 10)}"
    commands = [(f"automl show {words}", "what was tried, what won, its layers")]
    if summary["best"] and summary["best"]["trial"]:
        commands.append((f"automl explain {words}", "which of the winner's choices carry its gain"))
    if reading.record.has(JUDGEMENT):
        commands.append((f"{more} --break-seal REASON", "search on, and judge on the same rows again"))
    else:
        commands += [(f"automl resume {words}", "finish it if it was interrupted"), (more, "raise its budget")]
    if summary["not_judged"] and not reading.record.has(JUDGEMENT):
        commands.append((f"automl judge {words}", "judge the winner on the sealed test rows, once"))
    if summary["best"]:
        commands.append((f"automl export {words} --output DIR", "the winner as files that work alone"))
    return [Commands(commands)]


SECTIONS: dict[str, Callable[[Reading], Sequence[Block]]] = {
    "Result": _result,
    "Updates": updates,
    "Search": _search,
    "Parameters": _parameters,
    "Pareto front": pareto,
    "Best trials": _leaders,
    "The best trained again": finals,
    "The winner beside the default": _winner,
    "Why it won": _explanation,
    "Failures": _failures,
    "Health": _health,
    "Pruning": _pruning,
    "Data": _data,
    "The sealed test rows": _seal,
    "Environment": _environment,
    "What next": _next,
}
"""Every section by its title, in order; one that has nothing to say is left out."""
