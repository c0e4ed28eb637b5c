"""Cohorts in training, kept in the run folder between epochs, so that a kill takes the last seconds of one at most."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from automl import files
from automl.experiment.environment import version
from automl.tracking.record import PLAN
from automl.training.checkpoint import Pace, read_cohort, save_cohort

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from automl.experiment.interrupts import Interrupts
    from automl.experiment.watch import Unwatched, Watch
    from automl.tracking.record import Record
    from automl.training.keeping import Kept
    from automl.trial import Config

CHECKPOINTS = "checkpoints"
_FORMAT = 2


@dataclass
class Checkpoints:
    """The files of a study's cohorts in training.

    Args:
        record: The run folder.
        seed: The study's seed.
        interrupts: Whether somebody asked for the work to end.
        say: Hears that a cohort goes on, or why it does not.
        beside: What is trained beside the study's trials, and has a folder of its own; empty for the trials themselves.
        pace: When the next file may be written.
        kept: Called when one was.
        beat: Called at every epoch's end.
    """

    record: Record
    seed: int
    interrupts: Interrupts
    say: Callable[[str], None]
    beside: str = ""
    pace: Pace = field(default_factory=Pace)
    kept: Callable[[], None] = lambda: None
    beat: Callable[[], None] = lambda: None

    def keeper(self, configs: Mapping[int, Config], watch: Watch | Unwatched) -> CohortKeeper:
        """Give who keeps a cohort safe.

        Args:
            configs: By their numbers, in the cohort's order, with whatever else makes them what they are.
            watch: Follows them.
        """
        made_from = {
            "format": _FORMAT,
            "version": version("automl"),
            "study": self.record.read_json(PLAN).get("study_id"),
            "seed": self.seed,
            **({"beside": self.beside} if self.beside else {}),
            "trials": [[number, dict(config)] for number, config in configs.items()],
        }
        identity = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
        return CohortKeeper(self, self._path(list(configs)), identity, watch)

    def _path(self, numbers: list[int]) -> Path:
        """Name a cohort's file by its first trial and its last, so that those of it that train alone have their own."""
        ends = sorted({numbers[0], numbers[-1]})
        return self._folder / ("-".join(f"{number:04d}" for number in ends) + ".safetensors")

    @property
    def _folder(self) -> Path:
        return self.record.run_dir / CHECKPOINTS / self.beside

    def secure(self) -> None:
        """Wait until what was decided on cohorts in training is on the disk, as it must be before they are."""
        files.sync(self.record.run_dir.glob("*.jsonl"))

    def forget(self, numbers: Iterable[int]) -> None:
        """Remove the files of trials that are over."""
        begins = tuple(f"{number:04d}" for number in numbers)
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name.lstrip(".").startswith(begins):
                path.unlink(missing_ok=True)


def forget_all(record: Record) -> None:
    """Remove every cohort's file: no trial will go on."""
    shutil.rmtree(record.run_dir / CHECKPOINTS, ignore_errors=True)


class CohortKeeper:
    """Keeps one cohort in its file.

    Args:
        checkpoints: The study's.
        path: The cohort's file.
        identity: What the cohort is made from, as a hash.
        watch: Follows the cohort.
    """

    def __init__(self, checkpoints: Checkpoints, path: Path, identity: str, watch: Watch | Unwatched) -> None:
        self._all, self._path, self._identity, self._watch = checkpoints, path, identity, watch
        self._started = time.perf_counter()
        self._can_write = True
        watch.is_kept = True

    @property
    def seconds(self) -> float:
        """How long the cohort has trained, in earlier sessions too."""
        return time.perf_counter() - self._started

    @property
    def has_file(self) -> bool:
        """Whether the cohort was kept before."""
        return self._path.exists()

    def begin(self, cohort: Kept) -> bool:
        """Let a cohort go on from its file, if it has one of its own; give False if the cohort was spoilt by that."""
        if not self.has_file:
            return True
        try:
            state, note = read_cohort(self._path)
            self._check(note)
        except (OSError, ValueError) as error:
            self._say(f"is not used: {error}; the training begins again")
            return True
        try:
            cohort.restore(state)
        except Exception as error:
            self._say(f"is not used: {type(error).__name__}: {error}; the training begins again")
            return False
        self._go_on(cohort, float(note["seconds"]))
        return True

    def _check(self, note: Mapping[str, str]) -> None:
        if note.get("cohort") != self._identity:
            raise ValueError("it is of other trials, or of another version of this program")

    def _go_on(self, cohort: Kept, seconds: float) -> None:
        self._started -= seconds
        curves = {place: fitted.epochs for place, fitted in enumerate(cohort.fitted)}
        self._watch.go_on(curves)
        self._say(f"goes on after epoch {max(len(curve) for curve in curves.values())}")
        if self._watch.is_over():
            cohort.end()

    def epoch_ended(self, cohort: Kept) -> None:
        """Write the file where it is due; where somebody asked for the end, write it and obey.

        Raises:
            KeyboardInterrupt: Somebody asked.
        """
        self._all.beat()
        if not cohort.is_active:
            return
        is_asked, n_weights = self._all.interrupts.asked, cohort.n_weights
        if self._can_write and (is_asked or self._all.pace.is_due(n_weights)):
            try:
                self._all.pace.timed(lambda: self._write(cohort), n_weights)
            except OSError as error:
                self._can_write = False
                self._say(f"could not be written: {error.strerror}; the training goes on without it")
        self._all.interrupts.check()

    def _write(self, cohort: Kept) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._all.secure()
        save_cohort(self._path, cohort, {"cohort": self._identity, "seconds": repr(self.seconds)})
        self._all.kept()

    def _say(self, what: str) -> None:
        path = self._path.relative_to(self._all.record.run_dir).as_posix()
        self._all.say(f"{path} {what}")
