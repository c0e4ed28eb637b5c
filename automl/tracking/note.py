"""The text that MLflow shows of a study, in Markdown, and the curves that it keeps of its best trials."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import astuple, fields

from automl.tracking.record import Record
from automl.trial import Epoch, ranked

_LONGEST = 7000
_UNFINISHED = "The study is not finished yet."
_REST = "\n\nThe rest is among the artifacts: in `report.html` with plots, in `report.md` as text."
_TRIALS = 20
"""Of how many trials the curves are kept; MLflow draws no more at once."""


def description(record: Record, links: Mapping[str, str]) -> str:
    """Write what MLflow shows above a study's numbers: links, and the report.

    The links come first: the page folds a long text and covers what is below its first lines.

    Args:
        record: The run folder.
        links: Places on MLflow's page, by what they are called; the page moves with its server, so they name none.
    """
    has_page = record.page_path.exists()
    page = record.page_path.read_text(encoding="utf-8") if has_page else _UNFINISHED
    first, *sections = page.removeprefix(f"# Study `{record.study}`").strip().split("\n## ")
    text = " · ".join(f"[{name}]({place})" for name, place in links.items()) + "\n\n" + first.strip()
    for number, section in enumerate(sections):
        longer = f"{text}\n\n## {section.strip()}"
        is_last = number == len(sections) - 1
        if len(longer.encode()) + (0 if is_last else len(_REST)) > _LONGEST:
            return text + _REST
        text = longer
    return text + "\n"


def curves(record: Record, higher_is_better: bool) -> str:
    """Write the curves of the best trials as one table, best first, a line an epoch.

    Args:
        record: The run folder.
        higher_is_better: The direction of the scores.
    """
    best = ranked(record.outcomes().items(), higher_is_better)[:_TRIALS]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["trial", *(field.name for field in fields(Epoch))])
    for number in best:
        table.writerows([number, *astuple(epoch)] for epoch in record.trial(number).read_curve())
    return text.getvalue()
