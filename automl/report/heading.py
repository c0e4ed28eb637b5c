"""The top of the page: what the study is, what came of it, and what must be known before it is believed."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from automl.report.content import LEAK, headline
from automl.report.ensemble import leads, together, verdicts
from automl.report.figures import counted, duration, figure, interval
from automl.report.hypertext import line, tag, text
from automl.report.shortfall import shortfall
from automl.report.summary import by_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.report.reading import Reading


def opening(reading: Reading) -> str:
    """Give the study's name, and what it is about."""
    target, data = reading.task.get("target"), reading.plan.get("data")
    what = f"{target} from {PurePath(str(data)).name}" if target else PurePath(str(data or "")).name
    made = str(reading.plan.get("created") or "")[:10]
    about = ", ".join(part for part in (reading.summary["task"] or "", what, made) if part)
    return tag(
        "header",
        tag("p", text("Study"), class_="eyebrow"),
        tag("h1", text(reading.record.study)),
        tag("p", text(about)),
    )


def card(reading: Reading) -> str:
    """Give the headline: the score and its interval, what it means, and what must be known beside it."""
    return tag(
        "section",
        _shortfall(reading),
        _score(reading),
        _not_judged(reading),
        _verdicts(reading),
        _facts(reading),
        class_="card",
    )


def _shortfall(reading: Reading) -> str:
    """Say before the score what the network loses to or does not beat; where there is nothing, the verdicts do."""
    is_short = reading.judged is not None and shortfall(reading.judged)
    return tag("p", line(headline(reading)[:1])) if is_short else ""


def _not_judged(reading: Reading) -> str:
    return tag("p", line(headline(reading))) if reading.judged is None else ""


def _score(reading: Reading) -> str:
    best, judged, metric = reading.summary["best"], reading.judged, reading.summary["metric"]
    if best is None:
        return ""
    if judged is None:
        what, value, rest = f"validation {metric}, not judged yet", best["validation"], ""
    else:
        ends = judged["test"]
        what = f"test {metric} on {counted(ends['rows'], 'sealed row')}"
        value, rest = ends["value"], f"95 % interval {interval(ends)}"
    return tag(
        "p",
        tag("span", text(what), class_="what"),
        tag("span", text(figure(value)), class_="value"),
        tag("span", text(rest), class_="interval"),
        class_="score",
    )


def _verdicts(reading: Reading) -> str:
    """Give the verdicts and the warnings, a word to its colour each."""
    judged = reading.judged
    chips = []
    if judged is not None:
        for difference, said in zip(leads(judged).values(), verdicts(judged)):
            chips.append((_tone(difference), said.split(":")[0]))
    leaks = sum(found["kind"] == LEAK for found in reading.summary["findings"])
    if leaks:
        chips.append(("bad", f"{counted(leaks, 'sign')} of leakage in the data"))
    if any(event.get("reason") for event in reading.ledger):
        chips.append(("bad", "the seal was broken"))
    return tag("ul", *(tag("li", text(said), class_=tone) for tone, said in chips), class_="chips") if chips else ""


def _tone(difference: Mapping[str, float | None]) -> str:
    low, high = difference["ci_low"], difference["ci_high"]
    if low is None or high is None or low <= 0 <= high:
        return "even"
    return "good" if low > 0 else "bad"


def _facts(reading: Reading) -> str:
    summary, best = reading.summary, reading.summary["best"]
    counts = summary["trials"]
    states = by_state(counts, all_states=False)
    facts = {
        "trials": f"{counts['total']:,}" + (f" ({states})" if states else ""),
        "time": duration(summary["seconds"]),
    }
    if best is not None:
        row = next(row for row in reading.rows if row["trial"] == best["trial"])
        facts["winner"] = ", ".join(
            str(word) for word in (f"trial {best['trial']}", row["family"], row["optimizer"]) if word
        )
        facts["parameters"] = f"{row['parameters']:,}"
        facts[f"validation {summary['metric']}"] = figure(best["validation"])
    if reading.judged is not None and (ensemble := reading.judged.get("ensemble")):
        facts["model"] = together(ensemble)
    if present := [each for each in summary.get("updates", ()) if each["is_present"]]:
        facts["updated"] = f"update {present[0]['update']}, {present[0]['created'][:10]}"
    if reading.judged is not None:
        gap = reading.judged["gap"]["value"]
        better = "test" if gap is not None and gap < 0 else "validation"
        facts[f"{better} looked better by"] = figure(gap and abs(gap), best["validation"])
    return tag("dl", *(tag("div", tag("dt", text(name)), tag("dd", text(value))) for name, value in facts.items()))
