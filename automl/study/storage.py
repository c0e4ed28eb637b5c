"""An Optuna storage by its address: the driver it needs, how long it is waited for, and what is said where it is away.

What is asked of it is asked again for half a minute where it does not answer: a database that is started anew costs a
search nothing. An answer that was lost changes nothing: what was done is not done twice.
"""

from __future__ import annotations

import functools
import importlib.util
import time
import uuid
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError, UpdateFinishedTrialError

from automl.errors import StorageError
from automl.passwords import without_password

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from optuna.trial import FrozenTrial

_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
_PAUSES_AT_FIRST = (0.5, 1.0, 2.0)
"""Two commands that make the tables of one empty database at once get in each other's way, once."""
_CONNECT, _ANSWER = 5, 20
"""Seconds that a connection and an answer may take."""
_LONGEST_REASON = 300
_ASKED = "asked"
"""The note on a trial by which it is found again where the answer to its making was lost."""

_DRIVERS = {
    "postgresql": {"psycopg": "postgresql+psycopg", "psycopg2": "postgresql+psycopg2"},
    "mysql": {"pymysql": "mysql+pymysql", "MySQLdb": "mysql+mysqldb"},
    "redis": {"redis": "redis"},
    "rediss": {"redis": "rediss"},
}
"""The packages that can talk to a kind of storage, and the scheme that each goes by."""
_ALIASES = {"postgres": "postgresql", "mariadb": "mysql"}
_INSTALL = {
    "postgresql": "'automl[postgresql]'",
    "mysql": "pymysql",
    "redis": "'automl[redis]'",
    "rediss": "'automl[redis]'",
}
_LIBPQ = {
    "connect_timeout": _CONNECT,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 1000 * _ANSWER,
}
_OPTIONS: dict[str, dict[str, int]] = {
    "postgresql+psycopg": _LIBPQ,
    "postgresql+psycopg2": _LIBPQ,
    "mysql+pymysql": {"connect_timeout": _CONNECT, "read_timeout": _ANSWER, "write_timeout": _ANSWER},
    "sqlite": {"timeout": _ANSWER},
}
"""What keeps a connection from waiting for ever, by the scheme whose package understands it."""


class Shared(NamedTuple):
    """A storage that several studies, commands and machines may share.

    Args:
        url: Its address, with the password if there is one.
        member: Who asks: what tells this run folder from the others of the same study.
    """

    url: str
    member: str


def open_storage(url: str) -> Any:
    """Connect to a storage; what it is asked from then on is asked again where it does not answer.

    Args:
        url: Its address.

    Returns:
        What `optuna.create_study` takes.

    Raises:
        StorageError: It is away, refuses, or needs a package that is missing.
    """
    known: tuple[type[Exception], ...] = (*_failures(), RuntimeError, ValueError)
    for pause in (*_PAUSES_AT_FIRST, None):
        try:
            return Patient(_connect(url), without_password(url))
        except ImportError as error:
            raise StorageError(f"the storage {without_password(url)} needs a package: {error}") from error
        except known as error:
            if pause is None or not _is_passing(error):
                raise StorageError(f"the storage {without_password(url)} cannot be used: {_reason(error)}") from error
            time.sleep(pause)
    raise AssertionError


def _connect(url: str) -> Any:
    scheme, _, rest = url.partition("://")
    kind = _ALIASES.get(scheme, scheme)
    if kind in _DRIVERS:
        scheme = _installed(kind)
    if kind in ("redis", "rediss"):
        from optuna.storages.journal import JournalRedisBackend

        limits = f"socket_connect_timeout={_CONNECT}&socket_timeout={_ANSWER}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            backend = JournalRedisBackend(f"{scheme}://{rest}{'&' if '?' in rest else '?'}{limits}")
        return optuna.storages.JournalStorage(backend)
    given = {name: value for name, value in _OPTIONS.get(scheme, {}).items() if f"{name}=" not in rest}
    engine = {"connect_args": given, "pool_pre_ping": True}
    return optuna.storages.get_storage(optuna.storages.RDBStorage(f"{scheme}://{rest}", engine))


def _installed(kind: str) -> str:
    """Name the scheme that an installed package goes by.

    Raises:
        ImportError: None is installed.
    """
    for package, scheme in _DRIVERS[kind].items():
        if importlib.util.find_spec(package) is not None:
            return scheme
    raise ImportError(f"{' or '.join(_DRIVERS[kind])}; install it with: pip install {_INSTALL[kind]}")


def _failures() -> tuple[type[Exception], ...]:
    """Name what a storage raises that is away."""
    from sqlalchemy.exc import SQLAlchemyError  # a fifth of a second that a journal does not need

    known: tuple[type[Exception], ...] = (SQLAlchemyError, StorageInternalError, OSError)
    if importlib.util.find_spec("redis") is None:
        return known
    from redis.exceptions import RedisError

    return (*known, RedisError)


def _is_passing(error: Exception) -> bool:
    """Whether another process has made the same tables at the same time."""
    return "already exists" in str(error) or "duplicate key" in str(error)


def _reason(error: BaseException) -> str:
    """Say in the words of the one who raised it first what went wrong, without a password."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) and error.__cause__ else error
    said = str(getattr(cause, "orig", None) or cause) or type(cause).__name__
    return without_password(" ".join(said.split()))[:_LONGEST_REASON].rstrip(".")


class Patient:
    """A storage that is asked again where it does not answer, and says in a sentence where it does not at all.

    Args:
        inner: The storage.
        shown: Its address, fit to be shown.
        pauses: How many seconds to wait before each new attempt.
    """

    def __init__(self, inner: Any, shown: str, pauses: Sequence[float] = _PAUSES) -> None:
        self._inner, self._shown, self._pauses = inner, shown, pauses

    def __getattr__(self, name: str) -> Any:
        """Give what the storage has, each method patient."""
        found = getattr(self._inner, name)
        return functools.partial(self._ask, found) if callable(found) else found

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Make a trial once, whichever answers are lost."""
        if template_trial is None:
            made: int = self._ask(self._inner.create_new_trial, study_id)
            return made
        template_trial.user_attrs[_ASKED] = uuid.uuid4().hex
        is_first = True

        def make() -> int:
            nonlocal is_first
            found = None if is_first else self._find(study_id, template_trial.user_attrs)
            is_first = False
            trial_id: int = self._inner.create_new_trial(study_id, template_trial) if found is None else found
            return trial_id

        made = self._ask(make)
        return made

    def _find(self, study_id: int, attributes: Mapping[str, Any]) -> int | None:
        trials = self._inner.get_all_trials(study_id, deepcopy=False)
        asked = attributes[_ASKED]
        return next((trial._trial_id for trial in trials if trial.user_attrs.get(_ASKED) == asked), None)

    def _ask(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Ask, and ask again.

        Raises:
            StorageError: No answer came.
        """
        failed = None
        for pause in (*self._pauses, None):
            try:
                return method(*arguments, **named)
            except UpdateFinishedTrialError:
                if failed is None:
                    raise
                return True  # the answer was lost, and not what was asked
            except _failures() as error:
                failed = error
            if pause is not None:
                time.sleep(pause)
        assert failed is not None
        raise StorageError(f"the storage {self._shown} does not answer: {_reason(failed)}") from failed
