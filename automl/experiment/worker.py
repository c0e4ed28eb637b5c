"""One more process of a search: it asks, trains and tells as the search's own does, until the budget is spent.

`python -m automl.experiment.worker RUN_DIR PLACE` reads one line of JSON from its standard input, `{"seconds": ..,
"used": .., "started": ..}`, the clock until the judgement, and writes what happens to its standard output. A line
`end` says that somebody asked for the end: an epoch is brought to its end and kept. When the input ends the search is
gone, and the worker leaves at once: what it was at is run again by whoever resumes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from functools import partial
from pathlib import Path

from automl.budget import Clock
from automl.errors import AutoMLError
from automl.experiment.interrupts import Interrupts, deferred
from automl.experiment.messages import Sender
from automl.experiment.plan import Plan
from automl.experiment.uncollected import uncollected
from automl.files import disk_fault
from automl.tracking.record import PLAN, Record

with uncollected():
    from automl.experiment.assemble import assemble
    from automl.experiment.stage import set_out
    from automl.experiment.timetable import Timetable
    from automl.experiment.trials import run_new


def main(arguments: list[str]) -> int:
    """Work until the budget is spent; return 0, or 2 where the search itself is at fault."""
    run_dir, place = arguments
    clock = Clock(**json.loads(sys.stdin.readline()))
    with deferred() as interrupts:
        threading.Thread(target=_leave_with_the_search, args=(interrupts,), daemon=True).start()
        return _work(Record(Path(run_dir)), int(place), clock, interrupts)


def _work(record: Record, place: int, clock: Clock, interrupts: Interrupts) -> int:
    plan = Plan.from_json(record.read_json(PLAN))
    timetable = Timetable(plan, clock)
    # What a library prints must not get between the messages.
    progress, sys.stdout = Sender(sys.stdout), sys.stderr
    bench = assemble(
        record,
        plan,
        set_out(record, plan),
        clock=timetable.search,
        progress=progress,
        interrupts=interrupts,
        place=place,
    )
    try:
        ended = partial(timetable.expect_refit, bench.objective)
        run_new(bench.study, bench.objective, plan.budget, bench.cohorts, ended)
    except KeyboardInterrupt:
        return 0
    except Exception as error:
        if (fault := error if isinstance(error, AutoMLError) else disk_fault(error)) is None:
            raise
        sys.stderr.write(f"{fault}\n")
        return 2
    return 0


def _leave_with_the_search(interrupts: Interrupts) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # whatever is said, it is that the end is asked for
        interrupts.ask()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
