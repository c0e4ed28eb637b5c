"""What updates of a study came to, in words and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl.report.document import Block, Code, Items, Line, Strong, Table, plain
from automl.report.figures import counted, duration, figure, interval, spoken
from automl.tracking.updates import CONTINUED, PRESENT, SCRATCH, finished_updates

if TYPE_CHECKING:
    from automl.report.reading import Reading

Told = Mapping[str, Any]
"""An update as plain JSON values; `runs/README.md` describes it."""

PARTS = {"train": "trained on", "validation": "validate", "test": "sealed"}
"""What becomes of the new rows of each part."""
HEADER = ("", "validation", "test", "95 % interval", "lead", "95 % interval of it", "time")
"""The columns of what was judged."""
_NAMES = {PRESENT: "the model before", CONTINUED: "trained on", SCRATCH: "from scratch"}


def updates(reading: Reading) -> list[Block]:
    """Give what a report says of a study's updates, the latest first; nothing where there are none."""
    blocks: list[Block] = []
    for told in reversed(finished_updates(reading.record)):
        blocks += [
            plain(Strong(f"Update {told['update']}"), f", {told['created'][:10]}: {given(told)}."),
            Table(HEADER, rows_of(told), right=(1, 2, 4, 6)),
            Items([*_said(told), ("SHA-256 of the sealed rows: ", Code(told["test_sha256"]), ".")]),
        ]
    return blocks


def _said(told: Told) -> list[Line]:
    return [(f"{said[0].upper()}{said[1:]}.",) for said in (told["sentence"], *told["notes"])]


def given(told: Told) -> str:
    """Say what an update was given."""
    parts = ", ".join(f"{told['rows'][part]:,} {word}" for part, word in PARTS.items())
    return f"{counted(sum(told['rows'].values()), 'new row')}, {parts}"


def rows_of(told: Told) -> list[Sequence[Any]]:
    """Give a row for each model that was judged, with the columns `HEADER`."""
    rows: list[Sequence[Any]] = []
    for name, ends in told["test"].items():
        lead = told["leads"].get(name)
        value, chosen = told[name]["validation"], ", chosen" if name == told["chosen"] else ""
        rows.append(
            [
                f"{_NAMES[name]}{chosen}",
                figure(value),
                figure(ends["value"], value),
                interval(ends, value),
                "" if lead is None else figure(lead["value"], value),
                "" if lead is None else interval(lead, value),
                duration(told[name]["seconds"]) if "seconds" in told[name] else "",
            ]
        )
    guess = told["baseline"]
    rows.append([spoken(guess["name"]), "", figure(guess["test"]["value"]), interval(guess["test"]), "", "", ""])
    return rows
