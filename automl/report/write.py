"""The reports of a study put into its folder: for programs, as Markdown, and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.report.markdown import page
from automl.report.summary import summarise
from automl.tracking.record import PAGE, REPORT, WEBPAGE

if TYPE_CHECKING:
    from automl.tracking.record import Record


def write_summary(record: Record) -> dict[str, Any]:
    """Write `report.json` and `report.md`, and give what the first holds."""
    result = summarise(record)
    record.write_json(REPORT, result)
    record.write_text(PAGE, page(record))
    return result


def write_webpage(record: Record) -> None:
    """Write `report.html`."""
    from automl.report.webpage import webpage

    record.write_text(WEBPAGE, webpage(record))


def renew(record: Record) -> None:
    """Write again, for people, what was written before: there is more to say."""
    if record.has(PAGE):
        record.write_text(PAGE, page(record))
    if record.has(WEBPAGE):
        write_webpage(record)
