"""Cells of CSV files that a spreadsheet would take for formulas."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eventstudy.csvfile import guard, unguard


@given(st.text(max_size=12))
def test_no_guarded_text_begins_like_a_formula_and_all_come_back(text: str) -> None:
    assert unguard(guard(text)) == text
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r"))
