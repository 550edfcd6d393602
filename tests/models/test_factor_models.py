"""Models of several factors against statsmodels, and what happens where factors are missing."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from markets import ZERO, factors, returns, run

import eventstudy as es
from eventstudy.errors import FactorsError, PricesError, StudyError
from eventstudy.models import MODELS, describe_model, model_named, model_of, settings_of

ESTIMATION = slice(ZERO - 130, ZERO - 10)
COLUMNS = {
    es.CAPM: ["Mkt-RF"],
    es.FF3: ["Mkt-RF", "SMB", "HML"],
    es.Carhart: ["Mkt-RF", "SMB", "HML", "Mom"],
    es.FF5: ["Mkt-RF", "SMB", "HML", "RMW", "CMA"],
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_named_model_is_statsmodels_on_returns_less_the_riskless_one(kind):
    frame, given = returns(), factors()
    found = run(frame, kind(given))
    fit = found.fits.iloc[0]
    y = (frame["S0"] - given["RF"]).iloc[ESTIMATION]
    x = sm.add_constant(given[COLUMNS[kind]].iloc[ESTIMATION])
    want = sm.OLS(y, x).fit()
    np.testing.assert_allclose(fit[["alpha", *COLUMNS[kind]]].astype(float), want.params, rtol=1e-9)
    assert fit["sigma"] == pytest.approx(np.sqrt(want.scale), rel=1e-11)
    assert fit["r2"] == pytest.approx(want.rsquared, rel=1e-10)
    assert fit["dof"] == want.df_resid == 120 - 1 - len(COLUMNS[kind])
    window = slice(ZERO - 1, ZERO + 2)
    ahead = sm.add_constant(given[COLUMNS[kind]].iloc[window]).to_numpy()
    expected = ahead @ want.params.to_numpy() + given["RF"].iloc[window].to_numpy()
    effect = found.events[found.events["window"] == "(-1, 1)"].iloc[0]
    own = frame["S0"].iloc[window].to_numpy()
    assert effect["car"] == pytest.approx((own - expected).sum(), rel=1e-10)
    total = ahead.sum(axis=0)
    variance = want.scale * 3 + total @ want.cov_params().to_numpy() @ total
    assert effect["se"] == pytest.approx(np.sqrt(variance), rel=1e-10)
    assert effect["bhar"] == pytest.approx(np.prod(1 + own) - np.prod(1 + expected), rel=1e-9)


def test_momentum_joins_five_factors():
    found = run(returns(), es.FF5(factors(), momentum=True))
    assert found.fits.loc[0, "dof"] == 120 - 7
    assert "Mom" in found.fits


def test_columns_and_the_riskless_return_can_be_chosen():
    given = factors().rename(columns={"RF": "cash"})
    model = es.FactorModel(given, columns=["SMB", "Mkt-RF"], riskfree="cash")
    assert model.factors == ("SMB", "Mkt-RF", "cash")
    other = run(returns(), es.FactorModel(factors(), columns=["Mkt-RF", "SMB"]))
    mine = run(returns(), model)
    np.testing.assert_allclose(mine.events["car"], other.events["car"], rtol=1e-12)
    assert es.FactorModel(factors(), riskfree="").parameters == 8  # RF is then a factor as others
    assert es.FactorModel(factors()).parameters == 7


def test_tickers_are_factors_from_the_source_of_the_prices():
    frame, given = returns(), factors()
    both = frame.assign(FAC=given["SMB"])
    found = run(both, es.FactorModel(["MKT", "FAC"]))
    want = sm.OLS(
        both["S0"].iloc[ESTIMATION], sm.add_constant(both[["MKT", "FAC"]].iloc[ESTIMATION])
    ).fit()
    np.testing.assert_allclose(
        found.fits.loc[0, ["alpha", "MKT", "FAC"]].astype(float), want.params, rtol=1e-9
    )
    assert found.sources.set_index("ticker")["role"].to_dict() == {
        "S0": "security",
        "MKT": "factor",
        "FAC": "factor",
    }
    assert (found.events["benchmark"] == "").all()
    mixed = run(both, es.FactorModel([given[["HML", "RF"]], "MKT"]))
    assert {"HML", "MKT"} <= set(mixed.fits)


def test_a_factor_ticker_that_the_source_lacks():
    with pytest.raises(PricesError, match=r"factor: .*NOPE"):
        run(returns(), es.FactorModel(["MKT", "NOPE"]))


def test_a_security_that_is_its_own_factor_is_dropped_with_the_reason():
    found = run(returns(), es.FactorModel(["S0", "MKT"]), tickers=("S0", "S1"))
    assert found.dropped["ticker"].tolist() == ["S0"]
    assert "itself a factor" in found.dropped.loc[0, "reason"]


@pytest.mark.parametrize("calendar", ["data", "exchange"])
@pytest.mark.parametrize("model", [es.CAPM, es.FF3, es.FF5])
def test_a_security_may_have_the_name_of_a_factor(model, calendar):
    """RF is Regions Financial and CMA Comerica, besides what Ken French's columns are called."""
    own = returns(sessions=170)
    own = own.loc[own.index.intersection(es_calendar("XNYS", 2020).sessions)]
    given = factors(sessions=170).loc[own.index]
    both = own.rename(columns={"S1": "RF"}).assign(CMA=own["S1"])
    found = run(both, model(given), tickers=("RF", "CMA"), calendar=calendar)
    alone = run(own, model(given), tickers=("S1",), calendar=calendar)
    assert found.dropped.empty
    cars = found.events["car"].to_numpy().reshape(2, -1)
    np.testing.assert_array_equal(cars[0], cars[1])
    np.testing.assert_array_equal(cars[0], alone.events["car"])
    roles = found.sources[found.sources["ticker"] == "RF"].set_index("role")
    assert roles.loc["security", "source"] != roles.loc["factor", "source"] == "factor frame"


def test_a_factor_column_with_the_name_of_a_benchmark():
    named = factors().rename(columns={"SMB": "MKT"})
    with pytest.raises(StudyError, match="MKT has the name of a benchmark"):
        run(returns(), es.FactorModel([named, "benchmark"]))


def test_a_ticker_may_be_spelled_benchmark_as_models_spell_each_events_own():
    frame = returns().assign(benchmark=returns()["S1"])
    found = run(frame, es.MarketModel(), tickers=("S1", "benchmark"))
    assert found.dropped.empty
    cars = found.events["car"].to_numpy().reshape(2, -1)
    np.testing.assert_array_equal(cars[0], cars[1])


def test_a_factor_not_published_for_a_session_is_missing_there():
    frame, given = returns(), factors()
    given.iloc[ZERO, 1] = np.nan  # SMB on day zero
    given.iloc[ZERO - 50, 2] = np.nan  # HML within the estimation window
    found = run(frame, es.FF3(given.drop(index=given.index[ZERO - 60])))  # and one day unpublished
    assert found.fits.loc[0, "n_obs"] == 118
    day = found.days.set_index("day")["ar"]
    assert np.isnan(day[0])
    assert np.isfinite(day[1])
    effect = found.events.set_index("window")
    assert np.isnan(effect.loc["(0, 0)", "car"])
    assert effect.loc["(-1, 1)", "n_days"] == 2


def test_factors_that_end_before_the_event_say_so():
    given = factors().iloc[: ZERO - 8]
    found = run(returns(), es.FF3(given))
    reason = found.dropped.loc[0, "reason"]
    assert "no abnormal return" in reason
    assert "SMB on 11" in reason


def test_too_few_days_with_factors_name_the_factor():
    given = factors()
    given.iloc[: ZERO - 60, 2] = np.nan
    found = run(returns(), es.FF3(given))
    assert "50 usable days of 120" in found.dropped.loc[0, "reason"]
    assert "HML on 70" in found.dropped.loc[0, "reason"]


@pytest.mark.parametrize("twin", [
    lambda frame: frame["Mkt-RF"] * 2 + frame["SMB"],
    lambda frame: frame["RF"] * 0 + 0.001,
])  # fmt: skip
def test_singular_factors_drop_the_event(twin):
    given = factors()
    given["twin"] = twin(given)
    found = run(returns(), es.FactorModel(given))
    assert "repeat each other" in found.dropped.loc[0, "reason"]
    assert found.events.empty


@pytest.mark.parametrize("decimals", [6, 8, 9, 10, 11, 12])
def test_factors_that_nearly_repeat_each_other_have_a_right_error_or_none(decimals):
    """One index twice, once rounded: their difference, scaled, spans the same space in comfort."""
    frame = returns()
    market = frame["MKT"]
    twice = pd.DataFrame({"A": market, "B": market.round(decimals)})
    plain = twice.assign(B=(twice["B"] - twice["A"]) * 10.0 ** (decimals - 2))
    found = run(frame, es.FactorModel(twice))
    want = run(frame, es.FactorModel(plain))
    if found.dropped.empty:
        np.testing.assert_allclose(found.events["se"], want.events["se"], rtol=1e-4)
    else:
        assert "repeat each other" in found.dropped.loc[0, "reason"]
    assert found.dropped.empty == (decimals < 9)


def test_a_return_over_several_sessions_meets_compounded_factors():
    frame, given = returns(), factors()
    prices = 100 * (1 + frame).cumprod()
    prices.iloc[ZERO - 2 : ZERO, 0] = np.nan  # a halt of two sessions before day zero
    found = run(prices, es.FF3(given), kind="prices")
    day = found.days[found.days["day"] == 0].iloc[0]
    assert day["spans"] == 3
    window = slice(ZERO - 2, ZERO + 1)
    fit = found.fits.iloc[0]
    grown = (1 + given.iloc[window]).prod() - 1
    want = (
        3 * fit["alpha"]
        + grown["RF"]
        + sum(fit[name] * grown[name] for name in ("Mkt-RF", "SMB", "HML"))
    )
    assert day["expected"] == pytest.approx(want, rel=1e-11)


def test_factors_keep_their_own_exchange_and_are_aligned_by_closes():
    """A Hong Kong share on New York factors: New York's day before."""
    rng = np.random.default_rng(3)
    york = es_calendar("XNYS")
    kong = es_calendar("XHKG")
    given = pd.DataFrame({"F": rng.normal(0, 0.01, len(york.sessions))}, index=york.sessions)
    share = pd.DataFrame({"1111.HK": rng.normal(0, 0.01, len(kong.sessions))}, index=kong.sessions)
    zero = int(kong.index_of(np.array(["2021-07-06"], "datetime64[D]"))[0])
    events = pd.DataFrame({"event_id": ["E"], "ticker": ["1111.HK"], "date": ["2021-07-06"]})
    study = es.Study(model=es.FactorModel(given), estimation=(-100, -11), event=(-2, 2))
    found = study.run(es.Events.from_frame(events), prices=es.MemoryPrices.from_returns(share))
    # New York was closed on Monday 5 July 2021: nothing closed before Hong Kong's Tuesday close.
    assert bool(found.events.loc[0, "benchmark_closed"])
    window = np.arange(zero - 100, zero - 10)
    upto = np.searchsorted(york.closes, kong.closes, side="right")
    met = [np.prod(1 + given["F"].to_numpy()[upto[s - 1] : upto[s]]) - 1 for s in window]
    want = sm.OLS(share["1111.HK"].to_numpy()[window], sm.add_constant(np.array(met))).fit()
    assert found.fits.loc[0, "F"] == pytest.approx(want.params[1], rel=1e-9)


def es_calendar(mic, year=2021):
    from eventstudy.calendars import exchange_calendar

    return exchange_calendar(mic, f"{year}-01-01", f"{year}-12-31")


def test_a_factor_on_a_day_that_is_no_session_of_its_exchange():
    given = pd.DataFrame(
        {"F": [0.01, 0.02, 0.01]}, index=pd.to_datetime(["2021-07-02", "2021-07-05", "2021-07-06"])
    )
    share = pd.DataFrame({"AAA": 0.01}, index=es_calendar("XNYS").sessions)
    events = pd.DataFrame({"event_id": ["E"], "ticker": ["AAA"], "date": ["2021-07-06"]})
    study = es.Study(model=es.FactorModel(given), estimation=(-100, -11), event=(-2, 2))
    with pytest.raises(es.EventStudyError, match="2021-07-05"):
        study.run(es.Events.from_frame(events), prices=es.MemoryPrices.from_returns(share))


@pytest.mark.parametrize(("make", "words"), [
    (es.FF3, "needs factors with Mkt-RF, SMB, HML"),
    (lambda: es.FF3(factors()[["Mkt-RF", "SMB"]]), "needs HML, RF"),
    (lambda: es.CAPM(["^GSPC"]), "needs Mkt-RF, RF"),
    (lambda: es.FactorModel(factors()[["RF"]]), "no factor beside"),
    (lambda: es.FactorModel(factors(), columns=["Size"]), "needs Size"),
    (lambda: es.FactorModel(factors().rename(columns={"SMB": "sigma"})), "cannot be called sigma"),
    (lambda: model_named("ff3"), "--factors"),
    (lambda: model_named("dimson", leeds=2), "no option 'leeds'. Its options are leads, lags"),
    (lambda: model_named("market", leads=2), "It has none"),
    (lambda: model_of({"leads": 1}), "has no name"),
    (lambda: model_of({"name": "dimson", "leads": "two"}), "leads 'two'"),
])  # fmt: skip
def test_models_that_cannot_be_made(make, words):
    with pytest.raises(StudyError, match=words):
        make()


def test_every_model_says_what_it_is():
    for name, kind in MODELS.items():
        assert kind.name == name
        assert kind.title
        assert "(" in kind.reference
        text = " ".join((kind.__doc__ or "").split())
        assert "References" in text, name
        assert "egrees of freedom" in text or "ormal reference" in text or "as for" in text, name


@pytest.mark.parametrize("name", MODELS)
def test_a_security_without_a_day_is_dropped_in_words_whatever_the_model(name):
    given = {"peers": ["S1", "S2", "MKT"], "synthetic_control": ["S1", "S2", "MKT"]}
    taking = "factors" in inspect.signature(MODELS[name]).parameters
    options = {"factors": given.get(name, factors())} if taking else {}
    frame = returns()
    frame.iloc[: ZERO - 5, 0] = np.nan
    found = run(frame, MODELS[name](**options), tickers=("S0", "S1"))
    assert found.dropped["ticker"].tolist() == ["S0"]
    assert found.dropped.loc[0, "reason"].startswith("0 usable days of 120")


def test_a_study_with_a_factor_file_comes_back_from_its_settings(tmp_path):
    path = tmp_path / "five.csv"
    factors().to_csv(path, index_label="date")
    study = es.Study(model=es.FF5(path, momentum=True), calendar="data")
    again = es.Study.from_spec(study.spec)
    assert again.spec == study.spec
    assert study.spec["model"] == {"name": "ff5", "factors": [str(path)], "momentum": True}
    np.testing.assert_array_equal(again.model.table.values, study.model.table.values)
    path.unlink()
    with pytest.raises(FactorsError, match="no such file"):
        es.Study.from_spec(study.spec)


def test_a_factor_frame_does_not_come_back_and_says_so():
    study = es.Study(model=es.FF3(factors()))
    with pytest.raises(StudyError, match=r"frame in memory \(Mkt-RF.*FF3\(factors=frame\)"):
        es.Study.from_spec(study.spec)


def test_settings_of_models_with_options():
    assert settings_of(es.MarketModel()) == "market"
    for model in (es.Dimson(leads=0), es.Huber(k=2.0), es.FactorModel(["^GSPC", "^SOX"])):
        settings = settings_of(model)
        again = model_of(settings)
        assert settings_of(again) == settings
        assert again == model
    assert describe_model(settings_of(es.Dimson(leads=0))) == "Dimson (leads 0)"


def test_provenance_names_factor_files_without_their_folders(tmp_path):
    path = tmp_path / "three.csv"
    factors().to_csv(path, index_label="date")
    found = run(returns(), es.FF3(path))
    assert len(found.provenance["inputs"]["three.csv"]) == 64
    assert found.provenance["settings"]["model"]["factors"] == ["three.csv"]
    memory = run(returns(), es.FF3(factors()))
    assert len(memory.provenance["inputs"]["factors (frame)"]) == 64


def test_a_run_with_factors_is_written_and_read_back(tmp_path):
    given = factors().rename(columns={"SMB": "-SMB"})  # a name that a spreadsheet would compute
    found = run(returns(), es.FactorModel(given[["Mkt-RF", "-SMB"]]), tickers=("S0", "S1"))
    again = es.load(found.save(tmp_path / "run"))
    pd.testing.assert_frame_equal(again.fits, found.fits, check_dtype=False)
    assert again.fits["-SMB"].dtype == "float64"
    assert "factor model" in str(again.findings().settings)


def test_portfolio_and_sur_hold_for_factor_models():
    """The portfolio of two is the model fitted to their mean."""
    frame, given = returns(), factors()
    found = run(frame, es.FF3(given), tickers=("S0", "S1"))
    tests = found.tests[(found.tests["group"] == "all") & (found.tests["window"] == "(0, 0)")]
    tests = tests.set_index("test")
    mean = frame.assign(S0=(frame["S0"] + frame["S1"]) / 2)
    one = run(mean, es.FF3(given)).events.iloc[0]
    assert tests.loc["portfolio", "statistic"] == pytest.approx(one["t"], rel=1e-9)
    assert tests.loc["sur_mean", "statistic"] == pytest.approx(one["t"], rel=1e-9)
