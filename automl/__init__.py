"""Searches hyperparameters and neural architectures for a table, and judges the winner once on sealed rows.

    import automl

    result = automl.search("adult.csv", target="income", timeout="10m")
    result.test       # value with its 95 % interval, on rows nothing else has seen
    result.predict(rows)

What is heavy is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.errors import (
    AutoMLError,
    BundleError,
    DataError,
    PlanError,
    SealError,
    SearchError,
    SpaceError,
    SplitError,
    StudyError,
    TargetError,
)

if TYPE_CHECKING:
    from automl.front import Result, inspect, load, resume, search

__all__ = [
    "AutoMLError",
    "BundleError",
    "DataError",
    "PlanError",
    "Result",
    "SealError",
    "SearchError",
    "SpaceError",
    "SplitError",
    "StudyError",
    "TargetError",
    "inspect",
    "load",
    "resume",
    "search",
]


def __getattr__(name: str) -> Any:
    """Import the front door when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'automl' has no attribute {name!r}")
    from automl import front

    return getattr(front, name)


def __dir__() -> list[str]:
    """List the public names, also those that are not imported yet."""
    return sorted({*globals(), *__all__})
