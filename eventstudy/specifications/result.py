"""What `eventstudy.robustness` found: frames, a table to read, a picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eventstudy.errors import InputError
from eventstudy.kernels.pvalues import rejects
from eventstudy.models import describe_model
from eventstudy.report.findings import (
    CHOICES,
    NO_BENCHMARK,
    SPECIFICATIONS,
    Findings,
)
from eventstudy.report.formats import count_range, counted, level, probability
from eventstudy.reported import Reported
from eventstudy.specifications.readings import curve_sentences, readings
from eventstudy.summary import settings_in_words
from eventstudy.tableset import own_copy
from eventstudy.windows import WindowLike, tested_window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVE = SPECIFICATIONS
DROPPED = ("model", "estimation", "benchmark", "event_id", "ticker", "reason")


@dataclass(frozen=True, eq=False, repr=False)
class Robustness(Reported):
    """The same effects, measured in every reasonable way.

    Attributes
    ----------
    spec : mapping
        The study's settings.
    curve : DataFrame
        One row a group (or event and security) and specification: ``specification``, its number;
        ``own``, whether it has the study's own choices, in whatever window; ``model``,
        ``estimation``, ``benchmark`` ("own" is that of each row, "none" that of a model that needs
        none) and ``window``; ``n`` pairs; ``test``, the one that leads in the group, of a pair
        ``sar_t`` or ``placebo``; ``estimate``, ``se``, ``low``, ``high`` in return units and
        ``pvalue``; ``reason`` where a number is missing.
    dropped : DataFrame
        One row an event and security that could not be measured with a ``model``, ``estimation``
        and ``benchmark``, with the reason.
    sources : DataFrame
        One row a price series: its source and what it covers, for the first specification that
        reads it.
    provenance : mapping
        Inputs with their digests, versions, settings, and under ``robustness`` the choices: in
        words, and the settings of the models; with the tests among which one leads.
    models : tuple of str
        Names of the models, as `list models` has them.
    """

    curve: pd.DataFrame
    models: tuple[str, ...]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The frames by the name of their file."""
        return {
            "robustness": self._readings,
            "specifications": self.curve,
            "dropped": self.dropped,
            "sources": self.sources,
        }

    def readings(self, window: WindowLike | None = None) -> pd.DataFrame:
        """One row a group, then one an event and security: what its specifications agree on.

        Parameters
        ----------
        window : Window, pair of ints or str, optional
            As in ``"(0, 0)"``; all of them by default.

        Returns
        -------
        DataFrame
            ``who``, ``event_id``, ``ticker``, ``group``; ``own`` and ``own_pvalue``, of the study
            itself in the window, of all windows in the headline; ``asked``, all specifications, and
            ``specifications``, those with an effect; ``fewest`` and ``most`` pairs that they
            measure; ``median``, ``lowest``, ``highest`` effect; ``negative`` and ``positive``, how
            many; ``found``, how many have p at or below one minus the level; ``reading``, that in
            words. Effects in return units.

        Raises
        ------
        InputError
            Where the window is not one of the study.
        """
        if window is None:
            return own_copy(self._readings)
        return readings(self._of_window(window), 1.0 - self.spec["level"])

    @cached_property
    def _readings(self) -> pd.DataFrame:
        return readings(self.curve, 1.0 - self.spec["level"])

    def summary(self, window: WindowLike | None = None) -> pd.DataFrame:
        """Give the readings as they are printed, effects in per cent.

        Parameters
        ----------
        window : Window, pair of ints or str, optional
            As in ``"(0, 0)"``; all of them by default.
        """
        rows = self.readings(window)
        return pd.DataFrame(
            {
                "who": rows["who"],
                "pairs": [
                    count_range(*of) for of in zip(rows["fewest"], rows["most"], strict=True)
                ],
                "own %": (100 * rows["own"]).round(2),
                "p": rows["own_pvalue"].map(probability),
                "median %": (100 * rows["median"]).round(2),
                "lowest %": (100 * rows["lowest"]).round(2),
                "highest %": (100 * rows["highest"]).round(2),
                "found": rows["found"],
                "of": rows["specifications"],
                "reading": rows["reading"],
            }
        )

    def by(
        self, choice: str, who: str = "all", *, window: WindowLike | None = None
    ) -> pd.DataFrame:
        """Effects of one group, or event and security, by the value of one choice.

        Parameters
        ----------
        choice : {"model", "estimation", "benchmark", "window"}
        who : str
            A group, or an event and security as in ``"E-1 ABC"``.
        window : Window, pair of ints or str, optional
            As in ``"(0, 0)"``; all of them by default.

        Returns
        -------
        DataFrame
            One row a value: ``specifications`` with an effect, ``median``, ``lowest``, ``highest``
            in return units, and ``found``, how many have p at or below one minus the level.

        Raises
        ------
        InputError
            Where there is no such choice, group or pair.
        """
        if choice not in CHOICES:
            raise InputError(f"no choice {choice!r}. The choices are {', '.join(CHOICES)}")
        rows = self._of(who, window)
        rows = rows[rows["estimate"].notna()]
        rows = rows.assign(found=rejects(rows["pvalue"], 1.0 - self.spec["level"]))
        return (
            rows.groupby(choice, sort=False)
            .agg(
                specifications=("estimate", "size"),
                median=("estimate", "median"),
                lowest=("estimate", "min"),
                highest=("estimate", "max"),
                found=("found", "sum"),
            )
            .reset_index()
        )

    def sentences(self) -> list[str]:
        """Say in words what the specifications agree on: the first group, then the others."""
        return curve_sentences(self._readings, self.curve, 1.0 - self.spec["level"])

    def plot(
        self, who: str = "all", ax: Axes | None = None, *, window: WindowLike | None = None
    ) -> Axes:
        """Draw the specification curve of a group, or of an event and security.

        Parameters
        ----------
        who : str
            A group, or an event and security as in ``"E-1 ABC"``.
        ax : matplotlib.axes.Axes, optional
            Takes the effects. The choices are drawn below it and named to its left, where a figure
            of one's own must leave room, as in ``figure.subplots_adjust(left=.3, bottom=.6)``.
        window : Window, pair of ints or str, optional
            As in ``"(0, 0)"``; all of them by default.

        Raises
        ------
        InputError
            Where there is no such curve.
        """
        from eventstudy.report.specification_curve import draw_specifications

        return draw_specifications(self._of(who, window), ax=ax, level=self.spec["level"])

    def findings(self, title: str = "") -> Findings:
        """Everything that the report shows, in frames and sentences."""
        from eventstudy.report.specification_page import REMARKS, SAME

        single = self.curve[self.curve["group"] == ""]
        tests = self.curve.loc[self.curve["test"] != "", "test"]
        asked = self.provenance["robustness"]
        repeated = "market_adjusted" in self.models and len(asked["estimation"]) > 1
        return Findings(
            about="robustness",
            title=title or f"Robustness of {self.provenance['name']}",
            subtitle=f"{counted(single['event_id'].nunique(), 'event')} and "
            f"{counted(single['ticker'].nunique(), 'security', 'securities')}, "
            f"{counted(self.curve['specification'].nunique(), 'specification')}",
            sentences=tuple(self.sentences()),
            settings=(
                *(
                    (label, "; ".join(one for one in asked[name] if one != NO_BENCHMARK))
                    for label, name in _LABELS
                ),
                *(pair for pair in settings_in_words(self.spec) if pair[0] not in _VARIED),
                ("Estimation days needed", str(asked["min_estimation"])),
            ),
            notes=(*REMARKS, SAME) if repeated else REMARKS,
            windows=self.windows,
            level=self.spec["level"],
            methods=(*self.models, *pd.unique(tests)),
            provenance=self.provenance,
            dropped=self.dropped_pairs(),
            sources=self.sources,
            specifications=self.curve,
            readings=self._readings,
        )

    def dropped_pairs(self) -> pd.DataFrame:
        """Give each event and security that lacks an effect somewhere once.

        Returns
        -------
        DataFrame
            ``event_id``, ``ticker`` and ``reason``: the first one, and of how many combinations.
        """
        of = len(self.curve[["model", "estimation", "benchmark"]].drop_duplicates())
        rows = self.dropped.groupby(["event_id", "ticker"], sort=False)["reason"].agg(
            ["first", "size", "nunique"]
        )
        rows = rows.reset_index()
        more = np.where(rows["nunique"] > 1, ", in some with other figures", "")
        words = " (in " + rows["size"].astype(str) + f" of {of} combinations" + more + ")"
        return rows[["event_id", "ticker"]].assign(reason=rows["first"] + words)

    def _of(self, who: str, window: WindowLike | None) -> pd.DataFrame:
        rows = self._of_window(window)
        rows = rows[rows["who"] == who]
        if rows.empty:
            known = ", ".join(map(str, pd.unique(self.curve["who"])[:10])) or "none at all"
            raise InputError(f"no specifications of {who!r}. There are those of {known}")
        # A group first, should a pair be spelled like it.
        return rows[rows["group"] == rows["group"].iloc[0]]

    def _of_window(self, window: WindowLike | None) -> pd.DataFrame:
        if window is None:
            return self.curve
        return self.curve[self.curve["window"] == tested_window(window, self.windows)]

    def _headline(self) -> str:
        pairs = self.curve.loc[self.curve["group"] == "", "who"].nunique()
        return (
            f"Robustness of {describe_model(self.spec['model'])}, estimation "
            f"{self.spec['estimation']}: "
            f"{counted(self.curve['specification'].nunique(), 'specification')} of "
            f"{counted(pairs, 'event-security pair')}; found is p at or below "
            f"{level(1.0 - self.spec['level'])}"
        )


_LABELS = (
    ("Models", "model"),
    ("Estimation windows", "estimation"),
    ("Benchmarks", "benchmark"),
)
_VARIED = ("Model", "Estimation window", "Benchmark", "Estimation days needed")
