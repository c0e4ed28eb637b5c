"""The page of a study: it holds all it needs, says all it must, and nothing in the data can break it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from automl.errors import StudyError
from automl.report.webpage import webpage
from automl.spaces.read import read_space
from automl.study.proposal import at_random
from automl.task import Column, Task
from automl.tracking.record import Record
from automl.trial import Completed, Epoch, Failed, Pruned

EVIL = "</script><img src=x onerror=alert(1)>"
MIB = 2**20
LOADS = {"src", "srcset", "data", "poster", "background", "action", "formaction", "ping", "xlink:href"}
SECTIONS = [
    *("Result", "Search", "Parameters", "Best trials", "The winner beside the default", "Failures", "Health"),
    *("Pruning", "Data", "The sealed test rows", "Environment", "What next"),
]
IMPORTANCE = {"method": "PED-ANOVA", "trials": 40, "best_share": 0.125, "parameters": {"optimizer.adamw.lr": 1.0}}


class Parsed(HTMLParser):
    """A page as a browser reads it: elements with their attributes, headings, words, scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self.words = ""
        self.raw: list[tuple[dict[str, str | None], str]] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)
        if tag == "h2":
            self.headings.append("")

    def handle_endtag(self, tag):
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data):
        if self._inside and self._inside[-1] in ("script", "style"):
            self.raw.append((self.elements[-1][1], data))
            return
        self.words += data
        if self._inside and self._inside[-1] == "h2":
            self.headings[-1] += data

    @property
    def figures(self):
        return {figure["name"]: figure for figure in json.loads(self._script("figures"))}

    def _script(self, name):
        return "".join(text for attributes, text in self.raw if attributes.get("id") == name)


def complete(record: Record) -> Record:
    """Give a judged study all that a study can have."""
    record.write_json("search.json", {"random": [1], "importance": IMPORTANCE})
    (record.run_dir / "space.yaml").write_text("name: small\n")
    record.trial(0).write_config({**record.trial(0).read_config(), "optimizer.adamw.lr": 0.5})
    record.trial(0).write_health({"findings": ["gradients vanish in layer 1 of 4"], "epochs": [], "layers": []})
    return record


@pytest.fixture
def judged(write_study, judge_rows):
    record = complete(write_study())
    judge_rows(record, ["low", "high", "low"], ["low", "low", "low"], [0.9, 0.6, 0.8])
    return record


@pytest.fixture
def parsed(judged):
    return Parsed(webpage(judged))


def test_every_section_is_there(parsed):
    assert parsed.headings == SECTIONS


def test_every_plot_is_there(parsed):
    assert list(parsed.figures) == [
        *("lead", "history", "curves", "parallel", "importance", "parameters", "seconds"),
        *("confusion", "reliability"),
    ]


def test_every_plot_has_its_place_with_a_title_and_a_sentence(parsed):
    places = {attributes.get("id"): attributes for _, attributes in parsed.elements}
    for name in parsed.figures:
        assert places[f"plot-{name}"]["aria-label"]
    tags = [tag for tag, _ in parsed.elements]
    assert tags.count("h3") == tags.count("figcaption") == tags.count("figure") == len(parsed.figures)


def test_the_contents_lead_to_every_section(parsed):
    links = [attributes["href"] for tag, attributes in parsed.elements if tag == "a"]
    places = [attributes["id"] for tag, attributes in parsed.elements if tag == "section" and "id" in attributes]
    assert links == [f"#{place}" for place in places] and len(places) == len(SECTIONS)


def test_the_headline_is_the_value_with_its_interval_and_verdicts(parsed):
    words = " ".join(parsed.words.split())
    assert "test accuracy on 200 sealed rows0.850095 % interval [0.8300, 0.8700]" in words
    assert "better than majority beyond chancebetter than linear beyond chance" in words


def test_leaks_are_in_the_headline_and_first_among_the_findings(judged):
    split = judged.read_json("split.json")
    leak = {"kind": "leak", "column": "paid", "sentence": "column 'paid' alone predicts the target"}
    judged.write_json("split.json", {**split, "findings": [*split["findings"], leak]})
    page = webpage(judged)
    assert '<li class="bad">1 sign of leakage in the data</li>' in page
    assert page.index("<strong>Leak:</strong> column &#x27;paid&#x27; alone") < page.index(
        "names rows and was dropped."
    )


def test_the_command_that_does_it_again_is_there(parsed):
    assert "automl search data/adult.csv.gz --trials 6 --seed 0" in parsed.words
    assert "--space runs/houses/space.yaml" in parsed.words


def test_nothing_is_loaded(judged):
    parsed = Parsed(webpage(judged))
    for tag, attributes in parsed.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "img")
        assert not LOADS & attributes.keys(), (tag, attributes)
        assert not re.search(r"url\(|@import", attributes.get("style") or "")
    for attributes, text in parsed.raw:
        # Plotly itself holds addresses of maps, which no plot here asks for.
        if attributes.get("type") != "application/json" and "Copyright 2012-" not in text:
            assert not re.search(r"https?:|url\(|@import|\bfetch\(|XMLHttpRequest", text)


def test_the_browser_is_told_to_load_nothing(parsed):
    (policy,) = [
        attributes["content"]
        for tag, attributes in parsed.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';") and "http" not in policy and "connect-src" not in policy
    assert "form-action 'none'" in policy


def named_colours(value, key=""):
    """The colours that plots name, wherever they stand."""
    if isinstance(value, dict):
        return {name for inner, each in value.items() for name in named_colours(each, inner)}
    if isinstance(value, list):
        return {name for each in value for name in named_colours(each, key)}
    return {value[1:]} if "color" in key and isinstance(value, str) and value.startswith("@") else set()


def test_every_colour_of_the_plots_is_one_of_the_page_in_light_and_dark(parsed):
    style = next(text for attributes, text in parsed.raw if "--paper" in text)
    used = named_colours(parsed.figures)
    assert len(used) > 8
    assert {name: len(re.findall(rf"--{name}:", style)) for name in used} == dict.fromkeys(used, 2)


def test_plotly_is_there_once(judged):
    assert webpage(judged).count("Copyright 2012-") == 1


def evil_study(write_study, judge_rows):
    """A study whose names all try to break out of the page."""
    task = Task("binary", EVIL, (Column(EVIL, "numeric"),), (EVIL, "b"), "accuracy", positive="b")
    config = {"family": EVIL, f"family.{EVIL}": EVIL, "optimizer": "sgd", "optimizer.sgd.lr": 0.1}
    outcomes = [
        (config, Completed(0.8, 0.4, 1, 2, 1.0, 10, "epochs")),
        ({**config, f"family.{EVIL}": "x"}, Completed(0.9, 0.4, 1, 2, 1.0, 10, "epochs")),
        (config, Pruned(0.9, 0.4, 1, 2, 1.0, 10)),
        (config, Failed("bug", EVIL, EVIL, 1.0)),
    ]
    record = write_study("evil", outcomes, task, data=f"/tmp/{EVIL}.csv")
    (record.run_dir / "space.yaml").write_text("name: small\n")
    record.write_json("search.json", {"random": [], "importance": {**IMPORTANCE, "parameters": {EVIL: 1.0}}})
    record.write_json("environment.json", {EVIL: EVIL})
    split = record.read_json("split.json")
    record.write_json("split.json", {**split, "findings": [{"kind": "leak", "column": EVIL, "sentence": EVIL}]})
    record.trial(0).write_health({"findings": [EVIL], "epochs": [], "layers": []})
    judge_rows(record, [EVIL, "b", "b"], ["b", "b", EVIL])
    return record


def test_text_of_the_data_breaks_nothing(write_study, judge_rows):
    parsed = Parsed(webpage(evil_study(write_study, judge_rows)))
    tags = [tag for tag, _ in parsed.elements]
    assert (tags.count("script"), tags.count("img")) == (3, 0)
    assert not any("onerror" in attributes for _, attributes in parsed.elements)
    assert "confusion" in parsed.figures and EVIL in parsed.words


def test_text_of_the_data_is_no_markup_to_plotly(write_study, judge_rows):
    parsed = Parsed(webpage(evil_study(write_study, judge_rows)))
    assert "<img" not in json.dumps(parsed.figures) and "&lt;img" in json.dumps(parsed.figures)


def test_a_study_of_which_only_the_plan_is_written_has_a_page(tmp_path):
    parsed = Parsed(webpage(Record.create(tmp_path, "early", {"data": "digits"})))
    assert "No trial has completed yet." in parsed.words and "What next" in parsed.headings


def test_a_study_without_a_completed_trial_has_a_page_without_plots(write_study):
    outcomes = [({"family": "mlp"}, Failed("diverged", "it did", "", 1.0))]
    page = webpage(write_study(outcomes=outcomes))
    parsed = Parsed(page)
    assert "No trial has completed." in parsed.words and "Failures" in parsed.headings
    assert "<script" not in page and len(page) < MIB


def test_a_study_that_is_not_judged_has_a_page_without_judgement(write_study):
    parsed = Parsed(webpage(complete(write_study())))
    assert "Result" not in parsed.headings and "validation accuracy, not judged yet" in parsed.words
    assert set(parsed.figures) == {"history", "curves", "parallel", "importance", "parameters", "seconds"}


def test_a_study_that_is_still_searched_has_a_page(write_study):
    outcomes = [({"family": "mlp"}, Completed(0.9, 0.4, 1, 2, 1.0, 10, "epochs")), ({"family": "mlp"}, None)]
    parsed = Parsed(webpage(write_study(outcomes=outcomes)))
    assert set(parsed.figures) == {"history", "curves", "parameters", "seconds"}


def test_numbers_have_residuals_in_place_of_confusion(write_study, judge_rows):
    record = write_study(task=Task("regression", "price", (Column("a", "numeric"),), (), "rmse"))
    judge_rows(record, [1.0, 2.0, 3.0], [1.5, 2.0, 2.5])
    assert {"against-truth", "residuals"} <= set(Parsed(webpage(record)).figures)


def test_the_same_folder_gives_the_same_page(judged):
    assert webpage(judged) == webpage(Record(judged.run_dir))


def test_a_damaged_file_is_told(judged):
    (judged.run_dir / "search.json").write_text("{")
    with pytest.raises(StudyError, match=r"search\.json is damaged"):
        webpage(judged)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A study of 2 000 trials of a real space, each with a curve of up to 100 epochs."""
    space, rng = read_space("tabular"), np.random.default_rng(0)
    task = Task("binary", "income", (Column("age", "numeric"),), ("high", "low"), "accuracy", positive="high")
    record = Record.create(tmp_path_factory.mktemp("large"), "large", {"data": "adult.csv", "trials": 2000})
    record.write_json("task.json", task.to_json())
    for number in range(2000):
        score, epochs = float(rng.beta(8, 2)), int(rng.integers(6, 100))
        common = (score, 0.4, epochs // 2, epochs, float(rng.lognormal()), int(rng.integers(1e3, 1e6)))
        trial = record.trial(number)
        trial.write_config(at_random(space, rng))
        curve = [Epoch(e, 0.5, 0.5, score * (1 - 0.5**e), 0.1, 0.1) for e in range(1, epochs + 1)]
        trial.write_curve(curve)
        trial.write_outcome(Completed(*common, "patience") if number % 4 == 0 else Pruned(*common))
    return record


def test_two_thousand_trials_fit_into_ten_megabytes(large):
    page = webpage(large)
    assert len(page.encode()) < 10 * MIB
    assert len(Parsed(page).figures["history"]["data"][0]["x"]) == 1500


def test_writing_a_page_needs_no_library_of_the_search():
    heavy = ("torch", "mlflow", "optuna", "sklearn", "pandas", "plotly")
    code = f"import sys, automl.report.webpage; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
