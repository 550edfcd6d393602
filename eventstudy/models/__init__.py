"""Expected-return models, by name."""

from __future__ import annotations

import difflib

from eventstudy.errors import StudyError
from eventstudy.models.base import Fit, Model
from eventstudy.models.constant_mean import ConstantMean
from eventstudy.models.market import MarketModel
from eventstudy.models.market_adjusted import MarketAdjusted

__all__ = ["MODELS", "ConstantMean", "Fit", "MarketAdjusted", "MarketModel", "Model", "model_named"]

MODELS: dict[str, type[Model]] = {
    kind.name: kind for kind in (ConstantMean, MarketAdjusted, MarketModel)
}


def model_named(name: str) -> Model:
    """Make the model of a name, with its default options.

    Raises
    ------
    StudyError
        Where there is no such model; the nearest names are proposed.

    Examples
    --------
    >>> model_named("market").title
    'market model'
    """
    if name in MODELS:
        return MODELS[name]()
    near = difflib.get_close_matches(name, MODELS, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise StudyError(f"no model {name!r}.{hint} The models are {', '.join(MODELS)}")
