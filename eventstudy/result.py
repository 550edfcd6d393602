"""What a study found: frames, a summary, pictures, a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.errors import InputError
from eventstudy.plots import Plots
from eventstudy.report.formats import counted
from eventstudy.report.limits import PAGES
from eventstudy.reported import SHOWN, as_page, as_text
from eventstudy.resultframes import ResultFrames
from eventstudy.rundir import (
    OPTIONAL,
    TABLES,
    Format,
    check_format,
    read_files,
    write_files,
    write_whole,
)
from eventstudy.summary import find, groups_table, summary_table
from eventstudy.tableset import PART, own_copy
from eventstudy.workbook import check_xlsxwriter, write_workbook

if TYPE_CHECKING:
    from eventstudy.report import Findings

REPORTABLE = 50_000
"""Pairs of an event and a security up to which there are reports."""


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult(ResultFrames):
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

    @property
    def plot(self) -> Plots:
        """Pictures: ``plot.events()``, ``plot.event(id)``, ``plot.caar(group)``."""
        return Plots(self)

    def summary(self) -> pd.DataFrame:
        """One row an event and security: the effect of the headline window, and its tests.

        A table to be read: p-values are text. The numbers are in the frame ``events``.

        Of many events the frame ``events`` is built part by part, and not kept.
        """
        window = self.spec["windows"][0]
        parts = [summary_table(part, window) for part in self.frames.parts("events")]
        return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]

    def groups(self) -> pd.DataFrame:
        """One row a group and window: the effect by the test that leads there, in per cent.

        ``p`` is the test's own, ``Holm p`` adjusted for the tests that lead in all groups and
        windows, whatever they are; both are text, as they are printed. The numbers, and all other
        tests, are in the frames ``tests`` and ``leads``.
        """
        return groups_table(self.tests, self.leads)

    def models(self) -> pd.DataFrame:
        """One row an event and security: how well the model did.

        R2, sigma, and of the residuals of the estimation window the Durbin-Watson statistic and the
        p-values of Engle's LM test (changing variance) and of Jarque and Bera's (normality); with
        ``Study(diagnostics=True)`` also the forecast error on estimation days left out
        (``prediction_error``) and the share of their variance that was forecast (``r2_outside``).
        To set several models side by side see :func:`eventstudy.compare`.

        Notes
        -----
        statsmodels measures one event after the other, in about five milliseconds: ten thousand
        events take a minute, a million an hour and a half. Their estimation days are built part by
        part.
        """
        from eventstudy.diagnostics import residual_measures

        fits, parts = self.fits, []
        for estimation in self.frames.parts("estimation"):
            if self.frames.pieces("estimation") == 1:
                return residual_measures(fits, estimation)
            count = len(estimation) // max(estimation["day"].nunique(), 1)
            parts.append(residual_measures(fits.iloc[:count], estimation))
            fits = fits.iloc[count:]
        return pd.concat(parts, ignore_index=True)

    def findings(self, title: str = "") -> Findings:
        """Everything that a report shows, in frames and sentences.

        Of more than 16,384 pairs of an event and a security ``days`` and ``estimation`` are those
        of the 60 events that have a page.

        Raises
        ------
        InputError
            Of more than 50,000 pairs.
        """
        if not self.reportable:
            raise InputError(
                f"the result has {counted(self.pairs, 'pair')} of an event and a security; a "
                f"report takes up to {REPORTABLE:,}. Keep the tables with save(folder, "
                'format="parquet"), and run the study of a selection of the events for a report'
            )
        frames: Mapping[str, pd.DataFrame] = self.frames
        if self.pairs > PART:
            frames = self._drawn(list(pd.unique(self.events["event_id"])[:PAGES]))
        return find(frames, self.spec, self.provenance, title)

    @property
    def reportable(self) -> bool:
        """Whether there are few enough pairs of an event and a security for a report."""
        return self.pairs <= REPORTABLE

    def _drawn(self, event_ids: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Give the frames of a report, the longest for the events that are drawn alone."""
        long = {name: self.frames.of(name, event_ids) for name in ("days", "estimation")}
        return {name: long[name] if name in long else self.frames[name] for name in self.frames}

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

        Raises
        ------
        InputError
            Where it is another frame.
        """
        given: Any = detectable
        wanted = {"group", "window", "test", "mde", "half_width"}
        if not isinstance(given, pd.DataFrame) or not wanted <= set(given.columns):
            kind = type(given).__name__
            raise InputError(f"this {kind} is no frame of power. Give power(...).detectable")
        return replace(self, frames=self.frames.plus("power", own_copy(detectable)))

    def report(self, path: str | Path, *, title: str = "") -> Path:
        """Write the report as one file, PDF or HTML by its suffix; its folder is made.

        Raises
        ------
        InputError
            Where the suffix is another, or the file cannot be written, and of more than 50,000
            pairs of an event and a security.
        """
        from eventstudy.report import write_document

        path = Path(path)
        if path.suffix.lower() not in (".pdf", ".html"):
            raise InputError(f"{path.name}: a report is .pdf or .html. Name it so")
        write_document(self.findings(title), path)
        return path

    def save(self, folder: str | Path, *, format: Format = "csv") -> Path:
        """Write the run directory; :func:`eventstudy.load` reads it back.

        Parameters
        ----------
        folder : path
            An empty folder, an earlier run (replaced whole), or a new one.
        format : {"csv", "parquet"}
            Form of the tables. Parquet needs the extra ``parquet``, is a quarter as large, and is
            written and read many times as fast.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        InputError
            Where there is no such format.
        MissingExtraError
            Where pyarrow is not installed, for Parquet.
        RunDirectoryError
            Where the folder holds anything but an earlier run.

        Notes
        -----
        Tables of many events are built and written in parts of 16,384 events. All are written,
        ``days`` and ``estimation`` too, which have a row for each day of the event and estimation
        windows: of a million events, 21 and 250 days, 33 GB as CSV and 8 GB as Parquet.
        """
        form, folder = check_format(format), Path(folder)
        write_whole(folder, partial(self.write_data, form=form))
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
            Besides tables and SVG: pdf, html, png, latex; xlsx, all tables but that of the
            estimation days in one workbook (``tables.xlsx``); parquet, which tables then are
            instead of CSV. Of more than 50,000 pairs of an event and a security there are tables
            only.
        title : str
            Title of the report.
        progress : callable, optional
            Told of each step as it begins, and of many events how far it has come.

        Returns
        -------
        list of str
            What the reader should know, such as characters that no font could show.
        """
        from eventstudy.report import check_formats, write_report

        formats = check_formats(formats)
        form = check_format("parquet" if "parquet" in formats else "csv")
        if "xlsx" in formats:
            check_xlsxwriter()
        notes: list[str] = []
        result = self.noted(title=title)

        def fill(work: Path) -> None:
            progress("tables")
            result.write_data(work, form=form, progress=progress)
            progress("report")
            if result.reportable:
                findings = result.findings()
                notes.extend(write_report(findings, work, formats=formats))
                if "xlsx" in formats:
                    progress("workbook")
                    sheets = [*TABLES, *(name for name in OPTIONAL if name in result.frames)]
                    sheets.remove("estimation")  # 250 rows an event, which no one reads there
                    parts = {name: result.frames.parts(name) for name in sheets}
                    notes.extend(write_workbook(findings, parts, work))
            else:
                notes.append(
                    f"no report and no figures are drawn of {counted(result.pairs, 'pair')} of an "
                    f"event and a security, more than {REPORTABLE:,}: the tables hold all. Run the "
                    "study of a selection of the events for a report"
                )

        write_whole(Path(folder), fill)
        return notes

    def write_data(
        self, folder: Path, *, form: Format = "csv", progress: Callable[[str], object] = str
    ) -> None:
        """Write the data files into an existing folder."""
        write_files(
            folder,
            tables=self.frames,
            given=self.input,
            spec=self.spec,
            provenance=self.provenance,
            form=form,
            progress=progress,
        )

    def __repr__(self) -> str:
        return as_text(self.headline, *self._shown())

    def _repr_html_(self) -> str:
        return as_page(self.headline, *self._shown())

    def _shown(self) -> tuple[pd.DataFrame, str]:
        """Give the first rows of the summary, and how many more there are, in words."""
        table = summary_table(self.frames.first("events"), self.spec["windows"][0]).head(SHOWN)
        rest = self.pairs - len(table)
        return table, f"... and {rest:,} more, see summary()" if rest else ""


def load(folder: str | Path) -> StudyResult:
    """Read a run directory back.

    A table is read when it is asked for, so that a large run is there at once; the folder must stay
    until then. Of Parquet files, tables of many events are read part by part where that suffices.

    Raises
    ------
    RunDirectoryError
        Where the folder is none, or a file is missing or damaged.
    MissingExtraError
        Where its tables are Parquet files and pyarrow is not installed.
    """
    tables, given, spec, provenance = read_files(Path(folder))
    return StudyResult(spec=spec, input=given, frames=tables, provenance=provenance)


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
