"""Plots of how a search went: every trial is where it belongs, and nothing is drawn that was not."""

from __future__ import annotations

import json

import pytest

from automl.report.reading import Reading
from automl.report.search_plots import curves, history, some
from automl.task import Column, Task
from automl.trial import Completed, Epoch, Failed, Pruned, outcome_to_json

PRICE = Task("regression", "price", (Column("a", "numeric"),), (), "rmse")
MLP = {"family": "mlp", "optimizer": "sgd", "optimizer.sgd.lr": 0.1}


def done(score, state=Completed, epochs=3):
    if state is Failed:
        return MLP, Failed("diverged", "it did", "", 1.0)
    last = ("epochs",) if state is Completed else ()
    return MLP, state(score, 0.5, 1, epochs, 1.0, 100, *last)


def trace_named(figure, name):
    return next(trace for trace in figure.traces if name in trace.get("name", ""))


def words(figure):
    return "".join(piece if isinstance(piece, str) else piece.text for piece in figure.caption)


@pytest.fixture
def drawn(write_study):
    def draw(*outcomes, plot=history, search=None, reference=(), **study):
        record = write_study(outcomes=outcomes, **study)
        if search is not None:
            record.write_json("search.json", {"random": search, "importance": None})
        for config, outcome in reference:
            record.append_jsonl("reference.jsonl", {"config": config, "outcome": outcome_to_json(outcome)})
        return plot(Reading(record))

    return draw


def test_trials_stand_at_their_scores(drawn):
    figure = drawn(done(0.8), done(0.7, Pruned), done(0.85))
    assert (trace_named(figure, "completed")["x"], trace_named(figure, "completed")["y"]) == ([0, 2], [0.8, 0.85])
    assert (trace_named(figure, "pruned")["x"], trace_named(figure, "pruned")["y"]) == ([1], [0.7])


def test_a_failed_trial_is_marked_without_a_score(drawn):
    failed = trace_named(drawn(done(0.8), done(0, Failed)), "failed")
    assert (failed["x"], failed["yaxis"], failed["customdata"]) == ([1], "y2", ["diverged"])


def test_the_best_so_far_rises_with_completed_trials_alone(drawn):
    best = trace_named(drawn(done(0.8), done(0.95, Pruned), done(0.7), done(0.9), done(0.9)), "best so far")
    assert (best["x"], best["y"]) == ([0, 3, 4], [0.8, 0.9, 0.9])


def test_the_best_so_far_of_errors_falls(drawn):
    best = trace_named(drawn(done(3.0), done(4.0), done(2.0), task=PRICE), "best so far")
    assert best["y"] == [3.0, 2.0, 2.0]


def test_the_default_has_a_line(drawn):
    assert trace_named(drawn(done(0.8), done(0.85)), "the default config, 0.8000")["y"] == [0.8, 0.8]


def test_a_default_that_failed_has_no_line(drawn):
    figure = drawn(done(0, Failed), done(0.85))
    assert not any("default" in trace.get("name", "") for trace in figure.traces)
    assert figure.title == "Trial 1 of 2 reached accuracy 0.8500"


@pytest.mark.parametrize(
    ("scores", "title"),
    [
        ([0.8, 0.9], "Trial 1 of 2 reached accuracy 0.9000; the default has 0.8000"),
        ([0.9, 0.8], "Trial 0 of 2 reached accuracy 0.9000: the default config, which none of the others beat"),
        ([0.9], "Trial 0 of 1 reached accuracy 0.9000"),
    ],
)
def test_the_title_says_who_was_best(drawn, scores, title):
    assert drawn(*(done(score) for score in scores)).title == title


def test_a_winner_by_its_loss_alone_is_called_so(drawn):
    better = (MLP, Completed(0.9, 0.1, 1, 3, 1.0, 100, "epochs"))
    assert drawn(done(0.9), better).title.endswith("as did the default config, with a worse loss")


def test_without_random_trials_the_page_says_how_to_get_them(drawn):
    figure = drawn(done(0.8))
    assert "--reference random:50" in words(figure)
    assert not any("random" in trace.get("name", "") for trace in figure.traces)


def test_the_own_random_trials_are_marked_and_make_a_reference(drawn):
    figure = drawn(*(done(score) for score in (0.8, 0.81, 0.7, 0.75)), search=[1, 2, 3])
    assert trace_named(figure, "completed")["marker"]["symbol"] == ["circle", "diamond", "diamond", "diamond"]
    assert trace_named(figure, "random")["y"] == [0.75, 0.81, 0.81]
    assert "3 of this study's trials that were drawn at random, which are few" in words(figure)


def test_the_trials_beside_the_study_extend_the_reference(drawn):
    own = [done(score) for score in (0.8, 0.81, 0.7)]
    figure = drawn(*own, search=[1], reference=[done(0.6), done(0.65), done(0, Failed)])
    assert len(trace_named(figure, "random")["y"]) <= 4
    assert "1 of this study's trials and 3 beside it that were drawn at random." in words(figure)


def test_no_trial_beside_the_study_is_among_its_points(drawn):
    figure = drawn(done(0.8), reference=[done(0.99), done(0.98), done(0.97)])
    assert trace_named(figure, "completed")["y"] == [0.8] and figure.title == "Trial 0 of 1 reached accuracy 0.8000"


def test_of_many_random_trials_it_is_told_how_many_are_as_good(drawn):
    figure = drawn(done(0.8), reference=[done(n / 20) for n in range(20)])
    assert "the best of 3 random configs is as good as the winner" in words(figure)


def test_of_many_worse_random_trials_it_is_told_that_none_is_as_good(drawn):
    figure = drawn(done(0.99), reference=[done(n / 40) for n in range(25)])
    assert "not even 25 of them are as good as the winner" in words(figure)


def test_a_trial_that_is_still_running_is_not_drawn(drawn):
    figure = drawn(done(0.8), (MLP, None))
    assert trace_named(figure, "completed")["x"] == [0]


@pytest.mark.parametrize("plot", [history, curves])
@pytest.mark.parametrize("outcomes", [[], [done(0, Failed)], [(MLP, None)]], ids=["none", "failed", "running"])
def test_without_a_completed_trial_nothing_is_drawn(drawn, plot, outcomes):
    assert drawn(*outcomes, plot=plot) is None


def test_curves_are_grouped_by_what_became_of_the_trial(drawn):
    figure = drawn(done(0.8), done(0.7, Pruned), done(0.9), done(0.6), plot=curves)
    assert set(trace_named(figure, "pruned")["customdata"]) == {1, None}
    assert set(trace_named(figure, "completed")["customdata"]) == {3, None}
    assert set(trace_named(figure, "trial 2, the winner")["customdata"]) == {2, None}
    assert set(trace_named(figure, "trial 0, the default")["customdata"]) == {0, None}


def test_an_epoch_that_diverged_is_a_gap(write_study):
    record = write_study(outcomes=[done(0.8)])
    values = (0.7, float("nan"), 0.8)
    record.trial(0).write_curve([Epoch(n + 1, 0.5, 0.5, value, 0.1, 0.1) for n, value in enumerate(values)])
    assert curves(Reading(record)).traces[0]["y"] == [0.7, None, 0.8, None]


def test_the_rungs_are_marked(drawn):
    assert [shape["x0"] for shape in drawn(done(0.8), plot=curves).layout["shapes"]] == [6, 12]


def test_the_title_of_the_curves_says_where_the_winner_was_best(drawn):
    assert drawn(done(0.8), done(0.7, Pruned), plot=curves).title == (
        "The winner was best at epoch 1 of 3; 1 of 2 trials were stopped early"
    )


def test_a_long_curve_is_thinned(write_study):
    record = write_study(outcomes=[done(0.8, epochs=5000)])
    record.trial(0).write_curve([Epoch(n + 1, 0.5, 0.5, 0.8, 0.1, 0.1) for n in range(5000)])
    assert len(curves(Reading(record)).traces[0]["x"]) <= 202


def test_the_last_trace_waits_for_the_line_that_is_pointed_at(drawn):
    figure = drawn(done(0.8), plot=curves)
    assert figure.singles_out and figure.traces[-1]["x"] == []


def test_of_many_trials_the_best_and_some_others_are_chosen():
    rows = [{"trial": number} for number in range(1000, -1, -1)]
    chosen = [row["trial"] for row in some(rows, 100)]
    assert chosen[:50] == list(range(1000, 950, -1)) and chosen[-1] == 0
    assert len(chosen) == len(set(chosen)) == 101


def test_few_trials_are_all_chosen():
    assert some([{"trial": 3}, {"trial": 1}], 5) == [{"trial": 3}, {"trial": 1}]


@pytest.mark.parametrize("plot", [history, curves])
def test_every_plot_is_strict_json(drawn, plot):
    figure = drawn(done(0.8), done(float("nan")), done(0, Failed), done(0.9, Pruned), plot=plot)
    json.dumps(figure.to_json(), allow_nan=False)
