"""What was found, in sentences: the words of the first page and of the notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.diagnostics import residual_measures
from eventstudy.errors import UnknownExchangeError
from eventstudy.exchanges import exchange_of
from eventstudy.inference import INDEPENDENT, TESTS
from eventstudy.kernels.pvalues import rejects
from eventstudy.models import describe_model, name_of
from eventstudy.report import Findings
from eventstudy.report.formats import counted, level, number, percent, probability
from eventstudy.windows import Window

SINGLE = ("sar_t", "placebo", "sq")
ESTIMATES = {
    "ibragimov_mueller": "mean of cluster means",
    "adjusted_bmp": "precision-weighted effect",
    "adjusted_patell": "precision-weighted effect",
    "portfolio": "average effect",
}
"""What a test that may lead takes for the average effect: three numbers that may lie far apart."""
NAMED = 6
"""Effects and reasons named in a sentence; the rest are counted."""


def summary_table(events: pd.DataFrame, window: str) -> pd.DataFrame:
    """One row an event and security: the effect of one window, in per cent, and its tests."""
    own = events[events["window"] == window]
    return pd.DataFrame(
        {
            "event": own["event_id"],
            "ticker": own["ticker"],
            "day zero": own["day_zero"].dt.strftime("%Y-%m-%d"),
            "phase": own["session_phase"],
            "CAR %": (100 * own["car"]).round(2),
            "low %": (100 * own["low"]).round(2),
            "high %": (100 * own["high"]).round(2),
            "t": own["t"].round(2),
            "p": own["pvalue"].map(probability),
            "placebo p": own["placebo_pvalue"].map(probability),
            "flags": own["flags"],
        }
    ).reset_index(drop=True)


def find(
    frames: Mapping[str, pd.DataFrame],
    spec: Mapping[str, Any],
    provenance: Mapping[str, Any],
    title: str = "",
) -> Findings:
    """Turn frames into the findings that a report shows."""
    windows = tuple(spec["windows"])
    events = frames["events"]
    model = describe_model(spec["model"])
    return Findings(
        about="study",
        title=title or provenance.get("title") or f"Event study of {provenance['name']}",
        subtitle=_subtitle(events, model),
        sentences=tuple(_sentences(frames, windows[0], spec["level"])),
        settings=settings_in_words(spec),
        notes=tuple(_notes(frames, spec)),
        windows=windows,
        level=spec["level"],
        methods=(name_of(spec["model"]), *SINGLE, *spec["tests"]),
        provenance=provenance,
        **_models(frames, spec),
        **frames,
    )


def _models(frames: Mapping[str, pd.DataFrame], spec: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Measure the model where that was asked for: it takes statsmodels, which is slow to import."""
    if not spec.get("diagnostics"):
        return {}
    return {"models": residual_measures(frames["fits"], frames["estimation"])}


def _subtitle(events: pd.DataFrame, model: str) -> str:
    if events.empty:
        return f"No event could be measured; {model}"
    first, last = events["day_zero"].min(), events["day_zero"].max()
    return (
        f"{counted(events['event_id'].nunique(), 'event')} and "
        f"{counted(events['ticker'].nunique(), 'security', 'securities')}, "
        f"{first:%Y-%m-%d} to {last:%Y-%m-%d}, {model}"
    )


def settings_in_words(spec: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Label and value of each setting, in the order in which they are read."""
    settings = [
        ("Model", describe_model(spec["model"])),
        ("Estimation window", _estimation_window(spec)),
        ("Event window", spec["event"]),
        ("Tested windows", ", ".join(spec["windows"])),
        ("Intervals", level(spec["level"])),
        ("Estimation days needed", str(spec["min_estimation"])),
        ("Dates that are no session", spec["closed_day"]),
    ]
    if spec["benchmark"]:
        settings.append(("Benchmark", spec["benchmark"]))
    if spec.get("currency"):
        settings.append(("Currency", f"{spec['currency']}, returns converted by exchange rates"))
    if spec["exclude_events_from_estimation"]:
        settings.append(("Estimation", "without the tested days of other events"))
    if spec["calendar"] == "data":
        settings.append(("Sessions", "the rows of the data"))
    return tuple(settings)


def _estimation_window(spec: Mapping[str, Any]) -> str:
    reach = spec.get("rolling_start", 0)
    if not reach:
        return spec["estimation"]
    return (
        f"{spec['estimation']}, its start up to {counted(reach, 'session')} earlier where days are "
        "not usable"
    )


def _sentences(frames: Mapping[str, pd.DataFrame], window: str, at: float) -> list[str]:
    """Sentences of the first page, the most important first."""
    events = frames["events"]
    if events.empty:
        return [
            f"No event could be measured: all {counted(len(frames['dropped']), 'pair')} of an "
            "event and a security were dropped. The reasons are listed below."
        ]
    own = events[events["window"] == window]
    return [
        *_group_sentences(frames["tests"], frames["leads"], window, at),
        *_effect_sentences(own, window, at),
        *_power_sentences(frames, window, at),
        *_claim_sentence(frames["claims"]),
        *_dropped_sentence(frames["dropped"]),
    ]


def brief(frames: Mapping[str, pd.DataFrame], spec: Mapping[str, Any]) -> list[str]:
    """Say what was found of groups, claims and dropped pairs; no frame of events is built."""
    window, at = spec["windows"][0], spec["level"]
    return [
        *_group_sentences(frames["tests"], frames["leads"], window, at),
        *_power_sentences(frames, window, at),
        *_claim_sentence(frames["claims"]),
        *_dropped_sentence(frames["dropped"]),
    ]


def _group_sentences(tests: pd.DataFrame, leads: pd.DataFrame, window: str, at: float) -> list[str]:
    """Say what the lead test finds for all events and each kind, and where the next differs."""
    found: list[str] = []
    for lead in leads[leads["window"] == window].to_dict("records"):
        group, name = lead["group"], lead["test"]
        one = tests[(tests["group"] == group) & (tests["window"] == window)].set_index("test")
        if name not in one.index or not (group == "all" or group.startswith("kind:")):
            continue
        whom = "all events" if group == "all" else f"events of kind {group.removeprefix('kind:')}"
        count = counted(lead["n"], "pair")
        chosen = one.loc[name]
        text = _lead_sentence(chosen, TESTS[name].title, f"{whom} ({count})", window, at)
        if INDEPENDENT in chosen["note"]:
            text += f" Mind that the test {chosen['note'][chosen['note'].index(INDEPENDENT) :]}."
        if lead["beside"] in one.index:
            title = TESTS[lead["beside"]].title
            text += _beside_sentence(chosen, one.loc[lead["beside"]], title, at)
        found.append(text)
    return found


def _lead_sentence(chosen: pd.Series, title: str, whom: str, window: str, at: float) -> str:
    if not np.isfinite(chosen["pvalue"]):
        return f"For {whom} on window {window} the {title} has no value: {chosen['reason']}."
    verdict = "differs from zero" if _rejects(chosen, at) else "cannot be told from zero"
    clause = f", {level(at)} interval {_interval(chosen)}" if _has(chosen) else ""
    return (
        f"For {whom} the {ESTIMATES.get(str(chosen.name), 'average effect')} on window {window} "
        f"{verdict}: {percent(chosen['estimate'])} %{clause} ({title}, p {_p(chosen)})."
    )


def _beside_sentence(chosen: pd.Series, beside: pd.Series, title: str, at: float) -> str:
    if not np.isfinite(beside["pvalue"]):
        return ""
    if not np.isfinite(chosen["pvalue"]):
        return f" The {title} gives p {_p(beside)}."
    agree = _rejects(beside, at) == _rejects(chosen, at)
    return f" The {title} {'agrees' if agree else 'disagrees'} (p {_p(beside)})."


def _rejects(row: pd.Series, at: float) -> bool:
    """Whether p is at most 1 - level."""
    return bool(rejects(row["pvalue"], 1 - at))


def _p(row: pd.Series) -> str:
    text = probability(row["pvalue"])
    return text if text.startswith("<") else f"= {text}"


def _has(row: pd.Series) -> bool:
    return bool(np.isfinite(row["low"]) and np.isfinite(row["high"]))


def _interval(row: pd.Series) -> str:
    return f"{percent(row['low'])} to {percent(row['high'])} %"


def _effect_sentences(own: pd.DataFrame, window: str, at: float) -> list[str]:
    """Name the single effects that both of their tests tell from noise, and count the chance."""
    tested = own[np.isfinite(own["pvalue"])]
    alpha = 1 - at
    both = bool(tested["placebo_pvalue"].notna().any()) or tested.empty
    clear = tested[rejects(tested["pvalue"], alpha)]
    if both:
        clear = clear[rejects(clear["placebo_pvalue"], alpha)]
    clear = clear.reindex(clear["car"].abs().sort_values(ascending=False).index)
    if clear.empty:
        names = "none"
    else:
        named = [
            f"{row.ticker} on {row.event_id} ({percent(row.car)} %)"
            for row in clear.head(NAMED).itertuples(index=False)
        ]
        rest = len(clear) - len(named)
        names = ", ".join(named) + (f" and {rest} more" if rest else "")
    expected = len(tested) * alpha
    chance = f"{expected:.1f}" if expected >= 1 else f"{expected:.2g}"
    by = "both the t and the placebo test" if both else "the t test (no placebo test has a value)"
    return [
        f"Of {counted(len(tested), 'single effect')} on window {window}, {len(clear)} can be told "
        f"from noise at {level(alpha)} by {by}: {names}. With no "
        f"effect at all about {chance} would be expected by chance{' for each test' * both}."
    ]


def _power_sentences(frames: Mapping[str, pd.DataFrame], window: str, at: float) -> list[str]:
    power = frames.get("power")
    return [] if power is None else power_sentences(power[power["window"] == window], at)


def power_sentences(power: pd.DataFrame, at: float) -> list[str]:
    """Say in words what could have been seen: single effects first, then all events.

    Parameters
    ----------
    power : DataFrame
        Rows of one window of the frame ``power``.
    at : float
        One minus the nominal size.
    """
    single = power[(power["group"] == "") & (power["test"] == "sar_t") & power["mde"].notna()]
    found: list[str] = []
    if len(single):
        least, most = single["mde"].min(), single["mde"].max()
        found.append(
            f"With a power of {level(single['target'].iloc[0])} at the {level(1.0 - at)} level, "
            f"the SAR-t detects an effect of {percent(least)} to {percent(most)} % on window "
            f"{single['window'].iloc[0]}, depending on the security "
            f"(median {percent(single['mde'].median())} %, "
            f"{counted(len(single), 'event-security pair')})."
        )
    everyone = power[(power["group"] == "all") & power["mde"].notna()]
    found += [
        f"For the average over all events it takes {percent(row['mde'])} %; "
        f"{percent(row['effect'])} % were measured."
        for row in everyone.to_dict("records")
    ]
    return found


def _claim_sentence(claims: pd.DataFrame) -> list[str]:
    if claims.empty:
        return []
    count = claims["verdict"].value_counts()
    return [
        f"Of {counted(len(claims), 'press claim')} {count.get('confirmed', 0)} are confirmed by "
        f"the prices, {count.get('not_confirmed', 0)} not, and {count.get('not_checkable', 0)} "
        "cannot be checked with them."
    ]


def _dropped_sentence(dropped: pd.DataFrame) -> list[str]:
    if dropped.empty:
        return []
    named = [f"{r.ticker} on {r.event_id}" for r in dropped.head(NAMED).itertuples(index=False)]
    rest = len(dropped) - len(named)
    return [
        f"{counted(len(dropped), 'pair')} of an event and a security could not be measured: "
        f"{', '.join(named)}{f' and {rest} more' if rest else ''}. The reasons are listed below."
    ]


def _notes(frames: Mapping[str, pd.DataFrame], spec: Mapping[str, Any]) -> Sequence[str]:
    """Caveats of the study as a whole."""
    events, overlaps = frames["events"], frames["overlaps"]
    notes: list[str] = [
        *_rolled(frames["fits"], spec),
        *_fit_notes(frames["fits"]),
        *_factor_notes(events, spec),
    ]
    shared = overlaps[overlaps["kind"] == "tested windows share sessions"]
    if len(shared) and "n_others" in shared:
        notes.append(
            f"{counted(len(shared), 'event')} {'share' if len(shared) > 1 else 'shares'} tested "
            "days with other events on the same security: their effects cannot be told apart."
        )
    elif len(shared):
        notes.append(
            f"{counted(len(shared), 'pair')} of events {'share' if len(shared) > 1 else 'shares'} "
            "tested days on the same security: "
            "their effects cannot be told apart."
        )
    if len(events) and (events["precision"] == "assumed").any():
        count = events.loc[events["precision"] == "assumed", "event_id"].nunique()
        notes.append(
            f"{counted(count, 'event')} {'have' if count > 1 else 'has'} an assumed hour: the day "
            "is known, the time is not."
        )
    if len(events) and (events["session_phase"] == "during").any():
        notes.append(
            "Some announcements fell within a session: part of their effect may lie on the next "
            "day, which window (0, 1) holds."
        )
    return notes


def _fit_notes(fits: pd.DataFrame) -> list[str]:
    """Say what the errors of the model are, and what aligning by closes has changed."""
    notes = [
        f"{text[0].upper()}{text[1:]}." for text in dict.fromkeys(fits.get("note", ())) if text
    ]
    if "beta_same_date" not in fits or not {"alpha", "beta"} <= set(fits):
        return notes
    other = fits[np.isfinite(fits["beta_same_date"].astype("float64"))]
    if other.empty:
        return notes
    named = [
        f"{row.ticker} on {row.event_id} {number(row.beta, 2)} instead of "
        f"{number(row.beta_same_date, 2)}"
        for row in other.head(NAMED).itertuples(index=False)
    ]
    rest = len(other) - len(named)
    notes.append(
        f"{counted(len(other), 'pair')} {'is' if len(other) == 1 else 'are'} measured against a "
        "benchmark of another exchange. Its returns are aligned by closes: each return of the "
        "security is met by what the benchmark did between the same two closes. So beta is, "
        f"against pairing by date: {', '.join(named)}{f' and {rest} more' if rest else ''}."
    )
    return notes


def _factor_notes(events: pd.DataFrame, spec: Mapping[str, Any]) -> list[str]:
    """Say which factors close at other hours than the securities that they are to explain."""
    model = spec["model"]
    factors = model.get("factors", ()) if isinstance(model, Mapping) else ()
    if not isinstance(factors, (list, tuple)) or spec["calendar"] == "data":
        return []
    listed = spec.get("exchanges", {})
    pairs = events.drop_duplicates(["event_id", "ticker"])
    away, named = np.zeros(len(pairs), dtype=bool), []
    for factor in factors:
        try:
            exchange = exchange_of(str(factor), named=listed.get(factor, ""))
        except UnknownExchangeError:  # of a file or a frame, which says no hours
            continue
        elsewhere = (pairs["exchange"] != exchange).to_numpy()
        away |= elsewhere
        named += [str(factor)] * bool(elsewhere.any())
    if not named:
        return []
    count = int(away.sum())
    return [
        f"{counted(count, 'pair')} {'is' if count == 1 else 'are'} measured against factors of "
        f"another exchange ({', '.join(named)}). Their returns are aligned by closes: each return "
        "of the security is met by what the factors did between the same two closes. What moves "
        "the security's own market alone stays in its abnormal return."
    ]


def _rolled(fits: pd.DataFrame, spec: Mapping[str, Any]) -> list[str]:
    """Name the events whose estimation window starts earlier than the study's."""
    if "estimation_start" not in fits or fits.empty:
        return []
    usual = Window.of(spec["estimation"]).first
    moved = fits.assign(earlier=usual - fits["estimation_start"])
    moved = moved[moved["earlier"] > 0]
    if moved.empty:
        return []
    named = [
        f"{row.ticker} on {row.event_id} {row.earlier}"
        for row in moved.head(NAMED).itertuples(index=False)
    ]
    rest = len(moved) - len(named)
    return [
        f"The estimation window of {counted(len(moved), 'pair')} starts earlier than day {usual}, "
        "to make up for days in it that are not usable (no return, a halt, no factor, days of "
        f"other events). By how many sessions: {', '.join(named)}"
        f"{f' and {rest} more' if rest else ''}; the table fits has each start."
    ]
