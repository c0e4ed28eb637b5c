"""Passwords in addresses: hidden in whatever is shown or kept, and put back from where a person keeps them."""

from __future__ import annotations

import re

HIDDEN = "***"

_NAMED = re.compile(r"(?<=[?&])((?:ssl)?password|passwd|pwd|token|secret)=[^&#\s]*", re.IGNORECASE)


def without_password(address: str) -> str:
    """Hide the password of an address, for what is shown or kept.

    Examples:
        >>> without_password("https://ann:secret@mlflow.example.org")
        'https://ann:***@mlflow.example.org'
        >>> without_password("postgresql://db/studies?user=ann&password=secret")
        'postgresql://db/studies?user=ann&password=***'
    """
    return _NAMED.sub(rf"\1={HIDDEN}", re.sub(r"(?<=://)\S+", lambda found: _hidden(address, found[0]), address))


def _hidden(address: str, rest: str) -> str:
    """Hide what stands between the user's name and the last `@` before the host.

    In the address of a database a password may hold `/` and `@` themselves; in that of a server the path may hold `@`.
    """
    authority, slash, path = rest.partition("/")
    if not address.startswith("http") and "@" in path.partition("?")[0] and ":" in authority.partition("@")[0]:
        body, mark, query = rest.partition("?")
        before, _, after = body.rpartition("@")
        return f"{before.partition(':')[0]}:{HIDDEN}@{after}{mark}{query}"
    user, at, host = authority.rpartition("@")
    name, colon, _ = user.partition(":")
    return f"{name}:{HIDDEN}@{host}{slash}{path}" if at and colon else rest


def is_hidden(address: str) -> bool:
    """Whether an address lacks its password because that was hidden."""
    return f":{HIDDEN}@" in address or f"={HIDDEN}" in address


def with_password(hidden: str, given: str | None) -> str | None:
    """Give an address whole again.

    Args:
        hidden: The address as it is kept.
        given: An address with its password, such as a person names in the environment.

    Returns:
        The address itself where nothing is hidden of it, `given` where it is the same but for the password, or None.

    Examples:
        >>> with_password("redis://:***@host", "redis://:secret@host"), with_password("redis://:***@host", None)
        ('redis://:secret@host', None)
    """
    if not is_hidden(hidden):
        return hidden
    return given if given is not None and without_password(given) == hidden else None
