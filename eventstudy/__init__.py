"""Event studies of market impact.

>>> import eventstudy as es
>>> es.Study(windows=[(0, 1)]).model.title
'market model'
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

__version__ = version("eventstudy")

if TYPE_CHECKING:
    from eventstudy.claims import read_claims
    from eventstudy.errors import EventStudyError
    from eventstudy.events import Events, read_events
    from eventstudy.models import ConstantMean, MarketAdjusted, MarketModel
    from eventstudy.result import StudyResult, load
    from eventstudy.sources import FilePrices, MemoryPrices, PriceSource, SnapshotPrices
    from eventstudy.study import Study
    from eventstudy.windows import Window

_HOME = {
    "read_claims": "claims",
    "EventStudyError": "errors",
    "Events": "events",
    "read_events": "events",
    "ConstantMean": "models",
    "MarketAdjusted": "models",
    "MarketModel": "models",
    "StudyResult": "result",
    "load": "result",
    "FilePrices": "sources",
    "MemoryPrices": "sources",
    "PriceSource": "sources",
    "SnapshotPrices": "sources",
    "Study": "study",
    "Window": "windows",
}

__all__ = [
    "ConstantMean",
    "EventStudyError",
    "Events",
    "FilePrices",
    "MarketAdjusted",
    "MarketModel",
    "MemoryPrices",
    "PriceSource",
    "SnapshotPrices",
    "Study",
    "StudyResult",
    "Window",
    "__version__",
    "load",
    "read_claims",
    "read_events",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name in _HOME:
        value = getattr(import_module(f"eventstudy.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'eventstudy' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
