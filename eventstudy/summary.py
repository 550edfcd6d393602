"""What was found, in sentences: the words of the first page and of the notebook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.caveats import NAMED, caveats
from eventstudy.diagnostics import residual_measures
from eventstudy.inference import ALIKE, INDEPENDENT, TESTS, WITHOUT_ONE
from eventstudy.kernels.pvalues import rejects
from eventstudy.models import describe_model, name_of
from eventstudy.report import Findings
from eventstudy.report.findings import OWN_SCALE
from eventstudy.report.formats import counted, level, percent, probability

SINGLE = ("sar_t", "placebo", "sq")
ESTIMATES = {
    "ibragimov_mueller": "mean of cluster means",
    "adjusted_bmp": "precision-weighted effect",
    "adjusted_patell": "precision-weighted effect",
    "portfolio": "average effect",
}
"""What a test that may lead takes for the average effect: three numbers that may lie far apart."""
_SAID = {INDEPENDENT: "mind that the test ", WITHOUT_ONE: "", ALIKE: ""}
"""Notes that the sentence of a test repeats, by how they begin, and what goes before them."""
_WEAK = (
    "With {:.2g} degrees of freedom the test has almost no power: this is no evidence against an "
    "effect."
)
_CLOSED = {
    "next": "moved to the next session",
    "previous": "moved to the previous session",
    "drop": "dropped",
}
_FEW_DOF = 3
_EACH = 3
"""Single effects up to which each has a sentence of its own."""


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


def groups_table(tests: pd.DataFrame, leads: pd.DataFrame) -> pd.DataFrame:
    """One row a group and window: the effect by the test that leads there, in per cent."""
    lead = _leading(tests, leads)
    # Effects of some tests are mean ranks or shares, which are no per cent of a return.
    returns = 100 * lead[["estimate", "low", "high"]].where(~lead["test"].isin(OWN_SCALE))
    return pd.DataFrame(
        {
            "group": lead["group"],
            "window": lead["window"],
            "pairs": lead["n"],
            "effect %": returns["estimate"].round(2),
            "low %": returns["low"].round(2),
            "high %": returns["high"].round(2),
            "test": [TESTS[name].title for name in lead["test"]],
            "p": lead["pvalue"].map(probability),
            "Holm p": lead["pvalue_holm"].map(probability),
            "reason": lead["reason"].where(lead["pvalue"].isna(), ""),
        }
    ).reset_index(drop=True)


def _leading(tests: pd.DataFrame, leads: pd.DataFrame) -> pd.DataFrame:
    """Rows of the tests that lead, Holm's p that of their own family in place of the test's."""
    own = tests[tests["lead"].astype(bool)].drop(columns="pvalue_holm")
    return own.merge(leads[["group", "window", "pvalue_holm"]], on=["group", "window"], how="left")


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
    asked = set(frames["tests"]["test"])  # of no group none was asked
    return Findings(
        about="study",
        title=title or provenance.get("title") or f"Event study of {provenance['name']}",
        subtitle=_subtitle(events, model),
        sentences=tuple(_sentences(frames, windows[0], spec["level"])),
        settings=settings_in_words(spec),
        notes=tuple(caveats(frames, spec)),
        windows=windows,
        level=spec["level"],
        methods=(name_of(spec["model"]), *SINGLE, *(t for t in spec["tests"] if t in asked)),
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
    first, last = (
        f"{day:%Y-%m-%d}" for day in (events["day_zero"].min(), events["day_zero"].max())
    )
    days = first if first == last else f"{first} to {last}"
    return (
        f"{counted(events['event_id'].nunique(), 'event')} and "
        f"{counted(events['ticker'].nunique(), 'security', 'securities')}, "
        f"{days}, {model}"
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
        ("Events on days without a session", _CLOSED.get(spec["closed_day"], spec["closed_day"])),
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
        *_family_sentence(frames["tests"], frames["leads"], at),
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
        *_family_sentence(frames["tests"], frames["leads"], at),
        *_power_sentences(frames, window, at),
        *_claim_sentence(frames["claims"]),
        *_dropped_sentence(frames["dropped"]),
    ]


def _group_sentences(tests: pd.DataFrame, leads: pd.DataFrame, window: str, at: float) -> list[str]:
    """Say what the lead test finds for all events and each kind, and where the next differs."""
    found: list[str] = []
    known: set[tuple[Any, ...]] = set()
    for lead in leads[leads["window"] == window].to_dict("records"):
        group, name = lead["group"], lead["test"]
        one = tests[(tests["group"] == group) & (tests["window"] == window)].set_index("test")
        if name not in one.index or not (group == "all" or group.startswith("kind:")):
            continue
        whom = "all events" if group == "all" else f"events of kind {group.removeprefix('kind:')}"
        count = counted(lead["n"], "pair")
        chosen = one.loc[name].copy()
        chosen["pvalue_holm"] = lead["pvalue_holm"]
        same = (name, *chosen[["n", "statistic", "pvalue", "estimate"]])
        if same in known:
            continue  # all events are of one kind, say
        known.add(same)
        text = _lead_sentence(chosen, TESTS[name].title, f"{whom} ({count})", window, at)
        text += _warnings(chosen["note"])
        if lead["beside"] in one.index:
            title = TESTS[lead["beside"]].title
            text += _beside_sentence(chosen, one.loc[lead["beside"]], title, at)
        found.append(text)
    return found


def _family_sentence(tests: pd.DataFrame, leads: pd.DataFrame, at: float) -> list[str]:
    """Say which groups and windows are found when all of them are counted."""
    family = _leading(tests, leads)
    family = family[family["pvalue_holm"].notna()]
    # Groups of the same pairs are one hypothesis, and are called by the first of their names.
    family = family.drop_duplicates(["window", "test", "n", "pvalue", "estimate"])
    alone = rejects(family["pvalue"], 1 - at)
    if len(family) < 2 or not alone.any():
        return []
    found = family[rejects(family["pvalue_holm"], 1 - at)]
    head = (
        f"Of {len(family)} leading tests of groups and windows {int(alone.sum())} reject at "
        f"{level(1 - at)}; counted together (Holm) "
    )
    if found.empty:
        return [f"{head}none does: the least p is {probability(family['pvalue_holm'].min())}."]
    named = [
        f"{str(one['group']).replace(':', ' ', 1)} on {one['window']} (p {_p(one, 'pvalue_holm')})"
        for one in found.sort_values("pvalue_holm", kind="stable").head(NAMED).to_dict("records")
    ]
    rest = f" and {len(found) - len(named)} more" if len(found) > len(named) else ""
    return [f"{head}{len(found)} {'does' if len(found) == 1 else 'do'}: {', '.join(named)}{rest}."]


def _lead_sentence(chosen: pd.Series, title: str, whom: str, window: str, at: float) -> str:
    if not np.isfinite(chosen["pvalue"]):
        return f"For {whom} on window {window} the {title} has no value: {chosen['reason']}."
    found = _rejects(chosen, at)
    if chosen.name in OWN_SCALE:
        verb = "rejects" if found else "does not reject"
        words = f"For {whom} on window {window} the {title} {verb} that there is no effect"
        return f"{words} (p {_p(chosen)})."
    alone = "" if rejects(chosen["pvalue_holm"], 1 - at) else " before adjustment"
    verdict = f"differs from zero{alone}" if found else "cannot be distinguished from zero"
    clause = f", {level(at)} interval {_interval(chosen)}" if _has(chosen) else ""
    known = found and np.isfinite(chosen["pvalue_holm"])
    words = "by Holm over the leading tests of the study"
    holm = f"; {probability(chosen['pvalue_holm'])} {words}" if known else ""
    weak = not found and chosen["dof"] < _FEW_DOF
    return (
        f"For {whom} the {ESTIMATES.get(str(chosen.name), 'average effect')} on window {window} "
        f"{verdict}: {percent(chosen['estimate'])} %{clause} ({title}, p {_p(chosen)}{holm})."
        + f" {_WEAK.format(chosen['dof'])}"
        * bool(weak)
    )


def _warnings(note: str) -> str:
    """Make sentences of what a note says that its number cannot do without."""
    found = ""
    for part in note.split("; "):
        for start, words in _SAID.items():
            if part.startswith(start):
                text = re.sub(r"(?<!\S)-(?=\d)", "\u2212", words + part)
                found += f" {text[0].upper()}{text[1:]}."
    return found


def _beside_sentence(chosen: pd.Series, beside: pd.Series, title: str, at: float) -> str:
    if not np.isfinite(beside["pvalue"]):
        return ""
    if not np.isfinite(chosen["pvalue"]):
        return f" The {title} gives p {_p(beside)}."
    agree = _rejects(beside, at) == _rejects(chosen, at)
    if not _rejects(beside, at) and beside["dof"] < _FEW_DOF:
        dof = f"{beside['dof']:.2g}"
        unit = f"degree{'s' * (dof != '1')} of freedom"
        return f" The {title} has {dof} {unit} and almost no power."
    # It estimates another mean, which may lie far from that of the test that leads.
    size = "" if beside.name in OWN_SCALE else f"{percent(beside['estimate'])} %, "
    return f" The {title} {'agrees' if agree else 'disagrees'} ({size}p {_p(beside)})."


def _rejects(row: pd.Series, at: float) -> bool:
    """Whether p is at most 1 - level."""
    return bool(rejects(row["pvalue"], 1 - at))


def _p(row: pd.Series | Mapping[Any, Any], column: str = "pvalue") -> str:
    text = probability(row[column])
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
    if len(tested) <= _EACH:
        return [
            _one_effect(row, window, at, clear=bool(found))
            for row, found in zip(
                tested.to_dict("records"), tested.index.isin(clear.index), strict=True
            )
        ]
    if clear.empty:
        names = "none"
    else:
        named = [
            f"{row.ticker} on {row.event_id} ({percent(row.car)} %{_over(row.spans)})"
            for row in clear.head(_whole(len(clear))).itertuples(index=False)
        ]
        rest = len(clear) - len(named)
        names = ", ".join(named) + (f" and {rest} more" if rest else "")
    expected = len(tested) * alpha
    chance = f"{expected:.1f}" if expected >= 1 else f"{expected:.2g}"
    are = "is" if len(clear) == 1 else "are"
    by = "both the t and the placebo test" if both else "the t test (no placebo test has a value)"
    return [
        f"Of {counted(len(tested), 'single effect')} on window {window}, {len(clear)} {are} "
        f"distinguishable from noise at {level(alpha)} by {by}: {names}. With no effect at all "
        f"about {chance} would be expected by chance{' for each test' * both}."
        + " So many may come by chance alone."
        * (len(clear) > 0 and _by_chance(clear, tested, alpha))
    ]


def _by_chance(clear: pd.DataFrame, tested: pd.DataFrame, alpha: float) -> bool:
    """Whether so many of independent tests without any effect would be nothing rare."""
    from scipy.stats import binom

    return bool(binom.sf(len(clear) - 1, len(tested), alpha) > alpha)


def _whole(count: int) -> int:
    """How many of so many are named: all, where one more would be counted only."""
    return NAMED + (count == NAMED + 1)


def _one_effect(row: Mapping[Any, Any], window: str, at: float, *, clear: bool) -> str:
    """Say what was found of one security and event."""
    placebo = row["placebo_pvalue"]
    tests = f"p {_p(row)}" + (
        f", placebo p {_p(row, 'placebo_pvalue')}" if np.isfinite(placebo) else ""
    )
    return (
        f"{row['ticker']} on {row['event_id']}, window {window}: {percent(row['car'])} %"
        f"{_over(row['spans'])}, {level(at)} interval {percent(row['low'])} to "
        f"{percent(row['high'])} % ({tests}): "
        f"{'' if clear else 'not '}distinguishable from noise at {level(1 - at)}."
    )


def _over(spans: Any) -> str:
    return f" over {spans} sessions, after a halt" if spans > 1 else ""


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
        found.append(
            f"With a power of {level(single['target'].iloc[0])} at the {level(1.0 - at)} level, "
            f"the SAR t detects an effect of {_range(single['mde'])} on window "
            f"{single['window'].iloc[0]}."
        )
    everyone = power[(power["group"] == "all") & power["mde"].notna()]
    found += [
        f"If event days vary as estimation days do, the {ESTIMATES.get(row['test'], 'average')} "
        f"over all events is detected with a power of {level(row['target'])} from "
        f"{percent(row['mde'])} % on; {percent(row['effect'])} % was measured.{_wider(row)}"
        for row in everyone.to_dict("records")
    ]
    return found


def _range(sizes: pd.Series) -> str:
    """Give the smallest effects of several pairs in words."""
    if len(sizes) == 1:
        return f"{percent(sizes.iloc[0])} %"
    return (
        f"{percent(sizes.min())} to {percent(sizes.max())} %, depending on the security (median "
        f"{percent(sizes.median())} %, {len(sizes):,} event-security pairs),"
    )


def _wider(row: Mapping[Any, Any]) -> str:
    """Say that the event days vary more than power was measured with."""
    if not row["half_width"] > row["mde"]:
        return ""
    return (
        f" But they vary more: the interval of what was measured reaches "
        f"{percent(row['half_width'])} % to either side, and only a measured effect of more than "
        "that is found."
    )


def _claim_sentence(claims: pd.DataFrame) -> list[str]:
    if claims.empty:
        return []
    verdicts = claims["verdict"].value_counts()
    words = {
        "confirmed": ("is confirmed by the prices", "are confirmed by the prices"),
        "not_confirmed": ("is not confirmed", "are not confirmed"),
        "not_checkable": ("cannot be checked with them", "cannot be checked with them"),
    }
    if len(claims) == 1:
        return [f"The press claim {words[claims['verdict'].iloc[0]][0]}."]
    parts = [
        f"{verdicts[name]} {text[int(verdicts[name] > 1)]}"
        for name, text in words.items()
        if name in verdicts
    ]
    return [f"Of {counted(len(claims), 'press claim')} {_listed(parts)}."]


def _listed(parts: list[str]) -> str:
    """Join parts by commas, the last one by "and"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _dropped_sentence(dropped: pd.DataFrame) -> list[str]:
    if dropped.empty:
        return []
    named = [f"{r.ticker} on {r.event_id}" for r in dropped.head(NAMED).itertuples(index=False)]
    rest = len(dropped) - len(named)
    return [
        f"{counted(len(dropped), 'pair')} of an event and a security could not be measured: "
        f"{', '.join(named)}{f' and {rest} more' if rest else ''}. The reasons are listed below."
    ]
