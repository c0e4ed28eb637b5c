"""Whether a search would run here, and what it would run with: packages, devices, cores, storage, MLflow, extras."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, requires
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from automl.experiment.environment import version
from automl.passwords import without_password
from automl.tracking.address import resolve_uri
from automl.tracking.reach import unreachable
from automl.tracking.storage import examine_storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

EXTRAS = {
    "postgresql": "keeps studies in a PostgreSQL database",
    "redis": "keeps studies in Redis",
    "test": "runs the project's own tests",
}
"""What each extra of the package is for."""

_LITTLE_SPACE = 1_000_000_000
"""Free bytes below which it is worth a sentence."""


def examine(runs_dir: Path, tracking_uri: str | None, environ: Mapping[str, str]) -> dict[str, Any]:
    """Look at all that a search needs. Nothing is created, and MLflow is told nothing.

    Args:
        runs_dir: The folder of all studies, which may be absent.
        tracking_uri: What `--tracking-uri` said.
        environ: The environment, whose `MLFLOW_TRACKING_URI` is honoured.

    Returns:
        `python, system, cores, memory_bytes, devices, packages, extras, storage, mlflow, notes, problems`: notes are
        sentences that do not keep a search from running, problems are those that do.

    Raises:
        PlanError: MLflow knows no such address.
    """
    needed = _requirements()
    storage, mlflow = examine_storage(runs_dir), _mlflow(runs_dir, tracking_uri, environ)
    devices, idle, broken = _devices()
    packages = [_package(each) for each in needed if _is_wanted(each, "")]
    problems = [*_missing(packages), *filter(None, [broken, storage["problem"]])]
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": {"usable": _usable_cores(), "all": os.cpu_count()},
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "devices": devices,
        "packages": [{"name": "automl", "installed": version("automl"), "needed": "", "is_met": True}, *packages],
        "extras": [_extra(name, use, needed) for name, use in EXTRAS.items()],
        "storage": storage,
        "mlflow": mlflow,
        "notes": [*_outdated(packages), *filter(None, [idle]), *_remarks(storage, mlflow)],
        "problems": problems,
    }


def _requirements() -> list[Requirement]:
    """Read what the package says that it needs, extras included; nothing where it runs without being installed."""
    try:
        return [Requirement(text) for text in requires("automl") or ()]
    except PackageNotFoundError:
        return []


def _is_wanted(needed: Requirement, extra: str) -> bool:
    """Whether a package is needed here for an extra alone, or, where that is empty, by the project itself."""
    if needed.marker is None:
        return not extra
    is_plain = needed.marker.evaluate({"extra": ""})
    return not is_plain and needed.marker.evaluate({"extra": extra}) if extra else is_plain


def _package(needed: Requirement) -> dict[str, Any]:
    installed = version(needed.name)
    is_met = installed is not None and needed.specifier.contains(installed, prereleases=True)
    return {"name": needed.name, "installed": installed, "needed": str(needed.specifier), "is_met": is_met}


def _extra(name: str, use: str, needed: Iterable[Requirement]) -> dict[str, Any]:
    packages = [_package(each) for each in needed if _is_wanted(each, name)]
    return {"name": name, "for": use, "missing": [each["name"] for each in packages if not each["is_met"]]}


def _missing(packages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for each in packages:
        if each["installed"] is None:
            wanted = f"{each['name']}{each['needed']}"
            yield f"the package {each['name']} is missing; install it with: pip install '{wanted}'"


def _outdated(packages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for each in packages:
        if each["installed"] is not None and not each["is_met"]:
            yield f"{each['name']} must be {each['needed']} and is {each['installed']}"


def _remarks(storage: Mapping[str, Any], mlflow: Mapping[str, Any]) -> Iterator[str]:
    if storage["problem"] is None and storage["free_bytes"] < _LITTLE_SPACE:
        yield f"little space is left on the disk of {storage['runs_dir']}"
    if mlflow["reason"] is not None:
        yield f"MLflow is not reached: {mlflow['reason']}; a search runs all the same, and its record can be sent later"


def _mlflow(runs_dir: Path, tracking_uri: str | None, environ: Mapping[str, str]) -> dict[str, Any]:
    uri = resolve_uri(runs_dir, tracking_uri, environ)
    reason = unreachable(uri)
    return {"tracking_uri": without_password(uri), "is_reached": reason is None, "reason": reason}


def _devices() -> tuple[list[str], str | None, str | None]:
    """Name the devices, say why a GPU is idle, and why nothing would train here at all."""
    try:
        from automl.experiment.session import Session  # noqa: F401 (what a search imports when it begins)
        from automl.training.device import devices, idle_gpu
    except Exception as error:  # a library that is broken may raise anything
        return [], None, f"what a search needs cannot be imported: {type(error).__name__}: {error}"
    return devices(), idle_gpu(), None


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
