"""Answers do not change with the engine, its workers or the size of ranges, to the last bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache, partial

import numpy as np
import pandas as pd
import pytest
from worlds import MARKET, abnormal, dates_of

import eventstudy as es
from eventstudy import estimation, groups, steps, windowsums
from eventstudy.estimation import BLOCK
from eventstudy.execution import map_chunks
from eventstudy.inference import FAMILY_TESTS, TESTS, Pool, correlations, timeline
from eventstudy.windows import Window

EVENTS, SECURITIES, SESSIONS = 4_500, 60, 700
SECOND = "MKT2"
FRAMES = ("events", "days", "fits", "means", "tests", "leads", "dropped", "overlaps", "sources")
KINDS = ("returns", "prices", "crowded")
# They draw: the streams are those of the sample, and the draws take longer than all else here.
CLOSED = tuple(name for name, test in TESTS.items() if not test.resamples)


@lru_cache
def table(kind: str) -> pd.DataFrame:
    """60 securities and two benchmarks; days are missing, in prices whole weeks.

    In returns of two securities only, so that most dates have complete events alone.
    """
    rng = np.random.default_rng(7)
    markets = 0.01 * rng.standard_normal((SESSIONS, 2))
    weight = rng.uniform(0.2, 1.2, (2, SECURITIES))
    values = markets @ weight + 0.02 * rng.standard_normal((SESSIONS, SECURITIES))
    names = [f"S{number:02d}" for number in range(SECURITIES)]
    frame = pd.DataFrame(values, index=dates_of(SESSIONS), columns=names)
    holes = rng.random(frame.shape) < 0.005
    holes[:, np.arange(SECURITIES) != 7] &= kind != "returns"
    frame = frame.mask(holes)
    frame[MARKET], frame[SECOND] = markets.T
    # One security hardly trades: too few estimation days, and a reason for it.
    frame.iloc[rng.random(SESSIONS) < 0.5, 3] = np.nan
    # One follows the benchmark to the last digits but one: its line takes the careful way.
    frame["S05"] = 0.7 * frame[MARKET] + 1e-7 * rng.standard_normal(SESSIONS)
    if kind != "prices":
        return frame
    prices = 100.0 * (1.0 + frame.fillna(0.0)).cumprod().where(frame.notna())
    for _ in range(200):
        begin, which = rng.integers(0, SESSIONS), rng.integers(0, SECURITIES)
        prices.iloc[begin : begin + rng.integers(1, 8), which] = np.nan
    return prices


@lru_cache
def market(kind: str) -> es.Panel:
    """The table as a source of prices."""
    return es.Panel.from_frame(table(kind), kind="prices" if kind == "prices" else "returns")


@lru_cache
def events(kind: str) -> es.Events:
    """Events of three kinds and a group, some of two securities; crowded: on 20 dates, of none."""
    rng = np.random.default_rng(11)
    dates = {"returns": 200, "prices": 60, "crowded": 20}[kind]
    zero = rng.choice(rng.integers(140, SESSIONS - 20, dates), EVENTS)
    security = rng.integers(0, SECURITIES, EVENTS)
    number = np.arange(EVENTS)
    columns = {}
    if kind != "crowded":
        number[1:9:2], zero[1:9:2] = number[0:8:2], zero[0:8:2]
        security[1:9:2] = (security[0:8:2] + 1) % SECURITIES
        sort = rng.choice(3, EVENTS, p=[0.6, 0.39, 0.01])[number]
        columns["kind"] = np.array(["report", "sanction", "rare"])[sort]
        columns["group"] = np.array(["", "A"])[rng.integers(0, 2, EVENTS)[number]]
    columns |= {
        "event_id": [f"E{one}" for one in number],
        "date": dates_of(SESSIONS)[zero],
        "tickers": [f"S{one:02d}" for one in security],
        "benchmark": np.where(security % 2, MARKET, SECOND),
    }
    return es.Events.from_frame(pd.DataFrame(columns))


def found(kind: str, engine: str, **settings: object) -> dict[str, pd.DataFrame]:
    """Every frame of a study, the estimation days of a few events."""
    usual = {"estimation": (-130, -11), "event": (-3, 3), "calendar": "data", "tests": CLOSED}
    with pytest.MonkeyPatch.context() as monkeypatch:
        # Sums of estimation windows: of each window's own days, and from running sums.
        monkeypatch.setattr(windowsums, "FEW", EVENTS if kind == "returns" else 0)
        study = es.Study(**(usual | settings))
        result = study.run(events(kind), prices=market(kind), engine=engine)
    frames = {name: getattr(result, name) for name in FRAMES}
    estimated = result.estimation
    few = estimated["event_id"].isin([f"E{number}" for number in range(0, EVENTS, 100)])
    return frames | {"estimation": estimated[few]}


def ranges(monkeypatch: pytest.MonkeyPatch, blocks: int) -> None:
    """Let every range hold so many blocks of events."""
    monkeypatch.setattr(estimation, "RANGE", blocks * BLOCK)
    monkeypatch.setattr(timeline, "RANGE", blocks * BLOCK)
    monkeypatch.setattr(windowsums, "RANGE", 16 * blocks)


@lru_cache
def reference(kind: str) -> dict[str, pd.DataFrame]:
    """What one thread finds, one block after the other."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        ranges(monkeypatch, 1)
        return found(kind, "serial:1")


def assert_same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    """Hold frames against each other, bit by bit; NaN equals NaN."""
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[name], check_exact=True, obj=name)


def assert_same_arrays(one: object, other: object) -> None:
    """Hold dataclasses and tuples of arrays against each other, bit by bit."""
    if isinstance(one, tuple):
        for own, its in zip(one, other, strict=True):
            assert_same_arrays(own, its)
    elif is_dataclass(one):
        for each in fields(one):
            assert_same_arrays(getattr(one, each.name), getattr(other, each.name))
    else:
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of two Dask workers on this machine."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
    ) as running:
        yield running.scheduler_address


def test_the_study_has_what_could_go_wrong():
    """Missing days, halts, events without a fit, windows that share days, several ranges."""
    for kind in KINDS:
        frames = reference(kind)
        assert 2 * BLOCK < len(frames["fits"]) < EVENTS <= groups.ON_REQUEST
        assert len(frames["fits"]) + len(frames["dropped"]) == EVENTS
        assert frames["days"]["ar"].isna().any()
        assert frames["tests"]["r"].notna().any()
        assert frames["fits"]["n_obs"].nunique() > 3
    named = {"all", "kind:rare", "group:A", "event:E0"}
    assert named <= set(reference("prices")["tests"]["group"])
    assert reference("prices")["events"]["flags"].str.contains("covers 8 sessions").any()


@pytest.mark.parametrize(
    ("kind", "blocks"), [("returns", 8), ("prices", 3), ("prices", 8), ("crowded", 2)]
)
def test_ranges_of_other_sizes(monkeypatch, kind, blocks):
    ranges(monkeypatch, blocks)
    assert_same(reference(kind), found(kind, "serial:1"))


@pytest.mark.parametrize(
    ("kind", "engine"),
    [
        ("returns", "serial:2"),
        ("prices", "serial:5"),
        ("crowded", "serial:2"),
        ("prices", "processes:2"),
    ],
)
def test_threads_and_processes(monkeypatch, kind, engine):
    ranges(monkeypatch, 1)
    assert_same(reference(kind), found(kind, engine))


def test_what_is_done_otherwise_for_many_events(monkeypatch):
    """Squares are estimated from signs, and windows are tested side by side."""
    monkeypatch.setattr(correlations, "MANY", 1_000)
    monkeypatch.setattr(correlations, "_DATES_A_SESSION", 10)
    monkeypatch.setattr(groups, "ON_REQUEST", 1_000)
    ranges(monkeypatch, 1)
    one = found("returns", "serial:1")
    assert one["tests"]["note"].str.contains("draws of signs").any()
    for blocks, engine in ((3, "serial:2"), (1, "processes:2")):
        ranges(monkeypatch, blocks)
        assert_same(one, found("returns", engine))


@pytest.mark.parametrize("kind", KINDS)
def test_the_sums_behind_the_tests(monkeypatch, kind):
    """A statistic may hide the last bits of a sum: here are the sums themselves."""
    frame, given = table(kind), events(kind).frame
    place = frame.index.get_indexer(pd.DatetimeIndex(given["written"]))
    rows = list(zip(given["event_id"], given["ticker"], place.tolist(), strict=True))
    own = "prices" if kind == "prices" else "returns"
    windows = ((0, 0), (0, 1))
    found, _ = abnormal(frame, rows, kind=own, windows=windows)

    def sums(blocks: int, engine: str) -> object:
        ranges(monkeypatch, blocks)
        execute = partial(map_chunks, engine=engine)
        enters = np.column_stack([found.cumulate(Window(*one)).n_days > 0 for one in windows])
        group = Pool(found, tuple(Window(*one) for one in windows), enters, execute)
        return group.histories, group.correlations

    one = sums(1, "serial:1")
    assert any(each.daily is not None for each in one[0])
    for blocks, engine in ((3, "serial:2"), (8, "serial:1"), (1, "processes:2")):
        assert_same_arrays(one, sums(blocks, engine))


def test_sums_by_dask_workers(monkeypatch, cluster):
    monkeypatch.setattr(steps, "FEW_RANGES", 1)
    ranges(monkeypatch, 1)
    assert_same(reference("crowded"), found("crowded", f"dask:{cluster}"))


@pytest.mark.parametrize(
    "settings",
    [
        {"exclude_events_from_estimation": True, "min_estimation": 20},
        {"rolling_start": 5},
        {"model": "constant_mean"},
        {"model": "market_adjusted"},
        {"model": "dimson"},
        {"model": "scholes_williams"},
    ],
    ids=str,
)
def test_other_models_and_estimation_windows(monkeypatch, settings):
    quick = {"tests": ("adjusted_bmp", "grank_t", "generalized_sign")}
    ranges(monkeypatch, 1)
    one = found("prices", "serial:1", **quick, **settings)
    ranges(monkeypatch, 3)
    assert_same(one, found("prices", "serial:2", **quick, **settings))


def test_what_is_drawn(monkeypatch):
    """Resamples come from streams of the sample, whoever works on the ranges."""
    drawn = (*(name for name, test in TESTS.items() if test.resamples), *FAMILY_TESTS)
    settings = {"tests": drawn, "windows": [(0, 1)]}
    ranges(monkeypatch, 1)
    one = found("crowded", "serial:1", **settings)
    ranges(monkeypatch, 3)
    assert_same(one, found("crowded", "serial:2", **settings))
