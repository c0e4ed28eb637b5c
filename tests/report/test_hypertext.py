"""The pieces of a report as HTML: whatever text there is in them, it stays text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from automl.report.document import Code, Commands, Items, Paragraph, Strong, Table, plain
from automl.report.hypertext import block, line, tag, text

EVIL = "</script><script>alert(1)</script>\"'&<b>"


class Tags(HTMLParser):
    """Which elements a page opens, and the text in them."""

    def __init__(self, page):
        super().__init__()
        self.opened, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)

    def handle_data(self, data):
        self.text += data


BLOCKS = [
    plain(EVIL),
    Paragraph((Strong(EVIL), Code(EVIL))),
    Items([(EVIL,), (Strong(EVIL),)]),
    Table([EVIL, "b"], [[EVIL, Strong(EVIL)]], right=(1,)),
    Commands([(EVIL, EVIL)]),
]


@pytest.mark.parametrize("one", BLOCKS, ids=lambda one: type(one).__name__)
def test_text_stays_text_in_every_block(one):
    tags = Tags(block(one, EVIL))
    assert "script" not in tags.opened and "b" not in tags.opened
    assert EVIL in tags.text


def test_text_stays_text_in_an_attribute():
    (opened,) = Tags(tag("p", title=EVIL)).opened
    assert opened == "p"


def test_an_attribute_without_a_value_is_left_out():
    assert tag("p", class_=None, id="a") == '<p id="a"></p>'


def test_a_line_is_its_pieces_in_order():
    assert line(("a ", Strong("b"), Code("c"))) == "a <strong>b</strong><code>c</code>"


def test_a_table_scrolls_in_a_box_that_keys_reach():
    told = block(Table(["a"], [[1]]), "Data")
    assert told.startswith('<div class="box" role="region" aria-label="Data" tabindex="0"><table>')


def test_numbers_are_written_as_everywhere():
    assert ">0.8700<" in block(Table(["a"], [[0.87]]), "") and ">–<" in block(Table(["a"], [[None]]), "")


def test_a_table_without_names_has_no_head():
    assert "thead" not in block(Table(["", ""], [["a", "b"]]), "") and "thead" in block(Table(["", "b"], []), "")


def test_columns_of_numbers_stand_to_the_right():
    told = block(Table(["a", "b"], [["x", 1]], right=(1,)), "")
    assert '<th class="right">b</th>' in told and '<td class="right">1</td>' in told and "<td>x</td>" in told


def test_a_command_without_a_remark_stands_alone():
    assert "<em>" not in block(Commands([("ls", "")]), "") and "<em>list</em>" in block(Commands([("ls", "list")]), "")


def test_a_command_breaks_between_its_words_alone():
    assert "<code><span>ls</span> <span>--all</span></code>" in block(Commands([("ls --all", "")]), "")


def test_text_of_any_kind_is_written():
    assert text(3) == "3" and text("<") == "&lt;"
