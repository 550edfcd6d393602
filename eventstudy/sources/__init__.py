"""Where prices come from: the protocol, and the sources that the package brings."""

from __future__ import annotations

from eventstudy.sources.base import MemoryPrices, PriceSource, Quotes
from eventstudy.sources.files import FilePrices
from eventstudy.sources.snapshot import SnapshotPrices

__all__ = ["FilePrices", "MemoryPrices", "PriceSource", "Quotes", "SnapshotPrices"]
