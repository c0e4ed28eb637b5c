"""Compares the speed of the project with the plain loop's, side by side in one run, in alternating order.

    python benchmarks/speed.py candidates --data satimage --space narrow64 --candidates 64 --epochs 20 --repeats 3
    python benchmarks/speed.py quality --data adult --trials 60 --limit 900
    python benchmarks/speed.py equal-time --data made --seconds 600

candidates: candidates trained per hour, for the same list of configs and epochs.
quality:    time of `automl search` to reach the plain loop's best validation score of so many trials.
equal-time: completed and pruned trials, and the winner's test score, of both in the same time.

The plain loop gets the number of threads it is faster with. Every result is a file in benchmarks/results, from which
`python benchmarks/report.py` writes the tables.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ours
from problems import PROBLEMS, add_list_options, at_once, machine, parser

from automl.task import HIGHER_IS_BETTER, REGRESSION_METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

_HERE = Path(__file__).parent
_RESULTS = _HERE / "results"
_TRYOUT = ("--candidates", "8", "--epochs", "3")


def run_script(script: str, *words: str) -> dict[str, Any]:
    """Run one side in a process of its own; give what it prints."""
    command = [sys.executable, str(_HERE / script), *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{shlex.join(command)}\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def shared_words(options: argparse.Namespace) -> list[str]:
    """Give the options that both sides get."""
    words = ["--data", options.data, "--space", options.space, "--seed", str(options.seed), "--device", options.device]
    return [*words, "--recipes", str(options.recipes)] if options.recipes else words


def list_words(options: argparse.Namespace) -> list[str]:
    """Give the options that describe a list."""
    return [*shared_words(options), "--candidates", str(options.candidates), "--epochs", str(options.epochs)]


def plain_threads(options: argparse.Namespace) -> int:
    """Find out with how many threads the plain loop is faster: one, or one a core."""
    cores = os.cpu_count() or 1
    numbers = sorted({1, cores}) if options.threads is None else [options.threads]
    if len(numbers) == 1:
        return numbers[0]
    words = [*shared_words(options), *_TRYOUT]
    seconds = {
        number: run_script("plain_loop.py", "list", *words, "--threads", str(number))["seconds"] for number in numbers
    }
    tell(f"plain loop, a short list: {', '.join(f'{time:.1f} s with {n} threads' for n, time in seconds.items())}")
    return min(seconds, key=lambda number: seconds[number])


def candidates(options: argparse.Namespace) -> dict[str, Any]:
    """Measure candidates trained per hour."""
    words = list_words(options)
    threads = plain_threads(options)
    jobs = [] if options.jobs is None else ["--jobs", str(options.jobs)]
    sides = {
        "plain": lambda: run_script("plain_loop.py", "list", *words, "--threads", str(threads)),
        "ours": lambda: run_script("ours.py", *words, *jobs),
    }
    runs: dict[str, list[dict[str, Any]]] = {"plain": [], "ours": []}
    for repeat in range(options.repeats):
        for name in sorted(sides, reverse=repeat % 2 == 0):
            runs[name].append(sides[name]())
            tell(f"{options.data} {options.space}, repeat {repeat + 1}, {name}: {runs[name][-1]['seconds']:.1f} s")
    result: dict[str, Any] = {"candidates": options.candidates, "epochs": options.epochs, "plain_threads": threads}
    for name, own in runs.items():
        seconds = [run["seconds"] for run in own]
        scores = [score for score in own[0]["scores"] if score is not None]
        result[name] = {
            "seconds": rounded(seconds),
            "per_hour": round(3600 * options.candidates / statistics.median(seconds)),
            "median_score": statistics.median(scores),
            "failed": len(own[0]["scores"]) - len(scores),
        }
    until_trained = [run["seconds_until_trained"] for run in runs["ours"]]
    plain = statistics.median(result["plain"]["seconds"])
    result["ours"]["seconds_until_trained"] = rounded(until_trained)
    result["ours"]["seconds_asking"] = rounded([run["seconds_asking"] for run in runs["ours"]])
    result["ours"]["complaints"] = [sentence for run in runs["ours"] for sentence in run["mlflow"]]
    result["ratio"] = round(plain / statistics.median(result["ours"]["seconds"]), 2)
    result["ratio_until_trained"] = round(plain / statistics.median(until_trained), 2)
    return result


def quality(options: argparse.Namespace) -> dict[str, Any]:
    """Measure the time to the plain loop's best validation score; every repeat has a seed of its own."""
    threads = plain_threads(options)
    seeds = range(options.seed, options.seed + options.repeats)
    repeats = at_once(options.at_once, [partial(_quality, options, seed, threads) for seed in seeds])
    ratios = sorted(repeat["ratio"] or 0.0 for repeat in repeats)
    return {
        "trials": options.trials,
        "plain_threads": threads,
        "repeats": repeats,
        "ratio": statistics.median(ratios),
        "plain_seconds": statistics.median(repeat["plain"]["bests"][-1]["seconds"] for repeat in repeats),
        "reached": sum(repeat["ratio"] is not None for repeat in repeats),
    }


def _quality(options: argparse.Namespace, seed: int, threads: int) -> dict[str, Any]:
    higher = HIGHER_IS_BETTER["accuracy" if PROBLEMS[options.data].are_classes else REGRESSION_METRICS[0]]
    budget = ["--trials", str(options.trials)]
    if options.plain_seconds is not None:
        budget += ["--seconds", str(options.plain_seconds)]
    plain = run_plain_study(options, seed, threads, *budget)
    best = plain["bests"][-1]
    tell(f"{options.data}, seed {seed}, plain: {best['score']:.5g} after {best['seconds']:.0f} s")
    limit = options.limit or plain["seconds"]
    with tempfile.TemporaryDirectory() as room:
        mine = ours.search(options, Path(room), seconds=limit, seed=seed, target=best["score"], higher=higher)
    tell(f"{options.data}, seed {seed}, ours: {seconds_in_words(mine['reached'])} (best {mine['best']})")
    del mine["result"]
    ratio = None if mine["reached"] is None else round(best["seconds"] / mine["reached"], 2)
    return {"seed": seed, "limit": round(limit), "plain": plain, "ours": mine, "ratio": ratio}


def equal_time(options: argparse.Namespace) -> dict[str, Any]:
    """Count both sides' trials in the same time, and compare their winners' test scores."""
    threads = plain_threads(options)
    repeats = []
    for seed in range(options.seed, options.seed + options.repeats):
        plain = run_plain_study(options, seed, threads, "--seconds", str(options.seconds))
        with tempfile.TemporaryDirectory() as room:
            mine = ours.search(options, Path(room), seconds=options.seconds, seed=seed, target=None, higher=True)
        report = mine.pop("result")
        mine["test"] = report["test"]["value"] if report else None
        counts = [side["completed"] + side["pruned"] for side in (plain, mine)]
        tell(f"{options.data}, seed {seed}: {counts[0]} and {counts[1]} trials, {plain['test']} and {mine['test']}")
        repeats.append({"seed": seed, "plain": plain, "ours": mine, "ratio": round(counts[1] / max(counts[0], 1), 2)})
    return {
        "seconds": options.seconds,
        "plain_threads": threads,
        "repeats": repeats,
        "ratio": statistics.median(repeat["ratio"] for repeat in repeats),
        **{
            f"{name}_{what}": statistics.median(repeat[name][what] or 0.0 for repeat in repeats)
            for name in ("plain", "ours")
            for what in ("completed", "pruned", "test")
        },
    }


def run_plain_study(options: argparse.Namespace, seed: int, threads: int, *budget: str) -> dict[str, Any]:
    """Run a study of the plain loop in a process of its own, on the clock from now on."""
    words = ["--data", options.data, "--space", options.space, "--device", options.device, "--seed", str(seed)]
    started = ["--threads", str(threads), "--started", str(time.monotonic())]
    return run_script("plain_loop.py", "study", *words, *budget, *started)


def rounded(seconds: Sequence[float]) -> list[float]:
    """Give seconds to three decimals."""
    return [round(one, 3) for one in seconds]


def seconds_in_words(seconds: float | None) -> str:
    """Give seconds, or say that it was not reached."""
    return "not reached" if seconds is None else f"reached after {seconds:.0f} s"


def tell(sentence: str) -> None:
    """Say how it goes, at once."""
    print(sentence, flush=True)


def save(options: argparse.Namespace, result: dict[str, Any]) -> None:
    """Keep a result with what it was measured on and how to repeat it."""
    options.results.mkdir(parents=True, exist_ok=True)
    device = "" if options.device == "cpu" else f"-{options.device.partition(':')[0]}"
    jobs = "" if options.jobs is None else f"-jobs{options.jobs}"
    path = options.results / f"{options.figure}-{options.data}-{options.space}{device}{jobs}.json"
    words = [word for word in sys.argv[1:] if word not in ("--results", str(options.results))]
    facts = {
        "figure": options.figure,
        "data": options.data,
        "space": options.space,
        "command": shlex.join(["python", "benchmarks/speed.py", *words]),
        "machine": machine(options.device),
    }
    path.write_text(json.dumps(facts | result, indent=1) + "\n", encoding="utf-8")
    tell(f"{path.name}: {result['ratio']:g}x")


FIGURES = {"candidates": candidates, "quality": quality, "equal-time": equal_time}


def main() -> None:
    """Measure one figure on one table."""
    made = parser(__doc__)
    made.add_argument("figure", choices=FIGURES)
    made.add_argument("--repeats", type=int, default=3)
    made.add_argument("--results", type=Path, default=_RESULTS, help="the folder of the results")
    made.add_argument("--threads", type=int, help="of the plain loop; those it is faster with if left out")
    made.add_argument("--trials", type=int, default=60, help="of the plain loop, for `quality`")
    made.add_argument("--plain-seconds", type=float, help="for `quality`: with fewer trials, if they take so long")
    made.add_argument("--limit", type=float, help="seconds of a search, for `quality`; the plain loop's if left out")
    made.add_argument("--seconds", type=float, default=600.0, help="of both sides, for `equal-time`")
    add_list_options(made)
    options = made.parse_args()
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    save(options, FIGURES[options.figure](options))


if __name__ == "__main__":
    main()
