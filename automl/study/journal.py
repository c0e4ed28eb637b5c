"""A journal file as a killed process may leave it, made whole again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def mend(journal: Path) -> int:
    """Cut off an unterminated last line, and remove the lock of a process that is gone.

    An unterminated line would be loaded without complaint, but the next record would be glued to it. The caller holds
    the study, so that no living process can own the lock.

    Args:
        journal: The journal file, which may be absent.

    Returns:
        How many bytes were cut off.
    """
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)
    if not journal.exists():
        return 0
    content = journal.read_bytes()
    end = content.rfind(b"\n") + 1
    if end < len(content):
        with journal.open("r+b") as file:
            file.truncate(end)
    return len(content) - end
