"""Grows trees beside a search, or beside a refit, in a process of its own: networks of tables seldom take all cores.

`python -m automl.experiment.grower RUN_DIR` reads one line of JSON from its standard input: the `clock` until the
judgement, in how many `threads` to work, and `anew`, the kinds to grow once more on all rows that are not sealed, those
that count most first, or null for all kinds that are not there yet. It writes what it does to its standard output, a
sentence a line. When the input ends the command is gone, and it leaves at once.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from automl.budget import Clock
from automl.experiment.plan import Plan
from automl.experiment.uncollected import uncollected
from automl.tracking.record import PLAN, Record

with uncollected():
    from automl.experiment.stage import set_out, whole_of
    from automl.experiment.trees import allowance_of, grow_anew, grow_trees
    from automl.training.device import share_cores


def main(arguments: list[str]) -> int:
    """Grow what is asked for; return 0."""
    record, told = Record(Path(arguments[0])), json.loads(sys.stdin.readline())
    threading.Thread(target=_leave_with_the_command, daemon=True).start()
    share_cores(2)
    plan = Plan.from_json(record.read_json(PLAN))
    stage, clock, allowance = set_out(record, plan), Clock(**told["clock"]), allowance_of(plan, told["threads"])
    if told["anew"] is None:
        grow_trees(record, stage, print, allowance)
    else:
        whole = whole_of(stage)
        grow_anew(record, whole, told["anew"], clock, growth=stage.growth, allowance=allowance)
    return 0


def _leave_with_the_command() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
