"""Writes the tables of benchmarks/README.md from what the benchmarks left in benchmarks/results.

    python benchmarks/report.py

Only what stands between the two marks is replaced; a result that is not there has no row.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

BEGIN, END = "<!-- begin: python benchmarks/report.py -->", "<!-- end: python benchmarks/report.py -->"

_HERE = Path(__file__).parent
_GOALS = {
    ("candidates", "credit_g", "narrow64"): 8.0,
    ("candidates", "satimage", "narrow64"): 8.0,
    ("candidates", "credit_g", "narrow128"): 4.0,
    ("candidates", "satimage", "narrow128"): 4.0,
    ("candidates", "satimage", "tabular"): 2.5,
    ("candidates", "california_housing", "tabular"): 2.5,
    ("candidates", "adult", "tabular"): 2.0,
    ("candidates", "digits", "cnn_small"): 2.0,
    ("candidates", "fashion_mnist_12k", "cnn_small"): 1.3,
    ("equal-time", "made", "tabular"): 10.0,
}
_QUALITY_GOAL = 10.0
_IMAGE_GOALS = {"digits": 3.0, "fashion_mnist_12k": 3.0}
_GPU_GOALS = {"digits": 8.0}
_GPU_GOAL = 30.0
_MOST_MS = 60.0
_MOST_IMPORTS = 1.3
_ORDER = (
    *("automl_best", "automl_best_trees", "automl_quick", "automl", "automl_trees"),
    *("automl_before_refit", "automl_single"),
    *("linear", "boosted_trees"),
)
_PEERS_OF_NETWORKS = ("realmlp", "autogluon_networks")
_SPACES = {"automl_best": "tabular_best", "automl_quick": "tabular"}
_UNRANKED = (*_SPACES, "automl_best_trees", "automl_before_refit", "automl_single")
"""The project's other searches, and what its model is made from: it is ranked once with trees, and once without."""
_FEWEST_CASES = 5
"""Of fewer tables and divisions no rank is told."""
_SHOWN_PACKAGES = ("torch", "optuna", "mlflow", "numpy")

Result = dict[str, Any]


def read_results(folder: Path) -> list[Result]:
    """Read every result, by file name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def goal(result: Result) -> str:
    """Give the ratio that is aimed at, empty where none is."""
    if result["machine"]["device"] != "cpu":
        return f"{_GPU_GOALS.get(result['data'], _GPU_GOAL):g}" if result["figure"] == "candidates" else ""
    aim = _GOALS.get(where(result))
    if result["figure"] == "quality":
        aim = _IMAGE_GOALS.get(result["data"], _QUALITY_GOAL)
    return "" if aim is None else f"{aim:g}"


def where(result: Result) -> tuple[str, str, str]:
    """Say what was measured on what."""
    return result["figure"], result["data"], result["space"]


def table(header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> list[str]:
    """Write a Markdown table."""
    lines = [header, ("---",) * len(header), *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]


def candidates(results: list[Result]) -> list[str]:
    """Show candidates per hour."""
    header = ("data", "space", "list", "plain loop, per hour", "automl, per hour", "ratio", "without MLflow", "goal")
    rows = [
        (
            result["data"],
            result["space"] + on(result),
            f"{result['candidates']} x {result['epochs']} epochs",
            f"{result['plain']['per_hour']:,}",
            f"{result['ours']['per_hour']:,}",
            f"**{result['ratio']:.1f}x** ({spread(result)})",
            f"{result['ratio_until_trained']:.1f}x",
            goal(result),
        )
        for result in results
    ]
    return [
        "### Candidates trained per hour",
        "",
        "The same configs, epochs, rows and networks; the median of the repeats, with the least and the greatest ratio",
        "of a repeat. The time ends when all is trained, on disk, in the journal and in MLflow; `without MLflow` it",
        "ends when MLflow, which is written beside the search, may still have to catch up.",
        "",
        *table(header, rows),
    ]


def spread(result: Result) -> str:
    """Give the least and the greatest ratio of a repeat."""
    ratios = [plain / ours for plain, ours in zip(result["plain"]["seconds"], result["ours"]["seconds"])]
    return f"{min(ratios):.1f} to {max(ratios):.1f}"


def on(result: Result) -> str:
    """Name the device where it is not the CPU, and say in how many processes the project's side ran, if in several."""
    device = result["machine"]["device"]
    jobs = re.search(r"--jobs (\d+)", result["command"])
    return ("" if device == "cpu" else f", {device}") + (f", --jobs {jobs[1]}" if jobs else "")


def quality(results: list[Result]) -> list[str]:
    """Show times to the plain loop's best score."""
    header = ("data", "space", "plain loop's trials", "their best", "plain loop", "automl", "ratio", "goal")
    rows = []
    for result in results:
        repeats = result["repeats"]
        rows.append(
            (
                result["data"],
                result["space"] + on(result),
                ", ".join(str(each["plain"]["completed"] + each["plain"]["pruned"]) for each in repeats),
                f"{statistics.median(each['plain']['bests'][-1]['score'] for each in repeats):.5g}",
                ", ".join(f"{each['plain']['bests'][-1]['seconds']:.0f} s" for each in repeats),
                ", ".join(_reached(each) for each in repeats),
                f"**{result['ratio']:.1f}x**",
                goal(result),
            )
        )
    trials = "/".join(sorted({str(result["trials"]) for result in results}))
    return [
        "### Time to quality",
        "",
        f"Seconds from the command until a completed trial has the plain loop's best validation score of {trials}",
        "trials, or of as many as it ended in the time it was given; for the plain loop it is when it first had it. A",
        "seed a repeat, for rows and search alike.",
        "",
        *table(header, rows),
    ]


def _reached(repeat: Result) -> str:
    reached = repeat["ours"]["reached"]
    return f"not in {repeat['limit']} s (best {repeat['ours']['best']:.5g})" if reached is None else f"{reached:.0f} s"


def variants(results: list[Result]) -> list[str]:
    """Show what is found with and without cohorts and halving."""
    header = ("data", "search", "trials x seeds", "validation", "test", "seconds", "validation, less", "test, less")
    rows = []
    for result in results:
        for name, runs in result["runs"].items():
            less = result["differences"].get(name)
            rows.append(
                (
                    f"{result['data']}, {result['space']}",
                    name,
                    f"{result['trials']} x {len(runs)}",
                    f"{statistics.mean(run['validation'] for run in runs):.4g}",
                    f"{statistics.mean(run['test'] for run in runs):.4g}",
                    f"{statistics.mean(run['seconds'] for run in runs):.0f}",
                    _plus_minus(less["validation"]) if less else "",
                    _plus_minus(less["test"]) if less else "",
                )
            )
    return [
        "### What is found",
        "",
        "The same number of trials with the same seeds: the search as it is, one candidate at a time, and random",
        "search in which every trial trains to its own end. Means over the seeds; the last columns are differences",
        "from the search as it is, with their standard errors.",
        "",
        *table(header, rows),
    ]


def _plus_minus(difference: Sequence[float]) -> str:
    return f"{difference[0]:+.4f} +- {difference[1]:.4f}"


def equal_time(results: list[Result]) -> list[str]:
    """Show trials and test scores in equal time."""
    header = ("data", "space", "seconds", "plain loop's trials", "automl's trials", "ratio", "test scores", "goal")
    rows = [
        (
            result["data"],
            result["space"] + on(result),
            f"{result['seconds']:g}",
            f"{result['plain_completed']:g} + {result['plain_pruned']:g} pruned",
            f"{result['ours_completed']:g} + {result['ours_pruned']:g} pruned",
            f"**{result['ratio']:.1f}x**",
            f"{result['plain_test']:.4g} and {result['ours_test']:.4g}",
            goal(result),
        )
        for result in results
    ]
    return ["### In equal time", "", *table(header, rows)]


def tables(results: list[Result]) -> list[str]:
    """Show what several systems find for tables in the same time."""
    return [line for result in sorted(results, key=lambda result: float(result["seconds"])) for line in _tables(result)]


def _tables(result: Result) -> list[str]:
    systems = list(dict.fromkeys(system for entry in result["entries"] for system in entry["systems"]))
    systems.sort(key=lambda system: _ORDER.index(system) if system in _ORDER else len(_ORDER))
    entries: dict[str, list[Result]] = {}
    for entry in result["entries"]:
        entries.setdefault(entry["table"], []).append(entry)
    rows: list[tuple[object, ...]] = []
    for name, own in entries.items():
        rows.append((name, own[0]["metric"], *(_score_of(system, own) for system in systems)))
    ranked = {"**mean rank**": [each for each in systems if each not in _UNRANKED]}
    ranked["among networks"] = ["automl", *_PEERS_OF_NETWORKS]
    ranked["with trees"] = ["automl_trees", "autogluon_medium", "flaml"]
    ranked["with trees, two alone"] = ["automl_trees", "autogluon_medium"]
    ranked |= {
        f"among networks, in `{space}`": [system, *_PEERS_OF_NETWORKS]
        for system, space in _SPACES.items()
        if system in systems
    }
    for name, among in ranked.items():
        ranks, count = _mean_ranks(result["entries"], among)
        if count < _FEWEST_CASES:
            continue
        told = (f"**{ranks[system]:.2f}**" if system in ranks else "" for system in systems)
        rows.append((f"{name}, {count} cases", "", *told))
    counts = [_leads(system, result["entries"]) for system in systems]
    rows.append(("automl better, worse beyond chance", "", *counts))
    counts = [_leads(system, result["entries"], "lead_of_trees") for system in systems]
    rows.append(("automl_trees better, worse beyond chance", "", *counts))
    rows.append(("median seconds", "", *(_seconds_of(system, result["entries"]) for system in systems)))
    n_seeds = len({entry["seed"] for entry in result["entries"]})
    return [
        f"### What is found for tables in {result['seconds']:g} seconds",
        "",
        f"Test scores, means over {n_seeds} division{'s'[: n_seeds != 1]}: accuracy, or the root mean squared error.",
        "`automl` is the search with `--ensemble 8`, `automl_best` one in the space `tabular_best`, `automl_quick`",
        "one in `tabular`, networks alone; those with `_trees` have `--include-trees` too. Of the first also what it",
        "was before the refit, its best trial, and the linear model and boosted trees judged with it. RealMLP has no",
        "limit of time. Ranks are over the tables and divisions, the cases, that all of those ranked were run on;",
        "means are over those that a system was run on.",
        "",
        *table(("table", "metric", *systems), rows),
        "",
    ]


def _score_of(system: str, entries: list[Result]) -> str:
    values = [entry["systems"][system]["value"] for entry in entries if system in entry["systems"]]
    return f"{statistics.mean(values):.5g}" if values else ""


def _mean_ranks(entries: list[Result], systems: Sequence[str]) -> tuple[dict[str, float], int]:
    """Give the mean rank of each system over the entries of all of them, and how many these are."""
    ranks = [_ranks(entry, systems) for entry in entries if set(systems) <= entry["systems"].keys()]
    means = {system: statistics.mean(rank[system] for rank in ranks) for system in systems} if ranks else {}
    return means, len(ranks)


def _ranks(entry: Result, systems: Sequence[str]) -> dict[str, float]:
    """Rank the systems, those that are equal in the middle of their places."""
    sign = -1 if entry["metric"] == "accuracy" else 1
    values = {system: sign * entry["systems"][system]["value"] for system in systems}
    below = {system: sum(other < value for other in values.values()) for system, value in values.items()}
    equal = {system: sum(other == value for other in values.values()) for system, value in values.items()}
    return {system: below[system] + (1 + equal[system]) / 2 for system in systems}


def _leads(system: str, entries: list[Result], word: str = "lead") -> str:
    leads = [lead for entry in entries if (lead := entry["systems"].get(system, {}).get(word))]
    return f"{sum(lead['ci_low'] > 0 for lead in leads)}, {sum(lead['ci_high'] < 0 for lead in leads)}" if leads else ""


def _seconds_of(system: str, entries: list[Result]) -> str:
    told = [entry["systems"].get(system, {}).get("seconds") for entry in entries]
    known = [each for each in told if each is not None]
    return f"{statistics.median(known):.0f}" if known else ""


def few_rows(results: list[Result]) -> list[str]:
    """Show an ensemble of few rows chosen over folds beside one chosen by one set of validation rows, and peers."""
    entries: list[Result] = sorted(results[-1]["entries"], key=lambda each: str(each["table"]))
    systems = [system for system in entries[0]["systems"] if system != "automl"]
    rows: list[tuple[object, ...]] = [
        (entry["table"], entry["metric"], *(f"{entry['systems'][each]['value']:.5g}" for each in ("automl", *systems)))
        for entry in entries
    ]
    saved = {system: [_fewer_errors(entry, system) for entry in entries] for system in systems}
    middles = {"mean": statistics.mean, "median": statistics.median}
    for name, middle in middles.items():
        rows.append((f"**errors less, {name}**", "", "", *(f"{middle(saved[system]):.1%}" for system in systems)))
    rows.append(("automl better, worse", "", "", *(_signs(saved[system]) for system in systems)))
    rows.append(("beyond chance", "", "", *(_leads(system, entries) for system in systems)))
    return [
        "### An ensemble of few rows",
        "",
        f"{entries[0]['searched']} rows to search on, a core each, up to 4,000 others to judge: `automl` is the search",
        "with `--ensemble 8 --include-trees` as few rows have it by default, `automl_one_set` the same with",
        "`--no-refit`. *Errors less*: how many fewer rows are wrong, or how much smaller the root mean squared",
        "error is, than by the other. A table has a line for each division.",
        "",
        *table(("table", "metric", "automl", *systems), rows),
    ]


def choosing(results: list[Result]) -> list[str]:
    """Show what is chosen by the number of right rows beside what is chosen by the loss, with trees and without."""
    entries: list[Result] = results[-1]["entries"]
    rows: list[tuple[object, ...]] = []
    for name in [*sorted({str(entry["table"]) for entry in entries}), ""]:
        own = [entry for entry in entries if name in ("", entry["table"])]
        row: list[object] = [name or "**all**", len(own)]
        for pool in ("", "networks_"):
            row += [f"{statistics.mean(each[pool + way] for each in own):.5f}" for way in ("by_rows", "by_loss")]
            gained = [1e4 * (each[pool + "by_loss"] - each[pool + "by_rows"]) for each in own]
            row.append(f"{statistics.mean(gained):+.0f} +- {statistics.stdev(gained) / len(gained) ** 0.5:.0f}")
            row.append(_signs(gained))
        rows.append(tuple(row))
    ways = ("by rows", "by loss", "more right of 10,000", "more, fewer")
    return [
        "### An ensemble chosen by the loss",
        "",
        f"Accuracy on up to 4,000 other rows, where {entries[0]['searched']:,} rows were searched on, a core each:",
        "means over divisions, first of networks with trees, then of networks alone, and by how much the choice by",
        "the loss is better than that by the number of right validation rows, with its standard error.",
        "",
        *table(("table", "divisions", *ways, *(f"networks {way}" for way in ways)), rows),
    ]


def _fewer_errors(entry: Result, system: str) -> float:
    """Say by which share `automl` errs less than another system."""
    ours, theirs = (entry["systems"][each]["value"] for each in ("automl", system))
    return 1 - (1 - ours) / (1 - theirs) if entry["metric"] == "accuracy" else 1 - ours / theirs


def _signs(numbers: Sequence[float]) -> str:
    return f"{sum(each > 0 for each in numbers)}, {sum(each < 0 for each in numbers)}"


def realmlp(results: list[Result]) -> list[str]:
    """Show one RealMLP here beside one by its authors' package."""
    header = ("table", "metric", "automl", "pytabkit", "lead of automl (95 %)", "seconds", "pytabkit's", "ratio")
    rows = []
    for entry in results[-1]["entries"]:
        ours, theirs = entry["systems"]["automl"], entry["systems"]["realmlp"]
        lead = theirs["lead"]
        rows.append(
            (
                entry["table"],
                entry["metric"],
                f"{ours['value']:.5g}",
                f"{theirs['value']:.5g}",
                f"{lead['value']:+.4g} ({lead['ci_low']:.4g} to {lead['ci_high']:.4g})",
                f"{ours['seconds']:.0f}",
                f"{theirs['seconds']:.0f}",
                f"**{theirs['seconds'] / ours['seconds']:.1f}x**",
            )
        )
    return [
        "### One RealMLP, here and by its authors' package",
        "",
        "The published defaults, trained at the same time, a core each; test scores, and the seconds of training.",
        "",
        *table(header, rows),
    ]


def sizes(results: list[Result]) -> list[str]:
    """Show what an epoch costs a candidate by the size of its cohort."""
    header = ("data", "space", "members", "steps", "ms an epoch", "ms a candidate", "device computes", "kernels a step")
    rows = []
    for result in results:
        for mark in result["marks"]:
            rows.append(
                (
                    result["data"],
                    result["space"] + on(result),
                    mark["members"],
                    mark["way"],
                    mark["epoch_ms"],
                    f"**{mark['by_candidate_ms']}**",
                    f"{min(mark['utilisation'], 1.0):.0%}" if "utilisation" in mark else "",
                    mark.get("kernels_a_step", ""),
                )
            )
    return [
        "### An epoch by the size of the cohort",
        "",
        "An architecture drawn from the space, and so many recipes for it, validation included. Steps run as they come",
        "(`eager`) or as recorded graphs, in float32 unless said.",
        "",
        *table(header, rows),
    ]


def overhead_trials(results: list[Result]) -> list[str]:
    """Show the milliseconds a trial of all but the training."""
    header = ("trials in the study", "cohort", "sampling", "record, network", "telling", "in all, ms a trial", "goal")
    rows = [
        (
            mark["trials"],
            mark["cohort"],
            mark["ask_ms"],
            mark["record_ms"],
            mark["tell_ms"],
            f"**{mark['total_ms']}**",
            f"at most {_MOST_MS:g}",
        )
        for mark in results[-1]["marks"]
    ]
    return ["### Milliseconds a trial beside the training", "", *table(header, rows)]


def overhead_start(results: list[Result]) -> list[str]:
    """Show the time to the first step."""
    result = results[-1]
    loaded = ", ".join(result["loaded"]) or "nothing"
    return [
        "### To the first training step",
        "",
        f"{result['first_step_s']:.1f} s from the command ({result['data']}), next to {result['imports_s']:.1f} s of",
        f"`import torch, optuna, pandas` alone: {result['ratio']:.2f}x, with {_MOST_IMPORTS:g}x as the goal. On the",
        f"path of what should not be there: {loaded}.",
    ]


def resident(results: list[Result]) -> list[str]:
    """Show what memory a search has by trial."""
    header = ("data", "space", "before the search", "by trial", "growth a trial")
    rows = [
        (
            result["data"],
            result["space"],
            _megabytes(result["before_bytes"]),
            ", ".join(f"{mark['trial'] + 1}: {_megabytes(mark['bytes'])}" for mark in result["marks"]),
            f"**{result['growth_bytes_a_trial'] / 1e3:.1f} kB**",
        )
        for result in results
    ]
    return [
        "### Resident memory by trial",
        "",
        "What the process of a search has of its own, when so many trials are over; the growth is that of the last",
        "four fifths of them.",
        "",
        *table(header, rows),
    ]


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.0f} MB"


SECTIONS = {
    "candidates": candidates,
    "quality": quality,
    "equal-time": equal_time,
    "variants": variants,
    "tables": tables,
    "few-rows": few_rows,
    "choosing": choosing,
    "realmlp": realmlp,
    "sizes": sizes,
    "overhead-trials": overhead_trials,
    "overhead-start": overhead_start,
    "resident": resident,
}


def measured_on(results: list[Result]) -> list[str]:
    """Say on which machines, with which versions and when; a line for each that differs."""
    lines = set()
    for result in results:
        machine = result["machine"]
        versions = ", ".join(f"{name} {machine['packages'][name]}" for name in _SHOWN_PACKAGES)
        device = machine.get("gpu", machine["device"])
        threads = f"{machine['cores']} cores of {machine['cpu']}, {device}, Python {machine['python']}"
        lines.add(f"- {machine['date']}: {threads}, {versions}")
    return ["Measured on:", "", *sorted(lines)]


def commands(results: list[Result]) -> list[str]:
    """List the commands that measured it."""
    told = [result["command"] for result in results if "command" in result]
    return ["By:", "", "```sh", *told, "```"] if told else []


def write(readme: Path, results: list[Result]) -> None:
    """Replace what stands between the marks."""
    parts = [measured_on(results)] if results else []
    for figure, section in SECTIONS.items():
        own = [result for result in results if result["figure"] == figure]
        if own:
            parts.append(section(own))
    parts.append(commands(results))
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"{readme} must hold the lines {BEGIN!r} and {END!r}")
    body = "\n\n".join("\n".join(part) for part in parts if part)
    readme.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=_HERE / "results")
    parser.add_argument("--readme", type=Path, default=_HERE / "README.md")
    options = parser.parse_args()
    write(options.readme, read_results(options.results))


if __name__ == "__main__":
    main()
