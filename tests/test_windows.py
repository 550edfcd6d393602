"""Windows are closed, and a design holds together or says why not."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.errors import StudyError
from eventstudy.windows import Design, Window

days = st.integers(-40, 40)
windows = st.tuples(days, days).map(lambda pair: Window(min(pair), max(pair)))


@pytest.mark.parametrize(
    "given_as",
    ["-1:1", " -1 : 1 ", "(-1, 1)", "-1,+1", (-1, 1), [-1, 1], (-1.0, 1.0), Window(-1, 1)],
)
def test_a_window_has_several_spellings(given_as):
    assert Window.of(given_as) == Window(-1, 1)


@pytest.mark.parametrize(
    "given_as", ["", "1", "a:b", "1:2:3", "1;2", "1.5:2", (1,), (1, 2, 3), (0.5, 1)]
)
def test_other_spellings_are_refused_with_the_right_one(given_as):
    with pytest.raises(StudyError, match=r"is not a window\. Write first:last, as in -1:1"):
        Window.of(given_as)


def test_text_and_back():
    assert str(Window(-260, -11)) == "(-260, -11)"
    assert Window.of(str(Window(-260, -11))) == Window(-260, -11)


def test_the_usual_windows_have_the_days_they_promise():
    assert len(Window(-1, 1)) == 3
    assert len(Window(-260, -11)) == 250
    assert len(Window(0, 0)) == 1


def test_a_window_that_ends_before_it_begins():
    with pytest.raises(StudyError, match="ends before it begins"):
        Window(1, 0)


def test_a_window_beyond_all_data():
    assert len(Window(-100_000, -1)) == 100_000
    with pytest.raises(StudyError, match="beyond 100000 sessions"):
        Window(0, 100_001)


def test_a_window_is_frozen_and_has_an_order():
    with pytest.raises(FrozenInstanceError):
        Window(0, 1).first = 5  # pyright: ignore[reportAttributeAccessIssue]
    assert sorted([Window(1, 2), Window(-1, 5), Window(-1, 1)])[0] == Window(-1, 1)
    assert len({Window(0, 1), Window(0, 1)}) == 1


@given(windows, windows, days)
def test_windows_are_sets_of_days(one, other, day):
    mine = set(range(one.first, one.last + 1))
    theirs = set(range(other.first, other.last + 1))
    assert len(one) == len(mine)
    assert (day in one) == (day in mine)
    assert one.within(other) == (mine <= theirs)
    assert one.overlaps(other) == bool(mine & theirs)


def design(**changes):
    usual = {
        "estimation": Window(-260, -11),
        "event": Window(-10, 10),
        "windows": (Window(0, 0), Window(-1, 3)),
        "min_estimation": 100,
    }
    return Design(**(usual | changes))


def test_the_hull_holds_every_tested_window():
    assert design().hull == Window(-1, 3)
    assert design(windows=(Window(-10, -8), Window(5, 6))).hull == Window(-10, 6)


def test_the_estimation_window_may_follow_the_event():
    assert design(estimation=Window(11, 260)).hull == Window(-1, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"estimation": Window(-260, -10)}, r"overlaps the event window \(-10, 10\).*Move one"),
        ({"estimation": Window(-260, 300)}, "overlaps the event window"),
        ({"windows": ()}, "no tested window"),
        ({"windows": (Window(0, 11),)}, r"outside the event window .* --event -10:11"),
        ({"windows": (Window(-12, 11),)}, "--event -12:11"),
        ({"windows": (Window(0, 0), Window(0, 0))}, "given twice"),
        ({"min_estimation": 0}, "not between 1 and the 250 days"),
        ({"min_estimation": 251}, "not between 1 and the 250 days"),
    ],
)
def test_designs_that_cannot_be_run(changes, message):
    with pytest.raises(StudyError, match=message):
        design(**changes)
