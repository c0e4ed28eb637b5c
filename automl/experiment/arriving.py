"""New rows set out for an update: read as the study's were, freed of those it has, the slice that judges sealed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.data.arrivals import are_among, divide_arrivals, require_enough, settle_arrivals
from automl.data.digest import rows_digest
from automl.data.images import image_size
from automl.data.read import read_table
from automl.data.roles import Roles
from automl.data.rows import read_rows, stacked, write_rows
from automl.data.seal import Seal
from automl.data.text_files import Known
from automl.errors import StudyError
from automl.experiment.plan import IN_MEMORY
from automl.experiment.posing import pose
from automl.experiment.stage import coder_of, learned_rows
from automl.experiment.versions import present, versions
from automl.files import write_json
from automl.report.figures import counted
from automl.study.seeds import seed_of
from automl.task import Task
from automl.tracking.record import SPLIT, TASK
from automl.tracking.updates import PRESENT, UPDATE, update_dir, updates_of

if TYPE_CHECKING:
    import pandas as pd

    from automl.experiment.plan import Plan
    from automl.tracking.record import Record

Frames = dict[str, "list[pd.DataFrame]"]


def set_out_update(record: Record, plan: Plan, source: str | Path | pd.DataFrame) -> dict[str, Any]:
    """Divide new rows and seal their slice, or take up the update that was begun with the same rows.

    Args:
        record: The study's run folder.
        plan: What was asked for.
        source: The new rows, or where they are.

    Returns:
        What `update.json` holds.

    Raises:
        StudyError: An update with other rows was begun and is not finished.
        AutoMLError: The rows cannot be read or divided, or are too few.
    """
    like = read_rows(record.train_rows_path)
    roles = Roles(group=plan.group, time=plan.time, weight=plan.weight)
    table = _read(record, plan, source, like)
    rows, n_without = settle_arrivals(table, like, coder_of(record), roles)
    digest = rows_digest(rows)
    known = updates_of(record)
    if known and not known[-1].get("finished"):
        return _taken_up(record, known[-1], digest)
    number = max((each["update"] for each in known), default=0) + 1
    left, left_out, notes = _new_ones(record, plan, rows, known)
    require_enough(left, {"without a target": n_without, **left_out})
    task, seed = Task.from_json(record.read_json(TASK)), seed_of(plan.seed, "update", number)
    arrivals = divide_arrivals(
        left, study_rows(record, plan), task.target, roles, stratify=task.traits.has_classes, seed=seed
    )
    folder, version = update_dir(record, number), present(record)
    shutil.rmtree(folder, ignore_errors=True)  # of an update that was killed before its rows were divided
    folder.mkdir(parents=True)
    seal = Seal.close(record.run_dir, arrivals.test, number)
    write_rows(folder / "rows" / "train.parquet", arrivals.train)
    write_rows(folder / "rows" / "validation.parquet", arrivals.validation)
    if n_without:
        notes = [f"left out: {counted(n_without, 'new row')} without a value of {task.target!r}", *notes]
    told = {
        "update": number,
        "study": record.study,
        "metric": task.metric,
        "data": _name(source),
        "data_sha256": digest,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "rows": arrivals.sizes,
        "given": len(table),
        "test_sha256": seal.digest,
        "notes": notes,
        PRESENT: {
            "update": version.number,
            "trial": version.model.trial,
            "weights_sha256": version.model.weights_sha256,
        },
    }
    write_json(folder / UPDATE, told)
    return told


def study_rows(record: Record, plan: Plan) -> Frames:
    """Read the rows that the study's model was trained on and validated with, those of promoted updates last.

    Where trials were validated on folds, or the model was trained once more on all rows, none are left of the study to
    validate with.
    """
    own, *later = versions(record)
    frames: Frames = {"train": [learned_rows(record)], "validation": []}
    if plan.folds is None:
        part = "train" if own.model.before is not None else "validation"
        frames[part].append(read_rows(record.validation_rows_path))
    for version in later:
        add_rows(frames, record, version.number)
    return frames


def add_rows(frames: Frames, record: Record, number: int) -> None:
    """Read the rows of an update that are not sealed, too."""
    for part, own in frames.items():
        own.append(read_rows(update_dir(record, number) / "rows" / f"{part}.parquet"))


def rows_together(record: Record, plan: Plan, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read all rows that an update trains on, and all that it validates with, those of the study first."""
    frames = study_rows(record, plan)
    add_rows(frames, record, number)
    return stacked(*frames["train"]), stacked(*frames["validation"])


def _read(record: Record, plan: Plan, source: str | Path | pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """Read new rows as the study's own file was, several targets in one column as they are there."""
    known = replace(Known.of(like), **record.read_json(SPLIT).get("reading", {}))
    table = read_table(source, image_size=image_size(like), reading=plan.reading, known=known)
    return pose(plan, table).fold(table)


def _name(source: str | Path | pd.DataFrame) -> str:
    return str(source) if isinstance(source, str | Path) else IN_MEMORY


def _taken_up(record: Record, told: dict[str, Any], digest: str) -> dict[str, Any]:
    if told["data_sha256"] != digest:
        raise StudyError(
            f"update {told['update']} of study {record.study!r} was begun with other rows, of {told['data']}, and is "
            "not finished; give it these once more"
        )
    return told


def _new_ones(
    record: Record, plan: Plan, rows: pd.DataFrame, known: list[dict[str, Any]]
) -> tuple[pd.DataFrame, dict[str, int], list[str]]:
    """Leave out what the study has; give what is left, how many are left out by why, and sentences on that."""
    frames = study_rows(record, plan)
    seals = [Seal(record.run_dir), *(Seal(record.run_dir, each["update"]) for each in known)]
    is_known = are_among(rows, [*frames["train"], *frames["validation"]])
    for seal in seals:
        is_known |= seal.holds(rows)
    left_out = {"that the study has already": int(is_known.sum())}
    left = rows[~is_known].reset_index(drop=True)
    if plan.group is not None:
        is_held = seals[0].holds_values(left[plan.group])
        for seal in seals[1:]:
            is_held |= seal.holds_values(left[plan.group])
        left_out[f"of groups of {plan.group!r} that sealed rows have"] = int(is_held.sum())
        left = left[~is_held].reset_index(drop=True)
    notes = [f"left out: {counted(count, 'new row')} {why}" for why, count in left_out.items() if count]
    return left, left_out, notes
