"""The front door in Python: `automl.search(data, target=...)` does what the command does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.budget import parse_duration
from automl.experiment.checks import checked
from automl.experiment.first import with_first
from automl.experiment.plan import IN_MEMORY, Plan
from automl.experiment.quantiles import parse_quantiles
from automl.experiment.resume import resume as resume_record
from automl.experiment.run import search as search_plan
from automl.report.summary import one_line, summarise
from automl.tracking.record import Record

if TYPE_CHECKING:
    import pandas as pd

    from automl.experiment.progress import Progress

    Rows = str | Path | pd.DataFrame


@dataclass(frozen=True, repr=False)
class Result:
    """A study that was carried out, or opened; a notebook shows it as tables and plots.

    Args:
        summary: The study as `automl search --json` prints it.
    """

    summary: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<automl.Result {one_line(self.summary)}>"

    def _repr_html_(self) -> str:
        """Show the study in a notebook: what came of it, its best trials, how the search and its winner went."""
        from automl.report.notebook import fragment

        return fragment(Record(self.run_dir))

    @property
    def study(self) -> str:
        """The study's name."""
        return str(self.summary["study"])

    @property
    def run_dir(self) -> Path:
        """The run folder."""
        return Path(self.summary["run_dir"])

    @property
    def best(self) -> Mapping[str, Any] | None:
        """The winner: `trial`, `config`, `validation`; None while no trial is completed."""
        best: Mapping[str, Any] | None = self.summary["best"]
        return best

    @property
    def test(self) -> Mapping[str, Any] | None:
        """The judgement on the sealed rows: `value`, `ci_low`, `ci_high`, `rows`; None while there is none."""
        test: Mapping[str, Any] | None = self.summary["test"]
        return test

    def trials(self) -> pd.DataFrame:
        """List the trials, those that can win first, with score, loss, epochs, and their configs in `config.NAME`."""
        from automl.report.leaderboard import trial_frame

        return trial_frame(Record(self.run_dir))

    def layers(self, trial: int | None = None) -> list[dict[str, Any]]:
        """List a trial's layers, the winner's if None: name, output shape of a row, parameters."""
        from automl.experiment import inspect

        return [dict(row) for row in inspect.layers(Record(self.run_dir), trial)]

    def replay(self, trial: int) -> dict[str, Any]:
        """Train a trial once more in its cohort; `equal` says whether it came out as recorded."""
        from automl.experiment.replay import replay

        return replay(Record(self.run_dir), trial)

    def judge(self, break_seal: str | None = None) -> Result:
        """Judge the winner of a study that was searched with `judge=False`, once, and export it.

        Args:
            break_seal: Why the test rows may be opened though they were before.

        Raises:
            AutoMLError: The study is judged, is being run, or has no completed trial.
        """
        from automl.experiment.verdict import judge_study

        return Result(judge_study(Record(self.run_dir), break_seal=break_seal))

    def update(self, rows: Rows, *, timeout: str | float | None = None) -> Result:
        """Train a judged study's model on with new rows, and from scratch; promote what is chosen if it is no worse.

        Args:
            rows: The new rows, or their file, with the columns that the study has.
            timeout: Time in all: `5m`, or seconds.

        Returns:
            The study, whose summary tells of its `updates`.

        Raises:
            AutoMLError: The study is not judged or is being run, or the rows do not fit it or are too few.
        """
        from automl.experiment.update import update_study

        seconds = parse_duration(timeout) if isinstance(timeout, str) else timeout
        update_study(Record(self.run_dir), rows, timeout=seconds)
        return Result(summarise(Record(self.run_dir)))

    def export(
        self, output: str | Path, trial: int | None = None, *, format: str = "bundle", update: int | None = None
    ) -> dict[str, Any]:
        """Write the model, or a trial's, to a folder or a file that predicts without this project.

        Args:
            output: The folder, for `onnx` the file.
            trial: The trial's number.
            format: `bundle`; `onnx`, one file; `torch`, a folder that PyTorch loads; or `mlflow`, one that MLflow
                serves.
            update: The update that made the model, 0 for the study's own; the present one if None.

        Raises:
            AutoMLError: There is no such trial, update or format, or something else is there.
        """
        from automl.experiment import deliver

        return deliver.export(Record(self.run_dir), Path(output), trial, form=format, update=update)

    def register(self, name: str, trial: int | None = None) -> dict[str, Any]:
        """Make a trial, the winner if None, the next version of a model in MLflow's registry.

        Raises:
            AutoMLError: There is no such trial, or MLflow does not know it or refuses it.
        """
        from automl.experiment import deliver

        return deliver.export(Record(self.run_dir), None, trial, name=name)

    def predict(self, rows: Rows) -> pd.DataFrame:
        """Predict rows with the model that the study has: `prediction`, then `probability_<class>`.

        Args:
            rows: A table or its file; for a model of images also a folder, an image or an `.npz` file.

        Raises:
            BundleError: The rows lack a column.
        """
        from automl.export.predictor import Predictor

        predictor = Predictor(Record(self.run_dir).bundle_dir)
        return predictor.predict(predictor.read(Path(rows)) if isinstance(rows, str | Path) else rows)


def search(
    data: Rows,
    *,
    target: str | Sequence[str] | None = None,
    test: float | Rows = 0.2,
    validation: float | Rows = 0.2,
    timeout: str | float | None = None,
    runs_dir: str | Path = "runs",
    drop: Sequence[str] = (),
    objective: str | Sequence[str] = (),
    warm_start: str | None = None,
    seed_configs: str | Path | Sequence[Mapping[str, Any]] | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Result:
    """Search for the best network on a table, judge it once on sealed rows, and export it.

    Args:
        data: A file, a built-in set's name, or a table.
        target: The column to predict, or several of numbers; a built-in set knows its own.
        test: The share of rows to judge by, or a file or table of them.
        validation: The share of rows to choose by, or a file or table of them.
        timeout: Time in all: `10m`, or seconds.
        runs_dir: The folder of all studies.
        drop: Columns to leave out.
        objective: What is to be small beside a good score: `parameters`, `latency`, `seconds`, or several of these.
        warm_start: A study whose best configs are tried right after the default.
        seed_configs: Your own configs, or their file, that are tried before those.
        progress: Who watches; nobody if None.
        **options: The other options of `automl search` under their own names: `task`, `order` and `quantiles` (lists),
            `kinds`, `space`, `trials`, `metric`, `positive`, `study`, `split`, `group`, `time`, `folds`, `weight`,
            `class_weight` (a word, or weights by class), `target_transform`, `device`, `seed`, `sampler`, `pruner`,
            `cohort`, `jobs`, `max_parameters`, `max_memory` (bytes), `max_latency` (milliseconds), `tracking_uri`,
            `storage`, `keep`, `separator`, `decimal`, `encoding` and `na` of text files, and `judge`, which is False
            where `Result.judge` is to open the test rows.

    Returns:
        What came of it.

    Raises:
        AutoMLError: Something in the data or the options that a person can fix.
        TypeError: An option that there is not.

    Examples:
        >>> search("nowhere.csv", target="price")
        Traceback (most recent call last):
        automl.errors.DataError: no such file: nowhere.csv
    """
    given = {"test": test, "validation": validation, "timeout": timeout, "runs_dir": runs_dir, **options}
    given["objective"] = objective
    plan, tables = _planned(data, target=target, drop=drop, warm_start=warm_start, seed_configs=seed_configs, **given)
    return Result(search_plan(plan, tables=tables, progress=progress))


def inspect(data: Rows, *, target: str | Sequence[str] | None = None, **options: Any) -> dict[str, Any]:
    """Tell what a search would work on and what a trial would cost; nothing is kept, as by `automl search --dry-run`.

    Args:
        data: A file, a built-in set's name, or a table.
        target: The column to predict; a built-in set knows its own.
        **options: The other options of `search`.

    Returns:
        Plain values: `task`, `columns` with their kinds or why they are left out, `rows` of each part, `findings`,
        `space`, `trial` with its parameters, bytes and seconds, `trials_in_time` and more.

    Raises:
        AutoMLError: What would stop a search before its first trial.
        TypeError: An option that there is not.

    Examples:
        >>> inspect("nowhere.csv", target="price")
        Traceback (most recent call last):
        automl.errors.DataError: no such file: nowhere.csv
    """
    from automl.experiment.dry_run import dry_run

    options.pop("progress", None)
    plan, tables = _planned(data, target=target, **options)
    return dry_run(plan, tables=tables)


def _planned(
    data: Rows,
    *,
    target: str | Sequence[str] | None,
    test: float | Rows = 0.2,
    validation: float | Rows = 0.2,
    timeout: str | float | None = None,
    runs_dir: str | Path = "runs",
    drop: Sequence[str] = (),
    order: Sequence[Any] = (),
    quantiles: Sequence[float] = (),
    na: str | Sequence[str] = (),
    objective: str | Sequence[str] = (),
    warm_start: str | None = None,
    seed_configs: str | Path | Sequence[Mapping[str, Any]] | None = None,
    **options: Any,
) -> tuple[Plan, dict[str, pd.DataFrame]]:
    """Give the checked plan, and the tables that do not come from a file."""
    given = {"data": data, "test": test, "validation": validation}
    tables: dict[str, Any] = {
        name: rows for name, rows in given.items() if not isinstance(rows, str | Path | float | int)
    }
    words: dict[str, Any] = {name: IN_MEMORY if name in tables else str(rows) for name, rows in given.items()}
    if isinstance(weights := options.get("class_weight"), Mapping):
        options["class_weight"] = ",".join(f"{label}={weight}" for label, weight in weights.items())
    plan = Plan(
        **words,
        target=target if target is None or isinstance(target, str) else ",".join(target),
        timeout=parse_duration(timeout) if isinstance(timeout, str) else timeout,
        runs_dir=str(Path(runs_dir).absolute()),
        drop=tuple(drop),
        order=tuple(map(str, order)),
        quantiles=parse_quantiles(map(str, quantiles)) if len(quantiles) else (),
        na=(na,) if isinstance(na, str) else tuple(na),
        objective=(objective,) if isinstance(objective, str) else tuple(objective),
        **{"study": "", **options},
    )
    return with_first(checked(plan), warm_start=warm_start, seed_configs=seed_configs), tables


def resume(
    study: str,
    *,
    runs_dir: str | Path = "runs",
    trials: int | None = None,
    timeout: str | float | None = None,
    break_seal: str | None = None,
    storage: str | None = None,
    progress: Progress | None = None,
) -> Result:
    """Go on with a study that was interrupted, or raise its budget; a judged one just tells what it came to.

    Args:
        study: The study's name.
        runs_dir: The folder of all studies.
        trials: The new total of trials.
        timeout: The new total of time: `10m`, or seconds.
        break_seal: Why the test rows may be opened though they were before.
        storage: Where the study's storage is from now on, with its password.
        progress: Who watches; nobody if None.

    Raises:
        AutoMLError: There is no such study, it is busy, or its test rows may not be opened again.
    """
    seconds = parse_duration(timeout) if isinstance(timeout, str) else timeout
    record = Record.find(Path(runs_dir), study)
    told = resume_record(
        record, trials=trials, timeout=seconds, break_seal=break_seal, storage=storage, progress=progress
    )
    return Result(told)


def load(study: str, *, runs_dir: str | Path = "runs") -> Result:
    """Open a study, finished or not, and run nothing.

    Args:
        study: The study's name.
        runs_dir: The folder of all studies.

    Raises:
        StudyError: There is no such study, or its folder is damaged.

    Examples:
        >>> load("houses", runs_dir="nowhere")
        Traceback (most recent call last):
        automl.errors.StudyError: unknown study 'houses'; there are no studies in nowhere
    """
    return Result(summarise(Record.find(Path(runs_dir), study)))
