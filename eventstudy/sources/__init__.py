"""Where prices come from: the protocol, and the sources that the package brings."""

from __future__ import annotations

from eventstudy.sources.auto import AutoPrices
from eventstudy.sources.base import MemoryPrices, PriceSource, Quotes
from eventstudy.sources.cache import CachedPrices
from eventstudy.sources.files import FilePrices
from eventstudy.sources.snapshot import SnapshotPrices
from eventstudy.sources.yahoo import YahooPrices

Panel = MemoryPrices
"""The public name of a panel of many securities; :class:`MemoryPrices` is the same class."""

__all__ = [
    "AutoPrices",
    "CachedPrices",
    "FilePrices",
    "MemoryPrices",
    "Panel",
    "PriceSource",
    "Quotes",
    "SnapshotPrices",
    "YahooPrices",
]
