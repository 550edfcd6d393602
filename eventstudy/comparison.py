"""Several models on the same events, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.errors import StudyError
from eventstudy.models import Model, describe_model
from eventstudy.settings import check_given
from eventstudy.study import Study

if TYPE_CHECKING:
    from eventstudy.events import Events
    from eventstudy.sources import PriceSource

ModelLike = Model | str | Mapping[str, Any]
# Models that need nothing beyond a benchmark and the core packages.
USUAL = (
    *("constant_mean", "market_adjusted", "market", "dimson", "scholes_williams"),
    *("huber", "theil_sen"),
)


def _quiet(step: str) -> None:
    del step


def compare(
    study: Study,
    events: Events,
    prices: PriceSource,
    models: ModelLike | Sequence[ModelLike] = USUAL,
    *,
    progress: Callable[[str], None] = _quiet,
) -> pd.DataFrame:
    """Run a study once for each model, and measure how well each does.

    Parameters
    ----------
    study : Study
        Everything but the model.
    events : Events
        The events.
    prices : PriceSource
        Where prices come from.
    models : Model, str or mapping, or a sequence of them
        Models, names, or tables of ``name`` and options.
    progress : callable, optional
        Told of each model as it begins.

    Returns
    -------
    DataFrame
        One row an event, security and model, the models of one event together: model (its title
        and options), event_id, ticker, n_obs, r2, sigma, durbin_watson, arch_lm_pvalue,
        jarque_bera_pvalue (see :meth:`StudyResult.models`), prediction_error and r2_outside (see
        Notes), car (of the first window) and reason (why the model has no row of numbers there).

    Notes
    -----
    ``prediction_error`` is the root mean square error of forecasts of estimation days left out:
    five blocks of consecutive days, each forecast by the model fitted to the others; days of gap
    and event are not used. ``r2_outside`` is 1 less its square over that of the mean of the same
    days: above 0 a model forecasts better than a constant mean, and more parameters may lower it
    where they raise R2. A model earns its keep where it is highest; compare its mean by model over
    the events that all models could measure.

    Examples
    --------
    The mean by model, over the events that all of them could measure::

        table = es.compare(study, events, prices, ["constant_mean", "market", "dimson"])
        wide = table.pivot(
            index=["event_id", "ticker"], columns="model", values="r2_outside"
        )
        wide.dropna().mean()
    """
    from eventstudy.sources.once import Once

    check_given(events, prices)
    models = [models] if isinstance(models, str | Model | Mapping) else list(models)
    if not models:
        raise StudyError("there is no model to compare. Name one, as in ['market']")
    once = Once(prices)  # each series is asked for once, whatever the number of models
    parts: list[pd.DataFrame] = []
    for number, model in enumerate(models):
        one = replace(study, model=model, diagnostics=True, tests=(), placebo="never")
        title = describe_model(one.spec["model"])
        progress(title)
        result = one.run(events, prices=once)
        window = one.spec["windows"][0]
        effects = result.events[result.events["window"] == window]
        table = result.models().merge(
            effects[["event_id", "ticker", "car"]], how="left", on=["event_id", "ticker"]
        )
        dropped = result.dropped
        both = pd.concat([table.assign(reason=""), dropped], ignore_index=True)
        parts.append(both.assign(model=title, _place=number))
    whole = pd.concat(parts, ignore_index=True)
    order = pd.MultiIndex.from_frame(events.frame[["event_id", "ticker"]])
    pair = order.get_indexer(pd.MultiIndex.from_frame(whole[["event_id", "ticker"]]))
    whole = whole.iloc[np.lexsort((whole["_place"], pair))].reset_index(drop=True)
    columns = ["model", *(name for name in whole.columns if name not in ("model", "_place"))]
    return whole[columns]
