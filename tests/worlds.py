"""Small seeded markets for tests, and the steps of the package on them.

A world is a frame of returns: dates down, tickers S00, S01, ... and the benchmark MKT across. An
event is a row (event_id, ticker, position of its date in the frame).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

import eventstudy as es
from eventstudy.abnormal import Abnormal
from eventstudy.calendars import data_calendar
from eventstudy.estimation import estimate
from eventstudy.inference import FAMILY_TESTS, TESTS, Sample
from eventstudy.models import MarketModel, Model
from eventstudy.panel import Factors, Panel, PriceSeries
from eventstudy.rows import locate, settle
from eventstudy.windows import Design, Window

MARKET = "MKT"
QUICK = (
    *("cross_sectional", "portfolio", "adjusted_patell", "bmp", "adjusted_bmp"),
    "ibragimov_mueller",
)
EVERY = (*TESTS, *FAMILY_TESTS)
Row = tuple[str, str, int]


def dates_of(sessions: int) -> pd.DatetimeIndex:
    """Weekdays from 2020-01-06 on."""
    return pd.bdate_range("2020-01-06", periods=sessions)


def world(
    securities: int = 6, sessions: int = 150, *, seed: int = 0, common: float = 0.0
) -> pd.DataFrame:
    """Returns of a market, and of securities that share a sector shock beside it."""
    rng = np.random.default_rng(seed)
    market = 0.0003 + 0.01 * rng.standard_normal(sessions)
    sector = common * rng.standard_normal(sessions)
    columns = {}
    for which in range(securities):
        own = rng.uniform(0.008, 0.02) * rng.standard_normal(sessions)
        columns[f"S{which:02d}"] = rng.uniform(0.6, 1.5) * market + sector + own
    columns[MARKET] = market
    return pd.DataFrame(columns, index=dates_of(sessions))


def prices(frame: pd.DataFrame) -> pd.DataFrame:
    """Prices that have these returns from the second row on; the first return is lost."""
    return 100.0 * (1.0 + frame).cumprod()


def one_date(securities: int = 6, zero: int = 140) -> list[Row]:
    """Each security's own event, all on one date."""
    return [(f"E{i:02d}", f"S{i:02d}", zero) for i in range(securities)]


def table(frame: pd.DataFrame, rows: Sequence[Row], **columns: Any) -> pd.DataFrame:
    """The events of the rows, as a user would write them."""
    return pd.DataFrame(
        {
            "event_id": [event_id for event_id, _, _ in rows],
            "ticker": [ticker for _, ticker, _ in rows],
            "date": [frame.index[zero].strftime("%Y-%m-%d") for _, _, zero in rows],
            "benchmark": MARKET,
        }
        | columns
    )


def study(**settings: Any) -> es.Study:
    """A study on the rows of the data: an estimation window of 120 days, a few group tests."""
    usual = {"estimation": (-130, -11), "event": (-5, 5), "calendar": "data", "tests": QUICK}
    return es.Study(**(usual | settings))


def run(
    frame: pd.DataFrame,
    rows: Sequence[Row],
    *,
    kind: str = "returns",
    columns: dict[str, Any] | None = None,
    **settings: Any,
) -> es.StudyResult:
    """Run a study of the rows."""
    source = getattr(es.MemoryPrices, f"from_{kind}")(frame)
    events = es.Events.from_frame(table(frame, rows, **(columns or {})))
    return study(**settings).run(events, prices=source)


def panel_of(frame: pd.DataFrame, *, kind: str = "returns", pad: int = 140) -> Panel:
    """The securities of a world, on its rows."""
    calendar = data_calendar(frame.index.to_numpy())
    names = [name for name in frame.columns if name != MARKET]
    series = [series_of(frame, name, kind) for name in names]
    return Panel.build(series, [calendar], [0] * len(names), pad=pad)


def series_of(frame: pd.DataFrame, ticker: str, kind: str = "returns") -> PriceSeries:
    """One column as its source would give it."""
    dates = frame.index.to_numpy().astype("datetime64[D]")
    values = frame[ticker].to_numpy(dtype=np.float64)
    return PriceSeries(ticker, dates, values, "prices" if kind == "prices" else "returns", "memory")


def abnormal(
    frame: pd.DataFrame,
    rows: Sequence[Row],
    *,
    estimation: tuple[int, int] = (-130, -11),
    windows: Sequence[tuple[int, int]] = ((0, 0), (-1, 1)),
    model: Model | None = None,
    kind: str = "returns",
    min_estimation: int = 10,
) -> tuple[Abnormal, dict[int, str]]:
    """Abnormal returns of the rows; the event window is (-5, 5), or wider where windows are."""
    event = Window(
        min(-5, *(first for first, _ in windows)), max(5, *(last for _, last in windows))
    )
    design = Design(Window(*estimation), event, tuple(Window(*w) for w in windows), min_estimation)
    panel = panel_of(frame, kind=kind, pad=abs(estimation[0]) + 10)
    factors = Factors.build(
        [series_of(frame, MARKET, kind)], panel.calendars, panel.calendars, pad=panel.pad
    )
    events = es.Events.from_frame(table(frame, rows)).frame
    found, _ = locate(events, np.zeros(len(events), dtype=np.int64), panel.calendars)
    security = np.array([panel.tickers.index(ticker) for _, ticker, _ in rows])[found.pair]
    settled, _ = settle(found, panel, security, np.zeros(len(found), dtype=np.int64))
    return estimate(settled, panel, factors, design=design, model=model or MarketModel())


def sample(
    frame: pd.DataFrame,
    rows: Sequence[Row],
    window: tuple[int, int] = (0, 0),
    *,
    level: float = 0.95,
    **settings: Any,
) -> Sample:
    """The events of the rows that have an effect in the window, as a group test reads them."""
    found, _ = abnormal(frame, rows, windows=[window], **settings)
    chosen = np.flatnonzero(found.cumulate(Window(*window)).n_days > 0)
    return Sample(found.take(chosen), Window(*window), level)


def effects(
    values: Sequence[float], *, apart: int = 12, spread: float = 0.01, days: int = 40
) -> tuple[pd.DataFrame, list[Row]]:
    """Separate dates whose market-adjusted effects on day zero are exactly the values.

    The benchmark stands still, and every estimation window alternates between plus and minus
    ``spread``, so that sigma is known in closed form: spread times the root of days/(days - 1).
    """
    sessions = days + 20 + apart * len(values)
    swing = np.where(np.arange(sessions) % 2 == 0, spread, -spread)
    columns = {f"S{i:02d}": swing.copy() for i in range(len(values))}
    rows = []
    for i, value in enumerate(values):
        zero = days + 11 + apart * i
        columns[f"S{i:02d}"][zero] = value
        rows.append((f"E{i:02d}", f"S{i:02d}", zero))
    columns[MARKET] = np.zeros(sessions)
    return pd.DataFrame(columns, index=dates_of(sessions)), rows
