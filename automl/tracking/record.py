"""The run folder of a study: where everything is, and how it is written so that a kill at any instant loses nothing.

`runs/README.md` describes the folder for those who read it with other tools.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from automl import files
from automl.errors import StudyError, unknown
from automl.tracking.lines import Lines
from automl.tracking.trial_record import TrialRecord
from automl.trial import Outcome

PLAN = "plan.json"
SPACE = "space.yaml"
ENVIRONMENT = "environment.json"
TASK = "task.json"
SPLIT = "split.json"
RUNGS = "rungs.jsonl"
MEMORY = "memory.jsonl"
SEARCH = "search.json"
REFERENCE = "reference.jsonl"
TRIALS = "trials.jsonl"
LEDGER = "ledger.jsonl"
FINALS = "finals.json"
ENSEMBLE = "ensemble.json"
REFIT = "refit.json"
JUDGEMENT = "judgement.json"
REPORT = "report.json"
PAGE = "report.md"
WEBPAGE = "report.html"
TRACKING = "tracking.json"
CLOCK = "clock.json"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
REMOVED = "removed.jsonl"
"""Beside the studies: the openings of test rows of studies that were removed."""

_RESERVED = ("mlflow.db", "mlflow.lock", "mlartifacts", "README.md", REMOVED)


class Record:
    """The run folder of one study.

    Args:
        run_dir: The folder; its name is the study's.
    """

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir.absolute()
        self.study = self.run_dir.name
        self._is_deleted = False

    @property
    def runs_dir(self) -> Path:
        """The folder of all studies."""
        return self.run_dir.parent

    @property
    def words(self) -> str:
        """What a command needs to name the study: its name, and the runs folder where it is not the usual one."""
        is_usual = self.runs_dir == Path("runs").absolute()
        return self.study if is_usual else f"{self.study} --runs-dir {shlex.quote(str(self.runs_dir))}"

    @property
    def plan_path(self) -> Path:
        """The command's arguments, verbatim; the first thing written."""
        return self.run_dir / PLAN

    @property
    def space_path(self) -> Path:
        """The space file, verbatim."""
        return self.run_dir / SPACE

    @property
    def train_rows_path(self) -> Path:
        """The training rows, raw."""
        return self.run_dir / "rows" / "train.parquet"

    @property
    def validation_rows_path(self) -> Path:
        """The validation rows, raw."""
        return self.run_dir / "rows" / "validation.parquet"

    @property
    def sealed_dir(self) -> Path:
        """The folder of the test rows, which only the judgement opens."""
        return self.run_dir / "sealed"

    @property
    def journal_path(self) -> Path:
        """The Optuna study."""
        return self.run_dir / "study.journal"

    @property
    def judgement_rows_path(self) -> Path:
        """Truth, predictions and losses of the judgement, row by row."""
        return self.run_dir / "judgement.parquet"

    @property
    def report_path(self) -> Path:
        """The report as one JSON object."""
        return self.run_dir / REPORT

    @property
    def page_path(self) -> Path:
        """The report as plain text."""
        return self.run_dir / PAGE

    @property
    def webpage_path(self) -> Path:
        """The report as a page with plots."""
        return self.run_dir / WEBPAGE

    @property
    def bundle_dir(self) -> Path:
        """The exported winner."""
        return self.run_dir / "bundle"

    @property
    def trees_dir(self) -> Path:
        """The boosted trees that answer together with trials, where some do."""
        return self.run_dir / "trees"

    @property
    def refit_dir(self) -> Path:
        """What was trained once more on training and validation rows together, in the form of a run folder."""
        return self.run_dir / "refit"

    @property
    def log_path(self) -> Path:
        """What was said while it ran."""
        return self.run_dir / "log.txt"

    @property
    def trials_dir(self) -> Path:
        """The folder of the trials, a folder each."""
        return self.run_dir / "trials"

    def has(self, name: str) -> bool:
        """Whether a file of the folder is there."""
        return (self.run_dir / name).exists()

    def write_json(self, name: str, value: Any) -> None:
        """Replace a JSON file in one step; a number that is not finite is written as null."""
        files.write_json(self.run_dir / name, value)

    def read_json(self, name: str) -> Any:
        """Read a JSON file.

        Raises:
            StudyError: It is absent or damaged.
        """
        return files.read_json(self.run_dir / name)

    def write_text(self, name: str, text: str) -> None:
        """Replace a text file in one step."""
        files.write_text(self.run_dir / name, text)

    def append_jsonl(self, name: str, record: Mapping[str, Any]) -> None:
        """Append a line, which is on the disk before the next outcome; an unterminated last line is cut off first."""
        files.append_jsonl(self.run_dir / name, record, lasting=False)

    def read_jsonl(self, name: str) -> list[dict[str, Any]]:
        """Read the whole lines of a file; none where it is absent.

        Raises:
            StudyError: A whole line is damaged.
        """
        return files.read_jsonl(self.run_dir / name)

    def lines(self, name: str) -> Lines:
        """Give a file of lines that other processes of the study may add to."""
        return Lines(self.run_dir / name)

    def trial(self, number: int) -> TrialRecord:
        """Give the folder of a trial, which need not exist yet."""
        return TrialRecord(self.trials_dir / f"{number:04d}")

    def trials(self) -> list[TrialRecord]:
        """Give the trials begun so far, by number."""
        if not self.trials_dir.is_dir():
            return []
        found = [TrialRecord(folder) for folder in self.trials_dir.iterdir() if folder.name.isdecimal()]
        return sorted((trial for trial in found if trial.has_begun), key=lambda trial: trial.number)

    def write_outcomes(self, outcomes: Mapping[int, Outcome]) -> None:
        """End trials: once this returns, all of them is on the disk, and every line that was appended before.

        They end together: a kill leaves all of their outcomes or makes them run again. The disk is waited for once or a
        few times, however many they are.

        Args:
            outcomes: What came of the trials, by number.
        """
        trials = {self.trial(number): outcome for number, outcome in outcomes.items()}
        for trial in trials:
            trial.sync_weights()
        files.sync(path for path in self.run_dir.glob("*.jsonl") if path.name != TRIALS)
        files.append_jsonl(self.run_dir / TRIALS, *(trial.as_line(outcome) for trial, outcome in trials.items()))
        for trial, outcome in trials.items():
            trial.write_outcome(outcome)

    def outcomes(self) -> dict[int, Outcome]:
        """Give what came of every trial that is over, by number."""
        read = {trial.number: trial.read_outcome() for trial in self.trials()}
        return {number: outcome for number, outcome in read.items() if outcome is not None}

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the study for this process alone; the kernel lets go of it when the process dies, however it dies.

        Whoever holds it finds every trial whole that is over: what a power cut took is written again.

        Raises:
            StudyError: Another process holds it, or `trials.jsonl` is damaged.
        """
        with self.hold():
            self._mend()
            yield

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the study as `lock` does, and leave its files as they are, whole or damaged.

        Raises:
            StudyError: Another process holds it, or it was moved or removed meanwhile.
        """
        with (self.run_dir / "lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise StudyError(f"study {self.study!r} is being run by process {holder}") from None
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            try:
                yield
            except Exception as error:
                if self._is_deleted or self._is_here(file):
                    raise
                raise StudyError(
                    f"the run folder {self.run_dir} was moved or removed while it was worked on; if it is elsewhere "
                    f"now, nothing that was kept is lost; go on with: automl resume {self.study} --runs-dir DIR"
                ) from error

    def _is_here(self, lock: IO[str]) -> bool:
        """Whether the folder that is held is still where it was."""
        try:
            return os.path.samestat(os.fstat(lock.fileno()), (self.run_dir / "lock").stat())
        except (FileNotFoundError, NotADirectoryError):
            return False

    @property
    def is_running(self) -> bool:
        """Whether a process holds the study now."""
        try:
            with (self.run_dir / "lock").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _mend(self) -> None:
        for number, texts in {line["trial"]: line["files"] for line in self.read_jsonl(TRIALS)}.items():
            self.trial(number).mend(texts)

    def remove(self) -> None:
        """Take back a study that came to nothing before its first trial.

        Raises:
            ValueError: It has trials.
        """
        if self.trials():
            raise ValueError(f"study {self.study!r} has trials and is not removed")
        self.delete()

    def delete(self) -> None:
        """Delete the folder and all that is in it; who holds the study does this."""
        self._is_deleted = True
        hidden = Path(tempfile.mkdtemp(dir=self.runs_dir, prefix=f".{self.study}."))
        self.run_dir.rename(hidden)
        shutil.rmtree(hidden)

    @classmethod
    def create(cls, runs_dir: Path, study: str, plan: Mapping[str, Any] | None = None) -> Record:
        """Make the folder of a new study with its plan in it, in one step; of two at once, one wins.

        Args:
            runs_dir: The folder of all studies, made if absent.
            study: The study's name.
            plan: What becomes `plan.json`.

        Raises:
            StudyError: The name is taken, or is none, or the folder cannot be written.
        """
        _check_name(study)
        record = cls(runs_dir / study)
        staging: Path | None = None
        try:
            runs_dir.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(dir=runs_dir, prefix=f".{study}."))
            staging.chmod(0o755)
            files.write_json(staging / PLAN, dict(plan or {}))
            if record.run_dir.exists() and not record.run_dir.is_dir():
                raise FileExistsError
            staging.rename(record.run_dir)
            files.sync([record.runs_dir])
        except OSError as error:
            if staging is not None:
                shutil.rmtree(staging, ignore_errors=True)
            if staging is not None and record.run_dir.exists():
                raise StudyError(
                    f"study {study!r} exists already in {runs_dir}; continue it with: automl resume {record.words}"
                ) from None
            raise StudyError(f"the runs folder {runs_dir} cannot be written: {error.strerror}") from None
        return record

    @classmethod
    def find(cls, runs_dir: Path, study: str) -> Record:
        """Give the folder of a study that exists.

        Raises:
            StudyError: There is none of that name, or the name is none.
        """
        _check_name(study)
        names = [record.study for record in cls.all(runs_dir)]
        if not names:
            raise StudyError(f"unknown study {study!r}; there are no studies in {runs_dir}")
        if study not in names:
            raise StudyError(unknown("study", study, names))
        return cls(runs_dir / study)

    @classmethod
    def all(cls, runs_dir: Path) -> list[Record]:
        """Give every study of a runs folder, by name; none where the folder is absent."""
        if not runs_dir.is_dir():
            return []
        folders = (folder for folder in runs_dir.iterdir() if _NAME.fullmatch(folder.name))
        return [cls(folder) for folder in sorted(folders) if (folder / PLAN).is_file()]

    @classmethod
    def numbered(cls, runs_dir: Path, base: str) -> str:
        """Give the next free name of a series, such as `digits-1`.

        Args:
            runs_dir: The folder of all studies, which may be absent.
            base: What the series is called; characters that a name may not have become hyphens.
        """
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", base).strip(".-")[:80] or "study"
        taken = [path.name for path in runs_dir.iterdir()] if runs_dir.is_dir() else []
        matches = (re.fullmatch(rf"{re.escape(stem)}-(\d+)", name) for name in taken)
        return f"{stem}-{max((int(match[1]) for match in matches if match), default=0) + 1}"


def _check_name(study: str) -> None:
    if not _NAME.fullmatch(study):
        raise StudyError(
            "a study's name may not leave the runs folder: it is at most 100 letters, digits, '.', '_' and '-', "
            f"and begins with a letter, digit or '_'; got {study!r}"
        )
    if study in _RESERVED:
        raise StudyError(f"{study!r} is a name that the runs folder needs itself; choose another for the study")
