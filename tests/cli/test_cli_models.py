"""Models, factors, currency and diagnostics from the command line."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import exchange_calendar

Command = Callable[..., Any]
HEAD = "event_id,announced_at,precision,tickers,kind,title,benchmark\n"
AMBA = "AMBA,2019-10-07T17:00-04:00,hour,AMBA,sanction,Entity list,\n"
SMIC = "SMIC,2020-09-04T17:00-04:00,assumed,0981.HK,report,Weighed,^HSI\n"
SHANGHAI = "HUAWEI,2018-11-22T19:00-05:00,assumed,000001.SS,report,Allies,\n"
QUICK = ("--format", "csv", "--out", "o", "--test", "bmp")


def events(folder: Path, rows: str) -> str:
    path = folder / "own.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return path.name


def spec() -> dict[str, Any]:
    return tomllib.loads(Path("o/study.toml").read_text(encoding="utf-8"))


def test_ambarella_on_two_tickers_as_factors(command: Command, folder: Path) -> None:
    named = events(folder, AMBA)
    done = command("run", named, "--model", "factors", "--factors", "^GSPC,^SOX", *QUICK)
    assert done.code == 0, done.err
    assert spec()["model"] == {"name": "factors", "factors": ["^GSPC", "^SOX"]}
    found = es.load("o")
    want = es.Study(model=es.FactorModel(["^GSPC", "^SOX"])).run(
        es.read_events(named), prices=es.SnapshotPrices()
    )
    assert found.fits.loc[0, "^SOX"] == want.fits.loc[0, "^SOX"]
    assert found.events["car"].tolist() == want.events["car"].tolist()
    without = command("run", named, "--factors", "^GSPC, ^SOX", *QUICK)  # --model is factors then
    assert without.code == 0
    assert spec()["model"]["name"] == "factors"
    again = command("run", named, "--study", "o/study.toml", "--out", "p", "--format", "csv")
    assert again.code == 0
    assert es.load("p").events["car"].tolist() == found.events["car"].tolist()


def test_smic_and_shanghai_against_their_benchmarks(command: Command, folder: Path) -> None:
    done = command("run", events(folder, SMIC + SHANGHAI), "--json", *QUICK)
    assert done.code == 0, done.err
    rows = {row["ticker"]: row for row in done.document["events"] if row["window"] == "(0, 0)"}
    assert rows["0981.HK"]["benchmark"] == "^HSI"
    assert rows["0981.HK"]["car"] == pytest.approx(-0.228, abs=0.001)
    assert rows["000001.SS"]["benchmark_exchange"] == "XNYS"
    assert rows["000001.SS"]["benchmark_closed"] is True
    fits = {row["ticker"]: row for row in done.document["fits"]}
    assert fits["0981.HK"]["beta_same_date"] is None
    assert fits["000001.SS"]["beta"] > 1.5 * fits["000001.SS"]["beta_same_date"]


def test_a_file_of_ken_french(command: Command, folder: Path) -> None:
    days = exchange_calendar("XNYS", "2018-06-01", "2019-10-31").sessions
    rng = np.random.default_rng(0)
    body = "".join(
        f"{str(day).replace('-', '')},{a:8.2f},{b:8.2f},{c:8.2f},{0.009:8.3f}\n"
        for day, (a, b, c) in zip(days, rng.normal(0, 0.8, (len(days), 3)), strict=True)
    )
    text = f"Created by hand.\n\n,Mkt-RF,SMB,HML,RF\n{body}\nCopyright\n"
    Path("F-F_daily.CSV").write_text(text, encoding="utf-8")
    done = command(
        "run", events(folder, AMBA), "--model", "ff3", "--factors", "F-F_daily.CSV", *QUICK
    )
    assert done.code == 0, done.err
    assert es.load("o").fits.loc[0, "dof"] == 246
    provenance = json.loads(Path("o/provenance.json").read_text(encoding="utf-8"))
    assert "F-F_daily.CSV" in provenance["inputs"]


@pytest.mark.parametrize(("options", "words"), [
    (["--model", "ff3"], "the model ff3 needs factors with Mkt-RF, SMB, HML"),
    (["--model", "market", "--factors", "^SOX"], "the model market takes no factors. Leave"),
    (["--model", "ff3", "--factors", "none.csv"], "none.csv: 1 problem"),
    (["--factors", ","], "needs factors"),
    (["--model", "peers", "--factors", "MU"], "needs two securities or more"),
    (["--currency", "dollars"], "currency 'dollars' is not known"),
])  # fmt: skip
def test_what_cannot_be_run(options: list[str], words: str, command: Command, folder: Path) -> None:
    done = command("run", events(folder, AMBA), *options, *QUICK)
    assert done.code == 2
    assert words in " ".join(done.err.split())


def test_a_factor_that_no_source_has(command: Command, folder: Path) -> None:
    done = command("run", events(folder, AMBA), "--factors", "^GSPC,NOPE", *QUICK)
    assert done.code == 3
    assert "factor:" in done.err


def test_an_extra_that_is_not_installed(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventstudy.models.garch.find_spec", lambda name: None)
    done = command("run", events(folder, AMBA), "--model", "garch", *QUICK)
    assert done.code == 2
    assert "pip install 'eventstudy[garch]'" in " ".join(done.err.split())


def test_currency(command: Command, folder: Path) -> None:
    done = command("run", events(folder, SMIC + AMBA), "--currency", "USD", *QUICK)
    assert done.code == 0  # the bundled prices have no exchange rate: Hong Kong is dropped
    found = es.load("o")
    assert found.dropped["ticker"].tolist() == ["0981.HK"]
    assert "HKDUSD=X" in found.dropped.loc[0, "reason"]
    assert spec()["currency"] == "USD"


def test_diagnostics_add_a_table(command: Command, folder: Path) -> None:
    done = command("run", events(folder, AMBA), "--diagnostics", "--format", "html", "--out", "o")
    assert done.code == 0, done.err
    page = Path("o/report.html").read_text(encoding="utf-8")
    assert "How well the model does" in page
    assert spec()["diagnostics"] is True
    assert es.load("o").models().loc[0, "prediction_error"] > 0
    assert command("run", events(folder, AMBA), "--format", "html", "--out", "p").code == 0
    assert "How well" not in Path("p/report.html").read_text(encoding="utf-8")


def test_estimation_after_the_event(command: Command, folder: Path) -> None:
    listed = "LISTED,2020-12-18T06:23Z,minute,688981.SS,sanction,Entity list,\n"
    assert command("run", events(folder, listed), *QUICK).code == 0
    assert es.load("o").events.empty  # 94 days before it
    done = command("run", events(folder, listed), "--estimation", "30:280", *QUICK)
    assert done.code == 0, done.err
    assert es.load("o").fits.loc[0, "n_obs"] == 251


@pytest.mark.parametrize("model", ["peers", "synthetic_control"])
def test_models_that_choose_among_tickers(model: str, command: Command, folder: Path) -> None:
    names = "NVDA,MU,AMAT,QCOM,AXTI"
    done = command("run", events(folder, AMBA), "--model", model, "--factors", names, *QUICK)
    assert done.code == 0, done.err
    found = es.load("o")
    assert found.fits.loc[0, "r2"] > 0.2
    assert ("donor_pvalue" in found.events) == (model == "synthetic_control")


def test_every_model_has_its_words_and_formula_in_the_report(folder: Path) -> None:
    from dataclasses import replace

    from eventstudy.models import MODELS
    from eventstudy.report import write_document

    table = pd.DataFrame({"event_id": ["E"], "ticker": ["MU"], "date": ["2023-03-31"]})
    found = es.Study(tests=()).run(es.Events.from_frame(table), prices=es.SnapshotPrices())
    findings = replace(found.findings(), methods=tuple(MODELS))
    path = folder / "report.html"
    write_document(findings, path)
    page = path.read_text(encoding="utf-8")
    for kind in MODELS.values():
        title = kind.title[0].upper() + kind.title[1:]
        assert title.replace("'", "&#39;") in page or title in page
    assert page.count("<math") > 2 * len(MODELS)
    write_document(findings, folder / "report.pdf")
