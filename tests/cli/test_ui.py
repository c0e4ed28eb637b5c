"""What a person sees who searches and then opens MLflow's page, in a real browser."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sklearn.datasets import load_wine

from automl.tracking.record import Record

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SECONDS_TO_SHOW = 60.0
STUDY = "wine-1"
TRIALS = [f"trial {number} of {STUDY}" for number in range(3)]


@dataclass(frozen=True)
class Opened:
    """MLflow's page, opened: what the command said of it, and a tab of a browser."""

    addresses: dict[str, str]
    tab: Page

    def go(self, name: str) -> Page:
        """Open an address that the command named, anew."""
        self.tab.goto("about:blank")
        self.tab.goto(self.addresses[name])
        return self.tab


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runs folder with one study, searched from the command line."""
    folder = tmp_path_factory.mktemp("ui")
    table = folder / "wine.csv"
    load_wine(as_frame=True).frame.to_csv(table, index=False)
    words = ["search", table, "--target", "target", "--trials", len(TRIALS), "--runs-dir", folder / "runs", "--quiet"]
    subprocess.run([sys.executable, "-m", "automl", *map(str, words)], check=True, capture_output=True)
    return folder / "runs"


@pytest.fixture(scope="module")
def opened(runs: Path) -> Iterator[Opened]:
    """`automl ui` on that folder, and a browser; skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    command = [sys.executable, "-m", "automl", "ui", "--runs-dir", str(runs)]
    ui = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert ui.stdout is not None
    said: list[str] = []
    try:
        for line in ui.stdout:
            said.append(line.strip())
            if line.startswith("Press ctrl-C"):
                break
        addresses = dict(line.split(": ", 1) for line in said if "http" in line)
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
            tab = browser.new_page(viewport={"width": 1600, "height": 1000})
            tab.set_default_timeout(SECONDS_TO_SHOW * 1000)
            yield Opened(addresses, tab)
            browser.close()
    finally:
        ui.send_signal(signal.SIGINT)
        ui.wait(30)
        ui.stdout.close()


def shows(page: Page, *texts: str) -> None:
    """Wait until the page shows texts, each somewhere."""
    for text in texts:
        page.get_by_text(text, exact=True).first.wait_for(state="visible")


def test_the_address_shows_the_trials_and_charts_of_them(opened: Opened):
    page = opened.go("MLflow")
    shows(page, *TRIALS, "Trials", "validation_accuracy", "score", "Parameters", "Losses and costs")
    page.locator(".js-plotly-plot").first.wait_for(state="visible")
    assert page.get_by_text("Model training").first.is_visible()


def test_the_best_trial_comes_first(opened: Opened, runs: Path):
    page = opened.go("MLflow")
    shows(page, *TRIALS)
    best = Record(runs / STUDY).read_json("report.json")["best"]
    scores = {number: outcome.score for number, outcome in Record(runs / STUDY).outcomes().items()}  # type: ignore[union-attr]
    first = page.get_by_role("link", name=re.compile(rf"^trial \d+ of {STUDY}$")).first.inner_text()
    assert scores[int(first.split()[1])] == scores[best["trial"]]


def test_the_study_tells_its_result_and_leads_to_the_trials(opened: Opened, runs: Path):
    page = opened.go(f"Study {STUDY}")
    headline = Record(runs / STUDY).page_path.read_text().splitlines()[2]
    shows(page, "best_validation", "trials_completed", *TRIALS)
    page.get_by_text(headline.replace("*", "").split(" [")[0]).first.wait_for(state="visible")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="The trials, best first, with charts").click()
    shows(popup.value, "Losses and costs", *TRIALS)
    popup.value.close()


def test_two_trials_are_compared(opened: Opened):
    page = opened.go("MLflow")
    shows(page, *TRIALS)
    for trial in TRIALS[1:]:
        page.get_by_role("row").filter(has_text=trial).get_by_label("toggle row selection").check()
    page.get_by_role("button", name="Compare", exact=True).click()
    shows(page, "Comparing 2 Runs from 1 Experiment", TRIALS[1], TRIALS[2], "optimizer.lr", "validation_accuracy")
    assert not page.get_by_text(TRIALS[0], exact=True).is_visible()


def test_the_study_holds_the_winner_its_report_and_its_curves(opened: Opened):
    page = opened.go(f"Study {STUDY}")
    page.get_by_role("tab", name="Artifacts").click()
    shows(page, "bundle", "curves.csv", "report.html", "report.md", "report.json", "space.yaml")
    page.get_by_text("bundle", exact=True).first.click()
    shows(page, "model.onnx", "predict.py", "weights.safetensors", "MODEL_CARD.md")


def test_every_run_names_its_data(opened: Opened, runs: Path):
    digest = Record(runs / STUDY).read_json("split.json")["data_sha256"][:8]
    page = opened.go(f"Study {STUDY}")
    shows(page, f"wine ({digest})")
    page.get_by_role("link", name=TRIALS[1], exact=True).click()
    shows(page, f"wine ({digest})", "Parent run")
