"""The study: proposals that belong to their trial, and a journal that survives a kill."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import replace

import optuna
import pytest

from automl.spaces.read import read_space
from automl.study.journal import mend
from automl.study.samplers import SAMPLERS
from automl.study.study import Study
from automl.trial import Aim, Completed, Failed, Pruned

QUICK = [name for name in SAMPLERS if name not in ("gp", "grid")]
"""Those that serve the space here and take no time; `test_every_sampler` holds all of them to their promises."""


@pytest.fixture(scope="module")
def space():
    return read_space("tabular")


@pytest.fixture
def open_study(tmp_path, space):
    def make(journal="a.journal", sampler="tpe", seed=3):
        return Study(tmp_path / journal, "s", space, aim=Aim(True), sampler=sampler, seed=seed)

    return make


def _outcome(number, config):
    """A score that depends on the config, so that the sampler has something to learn."""
    score = -abs(config.get("family.mlp.layers", 9) - 4) + (config["preparing.numeric"] == "quantile")
    if number % 5 == 3:
        return Pruned(score=score, loss=1.0, best_epoch=1, epochs=6, seconds=1.0, parameters=9)
    if number % 7 == 6:
        return Failed(kind="diverged", message="no epoch had a finite loss and score", traceback="", seconds=1.0)
    return Completed(score=score, loss=1.0, best_epoch=1, epochs=9, seconds=1.0, parameters=9, stopped_by="patience")


def _run(study, n_trials, cost=lambda config: 0.0):
    configs = []
    while study.n_asked < n_trials:
        number, config = study.ask(cost=cost)
        study.tell(number, _outcome(number, config))
        configs.append(config)
    return configs


def test_the_default_comes_first_and_the_known_good_configs_next(open_study, space):
    configs = _run(open_study(), 1 + len(space.starts))
    assert configs == [space.default(), *(space.complete(start) for start in space.starts)]


def _width(config):
    return config.get("family.mlp.width") or config["family.resnet.width"]


def test_the_cheapest_of_the_known_good_configs_comes_first(open_study):
    widths = [_width(config) for config in _run(open_study(), 4, _width)]
    assert widths[1:] == sorted(widths[1:]) != widths[1:][::-1]


@pytest.mark.parametrize("sampler", QUICK)
def test_the_cheapest_of_several_proposals_is_taken(open_study, sampler):
    widths = {}
    for n_proposals in (1, 2, 8):
        study = open_study(f"{n_proposals}.journal", sampler)
        _run(study, 14)
        widths[n_proposals] = _width(study.ask(cost=_width, n_proposals=n_proposals)[1])
    assert widths[1] >= widths[2] >= widths[8] < widths[1]


@pytest.mark.parametrize("sampler", QUICK)
def test_what_cannot_be_tried_is_not_proposed(open_study, sampler):
    study = open_study(sampler=sampler)
    failed = []
    while study.n_asked < 40:
        number, config = study.ask(cost=lambda config: math.inf if _width(config) > 100 else 1.0)
        is_tried = number < study.n_starts or _width(config) <= 100
        failed += [] if is_tried else [number]
        study.tell(number, _outcome(number, config) if is_tried else Failed("infeasible", "too wide", "", 0.0))
    assert failed == []


@pytest.mark.parametrize("sampler", QUICK)
def test_what_memory_did_not_hold_is_learned_from_as_what_is_infeasible(open_study, sampler):
    asked = {}
    for kind in ("out_of_memory", "infeasible"):
        study = open_study(f"{kind}.journal", sampler)
        asked[kind] = []
        while study.n_asked < 24:
            number, config = study.ask()
            asked[kind].append(config)
            too_large = number >= study.n_starts and _width(config) > 100
            study.tell(number, Failed(kind, "too wide", "", 0.0) if too_large else _outcome(number, config))
    assert asked["out_of_memory"] == asked["infeasible"]


def test_where_nothing_can_be_tried_something_is_proposed(open_study):
    study = open_study()
    _run(study, study.n_starts)
    assert study.ask(cost=lambda config: math.inf)[0] == study.n_starts


@pytest.mark.parametrize("sampler", QUICK)
def test_every_sampler_gives_the_same_study_for_the_same_seed(open_study, sampler):
    first, again = (_run(open_study(name, sampler), 18) for name in ("a.journal", "b.journal"))
    assert first == again


@pytest.mark.parametrize("sampler", QUICK)
def test_another_seed_gives_another_study(open_study, sampler):
    first, other = (_run(open_study(f"{seed}.journal", sampler, seed), 18) for seed in (1, 2))
    assert first != other


@pytest.mark.parametrize("sampler", QUICK)
def test_a_study_interrupted_anywhere_goes_on_as_if_it_was_not(open_study, tmp_path, space, sampler):
    whole = _run(open_study("whole.journal", sampler), 17)
    lines = (tmp_path / "whole.journal").read_bytes().splitlines(keepends=True)
    for cut in range(3, len(lines), 4):
        journal = tmp_path / f"cut{cut}.journal"
        journal.write_bytes(b"".join(lines[:cut]) + lines[cut][: len(lines[cut]) // 2])
        study = open_study(journal.name, sampler)
        assert study.mended_bytes > 0
        for number in study.unfinished:
            config = study.ask_again(number)
            assert config == whole[number]
            study.tell(number, _outcome(number, config))
        asked = study.n_asked
        assert _run(study, 17) == whole[asked:]


def test_proposals_do_not_repeat(open_study):
    configs = [json.dumps(config) for config in _run(open_study(), 25)]
    assert len(set(configs)) == len(configs)


def test_no_parameter_falls_back_to_independent_sampling_with_a_warning(open_study):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        _run(open_study(), 25)
    assert told == []


def test_it_is_a_plain_optuna_study(open_study, tmp_path):
    _run(open_study(), 15)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(tmp_path / "a.journal")))
    study = optuna.load_study(study_name="s", storage=storage)
    states = [trial.state.name for trial in study.trials]
    assert states.count("PRUNED") == 3
    assert states.count("FAIL") == 1
    assert states.count("COMPLETE") == 11
    assert study.trials[3].intermediate_values.keys() == {6}


def test_a_trial_enters_the_journal_by_one_line(open_study, tmp_path):
    study = open_study()
    before = len((tmp_path / "a.journal").read_bytes().splitlines())
    study.ask()
    assert len((tmp_path / "a.journal").read_bytes().splitlines()) == before + 1


@pytest.mark.parametrize("sampler", QUICK)
def test_the_next_trial_agrees_with_another_in_what_they_share(open_study, space, sampler):
    study = open_study(sampler=sampler)
    _run(study, 14)
    leader, config = study.ask()
    mates = [study.ask(like=config, shared=lambda name: not name.startswith("optimizer"))[1] for _ in range(3)]
    for mate in mates:
        own, leaders = ({n: v for n, v in each.items() if not n.startswith("optimizer")} for each in (mate, config))
        assert own == leaders
        assert space.check(mate) == {}
    assert len({json.dumps(mate) for mate in (config, *mates)}) == 4
    assert leader == 14


def test_what_another_process_has_asked_for_is_seen(open_study):
    ours, other = open_study(), open_study()
    number, _ = ours.ask()
    assert other.unfinished == [number]
    assert other.ask()[0] == number + 1
    ours.tell(number, _outcome(number, {"preparing.numeric": "quantile"}))
    assert other.unfinished == [number + 1]


def test_a_finished_trial_is_not_asked_for_again(open_study):
    study = open_study()
    _run(study, 2)
    with pytest.raises(ValueError, match="trial 1 is not one that was asked for and never told"):
        study.ask_again(1)


def test_a_stale_lock_is_removed(tmp_path):
    (tmp_path / "j.lock").symlink_to("nowhere")
    (tmp_path / "j").write_bytes(b'{"a":1}\n')
    assert mend(tmp_path / "j") == 0
    assert not (tmp_path / "j.lock").is_symlink()


def test_an_unterminated_last_line_is_cut_off(tmp_path):
    (tmp_path / "j").write_bytes(b'{"a":1}\n{"b"')
    assert mend(tmp_path / "j") == 4
    assert (tmp_path / "j").read_bytes() == b'{"a":1}\n'


def test_an_absent_journal_is_whole(tmp_path):
    assert mend(tmp_path / "none") == 0


def test_the_trials_drawn_from_the_whole_space_are_known_from_the_journal(open_study):
    study = open_study()
    _run(study, 16)
    random = open_study().insights()["random"]
    assert random == [*range(study.n_starts, 10)]  # from then on the sampler has learned something


def test_every_proposal_of_the_random_sampler_is_random(open_study):
    study = open_study(sampler="random")
    _run(study, 14)
    assert study.insights()["random"] == [*range(study.n_starts, 14)]


def test_the_cheapest_of_several_and_those_like_another_are_not_random(open_study):
    study = open_study(sampler="random")
    _run(study, study.n_starts)
    number, config = study.ask(n_proposals=3)
    study.ask(like=config, shared=lambda name: name == "family")
    assert number == study.n_starts and study.insights()["random"] == []


def test_insights_have_no_importance_before_there_are_trials(open_study):
    assert open_study().insights() == {"random": [], "importance": None}


def test_what_is_wanted_first_comes_after_the_default_in_its_order_and_once(tmp_path, space):
    wanted = [
        space.complete({"training.batch_size": 128}),
        space.complete(space.starts[1]),
        space.complete({"family": "resnet"}),
    ]
    first = replace(space, first=tuple(wanted))
    study = Study(tmp_path / "first.journal", "s", first, aim=Aim(True), sampler="tpe", seed=3)
    configs = _run(study, study.n_starts)
    assert study.n_starts == 1 + len(wanted) + len(space.starts) - 1
    assert configs[: 1 + len(wanted)] == [space.default(), *wanted]
    known_good = [space.complete(start) for start in space.starts]
    assert configs[1 + len(wanted) :] == [start for start in known_good if start != wanted[1]]
