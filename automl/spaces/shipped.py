"""Where space files are: those that come with the project by a bare name, others by their path; none is read here."""

from __future__ import annotations

from pathlib import Path

from automl.errors import SpaceError, unknown

_ENDINGS = (".yaml", ".yml")


def shipped_spaces() -> list[Path]:
    """List the space files that come with the project, by name.

    Examples:
        >>> [path.stem for path in shipped_spaces()]
        ['cnn', 'cnn_photo', 'cnn_small', 'mlp', 'tabular', 'tabular_best', 'tabular_small', 'wide']
    """
    package = Path(__file__).resolve().parents[1]
    # An installed package carries the folder inside; a checkout has it beside the package.
    for folder in (package / "search_spaces", package.parent / "search_spaces"):
        if folder.is_dir():
            return sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS)
    return []


def find_space(name_or_path: str | Path) -> Path:
    """Find a space file: a bare name means one that is shipped, anything with a slash or a YAML ending is a path.

    Raises:
        SpaceError: There is no such file, or no shipped space of that name.

    Examples:
        >>> find_space("tabular").name
        'tabular.yaml'
        >>> find_space("tabluar")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        automl.errors.SpaceError: unknown space 'tabluar'; did you mean 'tabular'? Known: cnn, ..., wide
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or is_path(text):
        path = Path(name_or_path)
        if path.is_dir():
            raise SpaceError(f"{text}: a space is a file, and this is a folder")
        if not path.exists():
            raise SpaceError(f"{text}: no such file")
        return path
    shipped = {path.stem: path for path in shipped_spaces()}
    if text not in shipped:
        raise SpaceError(unknown("space", text, shipped))
    return shipped[text]


def is_path(text: str) -> bool:
    """Tell a path from a bare name.

    Examples:
        >>> is_path("tabular"), is_path("./tabular"), is_path("own.yaml")
        (False, True, True)
    """
    return "/" in text or "\\" in text or text.endswith(_ENDINGS)
