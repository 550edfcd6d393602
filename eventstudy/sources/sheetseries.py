"""Series out of the cells of a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.panel import PriceSeries
from eventstudy.sources.base import Kind
from eventstudy.sources.cells import (
    Faults,
    check_order,
    check_prices,
    check_returns,
    check_twice,
    nearest,
)
from eventstudy.sources.sheets import Grid, Heading
from eventstudy.tables import shown

_UNADJUSTED = "closes are not adjusted for dividends and splits, as far as the file says"
_AS_RETURNS = "FilePrices(path, kind='returns')"
_PERCENT = "Write returns as decimals: 0.0125 for 1.25 %"


def note_no_column(columns: Sequence[Heading], faults: Faults) -> None:
    """Count a file none of whose columns makes a series."""
    names = [heading.name for heading in columns]
    like = [name for role in ("close", "adj_close", "return") for name in nearest(role, names)]
    cure = "Name one column close, adj_close or return"
    if like:
        cure += f" ('{shown(like[0])}' looks like one)"
    faults.add(1, "", ", ".join(names), "no column of closes or returns", cure)


def used_columns(headings: Sequence[Heading], kind: Kind) -> list[Heading]:
    """Of one ticker's columns those that make its series: returns where those are asked for."""
    roles = {heading.role: heading for heading in headings}
    if kind == "returns" and "return" in roles:
        return [roles["return"]]
    if "wide" in roles:
        return [roles["wide"]]
    if "adjusted" in roles or "close" in roles:
        return [roles[role] for role in ("adjusted", "close", "open") if role in roles]
    return [roles["return"]] if "return" in roles else []


def ordered(grid: Grid, column: str, faults: Faults, cure: str) -> Grid:
    """Grid with ascending dates; rows that run neither way are counted."""
    if not len(grid.dates) and not faults:
        problem = "no row below the header"
        faults.add(None, "", "", problem, "Write one row a session below the header")
    good = ~np.isnat(grid.dates)
    dates, lines = grid.dates[good], grid.lines[good]
    first = ~check_twice(dates, lines, column, faults, cure)
    if not check_order(dates[first], lines[first], column, faults, "Sort the rows by date"):
        return grid
    back = slice(None, None, -1)
    values = np.ascontiguousarray(grid.values[:, back])
    return replace(grid, dates=grid.dates[back].copy(), values=values, lines=grid.lines[back])


def sheet_series(
    ticker: str, grid: Grid, cells: dict[Heading, Floats], kind: Kind, faults: Faults
) -> PriceSeries | None:
    """Series of one ticker's columns; None where the file has bad cells."""
    by_role = {heading.role: (heading.name, values) for heading, values in cells.items()}
    notes = ["times of day in the dates were left out"] if grid.timed else []
    opens = closes = None
    if "return" in by_role or (kind == "returns" and "wide" in by_role):
        name, values = by_role.get("return") or by_role["wide"]
        check_returns(values, grid.lines, name, faults, _PERCENT, _PERCENT)
        notes.append("returns as the file gives them")
        kind = "returns"
    else:
        kind = "prices"
        for role, (name, values) in by_role.items():
            if role == "open":
                values[values == 0] = np.nan
            hint = "; of returns in a wide file, --prices returns:FILE or " + _AS_RETURNS
            check_prices(values, grid.lines, name, faults, hint if role == "wide" else "")
        if faults:
            return None
        by_name = {role: cells for role, (_, cells) in by_role.items()}
        values, opens, more = _adjusted(by_name)
        closes = by_name.get("close")
        notes += more
    if faults:
        return None
    return PriceSeries(
        ticker, grid.dates, values, kind, "files", opens=opens, notes=tuple(notes), closes=closes
    )


def _adjusted(cells: dict[str, Floats]) -> tuple[Floats, Floats | None, list[str]]:
    """Adjust: closes, opens on their scale, and what to note of them."""
    close, adjusted, opens = cells.get("close"), cells.get("adjusted"), cells.get("open")
    if close is None and adjusted is None:
        return cells["wide"], None, [_UNADJUSTED]
    if adjusted is None or (close is not None and np.isnan(adjusted).all()):
        assert close is not None
        return close, opens, [_UNADJUSTED]
    if close is None:
        return adjusted, None, []
    lost = int((np.isnan(adjusted) & ~np.isnan(close)).sum())
    notes = [f"closes without an adjusted close, taken as missing: {lost:,}"] if lost else []
    return adjusted, None if opens is None else opens * (adjusted / close), notes
