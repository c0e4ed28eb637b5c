"""What a person asked for: every option of a search, as it is kept in the run folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from automl.budget import Budget, asked_for
from automl.data.delimited import Reading
from automl.experiment.limits import Limits
from automl.passwords import without_password

if TYPE_CHECKING:
    from automl.trial import Config

IN_MEMORY = "dataframe"
"""What stands for a table that came from memory rather than from a file."""


@dataclass(frozen=True)
class Wanted:
    """A config that is to be tried right after the default.

    Args:
        source: Where it comes from, in words: the place in a file, or a trial of another study.
        config: Flat names to values; complete once it is settled which space is searched.
        is_own: Whether the person wrote it. What does not fit the space is then a mistake; else it is adapted.
    """

    source: str
    config: Config
    is_own: bool


@dataclass(frozen=True)
class Origin:
    """The study whose best configs are wanted first, and the rows by which it chose them, by their hashes."""

    study: str
    data_sha256: str | None
    test_sha256: str | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The options of a search.

    Args:
        data: A built-in set's name, a file, or a folder of images.
        target: The column to predict; None for that of a built-in set or a set of images.
        task: Binary, multiclass, ordinal or regression; None to infer it.
        quantiles: Which quantiles of a number are predicted; empty where its mean is.
        order: The classes of an ordinal task from the least to the greatest; empty where numbers tell it.
        kinds: Column kinds that were given, by column.
        drop: Columns to leave out.
        space: A shipped space's name, or a file; None for the one that suits the data.
        trials: How many trials in all; None is without limit, if seconds are limited.
        timeout: Seconds in all; None is without limit, if trials are limited.
        metric: What chooses trials; None for the task's default.
        positive: For a binary task, the class that `f1` and `roc_auc` are about; None for the rarer one.
        study: The study's name.
        runs_dir: The folder of all studies, absolute.
        test: The share of rows to judge by, or a file of them.
        validation: The share of rows to choose by, or a file of them.
        split: A column that says which part a row belongs to.
        group: A column that says which rows belong together: no group is in two parts.
        time: A column that says when a row was: the newest rows are the test rows.
        weight: A column that says how much a row counts.
        folds: On how many folds of the rows that are not test rows trials are validated; None for one set of rows, or
            what few rows ask for.
        class_weight: How much classes weigh in the loss: `balanced`, `none`, or `CLASS=W,...`.
        target_transform: What of a number is learned: `none`, `log`, or `auto`.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        seed: What everything random is drawn from.
        sampler: How configs are proposed.
        objective: What is to be small beside a good score, keys of `automl.trial.COSTS`.
        pruner: How trials are stopped early.
        cohort: How many trials train together, a number or `auto`.
        jobs: How many processes of this machine search together.
        max_parameters: The most trainable numbers a network may have; None is without limit.
        max_memory: The most bytes one may take in training, and all that train together; None is without limit.
        max_latency: The most milliseconds one may take for a row; None is without limit.
        tracking_uri: Where MLflow keeps its runs; None for the runs folder, or what the environment says.
        storage: The address of the Optuna storage that the trials are kept in; None for a journal in the run folder.
        may_join: Whether a study of that name in the storage may be another run folder's, to search in it together.
        is_guest: Whether it is; the winner is then not judged when the search ends.
        keep: Whose weights are kept: `best`, `top:N` or `all`.
        repeats: How often the best trials are trained again with other seeds, so that the best on average wins.
        ensemble: How many trials may answer together as one model; 1 for the best one alone.
        include_trees: Whether trees may answer together with them.
        refit: Whether the winner is trained once more, on training and validation rows together, before it is judged;
            None to do so where there are rows enough.
        first: Configs to try right after the default, in this order.
        warm_start: The study that some of those come from.
        separator: What stands between the fields of text files; None to find it, as with the next two.
        decimal: Their decimal mark.
        encoding: Their encoding.
        na: What stands for nothing in them; empty for the usual marks and words.
        judge: Whether the winner is judged and exported when the search ends; if not, `automl judge` does it.
    """

    data: str
    study: str
    runs_dir: str
    target: str | None = None
    task: str | None = None
    quantiles: tuple[float, ...] = ()
    order: tuple[str, ...] = ()
    kinds: dict[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    space: str | None = None
    trials: int | None = None
    timeout: float | None = None
    metric: str | None = None
    positive: str | None = None
    test: str = "0.2"
    validation: str = "0.2"
    split: str | None = None
    group: str | None = None
    time: str | None = None
    weight: str | None = None
    folds: int | None = None
    class_weight: str = "none"
    target_transform: str = "none"
    device: str = "auto"
    seed: int = 0
    sampler: str = "tpe"
    pruner: str = "asha"
    tracking_uri: str | None = None
    cohort: str = "auto"
    jobs: int = 1
    objective: tuple[str, ...] = ()
    max_parameters: int | None = None
    max_memory: float | None = None
    max_latency: float | None = None
    keep: str = "top:3"
    repeats: int = 0
    ensemble: int = 1
    include_trees: bool = False
    refit: bool | None = None
    judge: bool = True
    storage: str | None = None
    may_join: bool = False
    is_guest: bool = False
    first: tuple[Wanted, ...] = ()
    warm_start: Origin | None = None
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    na: tuple[str, ...] = ()

    @property
    def kind(self) -> str | None:
        """The kind of task that is asked for, by its name or by what only such a task has; None to infer it."""
        if self.quantiles and self.task in (None, "regression"):
            return "quantile"
        return "ordinal" if self.order and self.task is None else self.task

    @property
    def budget(self) -> Budget:
        """What the study may spend in all."""
        return asked_for(self.trials, self.timeout)

    @property
    def reading(self) -> Reading:
        """How text files are read, as far as it was said."""
        return Reading(self.separator, self.decimal, self.encoding, self.na)

    @property
    def limits(self) -> Limits:
        """What a network may be at most."""
        return Limits(self.max_parameters, self.max_memory, self.max_latency)

    @property
    def cohort_size(self) -> int | None:
        """How many trials train together; None to decide it by their size."""
        return None if self.cohort == "auto" else int(self.cohort)

    @property
    def n_kept(self) -> int | None:
        """Of how many of the best trials the weights are kept; None for all that were completed."""
        if self.keep == "all":
            return None
        return 1 if self.keep == "best" else int(self.keep.removeprefix("top:"))

    @property
    def is_ensembled(self) -> bool:
        """Whether trials may answer together; not where a network is to be small too."""
        return self.ensemble > 1 and not self.objective

    def to_json(self) -> dict[str, Any]:
        """Give the plan as plain JSON values; a password in an address is hidden."""
        addresses = {name: getattr(self, name) for name in ("tracking_uri", "storage")}
        return asdict(self) | {name: url and without_password(url) for name, url in addresses.items()}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Plan:
        """Rebuild a plan from `to_json`; what else the record holds is left out."""
        known = {name: record[name] for name in cls.__dataclass_fields__ if name in record}
        first = tuple(Wanted(**each) for each in known.get("first", ()))
        origin = Origin(**known["warm_start"]) if known.get("warm_start") else None
        lists = {name: tuple(known.get(name, ())) for name in ("drop", "na", "objective", "order", "quantiles")}
        return cls(**{**known, **lists, "first": first, "warm_start": origin})
