"""What Yahoo does on bad days: each fault alone, in sequence, and for ever."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fake_yahoo import FakeYahoo
from yahoo_charts import rows

from eventstudy.errors import NetworkError, NoDataError, PricesError, RateLimitError, SourceError
from eventstudy.sources import YahooPrices

START, END = date(2020, 1, 2), date(2020, 12, 31)
QUICK = YahooPrices(attempts=3, pause=0.01, deadline=20)


def failure(source: YahooPrices, ticker: str = "MU") -> PricesError:
    return source.load([ticker], START, END).failures[ticker]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("429", RateLimitError, "HTTP 429"),
        ("999", RateLimitError, "HTTP 999"),
        ("500", SourceError, "HTTP 500"),
        ("502", SourceError, "HTTP 502"),
        ("401", SourceError, "HTTP 401"),
        ("html", SourceError, "a web page"),
        ("truncate", SourceError, "breaks off"),
        ("cut", SourceError, "breaks off"),
        ("empty", SourceError, "makes no sense"),
        ("nonsense", SourceError, "cannot read"),
        ("reset", NetworkError, "was lost"),
    ],
)
def test_a_fault_for_ever_is_named_and_has_a_cure(
    yahoo: FakeYahoo, fault: str, kind: type[PricesError], words: str
) -> None:
    yahoo.fail("MU", fault, forever=True)
    error = failure(QUICK)
    assert type(error) is kind
    assert words in str(error)
    assert "Try again" in str(error) or "pip install" in str(error)
    requests_a_try = 2 if fault.isdigit() else 1
    assert yahoo.charts("MU") == 3 * requests_a_try


def test_no_figures_are_no_data_and_are_not_asked_for_again(yahoo: FakeYahoo) -> None:
    yahoo.fail("MU", "null", forever=True)
    assert type(failure(QUICK)) is NoDataError
    assert yahoo.charts() == 1


@pytest.mark.parametrize(
    "faults",
    [
        ("500",),
        ("500", "500"),
        ("429", "429"),
        ("429", "429", "429", "429"),
        ("html",),
        ("html", "truncate"),
        ("cut", "empty"),
        ("reset", "500", "500"),
        ("401", "502", "nonsense"),
    ],
)
def test_faults_that_pass_are_got_over(yahoo: FakeYahoo, faults: tuple[str, ...]) -> None:
    yahoo.fail("MU", *faults)
    quotes = QUICK.load(["MU"], START, END)
    assert not quotes.failures
    assert len(quotes.series["MU"].values) == 253
    assert quotes.series["MU"].notes == ()


def test_a_bad_answer_is_not_kept_for_the_next_call(yahoo: FakeYahoo) -> None:
    once = YahooPrices(attempts=1)
    yahoo.fail("MU", "500", "500", "html")
    assert type(failure(once)) is SourceError
    assert type(failure(once)) is SourceError
    assert "MU" in once.load(["MU"], START, END).series


def test_a_hang_ends_at_the_deadline(yahoo: FakeYahoo) -> None:
    yahoo.fail("MU", "hang", forever=True)
    began = time.monotonic()
    error = failure(YahooPrices(deadline=1.5))
    assert time.monotonic() - began < 2.5
    assert type(error) is NetworkError
    assert "1.5 seconds" in str(error) or "in time" in str(error)


def test_a_body_that_comes_in_drops_ends_at_the_deadline(yahoo: FakeYahoo) -> None:
    yahoo.fail("MU", "drip", forever=True)
    began = time.monotonic()
    assert type(failure(YahooPrices(deadline=1.5))) is NetworkError
    assert time.monotonic() - began < 2.5


def test_what_came_before_the_deadline_is_given(yahoo: FakeYahoo) -> None:
    yahoo.fail("AMAT", "hang", forever=True)
    quotes = YahooPrices(deadline=2).load(["MU", "AMAT", "QCOM"], START, END)
    assert list(quotes.series) == ["MU", "QCOM"]
    assert list(quotes.failures) == ["AMAT"]


def test_a_hang_is_tried_twice(yahoo: FakeYahoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventstudy.sources.yahoo_answers.CONNECTING", 0.3)
    monkeypatch.setattr("eventstudy.sources.yahoo_answers.ANSWERING", 0.3)
    yahoo.fail("MU", "hang", forever=True)
    assert "does not answer in time" in str(failure(YahooPrices(pause=0.01)))
    assert yahoo.charts() == 2
    yahoo.lasting.clear()
    yahoo.fail("MU", "hang")
    assert "MU" in YahooPrices(pause=0.01).load(["MU"], START, END).series


def test_waiting_does_not_begin_when_it_cannot_end_in_time(yahoo: FakeYahoo) -> None:
    yahoo.fail("MU", "429", forever=True)
    began = time.monotonic()
    error = failure(YahooPrices(deadline=5, pause=60))
    assert type(error) is RateLimitError
    assert time.monotonic() - began < 3


def test_after_five_lost_in_a_row_the_others_are_not_asked_for(yahoo: FakeYahoo) -> None:
    tickers = ["MU", "QCOM", "AMAT", "NVDA", "AXTI", "AMBA", "ACWI", "^GSPC", "^HSI", "^SOX"]
    for ticker in tickers:
        yahoo.fail(ticker, "429", forever=True)
    quotes = YahooPrices(attempts=1, workers=1).load(tickers, START, END)
    assert {type(error) for error in quotes.failures.values()} == {RateLimitError}
    assert "not asked for" in str(quotes.failures["^SOX"])
    assert yahoo.charts() == 10


def test_damaged_cookies_of_yfinance_are_named(yahoo: FakeYahoo, tmp_path: Path) -> None:
    folder = tmp_path / "yfinance"
    folder.mkdir()
    (folder / "cookies.db").write_bytes(b"x" * 5000)
    failures = YahooPrices().load(["MU", "QCOM"], START, END).failures
    assert {type(error) for error in failures.values()} == {SourceError}
    assert "Delete the folder py-yfinance" in str(failures["QCOM"])
    assert not yahoo.charts()


ODD = (None, "", [], {}, -1, 0, 1e308, float("nan"), "Asia/Tokyo", 10**30, True, [[]], "2020")


def spoil(body: Any, chance: random.Random) -> Any:
    """Change one place of a body: left out, something else, or a list of another length."""
    inside, key = {"whole": body}, "whole"
    while (there := inside[key]) and isinstance(there, dict | list) and chance.random() < 0.9:
        keys = list(there) if isinstance(there, dict) else range(len(there))
        inside, key = there, chance.choice(keys)
    if isinstance(inside[key], list) and chance.random() < 0.5:
        del inside[key][: chance.randint(1, 3)]
    elif chance.random() < 0.3 and inside is not body:
        del inside[key]
    else:
        inside[key] = chance.choice(ODD)
    return body


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_is_a_series_or_an_error_of_the_package(
    yahoo: FakeYahoo, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance, body = random.Random(seed), yahoo.body
    monkeypatch.setattr(yahoo, "body", lambda *asked: spoil(body(*asked), chance))
    paid = {date(2020, 9, 10): 1.0}
    for number in range(8):
        yahoo.rows[f"X{number}"] = replace(rows("MU"), dividends=paid, splits=paid)
    source = YahooPrices(attempts=1, workers=1)
    quotes = source.load(list(yahoo.rows), date(2020, 8, 31), date(2020, 10, 30))
    assert len(quotes.series) + len(quotes.failures) == 8
    assert all(isinstance(error, PricesError) for error in quotes.failures.values())


LOADING = """
from datetime import date
from eventstudy.sources import YahooPrices
tickers = ["MU", "QCOM", "AMAT", "NVDA", "AXTI"]
YahooPrices().load(tickers, date(2020, 1, 2), date(2020, 12, 31))
"""


@pytest.mark.parametrize("hanging", ["all", "one", "none"])
def test_an_interrupt_ends_within_a_second(yahoo: FakeYahoo, tmp_path: Path, hanging: str) -> None:
    for ticker in {"all": ["MU"], "one": ["AMAT"], "none": []}[hanging]:
        yahoo.fail(ticker, "hang", forever=True)
    program = subprocess.Popen(
        [sys.executable, "-c", LOADING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        while not yahoo.charts():
            time.sleep(0.005)
        if hanging == "one":
            time.sleep(0.5)
        program.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, said = program.communicate(timeout=20)
    finally:
        program.kill()
    assert time.monotonic() - began < 1.5  # a second, and some for a busy machine
    assert "KeyboardInterrupt" in said
    assert "terminate" not in said
    assert "Fatal" not in said
    assert program.returncode in (1, 130, -signal.SIGINT)
