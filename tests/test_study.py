"""The specification: frozen, checked at once, and the same after TOML."""

from __future__ import annotations

import re
import tomllib
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pandas as pd
import pytest
import tomli_w
from worlds import EVERY, one_date, prices, run, study, table, world

import eventstudy as es
from eventstudy.calendars import exchange_calendar
from eventstudy.errors import ClaimsError, InputError, PricesError, StudyError
from eventstudy.windows import Window


def test_the_defaults():
    study = es.Study()
    assert study.expected_return.name == "market"
    assert (study.estimation, study.event) == (Window(-260, -11), Window(-10, 10))
    assert study.windows == (Window(0, 0), Window(0, 1), Window(-1, 1))
    assert (study.calendar, study.closed_day, study.level, study.seed) == (
        *("exchange", "next", 0.95, 0),
    )
    assert study.design.min_estimation == 100
    assert es.Study(estimation="-50:-11").design.min_estimation == 40


def test_windows_may_be_written_as_people_write_them():
    one = es.Study(estimation="-130:-11", event=(-5, 5), windows=["0:0", (-1, 1), Window(0, 1)])
    assert one.windows == (Window(0, 0), Window(-1, 1), Window(0, 1))
    assert one.estimation == Window(-130, -11)


def test_a_study_is_frozen():
    study = es.Study()
    with pytest.raises(FrozenInstanceError):
        study.level = 0.9  # pyright: ignore[reportAttributeAccessIssue]
    assert replace(study, level=0.9).level == 0.9
    assert study.level == 0.95
    assert es.Study() == es.Study()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "markt"}, "no model 'markt'. Did you mean market"),
        ({"model": 5}, "5 is no model"),
        ({"model": es.MarketModel}, "is no model. Give a name or an object"),
        ({"estimation": "x"}, "'x' is not a window"),
        ({"estimation": (-260, -5)}, "overlaps the event window"),
        ({"estimation": (-16, -11)}, r"has 6 days; the model needs 7. Widen it"),
        ({"event": (5, -5)}, "ends before it begins"),
        ({"windows": []}, "no tested window"),
        ({"windows": [(0, 11)]}, "outside the event window"),
        ({"windows": [(0, 0), "0:0"]}, "given twice"),
        ({"tests": ["bmp", "sign", "bmp"]}, "tests has 'bmp' twice"),
        ({"peers": ["AMD", "AMD"]}, "peers has 'AMD' twice"),
        ({"exclude_events_from_estimation": "no"}, "'no' is neither true nor false"),
        ({"diagnostics": 1}, "diagnostics 1 is neither true nor false"),
        ({"benchmark": 5}, "benchmark 5 is no text"),
        ({"exchanges": {"MU": 3}}, "exchanges has 'MU': 3"),
        ({"min_estimation": 0}, "min_estimation 0 is no whole number from 1 up"),
        ({"min_estimation": "x"}, "'x' is no whole number.* as in min_estimation=100"),
        ({"min_estimation": 77.0}, "min_estimation 77.0 is no whole number"),
        ({"min_estimation": 251}, "not between 1 and the 250 days"),
        ({"calendar": "XNYS"}, "calendar 'XNYS' is none of exchange, data"),
        ({"closed_day": "nearest"}, "closed_day 'nearest' is none of next, previous, drop"),
        ({"level": 95}, "level 95 is not between 0 and 1. Write .95"),
        ({"level": 0.0}, "level 0.0 is not between 0 and 1"),
        ({"level": float("nan")}, "level nan is not between"),
        ({"max_span": 0}, "max_span 0 is no whole number from 1 up"),
        ({"max_span": None}, "max_span None is no whole number"),
        ({"tests": ["bmp", "t-test"]}, "no test 't-test'. The tests are cross_sectional"),
        ({"seed": -1}, "seed -1 is no whole number from 0 up. Write one, as in seed=0"),
        ({"seed": 1.5}, "seed 1.5 is no whole number"),
        ({"seed": True}, "seed True is no whole number"),
        ({"peers": "MU NVDA"}, r"peers 'MU NVDA' is no list of texts.* peers=\['...', '...'\]"),
        ({"peers": None}, "peers None is no list of texts"),
        ({"peers": [5]}, r"peers \[5\] is no list of texts"),
        ({"tests": "bmp"}, "tests 'bmp' is no list of texts"),
        ({"tests": None}, "tests None is no list of texts"),
        ({"windows": (0, 1)}, r"windows \(0, 1\) is no list of.* as in windows=\(\(0, 1\),\)"),
        ({"windows": np.array([0, 1])}, "is no list of windows"),
        ({"windows": "0:1"}, "windows '0:1' is no list of windows"),
        ({"windows": None}, "windows None is no list of windows"),
        ({"windows": Window(0, 1)}, "is no list of windows"),
        ({"windows": [None]}, "None is not a window. Write first:last, as in -1:1"),
        ({"estimation": None}, "None is not a window. Write first:last, as in -1:1"),
        ({"event": 5}, "5 is not a window"),
        ({"level": "0.9"}, "level '0.9' is no number. Write .95 for 95 %"),
        ({"level": None}, "level None is no number"),
        ({"exchanges": "XNYS"}, "exchanges 'XNYS' is no mapping. Write exchanges by ticker"),
    ],
)
def test_settings_that_cannot_be_run(settings, message):
    with pytest.raises(StudyError, match=message):
        es.Study(**settings)


def test_numbers_of_numpy_are_numbers(tmp_path):
    one = es.Study(
        seed=np.int64(3),
        level=np.float32(0.5),
        rolling_start=np.uint8(2),
        min_estimation=np.int32(90),
        windows=np.array([[0, 0], [0, 1]]),
        event=np.array([-5, 5]),
    )
    assert one == es.Study(
        seed=3, level=0.5, rolling_start=2, min_estimation=90, windows=["0:0", "0:1"], event="-5:5"
    )
    (tmp_path / "study.toml").write_text(tomli_w.dumps(one.spec), encoding="utf-8")
    assert es.Study.read(tmp_path / "study.toml").spec == one.spec


def test_a_study_is_a_table_in_a_notebook():
    html = es.Study(benchmark="<b>$x$</b>", exchanges={"^AXKO": "XASX"})._repr_html_()
    assert html.startswith('<div class="tex2jax_ignore mathjax_ignore">')
    assert "<b>$" not in html
    assert "<th>benchmark</th><td>&lt;b&gt;$x$&lt;/b&gt;</td>" in html
    assert "<th>model</th><td>market model</td>" in html
    assert "<th>windows</th><td>(0, 0), (0, 1), (-1, 1)</td>" in html
    assert "<th>tests</th><td>all</td>" in html
    assert "<th>exchanges</th><td>^AXKO XASX</td>" in html
    assert "<th>tests</th><td>bmp, j1</td>" in es.Study(tests=["bmp", "j1"])._repr_html_()
    assert len(html) < 3000


STUDY = es.Study(
    model="constant_mean",
    estimation=(-130, -11),
    event=(-5, 5),
    windows=[(0, 0), (-5, 5)],
    calendar="data",
    benchmark="MKT",
    exchanges={"^AXKO": "XASX"},
    closed_day="drop",
    min_estimation=77,
    exclude_events_from_estimation=True,
    max_span=3,
    peers=["S01", "S02"],
    tests=["bmp", "romano_wolf"],
    level=0.9,
    seed=7,
)


@pytest.mark.parametrize("study", [STUDY, es.Study()])
def test_round_trip_through_toml(study, tmp_path):
    text = tomli_w.dumps(study.spec)
    assert tomllib.loads(text) == study.spec
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    back = es.Study.read(path)
    assert back.spec == study.spec
    assert back.design == study.design
    assert back == study


def test_a_default_that_was_written_out_follows_another_window():
    again = replace(es.Study.from_spec(es.Study().spec), estimation=(-60, -11))
    assert again.design.min_estimation == 50
    given = replace(es.Study.from_spec(es.Study(min_estimation=40).spec), estimation=(-60, -11))
    assert given.design.min_estimation == 40


def test_every_setting_is_in_the_specification():
    assert list(es.Study().spec) == [one.name for one in fields(es.Study)]


def test_a_file_may_name_only_some_settings(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text('windows = ["0:3"]\nmodel = "market_adjusted"\n', encoding="utf-8")
    study = es.Study.read(path)
    assert study.windows == (Window(0, 3),)
    assert study.estimation == Window(-260, -11)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("window = ['0:0']", "unknown setting 'window'. The settings are model, estimation"),
        ("level = '95 %'", "level '95 %' is no number"),
        ("windows = 5", "windows 5 is no list of windows"),
        ("exchanges = 'XNYS'", "exchanges 'XNYS' is no mapping"),
        ("windows = ", "study.toml cannot be read as TOML"),
        ("level = 0.95\nlevel = 0.9", "cannot be read as TOML"),
        ("model = 'garbage'", "no model 'garbage'"),
    ],
)
def test_files_that_are_no_study(tmp_path, text, message):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        es.Study.read(path)


def test_a_file_that_is_not_there_or_is_no_text(tmp_path):
    with pytest.raises(StudyError, match=r"none\.toml cannot be read"):
        es.Study.read(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match=r"binary\.toml cannot be read"):
        es.Study.read(tmp_path / "binary.toml")


# ------------------------------------------------------------------ running


def test_the_steps_are_told_in_their_order():
    told = []
    frame = world(2)
    events = es.Events.from_frame(table(frame, one_date(2)))
    study = es.Study(estimation=(-130, -11), event=(-5, 5), calendar="data")
    study.run(events, prices=es.MemoryPrices.from_returns(frame), progress=told.append)
    assert told == ["prices", "day zero", "abnormal returns", "tests"]


def test_running_changes_neither_the_events_nor_the_prices():
    frame = world(3)
    before = frame.copy()
    given = table(frame, one_date(3))
    events = es.Events.from_frame(given)
    kept = events.frame.copy()
    es.Study(estimation=(-130, -11), event=(-5, 5), calendar="data").run(
        events, prices=es.MemoryPrices.from_returns(frame)
    )
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(events.frame, kept)


def test_a_run_uses_no_global_random_numbers():
    frame = world(24)
    np.random.seed(1)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    run(frame, one_date(24), windows=[(0, 0)], tests=EVERY)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events": world(1)}, r"events is a DataFrame\. Make.* Events\.from_frame\(frame\)"),
        ({"events": "events.csv"}, r"events is a str\. .*read_events\(path\)"),
        ({"prices": world(1)}, r"prices is a DataFrame, no price.*Panel\.from_frame\(frame\)"),
        ({"prices": es.SnapshotPrices}, r"prices is a type, no price source"),
        ({"prices": None}, "prices is a NoneType, no price source"),
    ],
)
def test_what_is_no_events_and_what_is_no_prices(change, message):
    frame = world(1)
    usual = {
        "events": es.Events.from_frame(table(frame, one_date(1))),
        "prices": es.MemoryPrices.from_returns(frame),
    }
    with pytest.raises(InputError, match=message):
        es.Study(calendar="data").run(**(usual | change))
    with pytest.raises(InputError, match=message):
        es.power(es.Study(calendar="data"), **(usual | change))


def test_no_price_series_at_all():
    frame = world(2)
    events = es.Events.from_frame(table(frame, one_date(2)))
    study = es.Study(calendar="data")
    with pytest.raises(PricesError, match="no price series for any event"):
        study.run(events, prices=es.MemoryPrices.from_returns(frame[["MKT"]]))


def test_rows_on_no_session_propose_the_users_own_calendar():
    days = pd.date_range("2019-06-01", "2020-12-30")  # with Saturdays
    frame = pd.DataFrame({"MU": 1.0, "^GSPC": 1.0}, index=days).cumsum()
    events = es.Events.from_frame(
        pd.DataFrame({"event_id": ["A"], "ticker": "MU", "date": "2020-06-15"})
    )
    with pytest.raises(InputError, match=r'2019-.* no session of XNYS[\s\S]*calendar="data"'):
        es.Study().run(events, prices=es.MemoryPrices.from_prices(frame))


def test_events_beyond_the_calendar_are_dropped_by_name_and_stop_no_other():
    sessions = exchange_calendar("XSHG", "2019-01-01", "2020-12-31").sessions
    frame = world(2, len(sessions)).set_axis(pd.DatetimeIndex(sessions))
    names = {"S00": "600000.SS", "S01": "000300.SS"}
    dates = ["1989-06-15", str(sessions[300]), "2150-06-15"]
    listed = {"event_id": list("ABC"), "ticker": "600000.SS", "benchmark": "000300.SS"}
    prices = es.Panel.from_frame(frame.rename(columns=names))
    for column, values in {
        "date": dates,
        "announced_at": [f"{day}T10:00+08:00" for day in dates],
    }.items():
        events = es.Events.from_frame(
            pd.DataFrame({**listed, column: values, "precision": "minute"})
        )
        result = es.Study(placebo="never").run(events, prices=prices)
        assert result.events["event_id"].unique().tolist() == ["B"]
        reasons = result.dropped.set_index("event_id")["reason"]
        assert re.match(r"1989-06-15.* Shanghai .XSHG., whose first session is", reasons["A"])
        assert re.match(r"2150-06-15.* Shanghai .XSHG., whose last session is", reasons["C"])


def test_a_pair_wholly_beyond_its_own_exchange_stops_no_other():
    """Mumbai's calendar begins in 1997; New York's events of 1990 are measured none the less."""
    sessions = exchange_calendar("XNYS", "1989-01-01", "1990-12-31").sessions
    frame = world(2, len(sessions)).set_axis(pd.DatetimeIndex(sessions))
    listed = pd.DataFrame(
        {
            "event_id": ["NEAR", "FAR"],
            "ticker": ["S00", "S01"],
            "benchmark": "MKT",
            "exchange": ["XNYS", "XBOM"],
            "date": str(sessions[350]),
        }
    )
    study = es.Study(placebo="never", exchanges={"MKT": "XNYS"})
    result = study.run(es.Events.from_frame(listed), prices=es.Panel.from_frame(frame))
    assert result.events["event_id"].unique().tolist() == ["NEAR"]
    (reason,) = result.dropped.query("event_id == 'FAR'")["reason"]
    assert "Mumbai (BSE) (XBOM), whose first session is" in reason


def test_a_claim_about_no_event_is_an_error():
    frame = world(1)
    events = es.Events.from_frame(table(frame, one_date(1)))
    claims = pd.DataFrame([{"event_id": "OTHER", "ticker": "S00", "measure": "not_checkable"}])
    with pytest.raises(ClaimsError, match="no event has this id"):
        es.Study(calendar="data").run(
            events, prices=es.MemoryPrices.from_returns(frame), claims=claims
        )


def test_claims_of_a_frame_are_checked_like_those_of_a_file():
    frame = world(1)
    events = es.Events.from_frame(table(frame, one_date(1)))
    source = es.MemoryPrices.from_returns(frame)
    row = {"event_id": "E00", "ticker": "S00", "measure": "close_return"}
    few = pd.DataFrame([row | {"quoted": "-50%", "comparison": "is"}])
    got = study().run(events, prices=source, claims=few)
    assert got.claims["verdict"].tolist() == ["not_confirmed"]
    assert got.claims["source"].tolist() == [""]
    assert len(study().run(events, prices=source, claims=few[:0]).claims) == 0
    for wrong, message in (
        (few.drop(columns="measure"), "column measure: the column is missing"),
        (few.assign(measure="close_retrun"), "line 2, column measure: not a measure"),
        (few.assign(quoted=np.nan), "line 2, column quoted: the measure needs a quoted number"),
        ("claims.csv", r"a str is no frame\. .* read a file with read_claims\(path\)"),
        ([row], "a list is no frame"),
    ):
        with pytest.raises(ClaimsError, match=message):
            study().run(events, prices=source, claims=wrong)


def test_an_event_without_a_ticker_is_dropped_with_a_cure():
    frame = world(2)
    rows = table(frame, one_date(2))
    rows.loc[1, "ticker"] = ""
    rows["benchmark"] = ["MKT", ""]
    study = es.Study(estimation=(-130, -11), event=(-5, 5), calendar="data", windows=[(0, 0)])
    result = study.run(es.Events.from_frame(rows), prices=es.MemoryPrices.from_returns(frame))
    assert result.events["event_id"].tolist() == ["E00"]
    assert "no ticker: fill the cell" in result.dropped["reason"].iloc[0]


def test_every_pair_is_measured_or_dropped_in_the_order_of_the_input():
    frame = prices(world(6))
    frame.iloc[:120, 1] = np.nan
    frame.iloc[100:, 3] = np.nan
    rows = [*one_date(6), ("E06", "GONE", 140)]
    result = run(frame, rows, kind="prices", windows=[(0, 0)])
    assert result.dropped["ticker"].tolist() == ["S01", "S03", "GONE"]
    assert result.events["ticker"].tolist() == ["S00", "S02", "S04", "S05"]
    assert (result.dropped["reason"] != "").all()


def test_nothing_could_be_measured_and_the_result_says_so():
    frame = world(2)
    frame.iloc[:130, :2] = np.nan
    result = run(frame, one_date(2))
    assert len(result.events) == 0
    assert len(result.dropped) == 2
    for name in ("days", "estimation", "fits", "means", "tests", "leads"):
        assert len(getattr(result, name)) == 0
    assert "0 event-security pairs, 2 dropped" in repr(result)
    assert "No event could be measured" in result.findings().sentences[0]


def test_unknown_columns_travel_to_the_result():
    result = run(world(2), one_date(2), columns={"analyst": ["Li", "Ng"]}, windows=[(0, 0)])
    assert result.events["analyst"].tolist() == ["Li", "Ng"]


def test_overlapping_events_are_flagged():
    frame = world(2, 170)
    result = run(frame, [("A", "S00", 140), ("B", "S00", 141), ("C", "S01", 140)])
    flags = result.events.groupby("event_id")["flags"].first()
    assert "shares tested days with B" in flags["A"]
    assert "shares tested days with A" in flags["B"]
    assert "shares" not in flags["C"]
    assert len(result.overlaps) == 1


@pytest.mark.parametrize("model", ["dimson", "scholes_williams", "market"])
def test_a_short_window_can_be_had_with_every_model(model):
    """Days that the model leaves out at the ends are not asked for by default."""
    frame = world(2)
    result = run(frame, one_date(2), model=model, estimation=(-70, -11))
    assert result.dropped.empty
    lost = {"dimson": 2, "scholes_williams": 2, "market": 0}[model]
    assert result.spec["min_estimation"] == 60 - lost
    assert result.fits["n_obs"].tolist() == [60 - lost] * 2
