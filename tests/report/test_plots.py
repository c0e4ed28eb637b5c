"""What every plot shares: text that stays text, frames that leave out what is bad, axes of ratios."""

from __future__ import annotations

import json

import pytest

from automl.report.plots import Figure, broken, frame, label, named, outside, ratios, short


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("</script>", "&lt;/script&gt;"),
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        ("a & b", "a &amp; b"),
        ("two\nlines", "two lines"),
        (True, "True"),
        ("", ""),
    ],
)
def test_text_of_the_data_is_no_markup(text, expected):
    assert label(text) == expected


def test_a_long_label_is_cut_before_it_is_written_out():
    assert label("<" * 50, longest=4) == "&lt;&lt;&lt;…"


def test_words_stand_on_an_axis_of_numbers_whatever_they_look_like():
    axis = named([0, 1], ["2020-01-01", "7"])
    assert (axis["type"], axis["ticktext"], axis["tickvals"]) == ("linear", ["2020-01-01", "7"], [0, 1])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_number_that_is_not_finite_is_a_gap(value):
    assert short(value) is None


def test_a_frame_holds_all_of_few_scores_that_lie_together():
    (low, high), count = frame([0.8, 0.82, 0.84], higher_is_better=True)
    assert low < 0.8 and high > 0.84 and count == 0


def test_a_frame_leaves_out_what_is_far_worse():
    (low, _), count = frame([0.9, 0.89, 0.88, 0.1], higher_is_better=True)
    assert low > 0.8 and count == 1


def test_a_frame_of_errors_leaves_out_the_large_ones():
    (_, high), count = frame([2.0, 2.1, 2.2, 900.0, 800.0], higher_is_better=False)
    assert high < 3.0 and count == 2


def test_a_frame_never_leaves_out_what_must_be_seen():
    ends, _ = frame([0.9, 0.89, 0.88], higher_is_better=True, always=[0.2, None])
    assert ends[0] < 0.2


@pytest.mark.parametrize("scores", [[0.5], [0.5, 0.5, 0.5], [0.0]])
def test_a_frame_of_equal_scores_has_an_extent(scores):
    (low, high), count = frame(scores, higher_is_better=True)
    assert low < scores[0] < high and count == 0


@pytest.mark.parametrize("values", [[5.0], [1.0, 1e6], [0.02, 3.0], [7.0, 7.0]])
def test_an_axis_of_ratios_holds_its_values_and_some_ticks(values):
    axis = ratios("time", values, lambda value: f"{value:g} s")
    low, high = (10**end for end in axis["range"])
    assert low < min(values) and max(values) < high
    assert any(low <= place <= high for place in axis["tickvals"])


def test_lines_in_one_trace_are_apart():
    trace = broken([(3, [1, 2], [0.1, 0.2]), (5, [1], [0.3])])
    assert trace["x"] == [1, 2, None, 1, None]
    assert trace["y"] == [0.1, 0.2, None, 0.3, None]
    assert trace["customdata"] == [3, 3, None, 5, None]


@pytest.mark.parametrize(("count", "said"), [(0, ""), (1, "1 worse one lies"), (12, "12 worse ones lie")])
def test_what_lies_outside_is_counted(count, said):
    assert said in "".join(outside(count))


def test_a_figure_is_plain_values():
    figure = Figure("name", "Title", ("caption",), [{"type": "bar"}], {"xaxis": {}}, height=99)
    told = json.loads(json.dumps(figure.to_json()))
    assert (told["name"], told["layout"]["height"], told["data"][0]["type"]) == ("name", 99, "bar")


def test_figures_do_not_share_what_they_hold():
    one, other = (Figure("n", "t", ("c",), [], {"showlegend": shown}) for shown in (True, False))
    assert one.to_json()["layout"]["showlegend"] and not other.to_json()["layout"]["showlegend"]
