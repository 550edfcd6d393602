"""What `eventstudy.power` found: frames, a table to read, a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from eventstudy.models import describe_model, name_of
from eventstudy.report.findings import COLUMNS, Findings
from eventstudy.report.formats import counted, level, probability
from eventstudy.reported import Reported
from eventstudy.summary import power_sentences, settings_in_words
from eventstudy.windows import WindowLike, tested_window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVES = ("who", "event_id", "ticker", "group", "window", "test", "effect", "power", "se")
DETECTABLE = COLUMNS["power"]


@dataclass(frozen=True, eq=False, repr=False)
class PowerResult(Reported):
    """What a study can see.

    Attributes
    ----------
    spec : mapping
        The study's settings.
    target : float
        Power that counts as detected.
    curves : DataFrame
        One row an event and security (or group), window, test and effect: ``power``, the share of
        placebo samples in which the test rejects with the effect added, and its standard error
        ``se``. Effects are in return units, of both signs; at 0 the power is the size.
    detectable : DataFrame
        One row an event and security (or group), window and test: ``effect`` and ``pvalue``
        measured on the real event, and ``half_width`` of its interval; ``size`` without an effect,
        with its standard error; ``mde``, the smallest effect of either sign that is detected with
        the target power, positive, in return units, and ``target``, that power; ``replications``,
        the placebo samples;
        ``reading``, both in words; ``reason`` where a number is missing.
    dropped : DataFrame
        One row an event and security that could not be measured, with the reason.
    sources : DataFrame
        One row a price series: its source and what it covers.
    provenance : mapping
        Inputs with their digests, versions, settings (the seed is one), and under ``power`` what
        was asked: effects, target, replications.
    """

    target: float
    curves: pd.DataFrame
    detectable: pd.DataFrame

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The frames by the name of their file."""
        return {
            "power": self.detectable,
            "curves": self.curves,
            "dropped": self.dropped,
            "sources": self.sources,
        }

    def summary(self, window: WindowLike | None = None) -> pd.DataFrame:
        """One row an event and security, then one a group: what was found, what could have been.

        Parameters
        ----------
        window : str, optional
            As in ``"(0, 0)"``; the headline window by default.

        Raises
        ------
        InputError
            Where the window is not one of the study.
        """
        own = self._of_window(window)
        lead = own[own["test"] != "placebo"]
        beside = own[own["test"] == "placebo"].set_index("who")["mde"]
        return pd.DataFrame(
            {
                "who": lead["who"],
                "test": lead["test"],
                "n": lead["n"],
                "effect %": (100 * lead["effect"]).round(2),
                "p": lead["pvalue"].map(probability),
                "size %": (100 * lead["size"]).round(1),
                "smallest %": (100 * lead["mde"]).round(2),
                "by placebo %": (100 * lead["who"].map(beside)).round(2),
                "reading": lead["reading"],
            }
        ).reset_index(drop=True)

    def sentences(self, window: WindowLike | None = None) -> list[str]:
        """Say in words what could have been seen: single effects first, then groups."""
        return power_sentences(self._of_window(window), self.spec["level"])

    def plot(
        self, who: str = "all", ax: Axes | None = None, *, window: WindowLike | None = None
    ) -> Axes:
        """Draw the power curves of a group, or of an event and security as in ``"E-1 ABC"``.

        Raises
        ------
        InputError
            Where there is no such curve.
        """
        from eventstudy.report.power import draw_power

        chosen = self.curves[self.curves["window"] == tested_window(window, self.windows)]
        return draw_power(chosen, who, ax=ax, target=self.target)

    def plot_detectable(self, ax: Axes | None = None, *, window: WindowLike | None = None) -> Axes:
        """Draw every measured effect before the range that could not have been seen."""
        from eventstudy.report.power import draw_detectable

        own = self._of_window(window)
        return draw_detectable(own, ax=ax, level=self.spec["level"], target=self.target)

    def findings(self, title: str = "") -> Findings:
        """Everything that the report of this alone shows, in frames and sentences."""
        from eventstudy.report.power_page import REMARKS

        single = self.detectable[self.detectable["group"] == ""]
        model = describe_model(self.spec["model"])
        everyone = self.curves[self.curves["group"] == "all"]
        return Findings(
            about="power",
            title=title or f"Power of {self.provenance['name']}",
            subtitle=f"{counted(single['event_id'].nunique(), 'event')} and "
            f"{counted(single['ticker'].nunique(), 'security', 'securities')}, {model}",
            sentences=tuple(self.sentences()),
            settings=(*settings_in_words(self.spec), ("Power", level(self.target))),
            notes=REMARKS,
            windows=self.windows,
            level=self.spec["level"],
            methods=(name_of(self.spec["model"]), *pd.unique(self._tests())),
            provenance=self.provenance,
            dropped=self.dropped,
            sources=self.sources,
            power=self.detectable,
            curves=everyone[everyone["window"] == self.windows[0]],
        )

    def _tests(self) -> pd.Series:
        own = self._of_window(None)
        return own.loc[own["test"] != "", "test"]

    def _of_window(self, window: WindowLike | None) -> pd.DataFrame:
        chosen = tested_window(window, self.windows)
        return self.detectable[self.detectable["window"] == chosen]

    def _headline(self) -> str:
        pairs = self.detectable.loc[self.detectable["group"] == "", "who"].nunique()
        return (
            f"Power at the {level(1.0 - self.spec['level'])} level: smallest effect detected in "
            f"{level(self.target)} of placebo samples, window {self.windows[0]}; "
            f"{counted(pairs, 'event-security pair')}, {len(self.dropped)} dropped"
        )
