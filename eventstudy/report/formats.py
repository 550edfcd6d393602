"""Numbers and dates as they are printed: a real minus sign, fixed decimals, units in the heading.

Figures of one column have the same decimals, so that they align when they are set flush right in
tabular figures. A missing number is an en dash in grey; the reason stands in words elsewhere.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

NONE = "–"
"""What stands where there is no number."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def is_missing(value: object) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT or ""."""
    return value is None or value is pd.NaT or value == "" or value != value  # noqa: PLR0124


def number(value: Any, decimals: int = 2) -> str:
    """Print a number with fixed decimals and a real minus sign.

    Examples
    --------
    >>> number(-1.005, 1), number(float("nan")), number(0.0001, 2)
    ('−1.0', '–', '0.00')
    """
    if is_missing(value):
        return NONE
    amount = float(value)
    if math.isinf(amount):
        return "∞" if amount > 0 else "−∞"
    text = f"{abs(amount):,.{decimals}f}"
    negative = amount < 0 and any(digit in "123456789" for digit in text)
    return f"−{text}" if negative else text


def percent(value: Any, decimals: int = 2) -> str:
    """Print a decimal return in per cent, without the sign % (it stands in the heading).

    Examples
    --------
    >>> percent(-0.2288)
    '−22.88'
    """
    return NONE if is_missing(value) else number(100 * float(value), decimals)


def integer(value: Any) -> str:
    """Print a count; with one decimal where it is a fraction, as degrees of freedom may be.

    Examples
    --------
    >>> integer(248.0), integer(11.37), integer(float("inf")), integer(None)
    ('248', '11.4', '∞', '–')
    """
    if is_missing(value):
        return NONE
    amount = float(value)
    return number(amount, 0 if math.isinf(amount) or amount == round(amount) else 1)


def count_range(fewest: Any, most: Any) -> str:
    """Print a count that varies, from the fewest to the most.

    Examples
    --------
    >>> count_range(26.0, 26.0), count_range(22.0, 26.0), count_range(None, None)
    ('26', '22–26', '–')
    """
    once = is_missing(most) or fewest == most
    return integer(most) if once else f"{integer(fewest)}–{integer(most)}"


def probability(value: Any) -> str:
    """Print a p-value with three decimals, never as exactly 0.

    Examples
    --------
    >>> probability(0.0312), probability(3e-9), probability(1.0)
    ('0.031', '<0.001', '1.000')
    """
    if is_missing(value):
        return NONE
    return "<0.001" if float(value) < 0.0005 else f"{float(value):.3f}"


def date(value: Any) -> str:
    """Print a date as YYYY-MM-DD, whatever holds it.

    Examples
    --------
    >>> date(pd.Timestamp("2020-09-07")), date("2020-09-07"), date(pd.NaT)
    ('2020-09-07', '2020-09-07', '–')
    """
    if is_missing(value):
        return NONE
    return value if isinstance(value, str) else f"{pd.Timestamp(value):%Y-%m-%d}"


def weekday(value: Any) -> str:
    """Print a date with its day of the week, as in ``Monday 2020-09-07``."""
    if is_missing(value):
        return NONE
    try:
        stamp = pd.Timestamp(value)
    except (ValueError, TypeError):
        return str(value)
    return f"{_DAYS[stamp.weekday()]} {stamp:%Y-%m-%d}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Give a count with its noun.

    Examples
    --------
    >>> counted(1, "security", "securities"), counted(1200, "event")
    ('1 security', '1,200 events')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def level(value: float) -> str:
    """Give a level as per cent, as in ``95 %``.

    Examples
    --------
    >>> level(0.95), level(0.995)
    ('95 %', '99.5 %')
    """
    return f"{100 * value:.6g} %"
