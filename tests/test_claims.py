"""Claims: what is read, what is said of bad input, and every verdict."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventstudy.claims import COLUMNS, RESULT, check_claims, judge, read_claims
from eventstudy.errors import ClaimsError, Problem
from eventstudy.events import read_events
from eventstudy.panel import PriceSeries
from eventstudy.sources import SnapshotPrices

HEADER = "event_id,ticker,measure,quoted,comparison,since,text,source"
ROOT = Path(__file__).parents[1]
ZEROS = {
    ("SMIC-2020", "0981.HK"): np.datetime64("2020-09-07"),
    ("MICRON-2023", "MU"): np.datetime64("2023-03-31"),
    ("HUAWEI-2018", "000001.SS"): np.datetime64("2018-11-23"),
    ("HUAWEI-2018", "399006.SZ"): np.datetime64("2018-11-23"),
    ("XINJIANG-2019", "AMBA"): np.datetime64("2019-10-08"),
}
DAYS = np.arange("2020-03-30", "2020-04-04", dtype="datetime64[D]")


@pytest.fixture
def file(tmp_path):
    def write(*rows: str, header: str = HEADER) -> Path:
        path = tmp_path / "claims.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


def problems_of(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(ClaimsError) as caught:
        read_claims(path)
    assert all(problem.problem and problem.cure for problem in caught.value.problems)
    return caught.value.problems


def prices(values, *, kind="prices", opens=None, dates=DAYS) -> PriceSeries:
    closes = np.array(values, dtype=float)
    return PriceSeries(
        "X", dates, closes, kind, "memory", None if opens is None else np.array(opens)
    )


def claim(measure="close_return", quoted="", comparison="", since="") -> pd.DataFrame:
    row = ["A", "X", measure, quoted, comparison, since, "text", "source"]
    return pd.DataFrame([row], columns=list(COLUMNS), dtype="str")


def verdict(claims: pd.DataFrame, series: PriceSeries, day: str = "2020-04-03") -> pd.Series:
    result = judge(claims, {("A", "X"): np.datetime64(day)}, {"X": series})
    assert tuple(result) == RESULT
    assert len(result) == 1
    return result.iloc[0]


class TestShippedClaims:
    def test_the_seven_verdicts(self):
        claims = read_claims(ROOT / "claims.csv")
        check_claims(claims, read_events(ROOT / "events.csv"))
        tickers = sorted({ticker for _, ticker in ZEROS})
        quotes = SnapshotPrices().load(tickers, date(2017, 1, 1), date(2024, 1, 1))
        result = judge(claims, ZEROS, quotes.series)
        found = list(zip(result["ticker"], result["measure"], result["verdict"], strict=True))
        assert found == [
            ("0981.HK", "close_return", "confirmed"),
            ("MU", "close_return", "confirmed"),
            ("MU", "largest_fall_since", "confirmed"),
            ("000001.SS", "close_return", "not_confirmed"),
            ("000001.SS", "lowest_close_since", "confirmed"),
            ("399006.SZ", "close_return", "confirmed"),
            ("AMBA", "not_checkable", "not_checkable"),
        ]
        measured = [-0.2288, -0.0436, -0.0436, -0.0249, np.nan, -0.0334, np.nan]
        np.testing.assert_allclose(result["measured"], measured, atol=5e-5)
        said = result["decided_by"]
        assert "2020-09-04" in said[0]
        assert "2022-12-15" in said[2]
        assert "2018-10-30" in said[4]
        assert "open -13.37 %" in said[6]
        assert "close -9.49 %" in said[6]
        assert said.str.len().max() < 80


class TestReading:
    def test_columns(self, file):
        row = 'A,MU,close_return,-4.4 %,is,,"a, b",press,x'
        path = file("# none", row, header=HEADER + ",desk")
        claims = read_claims(path)
        assert list(claims) == [*COLUMNS, "line"]
        assert claims.iloc[0].to_list() == [
            *("A", "MU", "close_return", "-4.4 %", "is", "", "a, b", "press", 3)
        ]

    def test_three_columns_are_enough(self, file):
        claims = read_claims(file("A,MU,not_checkable", header="event_id,ticker,measure"))
        assert list(claims) == [*COLUMNS, "line"]

    @pytest.mark.parametrize("quoted", ["-22.9%", "-22.9 %", "+3%", "3.25%", "−4.4%"])
    def test_forms_of_a_quoted_number(self, file, quoted):
        assert read_claims(file(f"A,MU,close_return,{quoted},is,,,"))["quoted"][0] == quoted

    @pytest.mark.parametrize(
        ("row", "column", "said"),
        [
            (",MU,not_checkable,,,,,", "event_id", "empty"),
            ("A,,not_checkable,,,,,", "ticker", "empty"),
            ("A,MU,,,,,,", "measure", "empty"),
            ("A,M!U,not_checkable,,,,,", "ticker", "not a ticker"),
            ("A,MU AMD,not_checkable,,,,,", "ticker", "not a ticker"),
            ("A,MU,close_retrun,-1%,is,,,", "measure", "not a measure"),
            ("A,MU,close_return,,is,,,", "quoted", "needs a quoted number"),
            ("A,MU,overnight_gap,-1,is,,,", "quoted", "not a percentage"),
            ("A,MU,close_return,-.5%,is,,,", "quoted", "not a percentage"),
            ("A,MU,close_return,about 5%,is,,,", "quoted", "not a percentage"),
            ("A,MU,close_return,-1%,,,,", "comparison", "without its comparison"),
            ("A,MU,close_return,-1%,about,,,", "comparison", "not a comparison"),
            ("A,MU,close_return,-1%,is,2020-01,,", "since", "takes no date"),
            ("A,MU,largest_fall_since,,,,,", "since", "needs a month"),
            ("A,MU,largest_fall_since,-1%,is,2020-01,,", "quoted", "takes no quoted"),
            ("A,MU,lowest_close_since,,is,2020-01,,", "comparison", "without a quoted"),
            ("A,MU,lowest_close_since,,,2020-13,,", "since", "no month and no date"),
            ("A,MU,lowest_close_since,,,2020-02-30,,", "since", "no month and no date"),
            ("A,MU,lowest_close_since,,,October,,", "since", "no month and no date"),
        ],
    )
    def test_bad_cells(self, file, row, column, said):
        (problem,) = problems_of(file(row))
        assert (problem.line, problem.column) == (2, column)
        assert said in problem.problem

    def test_all_at_once(self, file):
        rows = "A,MU,nothing,,,,,", "B,MU,close_return,5,over,,", "C,M!,close_return,5,over,,,"
        found = [(problem.line, problem.column) for problem in problems_of(file(*rows))]
        assert found == [(2, "measure"), (3, ""), (4, "ticker"), (4, "quoted")]

    def test_missing_columns_and_files(self, file, tmp_path):
        missing = problems_of(file("A,MU", header="event_id,tickr"))
        assert [problem.column for problem in missing] == ["ticker", "measure"]
        assert "'tickr'" in missing[0].cure
        with pytest.raises(ClaimsError, match="no such file"):
            read_claims(tmp_path / "none.csv")

    def test_claims_about_no_event(self, file):
        events = read_events(ROOT / "events.csv")
        path = file("MICRON-2032,MU,not_checkable,,,,,", "#", "nothing,MU,not_checkable,,,,,")
        with pytest.raises(ClaimsError) as caught:
            check_claims(read_claims(path), events)
        near, far = caught.value.problems
        assert (near.line, near.column, near.value) == (2, "event_id", "MICRON-2032")
        assert "'MICRON-2023'" in near.cure
        assert far.line == 4
        with pytest.raises(ClaimsError, match="line 3"):
            check_claims(read_claims(path).drop(columns="line"), events)

    def test_claims_about_no_event_are_named_with_all_else(self, file):
        events = read_events(ROOT / "events.csv")
        path = file(
            "MICRON-2032,MU,not_checkable,,,,,", "MICRON-2023,MU,nothing,,,,,", ",MU,x,,,,,"
        )
        with pytest.raises(ClaimsError) as caught:
            read_claims(path, events=events)
        found = [(problem.line, problem.column) for problem in caught.value.problems]
        assert found == [(2, "event_id"), (3, "measure"), (4, "event_id"), (4, "measure")]
        assert "'MICRON-2023'" in caught.value.problems[0].cure


class TestQuotedMoves:
    @pytest.mark.parametrize(
        ("quoted", "comparison", "expected"),
        [
            ("-5.0%", "is", "confirmed"),
            ("-5%", "is", "confirmed"),
            ("-5.1%", "is", "not_confirmed"),
            ("-5.04%", "is", "not_confirmed"),
            ("5.0%", "is", "not_confirmed"),
            ("-4.9%", "over", "confirmed"),
            ("-5%", "over", "not_confirmed"),
            ("4.9%", "over", "not_confirmed"),
            ("-5.1%", "under", "confirmed"),
            ("-5%", "under", "not_confirmed"),
            ("5.1%", "under", "not_confirmed"),
            ("−5.0 %", "is", "confirmed"),
        ],
    )
    def test_comparisons(self, quoted, comparison, expected):
        claims = claim("close_return", quoted, comparison)
        for series in (prices([1, 1, 1, 100, 95]), prices([0, 0, 0, 0, -0.05], kind="returns")):
            assert verdict(claims, series)["verdict"] == expected

    @pytest.mark.parametrize(
        ("quoted", "tolerance"), [("-22.9%", 0.0005), ("-23%", 0.005), ("-22.88%", 5e-5)]
    )
    def test_tolerance_is_half_a_unit_of_the_last_digit(self, quoted, tolerance):
        row = verdict(claim("close_return", quoted, "is"), prices([1, 1, 1, 1, 1]))
        assert row["tolerance"] == pytest.approx(tolerance, rel=1e-12)

    @pytest.mark.parametrize("move", [-0.0525, -0.0535])
    def test_the_edge_of_the_tolerance_is_inside(self, move):
        series = prices([0, 0, 0, 0, move], kind="returns")
        assert verdict(claim("close_return", "-5.3%", "is"), series)["verdict"] == "confirmed"

    def test_the_close_before_is_named(self):
        row = verdict(claim("close_return", "-5%", "is"), prices([1, 100, np.nan, np.nan, 95]))
        assert row["measured"] == pytest.approx(-0.05)
        assert "2020-03-31" in row["decided_by"]

    def test_overnight_gap(self):
        series = prices([1, 1, 1, 100, 95], opens=[1, 1, 1, 1, 90.0])
        row = verdict(claim("overnight_gap", "-10%", "is"), series)
        assert (row["verdict"], round(row["measured"], 12)) == ("confirmed", -0.1)
        assert "open of 2020-04-03" in row["decided_by"]

    @pytest.mark.parametrize(
        "series",
        [
            prices([1, 1, 1, 100, 95]),
            prices([1, 1, 1, 100, 95], opens=[1, 1, 1, 1, np.nan]),
            prices([0, 0, 0, 0, 0], kind="returns"),
        ],
    )
    def test_no_open_price(self, series):
        row = verdict(claim("overnight_gap", "-10%", "is"), series)
        assert row["verdict"] == "not_checkable"
        assert "no open price of 2020-04-03" in row["decided_by"]

    @pytest.mark.parametrize("measure", ["close_return", "overnight_gap"])
    def test_no_close_before(self, measure):
        series = prices([1, 1, 1, 100, 95], opens=[1.0] * 5)
        row = verdict(claim(measure, "-10%", "is"), series, "2020-03-30")
        assert (row["verdict"], row["decided_by"]) == (
            "not_checkable",
            "no close before 2020-03-30",
        )


class TestSince:
    @pytest.mark.parametrize(
        ("since", "expected"),
        [
            ("2020-03", "confirmed"),
            ("2020-03-31", "confirmed"),
            ("2020-03-30", "not_confirmed"),
            ("2020-02", "not_confirmed"),
            ("2020-04", "not_checkable"),
            ("2020-04-03", "not_checkable"),
        ],
    )
    def test_largest_fall(self, since, expected):
        series = prices([100, 90, 90, 90, 85])  # falls by 10 % on 03-31, 5.6 % on 04-03
        row = verdict(claim("largest_fall_since", since=since), series)
        assert row["verdict"] == expected
        if expected != "not_checkable":
            assert row["decided_by"] == "last larger fall on 2020-03-31, -10.00 %"
            assert row["measured"] == pytest.approx(-5 / 90)

    @pytest.mark.parametrize(
        ("since", "expected"),
        [("2020-03", "confirmed"), ("2020-03-30", "confirmed"), ("2020-03-29", "not_confirmed")],
    )
    def test_lowest_close(self, since, expected):
        series = prices([80, 90, 95, 92, 85])
        row = verdict(claim("lowest_close_since", since=since), series)
        assert row["verdict"] == expected
        assert row["decided_by"] == "last lower close on 2020-03-30, 5.88 % lower"
        assert np.isnan(row["measured"])

    def test_an_equal_close_is_as_low(self):
        row = verdict(claim("lowest_close_since", since="2020-03"), prices([90, 90, 85, 90, 85]))
        assert row["verdict"] == "not_confirmed"
        assert "2020-04-01" in row["decided_by"]

    @pytest.mark.parametrize("measure", ["largest_fall_since", "lowest_close_since"])
    def test_the_data_begin_too_late_or_early_enough(self, measure):
        series = prices([100, 99, 98, 97, 50])
        early = verdict(claim(measure, since="2020-03"), series)
        late = verdict(claim(measure, since="2020-02"), series)
        assert (early["verdict"], late["verdict"]) == ("confirmed", "not_checkable")
        assert "data begin on 2020-03-3" in early["decided_by"]
        assert "data begin on 2020-03-3" in late["decided_by"]

    def test_a_rise_is_no_fall(self):
        row = verdict(claim("largest_fall_since", since="2020-03"), prices([1, 1, 1, 1, 1.5]))
        assert row["verdict"] == "not_confirmed"
        assert row["decided_by"] == "no fall on 2020-04-03: 50.00 %"

    def test_no_close_before(self):
        claims = claim("largest_fall_since", since="2020-02")
        assert verdict(claims, prices([1, 1, 1, 1, 1]), "2020-03-30")["verdict"] == "not_checkable"

    def test_given_returns_are_compounded_and_missing_ones_counted(self):
        series = prices([-0.2, 0.1, np.nan, 0.1, -0.15], kind="returns")  # 80, 88, -, 96.8, 82.28
        row = verdict(claim("lowest_close_since", since="2020-03"), series)
        assert row["verdict"] == "confirmed"
        assert row["decided_by"].startswith("last lower close on 2020-03-30, 2.77 % lower")
        assert "1 missing" in row["decided_by"]
        fall = verdict(claim("largest_fall_since", since="2020-03"), series)
        assert (fall["verdict"], fall["measured"]) == ("confirmed", -0.15)


class TestNotCheckable:
    def test_no_day_zero_no_prices_no_price_that_day(self):
        claims = claim("close_return", "-5%", "is")
        zero = {("A", "X"): np.datetime64("2020-04-03")}
        for zeros, series, said in [
            ({}, {"X": prices([1] * 5)}, "no day zero"),
            ({("A", "X"): np.datetime64("NaT")}, {"X": prices([1] * 5)}, "no day zero"),
            (zero, {}, "no prices of X"),
            (zero, {"X": prices([1, 1, 1, 1, np.nan])}, "no price of X on 2020-04-03"),
            ({("A", "X"): np.datetime64("2020-05-01")}, {"X": prices([1] * 5)}, "no price of X on"),
        ]:
            row = judge(claims, zeros, series).iloc[0]
            assert row["verdict"] == "not_checkable"
            assert said in row["decided_by"]
            assert np.isnan(row["measured"])

    def test_a_day_zero_of_any_unit(self):
        zero = np.datetime64("2020-04-03T00:00:00", "ns")
        series = prices([1, 1, 1, 100, 95])
        row = judge(claim("close_return", "-5%", "is"), {("A", "X"): zero}, {"X": series}).iloc[0]
        assert row["verdict"] == "confirmed"

    def test_no_claims(self):
        result = judge(claim().iloc[:0], {}, {})
        assert tuple(result) == RESULT
        assert len(result) == 0
        assert result["measured"].dtype == float


def test_claims_are_held_against_closes_as_they_were_traded():
    """A dividend of 3 lies between the old low and the day: adjusted, the old low is the lower."""
    dates = np.arange("2024-01-02", "2024-01-09", dtype="datetime64[D]")
    closes = np.array([80.0, 92.0, 95.0, 92.5, 92.3, 91.5, 91.0])
    before = np.arange(7) < 3
    adjusted = np.where(before, closes * (1 - 3 / 95), closes)
    opens = np.where(np.arange(7) == 3, 93.0, np.nan)
    claims = pd.DataFrame(
        [
            ("A", "lowest_close_since", "", "", "2024-01-02"),
            ("B", "close_return", "-2.63%", "is", ""),
            ("B", "overnight_gap", "-2.1%", "is", ""),
        ],
        columns=["event_id", "measure", "quoted", "comparison", "since"],
    ).assign(ticker="AAA", text="", source="")
    zeros = {("A", "AAA"): dates[5], ("B", "AAA"): dates[3]}

    def verdicts(**traded):
        series = PriceSeries("AAA", dates, adjusted, "prices", "x", opens=opens, **traded)
        return judge(claims, zeros, {"AAA": series})["verdict"].tolist()

    assert verdicts(closes=closes) == ["confirmed"] * 3
    # An open is on the scale of the adjusted closes, and so brought back with them.
    series = PriceSeries("AAA", dates, adjusted, "prices", "x", opens=opens, closes=closes)
    gap = judge(claims, {("B", "AAA"): dates[2], ("A", "AAA"): dates[5]}, {"AAA": series})
    assert gap["verdict"].iloc[2] == "not_checkable"  # no open on that day
    early = PriceSeries("AAA", dates, adjusted, "prices", "x", opens=adjusted * 0.99, closes=closes)
    told = judge(claims.iloc[2:], {("B", "AAA"): dates[2]}, {"AAA": early})
    assert told["measured"].iloc[0] == pytest.approx(95.0 * 0.99 / 92.0 - 1)
    assert verdicts() == ["not_confirmed"] * 3
    # Closes that lack a split are none that the press would quote.
    assert verdicts(closes=np.where(before, 2 * closes, closes)) == verdicts()
