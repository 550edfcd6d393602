"""What `eventstudy.power` found: frames, a table to read, a picture."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.errors import InputError
from eventstudy.report.formats import counted, level, percent, probability
from eventstudy.rundir import MARK, write_table, write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVES = ("who", "event_id", "ticker", "group", "window", "test", "effect", "power", "se")
DETECTABLE = (
    *("who", "event_id", "ticker", "group", "window", "test", "n", "effect", "pvalue"),
    *("size", "size_se", "mde", "replications", "reading", "reason", "note"),
)


@dataclass(frozen=True, eq=False, repr=False)
class PowerResult:
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
        measured on the real event; ``size`` without an effect, with its standard error; ``mde``,
        the smallest effect of either sign that is detected with the target power, positive, in
        return units; ``replications``, the placebo samples; ``reading``, both in words; ``reason``
        where a number is missing.
    dropped : DataFrame
        One row an event and security that could not be measured, with the reason.
    sources : DataFrame
        One row a price series: its source and what it covers.
    provenance : mapping
        Inputs with their digests, versions, settings.
    """

    spec: Mapping[str, Any]
    target: float
    curves: pd.DataFrame
    detectable: pd.DataFrame
    dropped: pd.DataFrame
    sources: pd.DataFrame
    provenance: Mapping[str, Any]

    @property
    def windows(self) -> tuple[str, ...]:
        """Tested windows as text; the first is the headline."""
        return tuple(self.spec["windows"])

    def summary(self, window: str | None = None) -> pd.DataFrame:
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

    def sentences(self, window: str | None = None) -> list[str]:
        """Say in words what could have been seen: single effects first, then groups."""
        own = self._of_window(window)
        alpha = 1.0 - self.spec["level"]
        single = own[(own["group"] == "") & (own["test"] == "sar_t") & own["mde"].notna()]
        found: list[str] = []
        if len(single):
            least, most = single["mde"].min(), single["mde"].max()
            found.append(
                f"With a power of {level(self.target)} at the {level(alpha)} level, the SAR-t "
                f"detects an effect of {percent(least)} to {percent(most)} % on window "
                f"{single['window'].iloc[0]}, depending on the security "
                f"(median {percent(single['mde'].median())} %, "
                f"{counted(len(single), 'event-security pair')})."
            )
        everyone = own[(own["group"] == "all") & own["mde"].notna()]
        found += [
            f"For the average over all events it takes {percent(row['mde'])} %; "
            f"{percent(row['effect'])} % were measured."
            for row in everyone.to_dict("records")
        ]
        return found

    def plot(self, who: str = "all", ax: Axes | None = None, *, window: str | None = None) -> Axes:
        """Draw the power curves of a group, or of an event and security as in ``"E-1 ABC"``.

        Raises
        ------
        InputError
            Where there is no such curve.
        """
        from eventstudy.report.power import draw_power

        self._of_window(window)
        chosen = self.curves[self.curves["window"] == (window or self.windows[0])]
        return draw_power(chosen, who, ax=ax, target=self.target)

    def plot_detectable(self, ax: Axes | None = None, *, window: str | None = None) -> Axes:
        """Draw every measured effect before the range that could not have been seen."""
        from eventstudy.report.power import draw_detectable

        own = self._of_window(window)
        return draw_detectable(own, ax=ax, level=self.spec["level"], target=self.target)

    def save(self, folder: str | Path) -> Path:
        """Write tables, drawings and a page (power.html) into a folder.

        Parameters
        ----------
        folder : path
            New, empty, or an earlier run, which is replaced whole.

        Raises
        ------
        RunDirectoryError
            Where the folder holds anything else.
        """
        folder = Path(folder)
        write_whole(folder, self.write_files)
        return folder

    def write_files(self, folder: Path) -> None:
        """Write the files of :meth:`save` into an existing folder."""
        import tomli_w

        from eventstudy.report.power_page import write_power

        write_table(self.curves, folder / "power.csv")
        write_table(self.detectable, folder / "detectable.csv")
        write_table(self.dropped, folder / "dropped.csv")
        write_table(self.sources, folder / "sources.csv")
        (folder / "study.toml").write_text(tomli_w.dumps(dict(self.spec)), encoding="utf-8")
        text = json.dumps(self.provenance, indent=2, ensure_ascii=False, sort_keys=True)
        (folder / MARK).write_text(text + "\n", encoding="utf-8")
        write_power(
            folder,
            self._of_window(None),
            self.curves[self.curves["window"] == self.windows[0]],
            self.sentences(),
            title=f"Power of {self.provenance['name']}",
            confidence=self.spec["level"],
            target=self.target,
        )

    def _of_window(self, window: str | None) -> pd.DataFrame:
        chosen = window or self.windows[0]
        if chosen not in self.windows:
            raise InputError(f"no window {chosen!r} in the study. It has {', '.join(self.windows)}")
        return self.detectable[self.detectable["window"] == chosen]

    def __repr__(self) -> str:
        return f"{self._headline()}\n{self.summary().to_string(index=False)}"

    def _repr_html_(self) -> str:
        table = self.summary().to_html(index=False, border=0, na_rep="")
        return f"<p>{html.escape(self._headline())}</p>{table}"

    def _headline(self) -> str:
        pairs = self.detectable.loc[self.detectable["group"] == "", "who"].nunique()
        return (
            f"Power at the {level(1.0 - self.spec['level'])} level: smallest effect detected in "
            f"{level(self.target)} of placebo samples, window {self.windows[0]}; "
            f"{counted(pairs, 'event-security pair')}, {len(self.dropped)} dropped"
        )
