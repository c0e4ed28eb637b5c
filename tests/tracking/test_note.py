"""What MLflow shows of a study above its numbers, and the curves it keeps."""

from __future__ import annotations

import csv
import io

from automl.tracking.note import curves, description
from automl.trial import Completed

PAGE = "# Study `adult-1`\n\n**Test accuracy 0.85** of the rest.\n\n## Result\n\n| a | b |\n\n## Search\n\nmany\n"
LINKS = {"trials": "#/a"}


def test_a_note_is_the_report_with_links_before_it(make_study):
    record = make_study()
    record.write_text("report.md", PAGE)
    assert description(record, {"trials": "#/a", "winner": "#/b"}) == (
        "[trials](#/a) · [winner](#/b)\n\n**Test accuracy 0.85** of the rest.\n\n"
        "## Result\n\n| a | b |\n\n## Search\n\nmany\n"
    )


def test_a_study_without_a_report_says_so(make_study):
    assert description(make_study(), LINKS) == "[trials](#/a)\n\nThe study is not finished yet.\n"


def test_a_long_report_ends_after_a_whole_section_and_says_where_the_rest_is(make_study):
    record = make_study()
    record.write_text("report.md", PAGE + "\n## Trials\n\n" + "ä" * 9000 + "\n\n## Last\n\nword\n")
    note = description(record, LINKS)
    assert note.partition("## Search\n\nmany\n\n")[2].startswith("The rest is among the artifacts: in `report.html`")


def test_a_note_fits_a_tag_however_long_the_sections(make_study):
    record = make_study()
    for length in range(6800, 7100, 20):
        record.write_text("report.md", PAGE + "\n## Trials\n\n" + "x" * length + "\n\n## Last\n\nword\n")
        assert len(description(record, LINKS).encode()) <= 7100


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_curves_are_a_line_an_epoch_of_completed_trials_best_first(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    header, *rows = read(curves(record, higher_is_better=True))
    assert header == ["trial", "epoch", "train_loss", "validation_loss", "validation", "lr", "seconds"]
    assert [row[:2] for row in rows] == [[number, epoch] for number in ("1", "4", "0") for epoch in ("1", "2", "3")]
    assert rows[0][2:] == ["1.0", "0.9", "0.1", "0.01", "0.5"]


def test_of_a_loss_the_lowest_curve_is_first(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    assert read(curves(record, higher_is_better=False))[1][0] == "0"


def test_only_the_best_twenty_curves_are_kept(make_study, add_trials):
    record = make_study()
    add_trials(record, [Completed(0.01 * score, 0.5, 2, 3, 1.5, 10, "epochs") for score in range(30)])
    trials = {int(row[0]) for row in read(curves(record, higher_is_better=True))[1:]}
    assert trials == set(range(10, 30))


def test_a_study_without_trials_has_an_empty_table(make_study):
    assert len(read(curves(make_study(), higher_is_better=True))) == 1
