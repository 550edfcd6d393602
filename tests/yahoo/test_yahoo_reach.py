"""A machine that knows no address of Yahoo's is told so at once, without the client."""

import subprocess
import sys
from datetime import date

from eventstudy.errors import NetworkError
from eventstudy.sources import YahooPrices
from eventstudy.sources.reach import nameless


def test_a_name_that_leads_nowhere_and_one_that_does(monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert nameless("no-such-host.invalid")
    assert not nameless("localhost")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert not nameless("no-such-host.invalid")  # the proxy may know it


def test_every_ticker_gets_the_reason_and_the_cure(monkeypatch):
    monkeypatch.setattr("eventstudy.sources.yahoo.HOST", "no-such-host.invalid")
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    quotes = YahooPrices().load(["MU", "QCOM"], date(2024, 1, 2), date(2024, 2, 2))
    assert not quotes.series
    assert set(quotes.failures) == {"MU", "QCOM"}
    for error in quotes.failures.values():
        assert isinstance(error, NetworkError)
        assert "--offline" in str(error)


def test_the_client_is_not_imported_for_it():
    code = (
        "import sys, datetime as d, eventstudy.sources.yahoo as y; y.HOST = 'no-such-host.invalid';"
        "y.YahooPrices().load(['MU'], d.date(2024, 1, 2), d.date(2024, 2, 2));"
        "print('yfinance' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PATH": ""}
    )
    assert answer.stdout.strip() == "False"
