"""The models that ``--model``, ``--models`` and ``--factors`` name."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import TYPE_CHECKING

from eventstudy.errors import StudyError

if TYPE_CHECKING:
    from eventstudy.models import Model
    from eventstudy.study import Study


def models_of(names: Sequence[str], factors: str | None) -> list[Model]:
    """Make models of these names; those that take factors have those of ``--factors``."""
    from eventstudy.models import model_named

    taking = _taking_factors()
    return [
        model_named(name, factors=_factors(factors))
        if factors is not None and name in taking
        else model_named(name)
        for name in names
    ]


def _taking_factors() -> list[str]:
    """Names of the models that take factors."""
    from eventstudy.models import MODELS

    return [one for one, kind in MODELS.items() if "factors" in signature(kind).parameters]


def _factors(given: str) -> list[str]:
    return [one.strip() for one in given.split(",") if one.strip()]


def named_model(study: Study, name: str | None, factors: str | None) -> Model:
    """Make the model that ``--model`` and ``--factors`` name."""
    from eventstudy.models import MODELS, FactorModel, model_named

    taking = _taking_factors()
    if name is None:
        own = study.expected_return.name
        name = own if own in taking else FactorModel.name
    if factors is None:
        return model_named(name)
    if name in MODELS and name not in taking:
        raise StudyError(
            f"the model {name} takes no factors. Leave --factors out, or choose one of "
            f"{', '.join(taking)}"
        )
    return model_named(name, factors=_factors(factors))
