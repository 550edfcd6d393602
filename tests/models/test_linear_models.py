"""The plain models: what they estimate, and what they expect."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.errors import StudyError
from eventstudy.models import MODELS, ConstantMean, MarketAdjusted, MarketModel, model_named
from eventstudy.models.base import forecast, forecast_runs


def draw(seed=0, events=4, days=60):
    rng = np.random.default_rng(seed)
    factor = rng.normal(0, 0.01, (events, days, 1))
    returns = 0.001 + 1.2 * factor[:, :, 0] + rng.normal(0, 0.02, (events, days))
    returns[0, :7] = np.nan
    factor[1, 10] = np.nan
    return returns, factor


def test_the_market_model_is_statsmodels():
    returns, factor = draw()
    fit = MarketModel().fit(returns, factor)
    assert fit.names == ("alpha", "beta")
    for event in range(4):
        there = np.isfinite(returns[event]) & np.isfinite(factor[event, :, 0])
        x = sm.add_constant(factor[event, there, 0])
        want = sm.OLS(returns[event, there], x).fit()
        np.testing.assert_allclose(fit.coefficients[event], want.params, rtol=1e-9)
        assert fit.sigma[event] == pytest.approx(math.sqrt(want.scale), rel=1e-12)
        assert fit.r2[event] == pytest.approx(want.rsquared, rel=1e-10)
        assert (fit.n_obs[event], fit.dof[event]) == (want.nobs, want.df_resid)
        covariance = fit.sigma[event] ** 2 * fit.unscaled[event]
        np.testing.assert_allclose(covariance, want.cov_params(), rtol=1e-9)


def test_the_constant_mean():
    returns, factor = draw()
    fit = ConstantMean().fit(returns, factor)
    np.testing.assert_allclose(fit.coefficients[:, 0], np.nanmean(returns, axis=1), rtol=1e-11)
    np.testing.assert_allclose(fit.sigma, np.nanstd(returns, axis=1, ddof=1), rtol=1e-12)
    assert fit.dof.tolist() == [52, 59, 59, 59]
    assert np.abs(fit.r2).max() < 1e-12


def test_market_adjusted_estimates_nothing_but_the_spread():
    returns, factor = draw()
    fit = MarketAdjusted().fit(returns, factor)
    gap = returns - factor[:, :, 0]
    np.testing.assert_allclose(fit.sigma, np.nanstd(gap, axis=1, ddof=1), rtol=1e-12)
    assert fit.dof.tolist() == [52, 58, 59, 59]
    assert fit.coefficients.shape == (4, 0)
    assert np.isnan(fit.r2).all()


@pytest.mark.parametrize("model", [ConstantMean(), MarketModel(), MarketAdjusted()])
def test_events_that_share_their_factors_are_forecast_together(model):
    returns, shared = draw(events=2)
    shared[0, 3] = np.nan
    bounds, run = [0, 3, 4], [0, 0, 0, 1]
    fit = model.fit(returns[[0, 1, 0, 1]] + [[0.0], [0.1], [0.2], [0.3]], shared[run])
    each = forecast(model, fit, shared[run])
    np.testing.assert_array_equal(forecast_runs(model, fit, shared, bounds), each)


@pytest.mark.parametrize(("model", "row"), [
    (ConstantMean(), [3.0]), (MarketModel(), [3.0, 0.05]), (MarketAdjusted(), []),
], ids=lambda value: getattr(value, "name", ""))  # fmt: skip
def test_the_design_row_of_three_sessions(model, row):
    """k for the constant, the factor as it was compounded."""
    factors, spans = np.array([[[0.05]]]), np.array([[3]])
    assert model.design(factors, spans)[0, 0].tolist() == row
    given = 0.05 if model.name == "market_adjusted" else 0.0
    assert model.offset(factors, spans)[0, 0] == given
    assert model.parameters == len(row)
    assert model.needs_benchmark == (model.name != "constant_mean")


def test_models_by_name():
    for name, kind in MODELS.items():
        assert kind.name == name
        if name in {"constant_mean", "market_adjusted", "market"}:
            assert isinstance(model_named(name), kind)
    with pytest.raises(StudyError, match=r"no model 'markt'\. Did you mean market"):
        model_named("markt")
    with pytest.raises(StudyError, match="The models are constant_mean"):
        model_named("zzz")


def test_models_are_plain_frozen_values():
    assert MarketModel() == MarketModel()
    assert len({MarketModel(), MarketModel(), ConstantMean()}) == 2
