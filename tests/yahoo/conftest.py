from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_yahoo import FakeYahoo


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeYahoo]:
    server = FakeYahoo(tmp_path_factory.mktemp("yahoo"))
    yield server
    server.close()


@pytest.fixture
def yahoo(
    _server: FakeYahoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeYahoo]:
    """A Yahoo that is well, and that this process reaches, with no cookie and no cache."""
    import yfinance
    from yfinance import cache, data

    from eventstudy.sources import yahoo as source

    _server.reset()
    for name, value in _server.environment(tmp_path / "caches").items():
        monkeypatch.setenv(name, value)
    data.SingletonMeta._instances.clear()
    data.YfData.cache_get.cache_clear()
    cache.set_cache_location(str(tmp_path / "yfinance"))
    for manager in ("_TzCacheManager._tz_cache", "_CookieCacheManager._Cookie_cache"):
        owner, attribute = manager.split(".")
        monkeypatch.setattr(getattr(cache, owner), attribute, None)
    monkeypatch.setattr(source, "_cookies", None)
    yield _server
    assert yfinance.config.debug.hide_exceptions is True
