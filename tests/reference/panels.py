"""Seeded panels on which the package and the independent program are compared.

Each function draws one panel: the events as ``twin.study`` takes them, and the same data as a
frame and a table of events as a user of the package would hand them over. Day zero, spans of
resumption returns and benchmarks aligned by closes are worked out here by loops, again without a
line of the package.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pandas as pd

MARKET = "MKT"


@dataclass(frozen=True, eq=False)
class Panel:
    """One panel, in both forms.

    ``events`` is the twin's input. ``frame`` (dates x tickers, benchmarks among them) holds
    ``kind`` = "returns" or "prices"; ``table`` has event_id, ticker, date, benchmark in the order
    of ``events``, whose ``id`` is "event_id ticker".
    """

    name: str
    events: list[dict]
    frame: pd.DataFrame
    table: pd.DataFrame
    estimation: tuple[int, int] = (-130, -11)
    windows: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0), (-1, 1), (0, 4)])
    kind: str = "returns"
    calendar: str = "data"
    model: str = "market"
    min_estimation: int | None = None


# ---------------------------------------------------------------- one list of sessions


def dates_of(n):
    """The first n weekdays from a Monday on."""
    return pd.bdate_range("2020-01-06", periods=n).as_unit("s")


def draw(rng, sessions, tickers, *, common=0.004, tails=False):
    """Returns of the market and of securities that share a sector shock beside it."""
    market = 0.0003 + 0.01 * rng.standard_normal(sessions)
    sector = common * rng.standard_normal(sessions)
    columns = {}
    for ticker in tickers:
        own = rng.standard_t(5, sessions) if tails else rng.standard_normal(sessions)
        beta, scale = rng.uniform(0.5, 1.6), rng.uniform(0.008, 0.02)
        columns[ticker] = rng.normal(0, 3e-4) + beta * market + sector + scale * own
    columns[MARKET] = market
    return pd.DataFrame(columns, index=dates_of(sessions))


def move(rng, frame, rows, size):
    """Add an effect of about ``size`` on day zero, half of it on the day after."""
    for _, ticker, zero in rows:
        column = frame.columns.get_loc(ticker)
        frame.iloc[zero, column] += size * rng.uniform(0.2, 1.8)
        frame.iloc[zero + 1, column] += size * rng.uniform(-0.2, 1.2) / 2


def returns_panel(name, frame, rows, **more):
    """A panel of given returns: every cell is one session, rows are (event_id, ticker, zero)."""
    market = frame[MARKET].to_numpy(copy=True)
    events = [
        {
            "id": f"{event_id} {ticker}",
            "event_id": event_id,
            "returns": frame[ticker].to_numpy(copy=True),
            "factor": market,
            "closes": np.arange(len(frame)),
            "zero": zero,
        }
        for event_id, ticker, zero in rows
    ]
    return Panel(name, events, frame, table_of(rows, frame.index), **more)


def table_of(rows, dates, benchmark=MARKET):
    """The table of events that belongs to rows of (event_id, ticker, position)."""
    return pd.DataFrame(
        {
            "event_id": [event_id for event_id, _, _ in rows],
            "ticker": [ticker for _, ticker, _ in rows],
            "date": [dates[zero].strftime("%Y-%m-%d") for _, _, zero in rows],
            "benchmark": benchmark,
        }
    )


def complete(seed=1, n=12):
    """One date, nothing missing."""
    rng = np.random.default_rng(seed)
    tickers = [f"S{i:02d}" for i in range(n)]
    frame = draw(rng, 150, tickers)
    rows = [(f"E{i:02d}", ticker, 140) for i, ticker in enumerate(tickers)]
    move(rng, frame, rows, -0.02)
    return returns_panel("complete", frame, rows)


def many(seed=2):
    """One date, 34 events with fat tails: beyond the exact signed-rank distribution."""
    rng = np.random.default_rng(seed)
    tickers = [f"S{i:02d}" for i in range(34)]
    frame = draw(rng, 150, tickers, tails=True)
    rows = [(f"E{i:02d}", ticker, 140) for i, ticker in enumerate(tickers)]
    move(rng, frame, rows, 0.005)
    return returns_panel("many", frame, rows)


def few(seed=3, n=3):
    """One date, very few events."""
    panel = complete(seed, n)
    return Panel("few", panel.events, panel.frame, panel.table)


def missing(seed=4):
    """One date with holes: in the estimation windows, in the tested windows, in the factor."""
    rng = np.random.default_rng(seed)
    tickers = [f"S{i:02d}" for i in range(14)]
    frame = draw(rng, 150, tickers)
    rows = [(f"E{i:02d}", ticker, 140) for i, ticker in enumerate(tickers)]
    move(rng, frame, rows, -0.015)
    holes = rng.random((150, 14)) < 0.04
    holes[135:] = False
    frame = frame.mask(np.column_stack([holes, np.zeros(150, dtype=bool)]))
    frame.iloc[140, 1] = np.nan  # day 0 of one event: no (0, 0), two days of (-1, 1)
    frame.iloc[[139, 141], 2] = np.nan  # only day 0 is left of (-1, 1)
    frame.iloc[[140, 142, 143], 3] = np.nan
    frame.iloc[139:146, 4] = np.nan  # no window at all
    frame.iloc[20:60, 5] = np.nan  # too few estimation days
    frame.iloc[144, :5] = np.nan
    frame.iloc[77, 14] = np.nan  # the benchmark was not published on an estimation day
    return returns_panel("missing", frame, rows)


def lonely(seed=22):
    """Two events of which one has no day in two of the windows."""
    rng = np.random.default_rng(seed)
    frame = draw(rng, 150, ["S00", "S01"])
    frame.iloc[139:142, 0] = np.nan
    return returns_panel("lonely", frame, [("A", "S00", 140), ("A", "S01", 140)])


def lost_benchmark(seed=5):
    """The benchmark of a tested day is missing: nobody has an AR on it."""
    panel = complete(seed)
    frame = panel.frame.copy()
    frame.iloc[141, frame.columns.get_loc(MARKET)] = np.nan
    rows = [(e["event_id"], e["id"].split()[1], e["zero"]) for e in panel.events]
    return returns_panel("lost_benchmark", frame, rows)


def edges(seed=19):
    """Windows that the data cut off: estimation before their first session, days after the last."""
    rng = np.random.default_rng(seed)
    tickers = [f"S{i:02d}" for i in range(5)]
    frame = draw(rng, 150, tickers)
    zeros = [112, 120, 146, 148, 149]
    rows = [(f"E{i:02d}", ticker, zeros[i]) for i, ticker in enumerate(tickers)]
    rows += [("F", "S00", 105)]  # 95 of 120 estimation days
    return returns_panel("edges", frame, rows)


def separate(seed=6):
    """Twelve dates, far apart, one security each, two of them on three dates."""
    rng = np.random.default_rng(seed)
    tickers = [f"S{i:02d}" for i in range(8)]
    frame = draw(rng, 480, tickers)
    rows = [(f"E{i:02d}", tickers[i % 8 if i < 10 else 0], 140 + 28 * i) for i in range(12)]
    move(rng, frame, rows, 0.02)
    return returns_panel("separate", frame, rows)


def staggered(seed=7):
    """Dates one to five sessions apart, their windows overlap, some share a date."""
    rng = np.random.default_rng(seed)
    tickers = [f"S{i:02d}" for i in range(12)]
    frame = draw(rng, 190, tickers)
    zeros = 140 + np.cumsum([0, 0, 1, 2, 0, 3, 5, 1, 1, 0, 4, 2])
    rows = [(f"E{i:02d}", tickers[i], int(zeros[i])) for i in range(12)]
    move(rng, frame, rows, -0.02)
    return returns_panel("staggered", frame, rows)


def staggered_missing(seed=8):
    """The same with holes, so that each pair has its own matches."""
    panel = staggered(seed)
    rng = np.random.default_rng(seed + 100)
    frame = panel.frame.copy()
    holes = rng.random((190, 12)) < 0.05
    frame = frame.mask(np.column_stack([holes, np.zeros(190, dtype=bool)]))
    rows = [(e["event_id"], e["id"].split()[1], e["zero"]) for e in panel.events]
    return returns_panel("staggered_missing", frame, rows)


def shared(seed=9):
    """Several securities of one event, and securities in several events."""
    rng = np.random.default_rng(seed)
    tickers = [f"S{i:02d}" for i in range(6)]
    frame = draw(rng, 260, tickers)
    zeros = {"A": 140, "B": 142, "C": 180, "D": 210, "F": 235}
    rows = [
        (event_id, ticker, zero)
        for event_id, zero in zeros.items()
        for ticker in tickers[: 4 if event_id in "ACF" else 2]
    ]
    move(rng, frame, rows, 0.015)
    return returns_panel("shared", frame, rows)


def twice(seed=10):
    """One security and one date under two event ids, and nothing else: r is 1."""
    rng = np.random.default_rng(seed)
    frame = draw(rng, 150, ["S00"])
    return returns_panel("twice", frame, [("A", "S00", 140), ("B", "S00", 140)])


def short(seed=11):
    """Estimation windows too short for pairwise correlations."""
    rng = np.random.default_rng(seed)
    tickers = [f"S{i:02d}" for i in range(6)]
    frame = draw(rng, 60, tickers)
    frame.iloc[12:20, 0] = np.nan
    rows = [(f"E{i:02d}", ticker, 45) for i, ticker in enumerate(tickers)]
    return returns_panel("short", frame, rows, estimation=(-36, -5), min_estimation=20)


def ties(seed=12, n=16):
    """Returns in whole 2^-10ths: market-adjusted effects tie and vanish exactly."""
    rng = np.random.default_rng(seed)
    tickers = [f"S{i:02d}" for i in range(n)]
    whole = rng.integers(-6, 7, size=(150, n + 1)).astype(float)
    frame = pd.DataFrame(whole / 1024, index=dates_of(150), columns=[*tickers, MARKET])
    rows = [(f"E{i:02d}", ticker, 140) for i, ticker in enumerate(tickers)]
    return returns_panel("ties", frame, rows, model="market_adjusted")


def ties_many(seed=13):
    """The same with more events than the exact distribution is used for."""
    panel = ties(seed, 40)
    return Panel("ties_many", panel.events, panel.frame, panel.table, model="market_adjusted")


# ---------------------------------------------------------------- prices with holes


def returns_between(prices):
    """Simple returns between neighbouring prices, and the sessions that each covers."""
    returns = np.full(len(prices), np.nan)
    span = np.ones(len(prices), dtype=int)
    before = None
    for s, price in enumerate(prices):
        if np.isnan(price):
            continue
        if before is not None:
            returns[s] = price / prices[before] - 1
            span[s] = s - before
        before = s
    return returns, span


def first_priced(prices, zero):
    """Day zero: the first session from ``zero`` on that has a price."""
    while np.isnan(prices[zero]):
        zero += 1
    return zero


def halts(seed=14):
    """Halts in the tested window, over day zero, in the gap, in the estimation window."""
    rng = np.random.default_rng(seed)
    tickers = [f"S{i:02d}" for i in range(14)]
    returns = draw(rng, 170, tickers)
    rows = [(f"E{i:02d}", ticker, 140) for i, ticker in enumerate(tickers)]
    move(rng, returns, rows, -0.02)
    frame = 100 * (1 + returns).cumprod()
    holes = {
        0: [141],  # resumption on day 2
        1: [139, 140, 141],  # over day zero: it moves to 142
        2: [137, 138],  # ends on day -1, begins in the gap
        3: [132, 133, 134],  # wholly in the gap
        4: [60],  # costs two estimation days
        5: [60, 61, 62, 90],
        6: [141, 142, 143],
        7: [138, 139, 141, 142],  # two resumption returns in one window
        8: list(range(134, 142)),  # more than five sessions: in no group
        9: [140],  # day zero moves by one
        10: list(range(70, 95)),  # too few estimation days are left
    }
    for column, sessions in holes.items():
        frame.iloc[sessions, column] = np.nan
    return prices_panel("halts", frame, rows)


def halts_together(seed=15):
    """Two securities halted over the same sessions, a third on another date."""
    rng = np.random.default_rng(seed)
    tickers = [f"S{i:02d}" for i in range(5)]
    returns = draw(rng, 170, tickers, common=0.012)
    rows = [(f"E{i:02d}", ticker, 140 if i < 4 else 143) for i, ticker in enumerate(tickers)]
    frame = 100 * (1 + returns).cumprod()
    frame.iloc[140:143, :2] = np.nan
    frame.iloc[142:144, 2] = np.nan
    return prices_panel("halts_together", frame, rows)


def prices_panel(name, frame, rows, **more):
    """A panel of prices on one list of sessions."""
    market, spans = returns_between(frame[MARKET].to_numpy())
    assert (spans == 1).all()
    events = []
    for event_id, ticker, zero in rows:
        prices = frame[ticker].to_numpy()
        returns, span = returns_between(prices)
        events.append(
            {
                "id": f"{event_id} {ticker}",
                "event_id": event_id,
                "returns": returns,
                "span": span,
                "factor": market,
                "closes": np.arange(len(frame)),
                "zero": first_priced(prices, zero),
            }
        )
    return Panel(name, events, frame, table_of(rows, frame.index), kind="prices", **more)


# ---------------------------------------------------------------- several exchanges


@lru_cache
def exchange(code):
    """Sessions and closing instants (int ns) of a real exchange in 2021 and 2022."""
    import exchange_calendars

    with warnings.catch_warnings():
        # pandas blames itself, not exchange_calendars, so no filter by module can name it.
        warnings.simplefilter("ignore", DeprecationWarning)
        calendar = exchange_calendars.get_calendar(code, start="2021-01-01", end="2022-12-31")
    sessions = calendar.sessions.tz_localize(None).as_unit("s")
    closes = calendar.schedule["close"].dt.tz_localize(None).astype("datetime64[ns]")
    return sessions, closes.to_numpy().astype(np.int64)


def sums_between(instants, shocks, closes):
    """Sum of the shocks that fall in (previous close, close], by loops; the first is dropped."""
    out = np.full(len(closes), np.nan)
    for s in range(1, len(closes)):
        inside = [
            shock
            for instant, shock in zip(instants, shocks, strict=True)
            if closes[s - 1] < instant <= closes[s]
        ]
        out[s] = sum(inside)
    return out


def aligned(factor, factor_closes, closes):
    """The factor compounded over its sessions that close in (previous close, close].

    No session in it: exactly 0. A session without a value: missing.
    """
    out = np.full(len(closes), np.nan)
    for s in range(1, len(closes)):
        inside = [
            value
            for value, close in zip(factor, factor_closes, strict=True)
            if closes[s - 1] < close <= closes[s]
        ]
        if len(inside) == 1:
            out[s] = inside[0]
        else:
            out[s] = np.prod([1 + value for value in inside]) - 1 if inside else 0.0
    return out


EXCHANGES = {"XNYS": ("", "^GSPC"), "XHKG": (".HK", "^HSI"), "XSHG": (".SS", "000300.SS")}
INDEX_OF = {index: code for code, (_, index) in EXCHANGES.items()}


def world(seed, securities, benchmarks):
    """Returns of securities on their own exchanges, moved by news that reaches all in turn.

    ``securities`` are (ticker, exchange), ``benchmarks`` names the benchmark of each security.
    Two pieces of news a day, before the Asian closes and before New York's, move the markets, and
    two more move the sector.
    """
    rng = np.random.default_rng(seed)
    days = pd.date_range("2020-12-30", "2022-12-31").as_unit("ns")
    instants = np.concatenate([(days + pd.Timedelta(hours=h)).asi8 for h in (3, 17)])
    news = 0.006 * rng.standard_normal(len(instants))
    sector = 0.006 * rng.standard_normal(len(instants))
    common, columns, own = {}, {}, {}
    for code, (_, index) in EXCHANGES.items():
        sessions, closes = exchange(code)
        common[code] = (
            sums_between(instants, news, closes),
            sums_between(instants, sector, closes),
        )
        noise = 0.004 * rng.standard_normal(len(sessions))
        own[index] = (code, common[code][0] + noise)
    for ticker, code in securities:
        market, group = common[code]
        noise = rng.uniform(0.008, 0.016) * rng.standard_normal(len(market))
        own[ticker] = (code, rng.uniform(0.6, 1.4) * market + group + noise)
    for ticker, (code, values) in own.items():
        columns[ticker] = pd.Series(values, index=exchange(code)[0])
    frame = pd.DataFrame(columns).sort_index()
    factors = {
        ticker: aligned(
            own[benchmarks[ticker]][1], exchange(own[benchmarks[ticker]][0])[1], exchange(code)[1]
        )
        if own[benchmarks[ticker]][0] != code
        else own[benchmarks[ticker]][1]
        for ticker, code in securities
    }
    return frame, {ticker: values for ticker, (_, values) in own.items()}, factors


def exchanges_panel(name, seed, securities, rows, benchmarks, windows):
    """Events on several exchanges; rows are (event_id, ticker, date).

    A date that is no session counts as the next session, on each exchange by its own calendar.
    """
    frame, own, factors = world(seed, securities, benchmarks)
    code_of = dict(securities)
    events = []
    for event_id, ticker, date in rows:
        sessions, closes = exchange(code_of[ticker])
        events.append(
            {
                "id": f"{event_id} {ticker}",
                "event_id": event_id,
                "returns": own[ticker],
                "factor": factors[ticker],
                "closes": closes,
                "zero": int(sum(session < pd.Timestamp(date) for session in sessions)),
            }
        )
    table = pd.DataFrame(
        {
            "event_id": [event_id for event_id, _, _ in rows],
            "ticker": [ticker for _, ticker, _ in rows],
            "date": [date for _, _, date in rows],
            "benchmark": [benchmarks[ticker] for _, ticker, _ in rows],
        }
    )
    return Panel(name, events, frame, table, windows=windows, calendar="exchange")


def two_exchanges(seed=16):
    """New York and Hong Kong, windows that match by both classes, each with its own benchmark."""
    securities = [(f"N{i}", "XNYS") for i in range(5)]
    securities += [(f"000{i}.HK", "XHKG") for i in range(1, 6)]
    benchmarks = {ticker: EXCHANGES[code][1] for ticker, code in securities}
    rows = [(f"E{i}", ticker, "2022-09-13") for i, (ticker, _) in enumerate(securities[:8])]
    rows += [("E8", "0004.HK", "2022-09-15"), ("E9", "N3", "2022-11-25")]
    rows += [("E10", "0005.HK", "2022-11-25"), ("E11", "N4", "2022-11-28")]
    windows = [(0, 0), (0, 1), (-1, 1)]
    return exchanges_panel("two_exchanges", seed, securities, rows, benchmarks, windows)


def three_exchanges(seed=17):
    """New York, Hong Kong and Shanghai around holidays that they do not share."""
    securities = [(f"N{i}", "XNYS") for i in range(4)]
    securities += [(f"000{i}.HK", "XHKG") for i in range(1, 5)]
    securities += [(f"60000{i}.SS", "XSHG") for i in range(4)]
    benchmarks = {ticker: EXCHANGES[code][1] for ticker, code in securities}
    # Closed on the date: Shanghai until 10-10 in the first two, New York in the third.
    dates = {"A": "2022-10-03", "B": "2022-10-07", "C": "2022-11-24"}
    rows = [
        (event_id, ticker, dates[event_id])
        for event_id in dates
        for ticker, _ in securities[{"A": 0, "B": 1, "C": 0}[event_id] :: 2]
    ]
    windows = [(0, 0), (0, 1), (-1, 3)]
    return exchanges_panel("three_exchanges", seed, securities, rows, benchmarks, windows)


def foreign_benchmarks(seed=18):
    """Securities set against the index of another exchange, aligned by closes."""
    securities = [(f"N{i}", "XNYS") for i in range(4)]
    securities += [(f"000{i}.HK", "XHKG") for i in range(1, 5)]
    securities += [(f"60000{i}.SS", "XSHG") for i in range(2)]
    foreign = {"XNYS": "^HSI", "XHKG": "^GSPC", "XSHG": "^GSPC"}
    benchmarks = {ticker: foreign[code] for ticker, code in securities}
    dates = {"XNYS": "2022-11-25", "XHKG": "2022-11-25", "XSHG": "2022-10-10"}
    rows = [(f"E{i}", ticker, dates[code]) for i, (ticker, code) in enumerate(securities)]
    windows = [(0, 0), (0, 1), (-1, 1)]
    return exchanges_panel("foreign_benchmarks", seed, securities, rows, benchmarks, windows)


def holes_abroad(seed=20):
    """Three exchanges and given returns with empty cells."""
    panel = three_exchanges(seed)
    rng = np.random.default_rng(seed + 100)
    frame = panel.frame.copy()
    own = {}
    for event in panel.events:
        ticker = event["id"].split()[1]
        if ticker not in own:
            values = event["returns"].copy()
            values[rng.random(len(values)) < 0.05] = np.nan
            own[ticker] = values
            sessions = exchange(exchange_of(ticker))[0]
            frame[ticker] = pd.Series(values, index=sessions).reindex(frame.index)
    events = [{**event, "returns": own[event["id"].split()[1]]} for event in panel.events]
    return replace(panel, name="holes_abroad", events=events, frame=frame)


def exchange_of(ticker):
    """The exchange that a ticker's suffix names."""
    return next(code for code in ("XHKG", "XSHG", "XNYS") if ticker.endswith(EXCHANGES[code][0]))


def halts_abroad(seed=21):
    """Prices on three exchanges with halts, some against an index of another exchange."""
    securities = [(f"N{i}", "XNYS") for i in range(3)]
    securities += [(f"000{i}.HK", "XHKG") for i in range(1, 6)]
    securities += [(f"60000{i}.SS", "XSHG") for i in range(3)]
    benchmarks = {ticker: EXCHANGES[code][1] for ticker, code in securities}
    benchmarks |= {"0002.HK": "^GSPC", "0003.HK": "^GSPC", "600001.SS": "^HSI", "N1": "^HSI"}
    date = "2022-10-03"
    halted = {  # first and last day without a price; day zero is the resumption
        "0002.HK": ("2022-10-05", "2022-10-06"),
        "0003.HK": ("2022-10-03", "2022-10-05"),
        "0004.HK": ("2022-09-29", "2022-10-03"),
        "0005.HK": ("2022-06-01", "2022-06-08"),
        "600001.SS": ("2022-09-30", "2022-10-11"),
        "600002.SS": ("2022-10-12", "2022-10-12"),
        "N1": ("2022-10-04", "2022-10-05"),
        "N2": ("2022-10-03", "2022-10-12"),
    }
    _, own, _ = world(seed, securities, benchmarks)
    prices, columns = {}, {}
    for ticker, values in own.items():
        code = INDEX_OF.get(ticker) or exchange_of(ticker)
        sessions = exchange(code)[0]
        level = 100 * np.cumprod(1 + np.nan_to_num(values))
        if ticker in halted:
            first, last = (pd.Timestamp(day) for day in halted[ticker])
            level[(sessions >= first) & (sessions <= last)] = np.nan
        prices[ticker], columns[ticker] = level, pd.Series(level, index=sessions)
    events = []
    for i, (ticker, code) in enumerate(securities):
        sessions, closes = exchange(code)
        returns, span = returns_between(prices[ticker])
        index = benchmarks[ticker]
        factor, _ = returns_between(prices[index])
        if INDEX_OF[index] != code:
            factor = aligned(factor, exchange(INDEX_OF[index])[1], closes)
        zero = int(sum(session < pd.Timestamp(date) for session in sessions))
        events.append(
            {
                "id": f"E{i % 3} {ticker}",
                "event_id": f"E{i % 3}",
                "returns": returns,
                "span": span,
                "factor": factor,
                "closes": closes,
                "zero": first_priced(prices[ticker], zero),
            }
        )
    table = pd.DataFrame(
        {
            "event_id": [event["event_id"] for event in events],
            "ticker": [ticker for ticker, _ in securities],
            "date": date,
            "benchmark": [benchmarks[ticker] for ticker, _ in securities],
        }
    )
    frame = pd.DataFrame(columns).sort_index()
    windows = [(0, 0), (0, 1), (-1, 3)]
    return Panel(
        "halts_abroad", events, frame, table, windows=windows, kind="prices", calendar="exchange"
    )


PANELS = {
    f.__name__: f
    for f in (
        complete,
        many,
        few,
        missing,
        lonely,
        lost_benchmark,
        separate,
        staggered,
        staggered_missing,
        shared,
        twice,
        short,
        ties,
        ties_many,
        halts,
        halts_together,
        two_exchanges,
        three_exchanges,
        foreign_benchmarks,
        edges,
        holes_abroad,
        halts_abroad,
    )
}


@lru_cache
def panel_of(name):
    """The panel of a name, drawn once."""
    return PANELS[name]()
