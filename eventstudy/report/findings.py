"""What a report is made of: frames and sentences, frozen.

The study fills a `Findings`; tables, figures and documents read it and know no study. Frames have
plain columns; a missing number is NaN, a missing date NaT, a missing text "".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import pandas as pd

from eventstudy.errors import InputError

COLUMNS: Mapping[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "events": "event_id ticker window title kind actor group announced_at date precision "
        "exchange benchmark session_phase announced_zero day_zero shifted_by shift_reason spans "
        "benchmark_closed n_days complete car se scar t dof pvalue low high placebo_pvalue "
        "placebo_low placebo_high n_placebo sq_pvalue sq_pvalue_upper bhar in_groups flags reason",
        "days": "event_id ticker day session return expected ar sar spans car low high",
        "estimation": "event_id ticker day session return expected ar",
        "fits": "event_id ticker model n_obs dof sigma r2 alpha",
        "means": "group day aar aar_low aar_high aar_pvalue caar low high pvalue n",
        "tests": "group window test statistic pvalue dof n estimate se low high r clusters null "
        "alternative reference reason lead note",
        "leads": "group window n clusters test beside pvalue_holm sentence",
        "claims": "event_id ticker measure quoted comparison since measured tolerance verdict "
        "decided_by text source",
        "dropped": "event_id ticker reason",
        "overlaps": "event_id ticker other_event_id other_ticker kind sessions first last",
        "sources": "ticker role source first last sessions missing retrieved sha256 note",
        "power": "who event_id ticker group window test n effect pvalue half_width size size_se "
        "mde target replications reading reason note",
    }.items()
}
"""Columns that each frame of a `Findings` has at least, in the order in which they are written.

``estimation`` carries besides one column ``placebo (a, b)`` for each tested window, ``fits`` one
for each coefficient. ``power`` has rows only where it was asked for. ``events`` may carry
``written`` (the announcement's own local calendar date as it was written), ``source`` and
``notes``.
"""

SPECIFICATIONS = (
    *("specification", "own", "model", "estimation", "benchmark", "window", "who", "event_id"),
    *("ticker", "group", "n", "test", "estimate", "se", "low", "high", "pvalue", "reason"),
)
"""Columns of ``specifications``."""

OWN_SCALE = frozenset(
    {
        "beaver_patell",
        "beaver_patell_placebo",
        "corrado",
        "corrado_zivney",
        "corrado_zivney_sign",
        "generalized_sign",
        "generalized_sign_window",
        "grank_t",
        "grank_z",
        "ibragimov_mueller_scar",
        "jackknife",
        "sur",
    }
)
"""Tests whose estimate is no return but a mean rank, a share, a ratio; their note says which."""

CHOICES = {
    "model": "model",
    "estimation": "estimation",
    "benchmark": "benchmark",
    "window": "tested window",
}
"""What specifications differ in, by column, and how it is called."""

NO_BENCHMARK = "none"
"""Stands in the place of a benchmark for models that need none."""


COUNTED_OVERLAPS = ("event_id", "ticker", "kind", "n_others", "sessions")
"""Columns of ``overlaps`` where they are too many to be listed: one row an event, not a pair."""


def lacking_columns(name: str, columns: Collection[str]) -> list[str]:
    """List the columns of the contract that a frame lacks; overlaps may be counted."""
    counted = name == "overlaps" and "n_others" in columns
    wanted = COUNTED_OVERLAPS if counted else COLUMNS.get(name, ())
    return [column for column in wanted if column not in columns]


def empty(name: str) -> pd.DataFrame:
    """Give a frame of the contract without rows.

    Parameters
    ----------
    name : str
        One of the names of `COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        No rows, the columns of the contract, each of type object.

    Examples
    --------
    >>> list(empty("dropped").columns)
    ['event_id', 'ticker', 'reason']
    """
    return pd.DataFrame({column: pd.Series(dtype=object) for column in COLUMNS[name]})


@dataclass(frozen=True, eq=False, kw_only=True)
class Findings:
    """Everything that a report shows.

    Attributes
    ----------
    title, subtitle : str
        What the study is called; what, how many and when, in one line.
    sentences : tuple of str
        What was found, the most important first.
    settings : tuple of (str, str)
        Label and value of each setting, in the order in which they are read.
    notes : tuple of str
        Caveats, in words.
    windows : tuple of str
        Tested windows as text, as in ``"(0, 0)"``; the first is the headline window.
    level : float
        Level of every interval, .95 by default.
    methods : tuple of str
        Names of the model and of the tests used, as in ``("market", "sar_t", "placebo")``.
    provenance : mapping
        Name, sha256 of the inputs, versions, command.
    about : {"study", "power", "robustness"}
        Whether they are those of a study, only of what it can see, or of how far its effects hang
        on its choices.
    events, days, estimation, fits, means, tests, leads, claims, dropped, overlaps, sources, power
        Frames with the columns of `COLUMNS`. Returns are decimals (-.0436 is minus 4.36 %). In
        ``days``, ``car`` is the abnormal return added up from the first event day, ``low`` and
        ``high`` its interval; on a missing day all three are NaN. In ``power``, ``mde`` is the
        smallest effect that is detected with a power of ``target``.
    curves : DataFrame
        Power by effect, columns who, group, window, test, effect, power, se; no rows where it is
        not drawn.
    specifications, readings : DataFrame
        The same effects by other choices, columns `SPECIFICATIONS`, and what they agree on, a row
        for each ``who``, as :meth:`eventstudy.specifications.Robustness.readings` gives them; no
        rows in other reports.
    models : DataFrame
        How well the model did, where that was asked for: no rows, or those of
        :func:`eventstudy.diagnostics.residual_measures`. It is made of the other frames.

    Raises
    ------
    eventstudy.errors.InputError
        If a frame lacks columns of the contract, or there is no window.
    """

    title: str
    subtitle: str = ""
    sentences: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    windows: tuple[str, ...] = ("(0, 0)",)
    level: float = 0.95
    methods: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    about: Literal["study", "power", "robustness"] = "study"
    events: pd.DataFrame = field(default_factory=lambda: empty("events"), repr=False)
    days: pd.DataFrame = field(default_factory=lambda: empty("days"), repr=False)
    estimation: pd.DataFrame = field(default_factory=lambda: empty("estimation"), repr=False)
    fits: pd.DataFrame = field(default_factory=lambda: empty("fits"), repr=False)
    means: pd.DataFrame = field(default_factory=lambda: empty("means"), repr=False)
    tests: pd.DataFrame = field(default_factory=lambda: empty("tests"), repr=False)
    leads: pd.DataFrame = field(default_factory=lambda: empty("leads"), repr=False)
    claims: pd.DataFrame = field(default_factory=lambda: empty("claims"), repr=False)
    dropped: pd.DataFrame = field(default_factory=lambda: empty("dropped"), repr=False)
    overlaps: pd.DataFrame = field(default_factory=lambda: empty("overlaps"), repr=False)
    sources: pd.DataFrame = field(default_factory=lambda: empty("sources"), repr=False)
    power: pd.DataFrame = field(default_factory=lambda: empty("power"), repr=False)
    curves: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"who": [], "group": [], "window": []}), repr=False
    )
    specifications: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({name: [] for name in SPECIFICATIONS}), repr=False
    )
    readings: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"who": [], "group": []}), repr=False
    )
    models: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"event_id": [], "ticker": []}), repr=False
    )

    def __post_init__(self) -> None:
        if not self.windows:
            raise InputError("a report needs at least one tested window. Name it in windows=")
        for name in COLUMNS:
            lacking = lacking_columns(name, getattr(self, name).columns)
            if lacking:
                raise InputError(
                    f"the frame '{name}' lacks the columns {', '.join(lacking)}. "
                    "Run the study again, or write them back into the file"
                )

    @property
    def headline(self) -> str:
        """Text of the headline window, as in ``"(0, 0)"``."""
        return self.windows[0]

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The frames by name, in the order of `COLUMNS`."""
        return {name: getattr(self, name) for name in COLUMNS}

    @property
    def event_ids(self) -> tuple[str, ...]:
        """Identifiers of the events that have an effect row, in first-seen order."""
        return tuple(pd.unique(self.events["event_id"]))


def fields_of(findings: Findings) -> dict[str, Any]:
    """Give the fields of a `Findings` by name, not copied, for `dataclasses.replace`."""
    return {each.name: getattr(findings, each.name) for each in fields(findings)}
