"""Event studies of market impact.

>>> import eventstudy as es
>>> es.Study(windows=[(0, 1)]).model.title
'market model'

Every name is imported when it is first asked for, so that ``import eventstudy`` costs next to
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str

    from eventstudy.claims import read_claims
    from eventstudy.comparison import compare
    from eventstudy.errors import EventStudyError
    from eventstudy.events import Events, read_events
    from eventstudy.factors import FactorTable, read_factors
    from eventstudy.models import (
        CAPM,
        FF3,
        FF5,
        Carhart,
        ConstantMean,
        Dimson,
        EGarch,
        FactorModel,
        Garch,
        Huber,
        MarketAdjusted,
        MarketModel,
        Peers,
        ScholesWilliams,
        SyntheticControl,
        TheilSen,
    )
    from eventstudy.panel import PriceSeries
    from eventstudy.result import StudyResult, load
    from eventstudy.simulate.power import power
    from eventstudy.simulate.power_result import PowerResult
    from eventstudy.sources import (
        AutoPrices,
        CachedPrices,
        FilePrices,
        MemoryPrices,
        Panel,
        PriceSource,
        Quotes,
        SnapshotPrices,
        YahooPrices,
    )
    from eventstudy.specifications import Robustness, robustness
    from eventstudy.study import Study
    from eventstudy.windows import Window

_NAMES = {
    "claims": ("read_claims",),
    "comparison": ("compare",),
    "errors": ("EventStudyError",),
    "events": ("Events", "read_events"),
    "factors": ("FactorTable", "read_factors"),
    "models": (
        "CAPM",
        "FF3",
        "FF5",
        "Carhart",
        "ConstantMean",
        "Dimson",
        "EGarch",
        "FactorModel",
        "Garch",
        "Huber",
        "MarketAdjusted",
        "MarketModel",
        "Peers",
        "ScholesWilliams",
        "SyntheticControl",
        "TheilSen",
    ),
    "panel": ("PriceSeries",),
    "result": ("StudyResult", "load"),
    "simulate.power": ("power",),
    "simulate.power_result": ("PowerResult",),
    "sources": (
        "AutoPrices",
        "CachedPrices",
        "FilePrices",
        "MemoryPrices",
        "Panel",
        "PriceSource",
        "Quotes",
        "SnapshotPrices",
        "YahooPrices",
    ),
    "specifications": ("Robustness", "robustness"),
    "study": ("Study",),
    "windows": ("Window",),
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}

__all__ = [  # noqa: RUF022 -- by the alphabet alone
    "AutoPrices",
    "CAPM",
    "CachedPrices",
    "Carhart",
    "ConstantMean",
    "Dimson",
    "EGarch",
    "EventStudyError",
    "Events",
    "FF3",
    "FF5",
    "FactorModel",
    "FactorTable",
    "FilePrices",
    "Garch",
    "Huber",
    "MarketAdjusted",
    "MarketModel",
    "MemoryPrices",
    "Panel",
    "Peers",
    "PowerResult",
    "PriceSeries",
    "PriceSource",
    "Quotes",
    "Robustness",
    "ScholesWilliams",
    "SnapshotPrices",
    "Study",
    "StudyResult",
    "SyntheticControl",
    "TheilSen",
    "Window",
    "YahooPrices",
    "__version__",
    "compare",
    "load",
    "power",
    "read_claims",
    "read_events",
    "read_factors",
    "robustness",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        value = version("eventstudy")
    elif name in _HOMES:
        value = getattr(import_module(f"eventstudy.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'eventstudy' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
