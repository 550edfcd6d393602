"""What the answers to questions beside a study share: files, a report, a picture in a notebook."""

from __future__ import annotations

import html
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pandas as pd

from eventstudy.report.findings import Findings
from eventstudy.rundir import MARK, write_table, write_whole
from eventstudy.tables import in_notebook
from eventstudy.windows import WindowLike
from eventstudy.workbook import check_xlsxwriter, write_workbook

SHOWN = 60
"""Rows that are printed."""


def as_text(headline: str, table: pd.DataFrame, rest: str) -> str:
    """Print a table below what it is, and above how many more rows there are, "" for none."""
    return f"{headline}\n{table.to_string(index=False)}{rest and chr(10)}{rest}"


def as_page(headline: str, table: pd.DataFrame, rest: str) -> str:
    """Write the same as HTML for a notebook."""
    page = table.to_html(index=False, border=0, na_rep="")
    return in_notebook(f"<p>{html.escape(headline)}</p>", page, rest and f"<p>{rest}</p>")


@dataclass(frozen=True, eq=False, repr=False)
class Reported(ABC):
    """An answer that can be printed, saved and reported.

    Attributes
    ----------
    spec : mapping
        The study's settings.
    dropped : DataFrame
        Events and securities that could not be measured, with the reason.
    sources : DataFrame
        One row a price series: its source and what it covers.
    provenance : mapping
        Inputs with their digests, versions, settings.
    """

    spec: Mapping[str, Any]
    dropped: pd.DataFrame
    sources: pd.DataFrame
    provenance: Mapping[str, Any]

    @property
    def windows(self) -> tuple[str, ...]:
        """Tested windows as text; the first is the headline."""
        return tuple(self.spec["windows"])

    @property
    @abstractmethod
    def tables(self) -> dict[str, pd.DataFrame]:
        """The frames by the name of their file."""

    @abstractmethod
    def summary(self, window: WindowLike | None = None) -> pd.DataFrame:
        """Give the table that is printed."""

    @abstractmethod
    def findings(self, title: str = "") -> Findings:
        """Everything that the report of this alone shows, in frames and sentences."""

    @abstractmethod
    def _headline(self) -> str:
        """Say in a line what this is."""

    def noted(self, *, command: str) -> Self:
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
        """Write tables, drawings and reports into a folder.

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
        InputError
            Where a format is not known.
        """
        from eventstudy.report import check_formats, write_report

        formats = check_formats(formats, ("csv", "xlsx", "svg"))
        if "xlsx" in formats:
            check_xlsxwriter()
        notes: list[str] = []

        def fill(work: Path) -> None:
            progress("report")
            self.write_data(work)
            findings = self.findings(title)
            notes.extend(write_report(findings, work, formats=formats))
            if "xlsx" in formats:
                sheets = {name: [frame] for name, frame in self.tables.items()}
                notes.extend(write_workbook(findings, sheets, work))

        write_whole(Path(folder), fill)
        return notes

    def write_data(self, folder: Path) -> None:
        """Write the files of :meth:`save` into an existing folder."""
        import tomli_w

        for name, frame in self.tables.items():
            write_table(frame, folder / f"{name}.csv")
        settings = tomli_w.dumps(dict(self.spec))
        (folder / "study.toml").write_text(settings, encoding="utf-8", newline="\n")
        text = json.dumps(self.provenance, indent=2, ensure_ascii=False)
        (folder / MARK).write_text(text + "\n", encoding="utf-8", newline="\n")

    def __repr__(self) -> str:
        return as_text(self._headline(), *self._shown())

    def _repr_html_(self) -> str:
        return as_page(self._headline(), *self._shown())

    def _shown(self) -> tuple[pd.DataFrame, str]:
        """Give the first rows of the summary, and how many more there are, in words."""
        whole = self.summary()
        rest = len(whole) - SHOWN
        return whole.head(SHOWN), f"... and {rest:,} more, see summary()" if rest > 0 else ""
