"""A study whose trials are kept in an Optuna storage rather than in its run folder, alone or together with others.

The plan keeps the storage's address without its password. With it, the address comes from the command itself, or from
the environment's `AUTOML_STORAGE`. What is heavy is imported where it is used.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from automl.errors import PlanError, StorageError
from automl.passwords import is_hidden, with_password
from automl.task import HIGHER_IS_BETTER
from automl.tracking.record import PLAN, SPLIT, TASK
from automl.trial import Aim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from automl.experiment.plan import Plan
    from automl.study.storage import Shared
    from automl.tracking.record import Record

STORAGE = "AUTOML_STORAGE"
"""The variable of the environment that holds a storage's address with its password."""


def storage_mistakes(storage: str | None, jobs: int) -> Iterator[str]:
    """Say what is wrong with the address of a storage, as far as it can be seen without asking it."""
    if storage is None:
        return
    if not re.match(r"[a-z][a-z0-9+]*://", storage):
        yield (
            "--storage must be an address that Optuna knows, such as postgresql://ann@host/studies or "
            f"sqlite:///studies.db, got {storage!r}"
        )
    elif storage in ("sqlite://", "sqlite:///") or ":memory:" in storage:
        yield f"--storage {storage} keeps nothing once the command ends; name a file, such as sqlite:///studies.db"
    elif storage.startswith("sqlite") and jobs > 1:
        yield (
            f"--storage {storage} is for one job: SQLite locks its whole file for every trial that is written, and "
            f"several processes at once lose trials to that; with --jobs {jobs} use PostgreSQL, or leave --storage out"
        )


def absolute(storage: str | None) -> str | None:
    """Give the address of a storage, that of a SQLite file absolute."""
    prefix, mark, path = (storage or "").partition(":///")
    if not (mark and prefix.startswith("sqlite")):
        return storage
    return f"{prefix}:///{Path(path).absolute()}"


def moved(plan: Plan, storage: str | None) -> Plan:
    """Give the plan with another address for its storage, or as it is.

    Raises:
        PlanError: The study has no storage, or the address is none.
    """
    if storage is None:
        return plan
    if plan.storage is None:
        raise PlanError(f"study {plan.study!r} keeps its trials in its run folder, and --storage cannot move them")
    mistakes = list(storage_mistakes(storage, plan.jobs))
    if mistakes:
        raise PlanError("\n".join(mistakes))
    return replace(plan, storage=absolute(storage))


def shared_by(record: Record, plan: Plan) -> Shared | None:
    """Give the storage that a study is kept in, and who it is there; None for one that is kept in its run folder.

    Raises:
        StorageError: Its password is not known.
    """
    if plan.storage is None:
        return None
    url = with_password(plan.storage, os.environ.get(STORAGE))
    if url is None:
        raise StorageError(
            f"the password of {plan.storage} is not kept: name the whole address in {STORAGE}, or with "
            f"automl resume {record.words} --storage URL"
        )
    from automl.study.storage import Shared

    return Shared(url, str(record.read_json(PLAN).get("study_id")))


def environment_of(plan: Plan) -> dict[str, str]:
    """Give what the environment of a study's other processes needs to hold, so that no password is written down."""
    has_password = plan.storage is not None and not is_hidden(plan.storage)
    return {STORAGE: plan.storage} if has_password and plan.storage is not None else {}


def sampling_seed(record: Record, plan: Plan) -> int:
    """Give the seed of the proposals: a guest's are its own, so that it repeats none of its host's."""
    if not plan.is_guest:
        return plan.seed
    from automl.study.seeds import seed_of

    return seed_of(plan.seed, "guest", record.read_json(PLAN)["study_id"])


def reach(record: Record, plan: Plan) -> None:
    """Refuse to begin where the storage is away.

    Raises:
        StorageError: It is, or refuses.
    """
    shared = shared_by(record, plan)
    if shared is not None:
        from automl.study.storage import open_storage

        open_storage(shared.url)


def join_study(record: Record, plan: Plan) -> tuple[Plan, list[str]]:
    """Enter a run folder among those that search in its study in the storage; nothing where it has none.

    Args:
        record: The run folder, with its rows and its space.
        plan: What is asked for.

    Returns:
        The plan, which says whether the study is another's, and sentences for the person.

    Raises:
        StorageError: The storage is away.
        StudyError: The study is another's, and not meant, or not the same.
        PlanError: The study has come to the end of its budget already.
    """
    shared = shared_by(record, plan)
    if shared is None:
        return plan, []
    from automl.study.sharing import join

    joined = join(
        shared,
        plan.study,
        where=f"{record.run_dir} on {socket.gethostname()}",
        rules=_rules(record, plan),
        aim=Aim(HIGHER_IS_BETTER[record.read_json(TASK)["metric"]], plan.objective),
        may_join=plan.may_join,
        has_trials=bool(record.trials()),
    )
    if joined.is_guest and plan.trials is not None and joined.n_trials >= plan.trials and not record.trials():
        raise PlanError(
            f"study {record.study!r} in the storage has its {joined.n_trials} trials already; --trials is the total of "
            "all who search in it"
        )
    settled = replace(plan, is_guest=joined.is_guest)
    record.write_json(PLAN, record.read_json(PLAN) | {"is_guest": joined.is_guest})
    if not joined.is_guest:
        return settled, []
    return settled, [
        f"searching in a study of {joined.n_trials} trials together with {', '.join(joined.others)}; "
        f"the winner of this folder is judged only by: automl judge {record.words}"
    ]


def _rules(record: Record, plan: Plan) -> dict[str, str]:
    """Say what all who search in one study must agree in, each as a hash."""
    split = record.read_json(SPLIT)
    rows = "/".join(map(str, (split["data_sha256"], split["test_sha256"], sorted(split["sizes"].items()))))
    task = (record.run_dir / TASK).read_text(encoding="utf-8")
    texts = {"rows": rows, "task or metric": task, "space": record.space_path.read_text(encoding="utf-8")}
    texts |= {"objectives": " ".join(plan.objective)} if plan.objective else {}
    return {what: hashlib.sha256(text.encode()).hexdigest() for what, text in texts.items()}


def withdraw(record: Record, plan: Plan, *, quietly: bool = False) -> str | None:
    """Take a run folder out of its study in the storage, and the study with it where nobody else searches in it.

    Args:
        record: The run folder.
        plan: Its plan.
        quietly: Whether a storage that is away is left alone.

    Returns:
        `deleted`, `left` to others, or None where there is nothing of it.

    Raises:
        StorageError: The storage is away.
    """
    with suppress(*([StorageError] if quietly else [])):
        shared = shared_by(record, plan)
        if shared is not None:
            from automl.study.sharing import leave

            return leave(shared, plan.study)
    return None
