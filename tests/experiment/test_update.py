"""New rows for a judged study: a slice is sealed first, validation chooses, the slice judges once, nothing is lost."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

import automl
from automl.data.digest import ROW, row_hashes
from automl.data.rows import read_rows, stacked
from automl.errors import AutoMLError, SplitError, StudyError
from automl.experiment.arriving import set_out_update
from automl.experiment.ensemble import Member
from automl.experiment.model import model_of
from automl.experiment.plan import Plan
from automl.experiment.progress import Silent
from automl.experiment.promote import judge_update
from automl.experiment.rebuild import rebuild
from automl.experiment.remove import remove
from automl.experiment.stage import coder_of, learned_rows, set_out
from automl.experiment.trees import rebuild_trees
from automl.experiment.update import update_study
from automl.experiment.update_stages import UpdateStages
from automl.experiment.versions import made as made_by
from automl.experiment.versions import present
from automl.export.predictor import Predictor
from automl.report.listing import row_of
from automl.report.markdown import page
from automl.report.summary import summarise
from automl.report.webpage import webpage
from automl.task import Task
from automl.tracking.facts import parent_tags, read_study
from automl.tracking.record import Record
from automl.tracking.updates import CONTINUED, PRESENT, SCRATCH, candidate, update_dir
from automl.training.weights import raw_outputs
from automl.trial import TREES

SPACE = """
name: narrow
space:
  family: {choice: {mlp: {layers: 1, width: 8}}, default: mlp}
  optimizer: {choice: {adamw: {lr: {float: [0.003, 0.03], log: true, default: 0.01}}}, default: adamw}
  training: {epochs: 15, patience: 15, batch_size: 32}
"""


def cells() -> pd.DataFrame:
    """A real table, and whether a row is of the first or of the second half of the year, which was made up."""
    rows = load_breast_cancer(as_frame=True).frame.sample(frac=1.0, random_state=0, ignore_index=True)
    return rows.assign(day=np.arange(len(rows)))


OLD, LATER = cells().iloc[:300], cells().iloc[300:]
NEW = LATER.assign(**{name: 1.3 * LATER[name] for name in LATER.columns if name not in ("target", "day")})
"""The later rows as an instrument measures them that shows three tenths more: what a model knows of them is little."""


def searched(folder: Path, empty_store: Path, rows: pd.DataFrame = OLD, **options: object) -> Record:
    """A study of few small networks."""
    runs_dir = folder / "runs"
    runs_dir.mkdir(exist_ok=True)
    if not (runs_dir / "mlflow.db").exists():
        shutil.copy(empty_store, runs_dir / "mlflow.db")
    (folder / "narrow.yaml").write_text(SPACE)
    given = {"target": "target", "space": str(folder / "narrow.yaml"), "trials": 2, "study": "cells", **options}
    return Record(automl.search(rows, runs_dir=runs_dir, **given).run_dir)


@pytest.fixture(scope="module")
def judged(tmp_path_factory, empty_store) -> Record:
    return searched(tmp_path_factory.mktemp("judged"), empty_store)


@pytest.fixture(scope="module")
def updated(judged, tmp_path_factory) -> Record:
    """A copy of it that was updated."""
    record = copied(judged, tmp_path_factory.mktemp("updated"))
    update_study(record, NEW)
    return record


def copied(record: Record, folder: Path) -> Record:
    shutil.copytree(record.runs_dir, folder / "runs", dirs_exist_ok=True)
    return Record(folder / "runs" / record.study)


@pytest.fixture
def study(judged, tmp_path) -> Record:
    return copied(judged, tmp_path)


def told_of(record: Record, number: int = 1) -> dict:
    return json.loads((update_dir(record, number) / "update.json").read_text())


def rows_of(record: Record, part: str, number: int = 1) -> pd.DataFrame:
    name = "sealed/test.parquet" if part == "test" else f"rows/{part}.parquet"
    return read_rows(update_dir(record, number) / name)


def events(record: Record, number: int = 1) -> list[str]:
    return [each["event"] for each in record.read_jsonl("ledger.jsonl") if each.get("update") == number]


class Stopping(Silent):
    """Asks for the end when a sentence is said."""

    def __init__(self, opening: str) -> None:
        self.opening = opening

    def say(self, sentence: str) -> None:
        if sentence.startswith(self.opening):
            raise KeyboardInterrupt


def test_the_slice_is_sealed_before_anything_is_trained_and_opened_once(updated):
    assert events(updated) == ["sealed", "opening", "result"]
    sealed, opening, result = (each for each in updated.read_jsonl("ledger.jsonl") if each.get("update") == 1)
    assert sealed["test_sha256"] == opening["test_sha256"] == told_of(updated)["test_sha256"]
    first = (candidate(updated, 1, CONTINUED).run_dir / "trials.jsonl").stat().st_mtime
    assert pd.Timestamp(sealed["time"]).timestamp() < first < pd.Timestamp(opening["time"]).timestamp()
    assert result["result"]["chosen"] == told_of(updated)["chosen"]


def test_new_rows_are_divided_and_the_studys_own_test_rows_stay_closed(updated, judged):
    told = told_of(updated)
    assert told["rows"] == {"train": 150, "validation": 38, "test": 81}
    kept = sum(len(read_rows(path)) for path in (judged.train_rows_path, judged.validation_rows_path))
    assert told["learned"]["train"] + told["learned"]["validation"] == kept + 150 + 38
    own = [each for each in updated.read_jsonl("ledger.jsonl") if "update" not in each]
    assert [each["event"] for each in own] == ["opening", "result"]


def test_what_is_trained_on_is_never_worse_over_validation_rows_than_it_began(updated):
    told = told_of(updated)
    assert told[CONTINUED]["validation"] >= told[PRESENT]["validation"]


def test_validation_rows_choose(updated):
    told = told_of(updated)
    assert told["chosen"] == max((CONTINUED, SCRATCH), key=lambda way: told[way]["validation"])


def test_scores_on_the_slice_are_those_of_its_predictions(updated):
    table = pd.read_parquet(update_dir(updated, 1) / "judgement.parquet")
    told = told_of(updated)["test"]
    for name, column in ((PRESENT, "prediction"), (SCRATCH, "prediction_scratch")):
        assert told[name]["value"] == pytest.approx((table[column] == table["truth"]).mean())
    assert told[CONTINUED]["ci_low"] <= told[CONTINUED]["value"] <= told[CONTINUED]["ci_high"]


def test_the_network_that_is_trained_on_keeps_its_preparation_and_the_other_has_a_new_one(updated):
    trial = f"{told_of(updated)[PRESENT]['trial']:04d}"
    before = (updated.trials_dir / trial / "preparation.json").read_bytes()
    kept, anew = (candidate(updated, 1, way).trials_dir / trial / "preparation.json" for way in (CONTINUED, SCRATCH))
    assert json.loads(kept.read_bytes()) == json.loads(before) and anew.read_bytes() != before


def test_a_promoted_model_is_the_one_that_predicts_and_the_former_can_be_exported(tmp_path, empty_store):
    record = searched(tmp_path, empty_store)
    study = automl.load("cells", runs_dir=record.runs_dir)
    before = study.predict(OLD)
    study = study.update(NEW)
    (told,) = study.summary["updates"]
    assert told["promoted"] and told["is_present"], told["sentence"]
    after = study.predict(OLD)
    assert not before.equals(after)
    study.export(tmp_path / "former", update=0)
    study.export(tmp_path / "first", update=1)
    former, first = (Predictor(tmp_path / name).predict(OLD) for name in ("former", "first"))
    pd.testing.assert_frame_equal(former, before)
    pd.testing.assert_frame_equal(first, after)
    card = (record.bundle_dir / "MODEL_CARD.md").read_text()
    assert "Update 1 of the study made it with new rows" in card and told["sentence"] in card
    assert repr(study).endswith("update 1 made its model>")


def test_a_model_that_is_worse_beyond_chance_is_not_promoted_and_nothing_changes(tmp_path, empty_store):
    record = searched(tmp_path, empty_store, OLD, time="day")
    before = {path: path.read_bytes() for path in record.bundle_dir.iterdir()}
    was_broken = LATER["day"] < LATER["day"].quantile(0.68)
    broken = LATER.assign(target=np.where(was_broken, 1 - LATER["target"], LATER["target"]))
    many = pd.concat([broken.assign(**{"mean area": broken["mean area"] + shift}) for shift in range(6)])
    told = update_study(record, many)
    assert not told["promoted"]
    assert told["sentence"].startswith("update 1 is not promoted: the model, trained ")
    assert "is worse than the model before beyond chance: accuracy -0." in told["sentence"]
    assert {path: path.read_bytes() for path in record.bundle_dir.iterdir()} == before
    assert row_of(record)["state"] == "judged"
    with pytest.raises(StudyError, match=r"unknown promoted update '1'; Known: 0$"):
        automl.load("cells", runs_dir=record.runs_dir).export(tmp_path / "x", update=1)


def test_where_labels_are_spoilt_throughout_no_model_is_promoted(study):
    spoilt = LATER.assign(target=np.random.default_rng(0).permutation(LATER["target"]))
    told = update_study(study, pd.concat([spoilt, spoilt.assign(**{"mean area": spoilt["mean area"] + 1})]))
    assert not told["promoted"]
    guess, test = told["baseline"], told["test"][told["chosen"]]
    assert guess["name"] == "majority" and guess["lead"]["value"] == pytest.approx(
        test["value"] - guess["test"]["value"]
    )
    assert re.search(
        "nothing was better than|beyond chance|not distinguishable from a constant guess", told["sentence"]
    )


def test_a_candidate_that_is_the_model_itself_is_not_promoted(study):
    told = set_out_update(study, Plan.from_json(study.read_json("plan.json")), NEW)
    model, told = present(study).model, told | {"chosen": CONTINUED, CONTINUED: told[PRESENT]}
    judged = judge_update(study, told, {PRESENT: model, CONTINUED: model}, OLD)
    assert judged["leads"][CONTINUED] == {"value": 0.0, "ci_low": 0.0, "ci_high": 0.0} and not judged["promoted"]
    nothing = "on validation rows nothing was better than the model before"
    assert judged["sentence"] == f"update 1 is not promoted: {nothing}"


def test_a_second_update_stands_on_the_first_and_its_slice_stays_out_for_good(study):
    first, second = NEW.iloc[:150], NEW
    told = update_study(study, first)
    again = update_study(study, second)
    assert told["promoted"] and again[PRESENT]["update"] == 1
    assert again[PRESENT]["weights_sha256"] == told[told["chosen"]]["weights_sha256"]
    sealed = set(row_hashes(rows_of(study, "test", 1)))
    for part in ("train", "validation", "test"):
        assert not sealed & set(row_hashes(rows_of(study, part, 2)))
    assert again["learned"]["train"] == told["learned"]["train"] + again["rows"]["train"]
    assert "left out: 150 new rows that the study has already" in again["notes"]


def test_the_same_rows_make_the_same_model(judged, updated, tmp_path):
    record = copied(judged, tmp_path)
    update_study(record, NEW)
    for way in (CONTINUED, SCRATCH):
        assert told_of(record)[way]["weights_sha256"] == told_of(updated)[way]["weights_sha256"]
    assert told_of(record)["test"] == told_of(updated)["test"]


@pytest.mark.parametrize("opening", ["continued:", "scratch:", "judging on", "update 1 is", "exporting"])
def test_an_update_that_was_ended_goes_on_and_opens_the_slice_once(study, updated, opening):
    with pytest.raises(KeyboardInterrupt, match=r"interrupted; go on with: the same call$"):
        update_study(study, NEW, progress=Stopping(opening))
    assert not told_of(study).get("finished") and summarise(study).get("updates") is None
    told = update_study(study, NEW)
    assert told["finished"] and events(study) == ["sealed", "opening", "result"]
    assert told["test"] == told_of(updated)["test"]


def test_an_opening_that_was_cut_off_is_taken_up_for_the_same_weights(study, updated):
    with pytest.raises(KeyboardInterrupt):
        update_study(study, NEW, progress=Stopping("update 1 is"))
    told = told_of(study)  # as a kill in the middle of the judgement leaves it
    for name in ("test", "leads", "verdicts", "promoted", "sentence"):
        del told[name]
    (update_dir(study, 1) / "update.json").write_text(json.dumps(told))
    lines = (study.run_dir / "ledger.jsonl").read_text().splitlines(keepends=True)
    (study.run_dir / "ledger.jsonl").write_text("".join(lines[:-1]))
    assert update_study(study, NEW)["test"] == told_of(updated)["test"]
    assert events(study) == ["sealed", "opening", "continued", "result"]


def test_an_update_that_was_killed_before_its_rows_were_divided_begins_anew(study):
    (update_dir(study, 1) / "rows").mkdir(parents=True)
    (update_dir(study, 1) / "rows" / "train.parquet").write_text("half")
    assert update_study(study, NEW)["finished"]


def test_other_rows_wait_until_an_update_is_finished(study):
    with pytest.raises(KeyboardInterrupt):
        update_study(study, NEW, progress=Stopping("judging on"))
    with pytest.raises(StudyError, match=r"update 1 of study 'cells' was begun with other rows, of .*, and is not fin"):
        update_study(study, NEW.iloc[:100])


def everything(record: Record) -> dict[Path, float]:
    return {path: path.stat().st_mtime for path in record.run_dir.rglob("*") if path.name != "lock"}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (NEW.drop(columns="mean area"), "the new rows must have the study's columns, but lack mean area"),
        (NEW.assign(target=2), r"must hold classes of the study in every new row, got '2' \(269 of 269 rows"),
        (NEW.iloc[:20], "an update needs at least 50 new rows with a target, got 20"),
        (OLD, r"at least 50 new rows with a target, got 0 \(300 that the study has already\)"),
        ("nowhere.csv", "no such file: nowhere.csv"),
    ],
)
def test_what_cannot_be_an_update_is_a_sentence_and_nothing_is_written(judged, rows, sentence):
    before = everything(judged)
    with pytest.raises(AutoMLError, match=sentence):
        update_study(judged, rows)
    assert everything(judged) == before


def test_a_study_that_is_not_judged_is_told_to_be(tmp_path, empty_store):
    record = searched(tmp_path, empty_store, judge=False)
    with pytest.raises(StudyError, match=r"study 'cells' is not judged; .* with: automl judge cells --runs-dir"):
        update_study(record, NEW)


def test_a_study_that_was_interrupted_or_runs_is_refused(study):
    study.write_json("clock.json", {"seconds": 1.0, "finished": False})
    with pytest.raises(StudyError, match=r"study 'cells' was interrupted; .* go on with: automl resume cells"):
        update_study(study, NEW)
    with study.lock(), pytest.raises(StudyError, match=r"study 'cells' is being run by process"):
        update_study(study, NEW)


def test_trials_that_answer_together_are_each_trained_on_and_trees_are_grown_anew(tmp_path, empty_store):
    (tmp_path / "brief.yaml").write_text(SPACE.replace("epochs: 15", "epochs: 3"))
    options = {"ensemble": 3, "include_trees": True, "trials": 3, "metric": "log_loss", "refit": False}
    record = searched(tmp_path, empty_store, space=str(tmp_path / "brief.yaml"), **options)
    ensemble = record.read_json("ensemble.json")["ensemble"]
    told = update_study(record, NEW)
    members = {each["trial"] for each in ensemble["members"]}
    networks = members - TREES.keys()
    assert members & TREES.keys()
    for way in (CONTINUED, SCRATCH):
        made = candidate(record, 1, way)
        assert {each["trial"] for each in told[way]["members"]} == networks
        shares = {each["trial"]: each["weight"] for each in made.read_json("ensemble.json")["ensemble"]["members"]}
        assert shares == {each["trial"]: each["weight"] for each in ensemble["members"]}
        assert {path.name for path in made.trees_dir.iterdir()} == {TREES[each] for each in members & TREES.keys()}
    assert told["promoted"] and len(automl.load("cells", runs_dir=record.runs_dir).predict(OLD)) == len(OLD)


def test_a_network_of_folds_is_trained_on_and_new_rows_alone_validate(tmp_path, empty_store):
    record = searched(tmp_path, empty_store, folds=3)
    told = update_study(record, NEW)
    assert told["learned"] == {"train": 240 + told["rows"]["train"], "validation": told["rows"]["validation"]}


def members_of(record: Record, way: str, number: int = 1) -> list[dict]:
    """Who is in what an update made."""
    return candidate(record, number, way).read_json("ensemble.json")["ensemble"]["members"]


@pytest.fixture(scope="module")
def folded(tmp_path_factory, empty_store) -> Record:
    """A study of numbers whose folds answer together, trees among them."""
    return searched(tmp_path_factory.mktemp("folded"), empty_store, FIRST, folds=3, ensemble=2, include_trees=True)


@pytest.fixture(scope="module")
def bagged(folded, tmp_path_factory) -> Record:
    """A copy of it that was updated."""
    record = copied(folded, tmp_path_factory.mktemp("bagged"))
    update_study(record, REST)
    return record


SUGAR = load_diabetes(as_frame=True).frame
FIRST, REST = SUGAR.iloc[:180], SUGAR.iloc[180:]


def stages_of(record: Record) -> UpdateStages:
    """The rows of its first update, as the networks of its model learn from them."""
    plan, task = Plan.from_json(record.read_json("plan.json")), Task.from_json(record.read_json("task.json"))
    train = stacked(learned_rows(record), rows_of(record, "train"))
    return UpdateStages(record, plan, task, model_of(record), train, rows_of(record, "validation"))


def test_every_fold_that_answers_is_trained_on_and_from_scratch(bagged):
    ensemble, told = bagged.read_json("ensemble.json")["ensemble"], told_of(bagged)
    assert told["learned"]["train"] == 144 + told["rows"]["train"]
    members = [(each["trial"], each["fold"], each["weight"]) for each in ensemble["members"]]
    assert {fold for _, fold, _ in members} == {0, 1, 2}
    for way in (CONTINUED, SCRATCH):
        assert [(each["trial"], each["fold"], each["weight"]) for each in members_of(bagged, way)] == members
        networks = {trial for trial, *_ in members} - TREES.keys()
        assert {each["trial"] for each in told[way]["members"]} == networks
    scales = {way: [each["scale"] for each in members_of(bagged, way)] for way in (CONTINUED, SCRATCH)}
    assert scales[CONTINUED] == [each["scale"] for each in ensemble["members"]] != scales[SCRATCH]
    digests = [each["weights_sha256"] for way in (CONTINUED, SCRATCH) for each in members_of(bagged, way)]
    assert len({*digests}) == len(digests)


def test_a_fold_that_is_updated_does_not_learn_from_the_rows_that_validate_it(bagged):
    plan, trial, stages = Plan.from_json(bagged.read_json("plan.json")), model_of(bagged).trial, stages_of(bagged)
    before = [set(fold.validation[ROW]) for fold in set_out(bagged, plan).folds]
    for way in (CONTINUED, SCRATCH):
        folds = stages.of(way, trial).folds
        assert [set(fold.validation[ROW][: len(own)]) for fold, own in zip(folds, before)] == before
        assert not any(set(row_hashes(fold.train)) & set(row_hashes(fold.validation)) for fold in folds)
        assert {len(fold.train) for fold in folds} == {96 + len(rows_of(bagged, "train"))}
    codes = [fold.coder.mean for fold in stages.of(CONTINUED, trial).folds]
    assert codes == pytest.approx([fold.coder.mean for fold in set_out(bagged, plan).folds])


def test_what_scores_folds_are_rows_that_they_did_not_learn_from(bagged):
    """Those of each fold, answered by its own networks alone, and the new validation rows, each as if once a fold."""
    plan, made = Plan.from_json(bagged.read_json("plan.json")), made_by(bagged, 1, SCRATCH)
    held, new = [fold.validation for fold in set_out(bagged, plan).folds], rows_of(bagged, "validation")
    errors = []
    for place, rows in enumerate([*held, new, new, new]):
        own = [each for each in made.ensemble.members if place > 2 or each.fold == place]
        shares = np.array([each.weight for each in own]) / sum(each.weight for each in own)
        outputs = [each.scale * raw(made.record, each, rows) + each.shift for each in own]
        errors += [*(coder_of(made.record).decode(shares @ outputs) - rows["target"])]
    assert told_of(bagged)[SCRATCH]["validation"] == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=1e-4)
    assert made.ensemble.calibration.rows == 144 + len(new)


def raw(record: Record, member: Member, rows: pd.DataFrame) -> np.ndarray:
    own = rebuild_trees if member.trial in TREES else rebuild
    network, preparation = own(record, member.trial, member.fold)
    return raw_outputs(network, preparation.transform(rows))[:, 0]


def test_folds_that_were_updated_are_exported_and_updated_again(bagged, tmp_path):
    record = copied(bagged, tmp_path)
    assert told_of(record)["promoted"]
    predicted = automl.load("cells", runs_dir=record.runs_dir).predict(SUGAR)
    assert len(predicted) == len(SUGAR) and np.isfinite(predicted["prediction"]).all()
    told = update_study(record, REST.iloc[:120].assign(s1=lambda rows: rows["s1"] + 0.001))
    assert told[PRESENT]["update"] == 1 and told[CONTINUED]["validation"] <= told[PRESENT]["validation"]
    assert {each["fold"] for each in members_of(record, CONTINUED, 2)} == {0, 1, 2}


def test_an_update_of_folds_that_was_ended_goes_on_to_the_same_end(folded, bagged, tmp_path):
    record = copied(folded, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        update_study(record, REST, progress=Stopping("continued:"))
    told = update_study(record, REST)
    assert (
        told["test"] == told_of(bagged)["test"] and told[CONTINUED]["members"] == told_of(bagged)[CONTINUED]["members"]
    )


@pytest.mark.parametrize("more", [{"group": "who"}, {"time": "when"}, {"metric": "log_loss"}])
def test_folds_by_group_and_by_time_are_updated_as_they_were_divided(tmp_path, empty_store, more):
    marked = {
        "who": np.where(np.arange(569) < 400, np.arange(569) % 300, np.arange(569)) // 4,
        "when": pd.date_range("2020-01-01", periods=569),
    }
    rows = cells().assign(**{name: marked[name] for name in more.values() if name in marked})
    (tmp_path / "brief.yaml").write_text(SPACE.replace("epochs: 15", "epochs: 3"))
    options = {"space": str(tmp_path / "brief.yaml"), "folds": 2, "ensemble": 2, **more}
    record = searched(tmp_path, empty_store, rows.iloc[:300], **options)
    told = update_study(record, rows.iloc[300:])
    assert {each["fold"] for each in members_of(record, SCRATCH)} == {0, 1} and told["finished"]
    stages = stages_of(record)
    for fold in stages.of(SCRATCH, model_of(record).trial).folds:
        if "group" in more:
            assert not set(fold.train["who"]) & set(fold.validation["who"])
        if "time" in more:
            assert fold.train["when"].max() < fold.validation["when"].min()


def test_numbers_weights_groups_and_logarithms_are_kept_to(tmp_path, empty_store):
    rows = load_diabetes(as_frame=True).frame.assign(w=np.arange(442) % 3 + 1.0, who=np.arange(442) % 90)
    options = {"weight": "w", "group": "who", "target_transform": "log", "metric": "mae"}
    record = searched(tmp_path, empty_store, rows[rows["who"] < 60], **options)
    told = update_study(record, rows)
    parts = [set(rows_of(record, part)["who"]) for part in ("train", "validation", "test")]
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
    assert told[CONTINUED]["validation"] <= told[PRESENT]["validation"]
    codes = [candidate(record, 1, way).read_json("coder.json")["mean"] for way in (CONTINUED, SCRATCH)]
    assert codes[0] != codes[1]
    test = rows_of(record, "test")
    answers = pd.read_parquet(update_dir(record, 1) / "judgement.parquet")
    off = np.average(np.abs(answers["prediction_scratch"] - answers["truth"]), weights=test["w"])
    assert told["test"][SCRATCH]["value"] == pytest.approx(off)


def test_new_rows_of_a_group_that_sealed_rows_have_are_left_out(tmp_path, empty_store):
    rows = OLD.assign(who=np.arange(300) % 50)
    record = searched(tmp_path, empty_store, rows, group="who")
    told = update_study(record, NEW.assign(who=np.arange(269) % 70 + 30))
    held = set(read_rows(record.sealed_dir / "test.parquet")["who"])
    assert any("new rows of groups of 'who' that sealed rows have" in note for note in told["notes"])
    assert not any(held & set(rows_of(record, part)["who"]) for part in ("train", "validation", "test"))


def test_images_are_updated_too(tmp_path, empty_store):
    digits = load_digits()
    pixels = np.rint(digits.images * 15.9).astype(np.uint8)
    for name, part in (("old", slice(0, 300)), ("new", slice(250, 500)), ("tall", slice(0, 300))):
        shape = pixels[part].repeat(2, axis=1) if name == "tall" else pixels[part]
        np.savez(tmp_path / f"{name}.npz", x=shape, y=digits.target[part] % 2)
    options = {"space": "cnn_small", "trials": 1, "target": None, "timeout": 20}
    record = searched(tmp_path, empty_store, str(tmp_path / "old.npz"), **options)
    with pytest.raises(AutoMLError, match=r"the images must be 1 x 8 x 8, as in the study .*, got 1 x 16 x 8"):
        update_study(record, str(tmp_path / "tall.npz"))
    told = update_study(record, str(tmp_path / "new.npz"), timeout=15.0)
    assert told["notes"] == ["left out: 50 new rows that the study has already"]
    assert told[CONTINUED]["validation"] >= told[PRESENT]["validation"]


def test_the_time_is_kept_to_and_each_network_has_an_epoch(study):
    told = update_study(study, NEW, timeout=0.001)
    assert [each["epochs"] for each in told[SCRATCH]["members"]] == [1]


def test_every_report_tells_of_updates(updated):
    told = told_of(updated)
    sentence = told["sentence"]
    for text in (page(updated), webpage(updated)):
        assert "Updates" in text and sentence[1:].split(":")[0] in text
    assert "269 new rows, 150 trained on, 38 validate, 81 sealed" in page(updated)
    assert (updated.run_dir / "report.md").read_text() == page(updated)
    assert row_of(updated)["state"] == "updated"
    tags = parent_tags(updated, read_study(updated))
    assert (tags["updates"], tags["model_of_update"]) == ("1", "1")
    assert sentence in tags["update"]


def test_a_study_without_updates_says_nothing_of_them(judged):
    assert "updates" not in summarise(judged) and "Updates" not in page(judged)
    assert "updates" not in parent_tags(judged, read_study(judged))


def test_mlflow_has_the_scores_of_an_update(updated):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{updated.runs_dir / 'mlflow.db'}")
    run = client.get_run(updated.read_json("tracking.json")["run_id"])
    assert run.data.tags["updates"] == "1"
    assert run.data.metrics["update_1_scratch_accuracy"] == told_of(updated)["test"][SCRATCH]["value"]


def test_updates_go_with_their_study_and_that_their_slices_were_opened_is_kept(updated, tmp_path):
    record = copied(updated, tmp_path)
    remove(record)
    assert not record.run_dir.exists()
    kept = [json.loads(line) for line in (record.runs_dir / "removed.jsonl").read_text().splitlines()]
    assert [each.get("update") for each in kept] == [None, 1]


def test_an_update_of_a_former_winner_made_no_model(updated, tmp_path):
    record = copied(updated, tmp_path)
    study = automl.resume("cells", runs_dir=record.runs_dir, trials=4, break_seal="more trials")
    (told,) = study.summary["updates"]
    same = study.best["trial"] == told_of(record)[PRESENT]["trial"]
    assert told["is_present"] == (same and told["promoted"])


def test_too_few_groups_are_refused(tmp_path, empty_store):
    record = searched(tmp_path, empty_store, OLD.assign(who=np.arange(300) % 50), group="who")
    with pytest.raises(SplitError, match=r"groups of 'who' that the study has not seen"):
        update_study(record, NEW.assign(who=np.arange(269) % 50))
