"""What a study found: frames, a summary, pictures, a report."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.errors import InputError
from eventstudy.models import name_of
from eventstudy.report.findings import empty
from eventstudy.rundir import read_files, write_files, write_whole
from eventstudy.summary import find, summary_table
from eventstudy.tableset import Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from eventstudy.report import Findings


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult:
    """What a study found.

    Attributes
    ----------
    spec : mapping
        The study's settings.
    input : DataFrame
        The events as they were given, one row an event and security.
    frames : Tables
        The result frames by name; each is an attribute too. Frames with rows for each event or
        day are built when they are asked for.
    provenance : mapping
        Inputs with their digests, versions, settings.
    """

    spec: Mapping[str, Any]
    input: pd.DataFrame
    frames: Tables
    provenance: Mapping[str, Any]

    @property
    def events(self) -> pd.DataFrame:
        """One row an event, security and window: CAR, its error, tests, day zero, flags."""
        return self.frames["events"]

    @property
    def days(self) -> pd.DataFrame:
        """One row an event, security and day of the event window."""
        return self.frames["days"]

    @property
    def estimation(self) -> pd.DataFrame:
        """One row an event, security and estimation day, with the placebo effects."""
        return self.frames["estimation"]

    @property
    def fits(self) -> pd.DataFrame:
        """One row an event and security: coefficients, sigma, degrees of freedom."""
        return self.frames["fits"]

    @property
    def means(self) -> pd.DataFrame:
        """One row a group and day: average abnormal return, cumulated, with its interval."""
        return self.frames["means"]

    @property
    def tests(self) -> pd.DataFrame:
        """One row a group, window and test."""
        return self.frames["tests"]

    @property
    def leads(self) -> pd.DataFrame:
        """One row a group and window: the test that leads, and why."""
        return self.frames["leads"]

    @property
    def claims(self) -> pd.DataFrame:
        """One row a press claim: quoted, measured, verdict."""
        return self.frames["claims"]

    @property
    def dropped(self) -> pd.DataFrame:
        """One row an event and security that could not be measured, with the reason."""
        return self.frames["dropped"]

    @property
    def overlaps(self) -> pd.DataFrame:
        """One row a pair of events of one security that share days; counted, where too many."""
        return self.frames["overlaps"]

    @property
    def sources(self) -> pd.DataFrame:
        """One row a price series: its source and what it covers."""
        return self.frames["sources"]

    @property
    def power(self) -> pd.DataFrame:
        """One row an event and security, or group, window and test: the smallest effect it detects.

        No rows but where :meth:`with_power` has put them.
        """
        return self.frames["power"] if "power" in self.frames else empty("power")

    @property
    def plot(self) -> Plots:
        """Pictures: ``plot.events()``, ``plot.event(id)``, ``plot.caar(group)``."""
        return Plots(self)

    def summary(self) -> pd.DataFrame:
        """One row an event and security: the effect of the headline window, and its tests."""
        return summary_table(self.events, self.spec["windows"][0])

    def models(self) -> pd.DataFrame:
        """One row an event and security: how well the model did.

        R2, sigma, and of the residuals of the estimation window the Durbin-Watson statistic and the
        p-values of Engle's LM test (changing variance) and of Jarque and Bera's (normality); with
        ``Study(diagnostics=True)`` also the forecast error on estimation days left out
        (``prediction_error``) and the share of their variance that was forecast (``r2_outside``).
        To set several models side by side see :func:`eventstudy.compare`.
        """
        from eventstudy.diagnostics import residual_measures

        return residual_measures(self.fits, self.estimation)

    def findings(self, title: str = "") -> Findings:
        """Everything that a report shows, in frames and sentences."""
        return find(self.frames, self.spec, self.provenance, title)

    def noted(
        self, *, title: str = "", command: str = "", inputs: Mapping[str, str] | None = None
    ) -> StudyResult:
        """Keep with the result what it came from besides: a title, a command, digests of inputs."""
        facts = {"title": title, "command": command}
        kept = {**self.provenance, **{name: text for name, text in facts.items() if text}}
        kept["inputs"] = {**kept.get("inputs", {}), **(inputs or {})}
        return replace(self, provenance=kept)

    def with_power(self, detectable: pd.DataFrame) -> StudyResult:
        """Keep with the result what the study could have seen; the report then says it.

        Parameters
        ----------
        detectable : DataFrame
            The frame ``detectable`` of :func:`eventstudy.power`, of the same study and events.
        """
        return replace(self, frames=self.frames.plus("power", detectable))

    def report(self, path: str | Path, *, title: str = "") -> Path:
        """Write the report as one file, PDF or HTML by its suffix.

        Raises
        ------
        InputError
            Where the suffix is another.
        """
        from eventstudy.report import write_document

        path = Path(path)
        if path.suffix.lower() not in (".pdf", ".html"):
            raise InputError(f"{path.name}: a report is .pdf or .html. Name it so")
        write_document(self.findings(title), path)
        return path

    def save(self, folder: str | Path) -> Path:
        """Write the run directory; :func:`eventstudy.load` reads it back.

        Raises
        ------
        RunDirectoryError
            Where the folder holds anything but an earlier run.
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
        """Write the run directory with figures and reports.

        Parameters
        ----------
        folder : path
            An empty folder, an earlier run (replaced whole), or a new one.
        formats : sequence of str
            Besides CSV and SVG: pdf, html, png, latex.
        title : str
            Title of the report.
        progress : callable, optional
            Told of each step as it begins.

        Returns
        -------
        list of str
            What the reader should know, such as characters that no font could show.
        """
        from eventstudy.report import write_report

        notes: list[str] = []
        result = self.noted(title=title)

        def fill(work: Path) -> None:
            progress("tables")
            result.write_data(work)
            progress("report")
            notes.extend(write_report(result.findings(), work, formats=formats))

        write_whole(Path(folder), fill)
        return notes

    def write_data(self, folder: Path) -> None:
        """Write the data files into an existing folder."""
        write_files(
            folder,
            tables=self.frames,
            given=self.input,
            spec=self.spec,
            provenance=self.provenance,
        )

    def __repr__(self) -> str:
        return f"{self._headline()}\n{self.summary().to_string(index=False)}"

    def _repr_html_(self) -> str:
        table = self.summary().to_html(index=False, border=0, na_rep="")
        return f"<p>{html.escape(self._headline())}</p>{table}"

    def _headline(self) -> str:
        pairs = len(self.events) // max(len(self.spec["windows"]), 1)
        return (
            f"Event study: {self.events['event_id'].nunique()} events, {pairs} event-security "
            f"pairs, {len(self.dropped)} dropped; {name_of(self.spec['model'])} model, window "
            f"{self.spec['windows'][0]}"
        )


@dataclass(frozen=True, eq=False)
class Plots:
    """Pictures of a result; each takes an ``ax`` to draw on, and returns it.

    Attributes
    ----------
    result : StudyResult
        The result.
    """

    result: StudyResult

    def events(self, ax: Axes | None = None, *, window: str | None = None) -> Axes:
        """Draw all effects of a window with their intervals."""
        from eventstudy.report import draw_effects

        return draw_effects(
            self.result.events,
            window or self.result.spec["windows"][0],
            ax=ax,
            dropped=self.result.dropped,
            level=self.result.spec["level"],
        )

    def event(self, event_id: str, ax: Axes | None = None) -> Axes:
        """Draw the cumulative abnormal return of each security of one event.

        Raises
        ------
        InputError
            Where the result has no such event.
        """
        from eventstudy.report import draw_event

        if event_id not in set(self.result.days["event_id"]):
            raise InputError(
                f"no event {event_id!r} in the result. It has "
                f"{', '.join(dict.fromkeys(self.result.days['event_id']))}"
            )
        return draw_event(self.result.findings(), event_id, ax=ax)

    def caar(self, group: str = "all", ax: Axes | None = None) -> Axes:
        """Draw the average cumulative abnormal return of a group with its interval.

        Raises
        ------
        InputError
            Where the result has no such group.
        """
        from eventstudy.report import draw_caar

        if group not in set(self.result.means["group"]):
            raise InputError(
                f"no group {group!r} in the result. It has "
                f"{', '.join(dict.fromkeys(self.result.means['group']))}"
            )
        return draw_caar(self.result.means, group, ax=ax)


def load(folder: str | Path) -> StudyResult:
    """Read a run directory back.

    Raises
    ------
    RunDirectoryError
        Where the folder is none, or a file is missing or damaged.
    """
    tables, given, spec, provenance = read_files(Path(folder))
    return StudyResult(spec=spec, input=given, frames=Tables(tables), provenance=provenance)


def dropped_frame(frame: pd.DataFrame, dropped: Mapping[int, str]) -> pd.DataFrame:
    """Build one row an event and security that was left out, in the order of the input."""
    pairs = sorted(dropped)
    return pd.DataFrame(
        {
            "event_id": frame["event_id"].iloc[pairs].to_numpy(),
            "ticker": frame["ticker"].iloc[pairs].to_numpy(),
            "reason": [dropped[pair] for pair in pairs],
        }
    )
