"""Findings drawn from a seeded generator: 13 events, 29 pairs of which 2 dropped, 3 windows."""
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from eventstudy.report import Findings, empty

WINDOWS = ("(0, 0)", "(0, 1)", "(-1, 1)")
SPANS = {"(0, 0)": (0, 0), "(0, 1)": (0, 1), "(-1, 1)": (-1, 1)}
TESTS = (
    "cross_sectional", "portfolio", "patell", "adjusted_patell", "bmp", "adjusted_bmp", "corrado",
    "grank_t", "generalized_sign", "wilcoxon", "ibragimov_mueller",
)  # fmt: skip
METHODS = ("market", "sar_t", "placebo", "sq", *TESTS)


@dataclass(frozen=True)
class Announcement:
    event_id: str
    announced_at: str
    precision: str
    kind: str
    actor: str
    title: str
    tickers: tuple[str, ...]
    notes: str = ""
    effect: float = -0.02


ANNOUNCEMENTS = (
    Announcement("ZTE-2018", "2018-04-16T13:00Z", "assumed", "sanction", "US", "US denial order against ZTE", ("0763.HK", "QCOM"), "", -0.08),
    Announcement("HUAWEI-2018", "2018-11-23T00:00Z", "assumed", "report", "US", "US asks allies to drop Huawei equipment, newspaper reports", ("000001.SS", "399006.SZ")),
    Announcement("HUAWEI-2019", "2019-05-15T21:00Z", "hour", "sanction", "US", "Executive order on telecommunications and entity listing of Huawei", ("QCOM", "MU")),
    Announcement("XINJIANG-2019", "2019-10-07T21:00Z", "assumed", "sanction", "US", "28 entities listed: Hikvision, iFlytek, SenseTime, Megvii and others", ("AMBA", "002415.SZ", "002230.SZ"), "", -0.05),
    Announcement("SMIC-2020", "2020-09-04T21:00Z", "assumed", "report", "US", "US Defense Department weighs blacklisting SMIC (中芯国际)", ("0981.HK", "688981.SS"), "", -0.22),
    Announcement("SMIC-2020-LISTED", "2020-12-18T06:23Z", "minute", "sanction", "US", "SMIC put on the entity list", ("0981.HK", "688981.SS"), "", -0.05),
    Announcement("CHIPS-2022", "2022-10-07T15:19Z", "minute", "sanction", "US", "BIS rules on advanced computing and chip tools", ("NVDA", "AMAT", "0981.HK"), "", -0.03),
    Announcement("MICRON-2023", "2023-03-31T12:56Z", "minute", "retaliation", "China", "Chinese regulator opens a security review of Micron", ("MU",), "Micron reported earnings two days before: windows that reach back are confounded.", -0.045),
    Announcement("MICRON-2023-BAN", "2023-05-21T12:00Z", "assumed", "retaliation", "China", "Micron barred from critical infrastructure", ("MU",)),
    Announcement("GALLIUM-2023", "2023-07-03T11:00Z", "assumed", "retaliation", "China", "China licenses gallium and germanium exports", ("AXTI", "MU")),
    Announcement("CHIPS-2023", "2023-10-17T12:00Z", "assumed", "sanction", "US", "BIS update of the chip rules", ("NVDA", "AMAT")),
    Announcement("BIS-2024", "2024-12-02T05:02Z", "minute", "sanction", "US", "140 entities, memory and tool controls; softer than feared", ("0981.HK", "688981.SS", "AMAT", "MU"), "", 0.02),
    Announcement("MOFCOM-2024", "2024-12-03T08:52Z", "minute", "retaliation", "China", "China bans gallium, germanium and antimony exports to the US", ("MU", "AXTI", "NVDA"), "", 0.01),
)  # fmt: skip

DROPPED = {("SMIC-2020", "688981.SS"): 26, ("SMIC-2020-LISTED", "688981.SS"): 94}


def suffix(ticker: str, us: str, hk: str, cn: str) -> str:
    return hk if ticker.endswith(".HK") else cn if ticker.endswith((".SS", ".SZ")) else us


@dataclass
class Draw:
    """One event and security, drawn."""

    of: Announcement
    ticker: str
    rng: np.random.Generator
    empty: bool = False

    def __post_init__(self) -> None:
        self.sigma = self.rng.uniform(0.012, 0.034)
        self.residuals = self.sigma * self.rng.standard_t(5, 250) * np.sqrt(3 / 5)
        self.ar = self.sigma * self.rng.standard_normal(21)
        self.ar[10] += self.of.effect
        if self.empty:
            self.ar[:] = np.nan
        elif self.ticker == "0763.HK":
            self.ar[:10] = np.nan
        elif self.ticker == "002415.SZ":
            self.ar[8:10] = np.nan
        self.zero = pd.Timestamp(self.of.announced_at[:10]) + pd.tseries.offsets.BDay(0)
        self.sessions = pd.bdate_range(self.zero - pd.tseries.offsets.BDay(260), periods=271)

    def effect(self, window: str) -> dict[str, object]:
        first, last = SPANS[window]
        length = last - first + 1
        ar = self.ar[10 + first : 10 + last + 1]
        car = np.nan if np.isnan(ar).all() else float(np.nansum(ar))
        se = self.sigma * np.sqrt(length + length**2 / 250)
        placebo = self.placebo(window)
        beyond = int(np.sum(np.abs(placebo) >= abs(car)))
        halted = self.ticker == "0763.HK" and self.of.event_id == "ZTE-2018"
        nothing = np.isnan(car)
        of = self.of
        return {
            "event_id": of.event_id, "ticker": self.ticker, "window": window, "title": of.title,
            "kind": of.kind, "actor": of.actor, "group": "",
            "announced_at": pd.Timestamp(of.announced_at).tz_convert("UTC"), "date": pd.NaT,
            "precision": of.precision, "exchange": suffix(self.ticker, "XNYS", "XHKG", "XSHG"),
            "benchmark": suffix(self.ticker, "^GSPC", "^HSI", "000300.SS"),
            "session_phase": suffix(self.ticker, "before open", "during", "after close"),
            "announced_zero": self.zero, "day_zero": self.zero,
            "shifted_by": 38 if halted else 0,
            "shift_reason": "no price in the source on 2018-04-17..2018-06-12 (halt or gap)" if halted else "",
            "spans": 39 if halted else 1, "benchmark_closed": self.ticker == "000001.SS",
            "n_days": int(np.isfinite(ar).sum()), "complete": True, "car": car, "se": se,
            "scar": car / se, "t": car / se, "dof": 248.0,
            "pvalue": np.nan if nothing else float(np.exp(-0.717 * abs(car / se) - 0.416 * (car / se) ** 2)),
            "low": car - 1.97 * se, "high": car + 1.97 * se,
            "placebo_pvalue": np.nan if nothing else (1 + beyond) / (1 + placebo.size),
            "placebo_low": car - 2.1 * se, "placebo_high": car + 2.1 * se,
            "n_placebo": placebo.size, "sq_pvalue": 0.5, "sq_pvalue_upper": 0.5,
            "bhar": car * 1.01, "in_groups": not halted,
            "flags": f"return spans {39} sessions" if halted else "",
            "reason": "no price on any day of the window" if nothing else "",
            "written": of.announced_at[:10], "source": "https://example.org/news/2018/04/16/some-announcement", "notes": of.notes,
        }  # fmt: skip

    def placebo(self, window: str) -> np.ndarray:
        first, last = SPANS[window]
        return np.convolve(self.residuals, np.ones(last - first + 1), mode="valid")

    def days(self) -> pd.DataFrame:
        count = np.cumsum(np.isfinite(self.ar))
        car = np.where(np.isfinite(self.ar), np.nancumsum(self.ar), np.nan)
        half = 1.97 * self.sigma * np.sqrt(count + count**2 / 250)
        return pd.DataFrame({
            "event_id": self.of.event_id, "ticker": self.ticker, "day": np.arange(-10, 11),
            "session": self.sessions[250:], "return": self.ar + 0.001, "expected": 0.001,
            "ar": self.ar, "sar": self.ar / self.sigma, "spans": 1,
            "car": car, "low": car - half, "high": car + half,
        })  # fmt: skip

    def estimation(self) -> pd.DataFrame:
        frame = pd.DataFrame({
            "event_id": self.of.event_id, "ticker": self.ticker, "day": np.arange(-260, -10),
            "session": self.sessions[:250], "return": self.residuals, "expected": 0.0,
            "ar": self.residuals,
        })  # fmt: skip
        for window in WINDOWS:
            values = self.placebo(window)
            frame[f"placebo {window}"] = np.r_[values, np.full(250 - values.size, np.nan)]
        return frame

    def fit(self) -> dict[str, object]:
        return {
            "event_id": self.of.event_id, "ticker": self.ticker, "model": "market", "n_obs": 250,
            "dof": 248, "sigma": self.sigma, "r2": self.rng.uniform(0.1, 0.6),
            "alpha": self.rng.normal(0, 0.001), "beta": self.rng.uniform(0.6, 1.8),
        }  # fmt: skip


def means_of(group: str, draws: Sequence[Draw]) -> pd.DataFrame:
    ar = np.array([draw.ar for draw in draws])
    n = np.isfinite(ar).sum(axis=0)
    aar = np.divide(np.nansum(ar, axis=0), n, out=np.full(21, np.nan), where=n > 0)
    caar = np.nancumsum(aar)
    half = 2.06 * 0.02 * np.sqrt(np.arange(1, 22) / max(len(draws), 1))
    return pd.DataFrame({
        "group": group, "day": np.arange(-10, 11), "aar": aar, "aar_low": aar - half[0],
        "aar_high": aar + half[0], "aar_pvalue": 0.25, "caar": caar, "low": caar - half,
        "high": caar + half, "pvalue": 0.5, "n": n,
    })  # fmt: skip


def tests_of(group: str, window: str, draws: Sequence[Draw], rng: np.random.Generator):
    rows = []
    few = len(draws) < 10
    for name in TESTS:
        reason = ""
        if name == "grank_t" and few:
            reason = f"fewer than 10 events ({len(draws)}): GRANK-T rejects too often"
        elif name == "portfolio" and not group.startswith("event:"):
            reason = "events of several dates: a portfolio is not defined"
        elif name == "ibragimov_mueller" and group.startswith("event:"):
            reason = "one cluster: needs two or more"
        ranks = name in ("corrado", "grank_t", "generalized_sign")
        statistic, estimate, se = rng.normal(-1.5, 1), rng.normal(-0.02, 0.01), 0.008
        value = np.nan if reason else 1.0
        rows.append({
            "group": group, "window": window, "test": name, "statistic": statistic * value,
            "pvalue": float(np.exp(-(statistic**2) / 2)) * value, "dof": np.nan if ranks else (len(draws) - 1) * value,
            "n": len(draws), "estimate": (0.45 if ranks else estimate) * value, "se": se * value,
            "low": np.nan if ranks else (estimate - 2 * se) * value, "high": np.nan if ranks else (estimate + 2 * se) * value,
            "r": 0.12 * value if name.startswith("adjusted") else np.nan, "clusters": 10, "null": "mean effect is 0",
            "alternative": "two-sided", "reference": "",
            "reason": reason or ("no interval in return units" if ranks else ""),
            "lead": name == ("adjusted_bmp" if few else "ibragimov_mueller"), "note": "",
        })  # fmt: skip
    return rows


def build(
    announcements: Sequence[Announcement] = ANNOUNCEMENTS,
    *,
    seed: int = 0,
    nothing: frozenset[str] = frozenset(),
) -> Findings:
    """Findings of these announcements; events named in `nothing` have no price at all."""
    rng = np.random.default_rng(seed)
    pairs = [(of, ticker) for of in announcements for ticker in of.tickers]
    draws = [
        Draw(of, ticker, rng, of.event_id in nothing)
        for of, ticker in pairs
        if (of.event_id, ticker) not in DROPPED
    ]
    groups: dict[str, list[Draw]] = {"all": list(draws)}
    for draw in draws:
        groups.setdefault(f"kind:{draw.of.kind}", []).append(draw)
    for draw in draws:
        groups.setdefault(f"event:{draw.of.event_id}", []).append(draw)
    groups = {name: members for name, members in groups.items() if len(members) > 1}
    frames: dict[str, pd.DataFrame] = {}
    if draws:
        frames["events"] = pd.DataFrame([d.effect(w) for d in draws for w in WINDOWS])
        frames["days"] = pd.concat([d.days() for d in draws], ignore_index=True)
        frames["estimation"] = pd.concat([d.estimation() for d in draws], ignore_index=True)
        frames["fits"] = pd.DataFrame([d.fit() for d in draws])
    if groups:
        frames["means"] = pd.concat([means_of(g, m) for g, m in groups.items()], ignore_index=True)
        frames["tests"] = pd.DataFrame(
            [row for g, m in groups.items() for w in WINDOWS for row in tests_of(g, w, m, rng)]
        )
        frames["leads"] = pd.DataFrame(
            [lead_of(g, w, len(m)) for g, m in groups.items() for w in WINDOWS]
        )
    gone = [(of.event_id, ticker) for of, ticker in pairs if (of.event_id, ticker) in DROPPED]
    if gone:
        frames["dropped"] = pd.DataFrame([
            {"event_id": e, "ticker": t, "reason": f"{DROPPED[e, t]} of 250 estimation days have a return, 100 are needed"}
            for e, t in gone
        ])  # fmt: skip
    return Findings(
        title="Chip sanctions and retaliation, 2018 to 2024",
        subtitle=f"{len(announcements)} announcements, {len(pairs)} pairs of event and security, 2018-04-16 to 2024-12-03, market model",
        sentences=SENTENCES if draws else ("No effect could be estimated: every pair was dropped.",),
        settings=SETTINGS,
        notes=NOTES,
        windows=WINDOWS,
        methods=METHODS,
        provenance=PROVENANCE,
        claims=claims(),
        overlaps=overlaps(),
        sources=sources(sorted({t for _, t in pairs})),
        **frames,
    )  # fmt: skip


def lead_of(group: str, window: str, n: int) -> dict[str, object]:
    test = "ibragimov_mueller" if n >= 10 else "adjusted_bmp"
    return {
        "group": group, "window": window, "n": n, "clusters": 10, "test": test, "beside": "adjusted_bmp",
        "pvalue_holm": 0.096,
        "sentence": f"{n} events in 10 clusters: the test over clusters leads, because it holds its size when "
        "events of one date move together. The mean effect is −2.1 % (95 % interval −3.9 to −0.3 %, p = 0.024); "
        "the adjusted BMP test beside it gives p = 0.061: the two disagree at 5 %.",
    }  # fmt: skip


SENTENCES = (
    "Sanctions moved the shares they named by −3.1 % on day zero on average (95 % interval −5.4 to −0.8 %, "
    "p = 0.014, 9 clusters); retaliation by −1.2 % (−3.0 to 0.6 %, p = 0.16).",
    "The largest single effect is SMIC in Hong Kong on 2020-09-07: −22.9 % against the Hang Seng index, "
    "beyond all 250 placebo days (p = 0.004).",
    "11 of 27 pairs differ from zero at 5 %; about 1 would by chance.",
    "Effects of less than 4 % would not have been seen in a single share: half of the intervals are wider than ±4 %.",
    "Of seven press claims five are confirmed, one is not (Shanghai fell 2.5 %, not 2.7 %), and one cannot be checked with daily prices.",
)  # fmt: skip
SETTINGS = (
    ("Model", "market model"),
    ("Estimation window", "(−260, −11)"),
    ("Event window", "(−10, 10)"),
    ("Tested windows", "(0, 0), (0, 1), (−1, 1)"),
    ("Returns", "simple, daily"),
    ("Minimum of estimation days", "100"),
)
NOTES = (
    "BIS-2024 and MOFCOM-2024 are one day apart and share securities: they count as one cluster.",
    "One date can never tell an effect from a sector shock of that day.",
    "The sources have no intraday prices: a move within the session that was undone by the close is not seen.",
)
PROVENANCE = {
    "name": "events.csv",
    "sha256": {"events.csv": "3b1f" * 16, "claims.csv": "9c02" * 16},
    "versions": {"eventstudy": "0.1.0", "python": "3.11.7", "numpy": "2.4.6", "pandas": "3.1.1"},
    "command": "eventstudy run events.csv",
}


def claims() -> pd.DataFrame:
    return pd.DataFrame([
        {"event_id": "SMIC-2020", "ticker": "0981.HK", "measure": "close_return", "quoted": "-22.9%", "comparison": "is", "since": "",
         "measured": -0.2288, "tolerance": 0.0005, "verdict": "confirmed", "decided_by": "2020-09-07",
         "text": "shares plummeted 22.9 % in Hong Kong", "source": "newspaper"},
        {"event_id": "MICRON-2023", "ticker": "MU", "measure": "largest_fall_since", "quoted": "", "comparison": "is", "since": "2022-12",
         "measured": -0.0436, "tolerance": np.nan, "verdict": "confirmed", "decided_by": "2022-12-15",
         "text": "largest drop in over three months", "source": "newspaper"},
        {"event_id": "HUAWEI-2018", "ticker": "000001.SS", "measure": "close_return", "quoted": "-2.7%", "comparison": "is", "since": "",
         "measured": -0.0249, "tolerance": 0.0005, "verdict": "not_confirmed", "decided_by": "2018-11-23",
         "text": "tumbled 2.7 %", "source": ""},
        {"event_id": "XINJIANG-2019", "ticker": "AMBA", "measure": "not_checkable", "quoted": "-12%", "comparison": "is", "since": "",
         "measured": np.nan, "tolerance": np.nan, "verdict": "not_checkable", "decided_by": "",
         "text": "fell 12 % after hours", "source": ""},
    ])  # fmt: skip


def overlaps() -> pd.DataFrame:
    return pd.DataFrame([
        {"event_id": "BIS-2024", "ticker": "MU", "other_event_id": "MOFCOM-2024", "other_ticker": "MU",
         "kind": "tested windows share sessions", "sessions": 2, "first": pd.Timestamp("2024-12-02"), "last": pd.Timestamp("2024-12-03")},
        {"event_id": "MICRON-2023-BAN", "ticker": "MU", "other_event_id": "MICRON-2023", "other_ticker": "MU",
         "kind": "inside the estimation window", "sessions": 3, "first": pd.Timestamp("2023-03-30"), "last": pd.Timestamp("2023-04-03")},
    ])  # fmt: skip


def sources(tickers: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame([
        {"ticker": ticker, "role": "benchmark" if ticker.startswith("^") else "security", "source": "snapshot",
         "first": pd.Timestamp("2016-01-04"), "last": pd.Timestamp("2025-01-31"), "sessions": 2283, "missing": 0,
         "retrieved": "", "sha256": "ab12" * 16, "note": ""}
        for ticker in [*tickers, "^GSPC", "^HSI"]
    ])  # fmt: skip


def undrawn(findings: Findings) -> Findings:
    """Without days, and so without the drawings that take most of the time."""
    return replace(findings, **{name: empty(name) for name in ("days", "estimation", "means")})


@pytest.fixture(scope="session")
def findings() -> Findings:
    return build()
