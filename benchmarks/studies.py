"""What two studies of the same command must have in common, and what no study may leave behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_OWN = ("study", "run_dir", "seconds", "mlflow")
"""The parts of a report that are times, ids and paths."""


def story(run_dir: Path) -> list[Any]:
    """Give every trial's config, curve and outcome, the cohorts, the rungs and the openings, without clocks."""
    told: list[Any] = []
    for folder in sorted((run_dir / "trials").iterdir()):
        outcome = json.loads((folder / "outcome.json").read_text())
        del outcome["seconds"]
        curve = folder / "curve.csv"
        lines = [line.rpartition(",")[0] for line in curve.read_text().splitlines()] if curve.exists() else []
        told.append((folder.name, json.loads((folder / "config.json").read_text()), outcome, lines))
    for name in ("cohorts.jsonl", "rungs.jsonl"):
        path = run_dir / name
        told.append(path.read_text() if path.exists() else "")
    return told


def report(run_dir: Path) -> dict[str, Any]:
    """Give the report without times, ids and paths."""
    told: dict[str, Any] = json.loads((run_dir / "report.json").read_text())
    return {name: value for name, value in told.items() if name not in _OWN}


def openings(run_dir: Path) -> int:
    """Count how often the test rows were opened."""
    ledger = run_dir / "ledger.jsonl"
    return sum('"event": "opening"' in line for line in ledger.open()) if ledger.exists() else 0


def left_behind(run_dir: Path) -> list[str]:
    """Say what lies in a run folder that should not: trials left RUNNING, a second opening, cohorts in training."""
    found = [] if openings(run_dir) <= 1 else [f"{openings(run_dir)} openings"]
    running = sum(state == "RUNNING" for state in journal_states(run_dir))
    found += [f"{running} trials are RUNNING in the journal"] if running else []
    found += ["cohorts in training"] if list(run_dir.glob("checkpoints/*")) else []
    curves = [path.read_text().splitlines()[1:] for path in run_dir.glob("trials/*/curve.csv")]
    epochs = [[int(line.split(",")[0]) for line in curve] for curve in curves]
    found += [] if all(each == list(range(1, len(each) + 1)) for each in epochs) else ["an epoch twice or never"]
    lines = [json.loads(line)["trial"] for line in (run_dir / "trials.jsonl").open()]
    return found if set(lines) == set(range(len(epochs) or len(lines))) else [*found, "trials.jsonl lacks a trial"]


def journal_states(run_dir: Path) -> list[str]:
    """Give the state of every trial in the journal."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    storage = JournalStorage(JournalFileBackend(str(run_dir / "study.journal")))
    study = storage.get_all_studies()[0]
    return [trial.state.name for trial in storage.get_all_trials(study._study_id)]


def differences(run_dir: Path, whole: Path) -> list[str]:
    """Say in what a study is not the one that was never disturbed, and what it leaves behind."""
    found = left_behind(run_dir)
    found += [] if openings(run_dir) == openings(whole) else [f"{openings(run_dir)} openings"]
    found += [] if story(run_dir) == story(whole) else ["the trials, cohorts or rungs differ"]
    return found if report(run_dir) == report(whole) else [*found, "the report differs"]
