"""A run directory: tables as CSV, the specification as TOML, provenance as JSON.

Text that a spreadsheet would take for a formula gets a leading apostrophe, which reading takes off
again; numbers never do. A directory is written beside its place and renamed whole.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from eventstudy.errors import RunDirectoryError
from eventstudy.models import MODELS, name_of
from eventstudy.models.base import FITS
from eventstudy.report.findings import COLUMNS, lacking_columns

MARK = "provenance.json"
TABLES = (
    *("events", "days", "estimation", "fits", "means", "tests", "leads"),
    *("claims", "dropped", "overlaps", "sources"),
)
OPTIONAL = ("power",)
"""Tables that a run has where they were asked for."""
INPUT = "input"

# The type of a column is that of its name in its own table. A column of the user is text, whatever
# its name, for as text it was written; in the fits it is a factor's slope, and so a number.
DATES = {"date", "day_zero", "announced_zero", "session", "first", "last"}
DATES |= {"estimation_first", "estimation_last"}
INSTANTS = {"announced_at"}
FLAGS = {"benchmark_closed", "complete", "in_groups", "lead"}
WHOLE = {"day", "shifted_by", "spans", "n_days", "n_placebo", "n", "n_obs", "clusters", "sessions"}
WHOLE |= {"missing", "n_peers", "n_donors", "n_others", "replications", "estimation_start"}
TEXTS = {"event_id", "ticker", "window", "title", "kind", "actor", "group", "written", "precision"}
TEXTS |= {"exchange", "benchmark", "session_phase", "shift_reason", "flags", "reason", "source"}
TEXTS |= {
    "notes",
    "note",
    "model",
    "test",
    "null",
    "alternative",
    "reference",
    "beside",
    "sentence",
}
TEXTS |= {"measure", "quoted", "comparison", "since", "verdict", "decided_by", "text", "role"}
TEXTS |= {"other_event_id", "other_ticker", "retrieved", "sha256", "who", "reading"}
EFFECTS = (*COLUMNS["events"], "written", "source", "notes", "peer_pvalue", "n_peers")
EFFECTS += ("brown_forsythe_pvalue", "donor_pvalue", "n_donors")
OURS = {INPUT: ("announced_at", "date"), "events": EFFECTS, "fits": FITS}
"""Columns typed by their names in tables that carry columns of the user's; in the others all."""
NEEDED = ("model", "estimation", "event", "windows", "calendar", "benchmark", "closed_day")
NEEDED += ("min_estimation", "exclude_events_from_estimation", "tests", "level")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guard(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    Examples
    --------
    >>> guard("=HYPERLINK(1)"), guard("plain"), unguard(guard("'=x"))
    ("'=HYPERLINK(1)", 'plain', "'=x")
    """
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def unguard(text: str) -> str:
    """Take the apostrophe of :func:`guard` off again."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV, dates in ISO 8601, floats with every digit, missing numbers empty."""
    shown = {}
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            column = column.map(lambda instant: instant.isoformat(), na_action="ignore")
        elif pd.api.types.is_datetime64_dtype(column.dtype):
            column = column.dt.strftime("%Y-%m-%d")
        elif not pd.api.types.is_numeric_dtype(column.dtype):
            column = column.map(guard, na_action="ignore")
        shown[guard(str(name))] = column
    pd.DataFrame(shown).to_csv(
        path, index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n", encoding="utf-8"
    )


def read_table(path: Path) -> pd.DataFrame:
    """Read a table that :func:`write_table` wrote.

    Raises
    ------
    RunDirectoryError
        Where it cannot be read.
    """
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
        raw.columns = [unguard(name) for name in raw.columns]
        missing = lacking_columns(path.stem, raw.columns)
        if missing:
            raise ValueError(f"it has no column {missing[0]}")
        return _with_types(raw, path.stem)
    except (OSError, ValueError) as error:
        raise RunDirectoryError(
            f"{path.name} is no table of a run: {error}. Run the study again"
        ) from error


def typed(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Give a table without rows the types that its columns have with rows, and read back."""
    return table if len(table) else _with_types(table.astype("str"), name)


def _with_types(raw: pd.DataFrame, table: str) -> pd.DataFrame:
    """Give the columns of text of a table their types."""
    ours = OURS.get(table, tuple(raw.columns))
    given = _number if table == "fits" else _text
    return pd.DataFrame(
        {
            name: _typed(name, raw[name]) if name in ours else given(raw[name])
            for name in raw.columns
        }
    )


def _typed(name: str, column: pd.Series) -> pd.Series:
    """Give a column of text the type of its name; what is of no other type is a number."""
    if name in TEXTS:
        return _text(column)
    if name in DATES:
        return pd.to_datetime(column.where(column != "")).astype("datetime64[s]")
    if name in INSTANTS:
        instants = pd.to_datetime(column.where(column != ""), utc=True, format="ISO8601")
        return instants.astype("datetime64[ns, UTC]")
    if name in FLAGS:
        return column == "True"
    if name in WHOLE:
        return column.astype("int64")
    return _number(column)


def _text(column: pd.Series) -> pd.Series:
    return column.map(unguard)


def _number(column: pd.Series) -> pd.Series:
    return column.replace("", "nan").astype("float64")


def write_files(
    folder: Path,
    *,
    tables: Mapping[str, pd.DataFrame],
    given: pd.DataFrame,
    spec: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> None:
    """Write the data files of a run into an existing folder."""
    import tomli_w

    write_table(given, folder / f"{INPUT}.csv")
    for name in (*TABLES, *(name for name in OPTIONAL if name in tables)):
        write_table(tables[name], folder / f"{name}.csv")
    (folder / "study.toml").write_text(tomli_w.dumps(dict(spec)), encoding="utf-8")
    text = json.dumps(provenance, indent=2, ensure_ascii=False, sort_keys=True, allow_nan=False)
    (folder / MARK).write_text(text + "\n", encoding="utf-8")


def read_files(
    folder: Path,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, dict[str, Any], dict[str, Any]]:
    """Read tables, input, specification and provenance of a run directory.

    Raises
    ------
    RunDirectoryError
        Where it is none, or a file is missing or damaged.
    """
    if not (folder / MARK).is_file():
        raise RunDirectoryError(
            f"{folder.name or folder} is no run directory: it has no {MARK}. Name a folder that "
            "`run` or `save` has written"
        )
    try:
        provenance = json.loads((folder / MARK).read_text(encoding="utf-8"))
        spec = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunDirectoryError(
            f"{folder.name} cannot be read back: {error}. Run the study again"
        ) from error
    lacking = [name for name in NEEDED if name not in spec] or not isinstance(provenance, dict)
    if lacking or not spec["windows"] or name_of(spec["model"]) not in MODELS:
        raise RunDirectoryError(
            f"{folder.name} cannot be read back: its settings are not those of a run. Run the "
            "study again"
        )
    asked = [name for name in OPTIONAL if (folder / f"{name}.csv").exists()]
    tables = {name: read_table(folder / f"{name}.csv") for name in (*TABLES, *asked)}
    return tables, read_table(folder / f"{INPUT}.csv"), spec, provenance


def check_target(folder: Path) -> None:
    """Refuse a folder that holds anything but an earlier run.

    Raises
    ------
    RunDirectoryError
        Where it is a file, or has other files than those of a run.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise RunDirectoryError(f"{folder} is not a folder. Name another with --out")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise RunDirectoryError(
            f"{folder} is not empty and holds no earlier run (no {MARK}). Name another with --out"
        )


def write_whole(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a new folder beside its place, then put it there whole.

    Parameters
    ----------
    folder : Path
        Where the run belongs; an earlier run there is replaced.
    fill : callable
        Writes into the folder that it is given.

    Raises
    ------
    RunDirectoryError
        Where the place is taken by something else, or cannot be written.
    """
    check_target(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise RunDirectoryError(f"{folder} cannot be written: {error}. Name another") from error
    try:
        work = beside / "new"
        work.mkdir()
        fill(work)
        if folder.exists():
            folder.rename(beside / "old")
        work.rename(folder)
    except OSError as error:
        if not folder.exists() and (beside / "old").exists():
            os.rename(beside / "old", folder)  # noqa: PTH104
        raise RunDirectoryError(f"{folder} cannot be written: {error}. Name another") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
