"""Where MLflow is: the address asked for, made absolute and fit to be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from automl.errors import PlanError, unknown
from automl.passwords import HIDDEN, is_hidden, with_password

DATABASE = "mlflow.db"
ARTIFACTS = "mlartifacts"
_SCHEMES = ("sqlite", "postgresql", "mysql", "mssql", "http", "https", "file", "databricks")


def resolve_uri(runs_dir: Path, tracking_uri: str | None, environ: Mapping[str, str]) -> str:
    """Say which MLflow a study is sent to: the one asked for, else the environment's, else the runs folder's own.

    Args:
        runs_dir: The folder of all studies.
        tracking_uri: What `--tracking-uri` said; of an address whose password is hidden the environment has the rest.
        environ: The environment, whose `MLFLOW_TRACKING_URI` is honoured.

    Returns:
        The address; a relative file or SQLite address is made absolute.

    Raises:
        PlanError: MLflow knows no such scheme.
    """
    named = environ.get("MLFLOW_TRACKING_URI")
    uri = _whole(tracking_uri, named) if tracking_uri else named or f"sqlite:///{runs_dir.absolute() / DATABASE}"
    scheme = urlsplit(uri).scheme.partition("+")[0]
    if scheme == "sqlite":
        prefix, _, database = uri.partition(":///")
        return f"{prefix}:///{Path(database).absolute()}"
    if scheme == "file" or (scheme == "" and uri != "databricks"):
        return Path(unquote(uri.removeprefix("file://").removeprefix("file:"))).absolute().as_uri()
    if scheme and scheme not in _SCHEMES:
        raise PlanError(unknown("scheme of a tracking URI", scheme, _SCHEMES))
    return uri


def _whole(kept: str, named: str | None) -> str:
    """Give a kept address its password back; where nobody names it, MLflow looks for one in the environment itself."""
    if not is_hidden(kept):
        return kept
    return with_password(kept, named) or re.sub(rf"(?<=://)[^/@]*:{re.escape(HIDDEN)}@", "", kept)


def is_local(uri: str) -> bool:
    """Whether MLflow is a file or a folder of this machine, and no server that may be away or slow."""
    return urlsplit(uri).scheme.partition("+")[0] in ("sqlite", "file")


def database_path(uri: str) -> Path | None:
    """Give the file of a SQLite address, or None for any other address."""
    return Path(uri.partition(":///")[2]) if uri.startswith("sqlite") else None


def where_now(runs_dir: Path, uri: str) -> str:
    """Give the address that a kept one has now: the runs folder's own database is moved together with it."""
    database, own = database_path(uri), runs_dir.absolute() / DATABASE
    is_moved = database is not None and database.name == DATABASE and not database.exists() and own.is_file()
    return f"sqlite:///{own}" if is_moved else uri


def artifact_root(runs_dir: Path, uri: str) -> str | None:
    """Say where artifacts go, or None where the server at the address decides."""
    if urlsplit(uri).scheme.partition("+")[0] in ("sqlite", "postgresql", "mysql", "mssql"):
        return (runs_dir.absolute() / ARTIFACTS).as_uri()
    return None


def experiment_name(data: str) -> str:
    """Name the MLflow experiment after the data: the file's name without its endings.

    Examples:
        >>> experiment_name("tables/adult.csv.gz"), experiment_name("digits")
        ('adult', 'digits')
    """
    name = Path(data).name
    return re.sub(r"(?<=.)\.(csv|tsv|txt|parquet|pq|feather|arrow)(\.gz)?$", "", name, flags=re.IGNORECASE) or "data"
