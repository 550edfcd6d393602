"""What `eventstudy.power` found: frames, a table to read, a picture."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.errors import InputError
from eventstudy.models import describe_model, name_of
from eventstudy.report.findings import COLUMNS, Findings
from eventstudy.report.formats import counted, level, probability
from eventstudy.rundir import MARK, write_table, write_whole
from eventstudy.summary import power_sentences, settings_in_words
from eventstudy.workbook import check_xlsxwriter, write_workbook

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVES = ("who", "event_id", "ticker", "group", "window", "test", "effect", "power", "se")
DETECTABLE = COLUMNS["power"]


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
        return units, and ``target``, that power; ``replications``, the placebo samples;
        ``reading``, both in words; ``reason`` where a number is missing.
    dropped : DataFrame
        One row an event and security that could not be measured, with the reason.
    sources : DataFrame
        One row a price series: its source and what it covers.
    provenance : mapping
        Inputs with their digests, versions, settings (the seed is one), and under ``power`` what
        was asked: effects, target, replications.
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
        return power_sentences(self._of_window(window), self.spec["level"])

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

    def noted(self, *, command: str) -> PowerResult:
        """Keep with the result the command that it came from."""
        return replace(self, provenance={**self.provenance, "command": command})

    def report(self, path: str | Path, *, title: str = "") -> Path:
        """Write the report as one file, PDF or HTML by its suffix; its folder is made.

        Raises
        ------
        InputError
            Where the suffix is another, or the file cannot be written.
        """
        from eventstudy.report import write_document

        write_document(self.findings(title), path)
        return Path(path)

    def save(self, folder: str | Path) -> Path:
        """Write the tables into a folder, as CSV.

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
        write_whole(folder, self.write_data)
        return folder

    def write_run(
        self,
        folder: str | Path,
        *,
        formats: Sequence[str] = ("pdf",),
        title: str = "",
        progress: Callable[[str], object] = str,
    ) -> list[str]:
        """Write tables, drawings and reports (power.pdf) into a folder.

        Parameters
        ----------
        folder : path
            New, empty, or an earlier run, which is replaced whole.
        formats : sequence of str
            Besides CSV and SVG: pdf, html, png, latex, xlsx (tables.xlsx).
        title : str
            Title of the report.
        progress : callable, optional
            Told of each step as it begins.

        Returns
        -------
        list of str
            What the reader should know, such as characters that no font could show.

        Raises
        ------
        RunDirectoryError
            Where the folder holds anything else.
        """
        from eventstudy.report import write_report

        if "xlsx" in formats:
            check_xlsxwriter()
        notes: list[str] = []

        def fill(work: Path) -> None:
            progress("report")
            self.write_data(work)
            findings = self.findings(title)
            notes.extend(write_report(findings, work, formats=formats))
            if "xlsx" in formats:
                tables = {
                    "power": [self.detectable],
                    "curves": [self.curves],
                    "dropped": [self.dropped],
                }
                notes.extend(write_workbook(findings, {**tables, "sources": [self.sources]}, work))

        write_whole(Path(folder), fill)
        return notes

    def write_data(self, folder: Path) -> None:
        """Write the files of :meth:`save` into an existing folder."""
        import tomli_w

        write_table(self.detectable, folder / "power.csv")
        write_table(self.curves, folder / "curves.csv")
        write_table(self.dropped, folder / "dropped.csv")
        write_table(self.sources, folder / "sources.csv")
        (folder / "study.toml").write_text(tomli_w.dumps(dict(self.spec)), encoding="utf-8")
        text = json.dumps(self.provenance, indent=2, ensure_ascii=False)
        (folder / MARK).write_text(text + "\n", encoding="utf-8")

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
