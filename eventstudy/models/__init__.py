"""Expected-return models, by name."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

from eventstudy.errors import StudyError
from eventstudy.models.base import Fit, Model
from eventstudy.models.constant_mean import ConstantMean
from eventstudy.models.dimson import Dimson
from eventstudy.models.factor import CAPM, FF3, FF5, Carhart, FactorModel
from eventstudy.models.garch import EGarch, Garch
from eventstudy.models.market import MarketModel
from eventstudy.models.market_adjusted import MarketAdjusted
from eventstudy.models.peers import Peers
from eventstudy.models.robust import Huber, TheilSen
from eventstudy.models.scholes_williams import ScholesWilliams
from eventstudy.models.synthetic_control import SyntheticControl

__all__ = [
    "CAPM",
    "FF3",
    "FF5",
    "MODELS",
    "Carhart",
    "ConstantMean",
    "Dimson",
    "EGarch",
    "FactorModel",
    "Fit",
    "Garch",
    "Huber",
    "MarketAdjusted",
    "MarketModel",
    "Model",
    "Peers",
    "ScholesWilliams",
    "SyntheticControl",
    "TheilSen",
    "describe_model",
    "model_named",
    "model_of",
    "name_of",
    "settings_of",
]

MODELS: dict[str, type[Model]] = {
    kind.name: kind
    for kind in (
        ConstantMean,
        MarketAdjusted,
        MarketModel,
        CAPM,
        FF3,
        Carhart,
        FF5,
        FactorModel,
        ScholesWilliams,
        Dimson,
        Huber,
        TheilSen,
        Garch,
        EGarch,
        Peers,
        SyntheticControl,
    )
}

_NAMED = 6

Settings = str | Mapping[str, Any]
"""A model in a specification: its name, or a table with ``name`` and its options."""


def model_named(name: str, **options: Any) -> Model:
    """Make the model of a name.

    Parameters
    ----------
    name : str
        A key of `MODELS`.
    **options
        Those of the model's class.

    Raises
    ------
    StudyError
        Where there is no such model or option; the nearest names are proposed.

    Examples
    --------
    >>> model_named("market").title
    'market model'
    >>> model_named("dimson", leads=0)
    Dimson(leads=0, lags=1)
    """
    if name not in MODELS:
        near = difflib.get_close_matches(name, MODELS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise StudyError(f"no model {name!r}.{hint} The models are {', '.join(MODELS)}")
    known = list(inspect.signature(MODELS[name]).parameters)
    unknown = [option for option in options if option not in known]
    if unknown:
        has = f"Its options are {', '.join(known)}" if known else "It has none"
        raise StudyError(f"the model {name} has no option {unknown[0]!r}. {has}")
    return MODELS[name](**options)


def model_of(settings: Settings) -> Model:
    """Make the model that a specification names.

    Raises
    ------
    StudyError
        As :func:`model_named`, or where the specification has no name.
    """
    if isinstance(settings, str):
        return model_named(settings)
    options = dict(settings)
    name = options.pop("name", None)
    if not isinstance(name, str):
        raise StudyError('the table of the model has no name. Add one, as in name = "dimson"')
    try:
        return model_named(name, **options)
    except (TypeError, ValueError, AttributeError) as error:
        raise StudyError(f"an option of the model {name} cannot be used: {error}") from error


def settings_of(model: Model) -> str | dict[str, Any]:
    """Write a model for a specification: its name, with its options where it has any.

    Examples
    --------
    >>> settings_of(Dimson()), settings_of(Dimson(leads=0))
    ('dimson', {'name': 'dimson', 'leads': 0})
    """
    options = model.options
    return {"name": model.name, **options} if options else model.name


def name_of(settings: Settings) -> str:
    """Name of the model in a specification."""
    return settings if isinstance(settings, str) else str(settings["name"])


def describe_model(settings: Settings) -> str:
    """Title of the model in a specification, and its options in words.

    Examples
    --------
    >>> describe_model({"name": "factors", "factors": ["^GSPC", "^SOX"]})
    'factor model (factors ^GSPC, ^SOX)'
    """
    name = name_of(settings)
    title = MODELS[name].title if name in MODELS else name
    if isinstance(settings, str):
        return title
    words = [
        f"{option.replace('_', ' ')} {_worded(value)}"
        for option, value in settings.items()
        if option != "name"
    ]
    return f"{title} ({'; '.join(words)})" if words else title


def _worded(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{', '.join(value.get('frame', ()))} from a frame"
    if isinstance(value, list | tuple):
        named = ", ".join(_file_name(str(one)) for one in value[:_NAMED])
        rest = len(value) - _NAMED
        return f"{named} and {rest} more" if rest > 0 else named
    return _file_name(str(value))


def _file_name(text: str) -> str:
    return text.replace("\\", "/").rsplit("/", 1)[-1]
