"""The page in a browser: every plot is drawn, in the colours of the screen, and nothing is asked of the network."""

from __future__ import annotations

import shutil

import pytest

from automl.report.webpage import webpage
from automl.trial import Epoch

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.slow,
]
IMPORTANCE = {"method": "PED-ANOVA", "trials": 40, "best_share": 0.125, "parameters": {"optimizer.adamw.lr": 1.0}}
A_POINT = """() => {
    const plot = document.getElementById("plot-curves"), { xaxis, yaxis } = plot._fullLayout;
    const { x, y } = plot.querySelector(".nsewdrag").getBoundingClientRect();
    return [x + xaxis.d2p(2), y + yaxis.d2p(0.86)];
}"""


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def address(write_study, judge_rows):
    record = write_study()
    record.write_json("search.json", {"random": [1], "importance": IMPORTANCE})
    record.trial(0).write_config({**record.trial(0).read_config(), "optimizer.adamw.lr": 0.5})
    record.trial(0).write_curve([Epoch(number, 0.5, 0.5, 0.84 + number / 100, 0.1, 0.1) for number in (1, 2)])
    judge_rows(record, ["low", "high", "low"], ["low", "low", "low"], [0.9, 0.6, 0.8])
    record.webpage_path.write_text(webpage(record), encoding="utf-8")
    return record.webpage_path.as_uri()


@pytest.fixture
def opened(browser, address):
    """Open the page on a screen, and keep what it complains of and asks for."""
    contexts = []

    def open_page(**screen):
        context = browser.new_context(**screen)
        contexts.append(context)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if request.url != address else None)
        page.goto(address)
        page.wait_for_selector("html.drawn", timeout=120_000)
        return page, complaints

    yield open_page
    for context in contexts:
        context.close()


def colours(page):
    return page.evaluate("[...document.querySelectorAll('#plot-lead .points path')].map(dot => dot.style.fill)")


def test_every_plot_is_drawn_and_nothing_is_complained_of(opened):
    page, complaints = opened()
    empty = page.evaluate(
        "[...document.querySelectorAll('.plot')].filter(plot => !plot.querySelector('.main-svg path')).map(it => it.id)"
    )
    assert (empty, complaints) == ([], [])
    assert page.locator(".plot .main-svg").count() >= 9


def test_no_button_sends_a_plot_anywhere(opened):
    page, _ = opened()
    buttons = page.evaluate("[...document.querySelectorAll('.modebar-btn')].map(button => button.dataset.title)")
    known = {"download plot as a png", "zoom", "pan", "reset axes"}
    assert {title.lower() for title in buttons} <= known


def test_plots_follow_the_screen_from_light_to_dark(opened):
    page, complaints = opened(color_scheme="light")
    light = colours(page)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "before => document.querySelector('#plot-lead .points path').style.fill !== before", arg=light[0]
    )
    assert set(colours(page)).isdisjoint(light) and complaints == []


def test_nothing_but_boxes_is_wider_than_a_phone(opened):
    page, _ = opened(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_line_that_is_pointed_at_is_shown_alone(opened):
    page, _ = opened()
    shown = "() => document.getElementById('plot-curves').data.at(-1).x.length"
    assert page.evaluate(shown) == 0
    page.locator("#plot-curves").scroll_into_view_if_needed()
    page.mouse.move(*page.evaluate(A_POINT))
    page.wait_for_function(f"{shown} > 0")
    page.mouse.move(0, 0)
    page.wait_for_function(f"{shown} === 0")


def test_on_paper_plots_are_light_and_fit(opened):
    page, _ = opened(color_scheme="dark")
    dark = colours(page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(
        "before => document.querySelector('#plot-lead .points path').style.fill !== before", arg=dark[0]
    )
    assert page.evaluate("document.getElementById('plot-history')._fullLayout.width") == 660
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.wait_for_function(
        "before => document.querySelector('#plot-lead .points path').style.fill === before", arg=dark[0]
    )
    assert page.evaluate("document.getElementById('plot-history')._fullLayout.width") > 700
