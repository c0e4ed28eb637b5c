"""A study as one page of HTML that holds all it needs: it opens from the disk, with no network, on any screen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from automl.report import config_plots, judged_plots, search_plots
from automl.report.content import SECTIONS
from automl.report.heading import card, opening
from automl.report.hypertext import block, line, tag, text
from automl.report.parallel import parallel
from automl.report.plots import Figure
from automl.report.reading import Reading
from automl.tracking.record import Record

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "form-action 'none'; base-uri 'none'"
)
"""What the page may load, and where it may send anything, which a browser enforces: nothing and nowhere."""


def webpage(record: Record) -> str:
    """Write the page of a study, finished or not.

    Raises:
        StudyError: A file of the folder is damaged.
    """
    reading = Reading(record)
    above, below = _above(reading), _below(reading)
    sections = {title: _section(title, reading, above.get(title, []), below.get(title, [])) for title in SECTIONS}
    shown = {title: section for title, section in sections.items() if section}
    drawn = [one.to_json() for some in (*above.values(), *below.values()) for one in some]
    body = tag("main", opening(reading), card(reading), _contents(list(shown)), *shown.values())
    return f"<!doctype html>\n{tag('html', _head(record), tag('body', body, _scripts(drawn)), lang='en')}\n"


def _above(reading: Reading) -> dict[str, list[Figure]]:
    """Give the plots that a section begins with, by its title."""
    by_section = {
        "Result": [judged_plots.lead(reading)],
        "Search": [search_plots.history(reading), search_plots.curves(reading)],
        "Parameters": [parallel(reading), config_plots.importance(reading)],
        "Pareto front": [config_plots.COSTS[cost](reading) for cost in reading.costs],
        "Best trials": [plot(reading) for cost, plot in config_plots.COSTS.items() if _is_of_best(cost, reading)],
    }
    return {title: [one for one in some if one is not None] for title, some in by_section.items()}


def _is_of_best(cost: str, reading: Reading) -> bool:
    """Whether a cost is drawn beside the best trials: not what the front is about, nor what nobody asked for."""
    return cost not in reading.costs and cost != "latency"


def _below(reading: Reading) -> dict[str, list[Figure]]:
    """Give the plots that a section ends with, by its title."""
    return {"Result": judged_plots.errors(reading)}


def _head(record: Record) -> str:
    return tag(
        "head",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        tag("title", text(f"{record.study}, a study")),
        tag("style", _asset("page.css")),
    )


def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _scripts(drawn: Sequence[dict[str, Any]]) -> str:
    """Give the plots, and with them what draws them: Plotly, once."""
    if not drawn:
        return ""
    from plotly.offline import get_plotlyjs

    data = json.dumps(drawn, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return "".join(
        [
            tag("script", data, type="application/json", id="figures"),
            tag("script", get_plotlyjs()),
            tag("script", _asset("page.js")),
        ]
    )


def _contents(titles: Sequence[str]) -> str:
    links = (tag("a", text(title), href=f"#{_anchor(title)}") for title in titles)
    return tag("nav", *links, aria_label="Contents")


def _section(title: str, reading: Reading, above: Sequence[Figure], below: Sequence[Figure]) -> str:
    """Give a section with its plots; nothing where there is nothing to say."""
    blocks = [block(one, title) for one in SECTIONS[title](reading)]
    if not (blocks or above or below):
        return ""
    inner = [*map(_figure, above), *blocks, *map(_figure, below)]
    return tag("section", tag("h2", text(title)), *inner, id=_anchor(title))


def _figure(one: Figure) -> str:
    style = f"height:{one.height}px"
    plot = tag("div", id=f"plot-{one.name}", class_="plot", style=style, role="img", aria_label=one.title)
    framed = tag("div", plot, class_="sideways", tabindex="0", role="region", aria_label=one.title)
    without = tag("noscript", tag("p", text("This plot needs JavaScript; the tables do not.")))
    shown = framed if one.is_wide else plot
    return tag("figure", tag("h3", text(one.title)), shown, without, tag("figcaption", line(one.caption)))


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")
