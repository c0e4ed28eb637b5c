"""Who shares a study in a storage: which run folders search in it, by which rules, and who takes it away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from optuna.exceptions import DuplicatedStudyError

from automl.errors import StudyError
from automl.study.scored import directions
from automl.study.storage import open_storage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.study.storage import Shared
    from automl.trial import Aim

_MEMBER = "automl.member."
_RULES = "automl.rules"
_SECONDS_FOR_RULES = 5.0
"""How long the one who has made a study may take to write down its rules."""


class Joined(NamedTuple):
    """How a run folder stands in a shared study.

    Args:
        is_guest: Whether another folder made the study.
        others: The other folders, in words.
        n_trials: How many trials the study has.
    """

    is_guest: bool
    others: list[str]
    n_trials: int


def join(
    shared: Shared,
    name: str,
    *,
    where: str,
    rules: Mapping[str, str],
    aim: Aim,
    may_join: bool,
    has_trials: bool = False,
) -> Joined:
    """Enter a run folder among those that search in a study, which is made if there is none.

    Args:
        shared: Where the study is, and who joins.
        name: What it is called.
        where: The run folder in words, for the others.
        rules: What all must agree in, by its name, each as a text that differs where it differs.
        aim: The direction of the scores, and what is to be small beside them.
        may_join: Whether the study may be another's.
        has_trials: Whether the folder has trials of the study already.

    Raises:
        StorageError: The storage is away.
        StudyError: The study is another's and may not be joined, or follows other rules; or it is not here.
    """
    storage = open_storage(shared.url)
    if has_trials:
        _require_member(storage, name, _MEMBER + shared.member)
    try:
        study_id, is_new = storage.create_new_study(directions(aim), name), True
    except DuplicatedStudyError:
        study_id, is_new = storage.get_study_id_from_name(name), False
    n_trials = storage.get_n_trials(study_id)
    told = {_RULES: dict(rules)} if is_new else _known(storage, study_id, name, n_trials) or {_RULES: dict(rules)}
    mine = _MEMBER + shared.member
    others = {key: value for key, value in told.items() if key.startswith(_MEMBER) and value and key != mine}
    if others and mine not in told:
        _require_a_place(name, told[_RULES], rules, [*others.values()], may_join=may_join, url=shared.url)
    is_guest = bool(told[mine]["is_guest"]) if told.get(mine) else bool(others)
    storage.set_study_user_attr(study_id, mine, {"where": where, "is_guest": is_guest})
    storage.set_study_user_attr(study_id, _RULES, told[_RULES])  # last: who finds the rules finds the host, too
    return Joined(is_guest, [other["where"] for other in others.values()], n_trials)


def _known(storage: Any, study_id: int, name: str, n_trials: int) -> dict[str, Any]:
    """Read what is noted on a study that was there; nothing of one that was cut off while it was made.

    Raises:
        StudyError: It has trials that another program made.
    """
    deadline = time.monotonic() + _SECONDS_FOR_RULES
    while _RULES not in (told := storage.get_study_user_attrs(study_id)) and time.monotonic() < deadline:
        time.sleep(0.1)
    if _RULES in told:
        return dict(told)
    if n_trials:
        raise StudyError(f"the storage has a study {name!r} that another program made; choose another --study")
    return {}


def _require_member(storage: Any, name: str, mine: str) -> None:
    try:
        told = storage.get_study_user_attrs(storage.get_study_id_from_name(name))
    except KeyError:
        told = {}
    if not told.get(mine):
        raise StudyError(
            f"the storage knows no trials of study {name!r}, whose folder has some; name the storage that they were "
            f"kept in: automl resume {name} --storage URL"
        )


def _require_a_place(
    name: str, theirs: Mapping[str, str], ours: Mapping[str, str], others: list[Any], *, may_join: bool, url: str
) -> None:
    holder = others[0]["where"]
    if not may_join:
        raise StudyError(
            f"the storage has a study {name!r} already, of {holder}; to search in it together say --study {name}, "
            "for a study of its own choose another name"
        )
    if url.startswith("sqlite"):
        raise StudyError(
            f"study {name!r} is searched by {holder} already, and SQLite locks its whole file for every trial: several "
            "at once lose trials to that; use PostgreSQL"
        )
    differing = [what for what in {**ours, **theirs} if ours.get(what) != theirs.get(what)]
    if differing:
        raise StudyError(
            f"the storage has a study {name!r} already, of {holder}, with other {' and '.join(differing)}; "
            "choose another --study"
        )


def leave(shared: Shared, name: str) -> str | None:
    """Take a run folder out of a study, and the study out of its storage where nobody else is in it.

    Args:
        shared: Where the study is, and who leaves.
        name: What it is called.

    Returns:
        `deleted`, `left` to the others, or None where the folder was not in it.

    Raises:
        StorageError: The storage is away.
    """
    storage = open_storage(shared.url)
    try:
        study_id = storage.get_study_id_from_name(name)
    except KeyError:
        return None
    told = storage.get_study_user_attrs(study_id)
    mine = _MEMBER + shared.member
    if not told.get(mine):
        return None
    if any(value for key, value in told.items() if key.startswith(_MEMBER) and key != mine):
        storage.set_study_user_attr(study_id, mine, None)
        return "left"
    storage.delete_study(study_id)
    return "deleted"
