"""Imports that the garbage collector does not look through again and again while they are under way.

What a library sets up when it is imported lasts as long as the process. Importing torch makes so many objects that the
collector, which runs after every so many new ones, takes an eighth of the time, and finds nothing.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold the collector back while the block runs; what the block made then counts as old, and is looked at rarely.

    Where somebody has switched the collector off, or keeps objects from it, nothing is changed.
    """
    if not gc.isenabled() or gc.get_freeze_count():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # with `unfreeze`: everything becomes old without being looked at
        gc.unfreeze()
        gc.enable()
