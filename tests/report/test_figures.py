"""Drawings, asserted on their artists."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from eventstudy.errors import InputError
from eventstudy.report import Findings, draw_caar, draw_effects, draw_event
from eventstudy.report.figures import (
    DRAWN,
    caar_panels,
    event_height,
    event_panels,
    shared_limits,
)
from eventstudy.report.forest import effects_of, is_cut, kinds_of, span
from eventstudy.report.style import Drawing, png, style, svg

from .conftest import Announcement, build


def texts(figure: Figure) -> list[str]:
    return [each.get_text() for each in figure.findobj(Text) if each.get_text()]


def figure_of(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def drawn(findings: Findings, event_id: str, securities: int) -> Figure:
    figure = Drawing(figsize=(6.69, event_height(securities)))
    with style():
        event_panels(figure, findings, event_id, 1.0)
    return figure


def test_an_event_has_a_path_and_a_distribution_per_security(findings: Findings) -> None:
    figure = drawn(findings, "XINJIANG-2019", 3)
    assert len(figure.axes) == 6
    paths = figure.axes[::2]
    assert len({axes.get_ylim() for axes in paths}) == 1
    assert {"AMBA", "002415.SZ", "002230.SZ"} <= set(texts(figure))


def test_a_path_is_the_cars_in_per_cent_with_gaps_where_days_are_missing(
    findings: Findings,
) -> None:
    path = drawn(findings, "XINJIANG-2019", 3).axes[2]
    rows = findings.days.query("event_id == 'XINJIANG-2019' and ticker == '002415.SZ'")
    line = max(path.lines, key=lambda each: len(each.get_xdata()))
    np.testing.assert_allclose(line.get_ydata(), 100 * rows["car"].to_numpy())
    assert np.isnan(line.get_ydata()).sum() == 2
    zero = [each for each in path.lines if list(each.get_xdata()) == [0]]
    assert len(zero) == 1
    band = path.collections[0]
    assert len(band.get_paths()) == 2  # one polygon each side of the gap


def test_the_mark_of_a_placebo_distribution_is_the_event_with_its_p(findings: Findings) -> None:
    figure = drawn(findings, "SMIC-2020", 1)
    row = findings.events.query("event_id == 'SMIC-2020' and window == '(0, 0)'").iloc[0]
    marks = [each for each in figure.axes[1].lines if each.get_marker() == "v"]
    assert marks[0].get_xdata()[0] == pytest.approx(100 * row["car"])
    assert f"{100 * row['car']:.2f} %, placebo p 0.004".replace("-", "−") in texts(figure)


def test_an_event_without_a_price_says_so() -> None:
    findings = build(nothing=frozenset({"MICRON-2023"}))
    assert "no price in the event window" in texts(drawn(findings, "MICRON-2023", 1))


def test_only_the_first_securities_are_drawn() -> None:
    many = Announcement(
        "BIG", "2021-03-10T13:00Z", "minute", "sanction", "US", "x",
        tuple(f"T{number}" for number in range(25)),
    )  # fmt: skip
    figure = figure_of(draw_event(build([many]), "BIG"))
    assert len(figure.axes) == 2 * DRAWN


def test_drawing_on_given_axes_returns_them_and_labels_each_security(findings: Findings) -> None:
    axes = Figure().add_subplot()
    assert draw_event(findings, "BIS-2024", ax=axes) is axes
    words = " ".join(texts(figure_of(axes)))
    assert all(ticker in words for ticker in ("0981.HK", "688981.SS", "AMAT", "MU"))
    other = Figure().add_subplot()
    assert draw_caar(findings.means, "kind:sanction", ax=other) is other
    third = Figure().add_subplot()
    assert draw_effects(findings.events, "(0, 1)", ax=third) is third


def test_an_own_figure_shows_itself_in_a_notebook(findings: Findings) -> None:
    for axes in (
        draw_event(findings, "MICRON-2023"),
        draw_caar(findings.means),
        draw_effects(findings.events, "(0, 0)", dropped=findings.dropped),
    ):
        picture = axes._repr_svg_()  # type: ignore[attr-defined]
        assert picture.startswith("<svg")
        assert figure_of(axes)._repr_svg_() == picture  # type: ignore[attr-defined]


def test_an_unknown_event_or_group_is_an_error_that_names_some(findings: Findings) -> None:
    with pytest.raises(InputError, match=r"no event 'X'.*ZTE-2018"):
        draw_event(findings, "X")
    with pytest.raises(InputError, match=r"no group 'X'.*kind:sanction"):
        draw_caar(findings.means, "X")
    with pytest.raises(InputError, match=r"no effect of the window \(5, 6\)"):
        draw_effects(findings.events, "(5, 6)")


def test_all_effects_stand_in_one_drawing_with_the_dropped(findings: Findings) -> None:
    axes = draw_effects(findings.events, "(0, 0)", dropped=findings.dropped)
    words = texts(figure_of(axes))
    assert words.count("0763.HK †") == 1
    assert len([word for word in words if word.startswith("dropped: ")]) == 2
    for event_id in findings.event_ids:
        assert words.count(event_id) == 1
    cars = findings.events.query("window == '(0, 0)'")["car"]
    markers = [each for each in axes.lines if each.get_marker() in ("o", "D", "s")]
    values = sorted(each.get_xdata()[0] for each in markers if each.get_xdata()[0] != 0)
    np.testing.assert_allclose(values, np.sort(100 * cars.to_numpy()))


def test_kinds_differ_by_marker_and_fill_not_by_colour(findings: Findings) -> None:
    marks = kinds_of(effects_of(findings.events, "(0, 0)"))
    assert marks == {"sanction": ("o", True), "report": ("o", False), "retaliation": ("D", True)}
    many = [
        replace(effect, kind=f"k{n}")
        for n, effect in enumerate(effects_of(findings.events, "(0, 0)"))
    ]
    assert len(kinds_of(many)) == len(many)


def test_one_endless_interval_does_not_press_the_others_together(findings: Findings) -> None:
    effects = effects_of(findings.events, "(0, 0)")
    assert not is_cut(effects, effects)
    wild = [replace(effects[0], low=-9.0, high=9.0), *effects[1:]]
    low, high = span(wild)
    assert high - low < 80
    assert is_cut(wild, wild)


def test_no_text_is_read_as_mathematics() -> None:
    hostile = r"$x^2$ \frac{1}{2} $"
    findings = build(
        [
            Announcement(
                hostile, "2021-03-10T13:00Z", "hour", hostile, "US", hostile, ("A$B$", "C_1")
            )
        ]
    )
    figures = [
        drawn(findings, hostile, 2),
        figure_of(draw_effects(findings.events, "(0, 0)")),
        figure_of(draw_event(findings, hostile, ax=Figure().add_subplot())),
    ]
    for figure in figures:
        assert svg(figure)
        for each in figure.findobj(Text):
            assert not each.get_parse_math() or "$" not in each.get_text()


def test_text_in_a_drawing_is_escaped_and_stays_text() -> None:
    hostile = '</text><script>alert("x")</script>&'
    findings = build([Announcement(hostile, "2021-03-10T13:00Z", "hour", "k", "US", "t", ("A",))])
    with style():
        picture = svg(figure_of(draw_effects(findings.events, "(0, 0)")), alt='"><script>')
    assert "<script" not in picture
    assert "&lt;/text&gt;" in picture
    assert "<text" in picture


def test_the_same_figure_gives_the_same_bytes(findings: Findings) -> None:
    first, second = (drawn(findings, "CHIPS-2022", 3) for _ in range(2))
    with style():
        assert svg(first) == svg(second)
        assert png(first) == png(second)
    assert not re.search(r"\d{4}-\d\d-\d\dT|[Mm]atplotlib|<!DOCTYPE", svg(first))


def test_a_security_that_moves_far_more_has_its_own_scale(findings: Findings) -> None:
    wild = findings.days.copy()
    halted = wild["ticker"] == "0763.HK"
    wild.loc[halted, ["car", "low", "high"]] *= 10
    loud = replace(findings, days=wild)
    assert shared_limits(wild[wild["event_id"] == "ZTE-2018"]) is None
    upper = drawn(loud, "ZTE-2018", 2).axes[::2]
    assert upper[0].get_ylim() != upper[1].get_ylim()
    assert all(axes.yaxis.get_visible() for axes in upper)


def test_what_is_out_of_the_means_sets_no_limit(findings: Findings) -> None:
    effects = effects_of(findings.events, "(0, 0)")
    far = [replace(effects[0], car=-5.0, low=-6.0, high=-0.05), *effects[1:]]
    assert far[0].aside
    assert span(far)[0] > -60
    assert is_cut(far, far)


def test_means_share_one_scale(findings: Findings) -> None:
    figure = Drawing(figsize=(6.69, 2.2))
    with style():
        caar_panels(figure, findings.means, ["all", "kind:sanction", "kind:report"])
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


def test_neither_pyplot_nor_a_canvas_of_a_screen_is_imported() -> None:
    code = (
        "import sys, eventstudy.report as r\n"
        "assert 'matplotlib' not in sys.modules, 'import of the package'\n"
        "r.draw_effects, r.write_report\n"
        "assert 'matplotlib.pyplot' not in sys.modules and 'scipy.stats' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
