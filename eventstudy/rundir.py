"""A run directory: tables as CSV or Parquet, the specification as TOML, provenance as JSON.

In CSV files, text that a spreadsheet would take for a formula gets a leading apostrophe, which
reading takes off again; numbers never do. A CSV file cut at the end of a line is still a table, so
provenance.json keeps the digest of each, and of the settings. A directory is written beside its
place and renamed whole; what holds anything else than a run is never replaced.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from eventstudy.codebook import codebook
from eventstudy.columntypes import INPUT, Kind, kind_of
from eventstudy.csvfile import guard, unguard
from eventstudy.errors import InputError, RunDirectoryError
from eventstudy.models import MODELS, name_of
from eventstudy.parquetfile import ParquetTable, check_pyarrow, digest, write_parquet
from eventstudy.report.findings import lacking_columns
from eventstudy.tables import shown
from eventstudy.tableset import Tables

Format = Literal["csv", "parquet"]

MARK = "provenance.json"
SETTINGS = "study.toml"
DIGESTS = "tables"
"""Key of the mark: sha256 of each table and of the settings; no part of the provenance."""
TABLES = (
    *("events", "days", "estimation", "fits", "means", "tests", "leads"),
    *("claims", "dropped", "overlaps", "sources"),
)
OPTIONAL = ("power",)
"""Tables that a run has where they were asked for."""
_STEMS = {INPUT, "readings", "robustness", *(entry.frame for entry in codebook())}
_FILES = {MARK, SETTINGS, "tables.xlsx"}
_REPORTS = ("report", "power", "robustness")
_FOLDERS = {"figures": (".svg", ".png"), "tables": (".tex",)}
"""Folders of a run directory, and how the files in them end."""
_DESKTOP = {".DS_Store", "Thumbs.db", "desktop.ini"}
_NAMED = 5
FORMATS: tuple[Format, ...] = ("csv", "parquet")
NEEDED = ("model", "estimation", "event", "windows", "calendar", "benchmark", "closed_day")
NEEDED += ("min_estimation", "exclude_events_from_estimation", "tests", "level")


def write_table(frame: pd.DataFrame | Iterable[pd.DataFrame], path: Path) -> None:
    """Write a frame as CSV, dates in ISO 8601, floats with every digit, missing numbers empty.

    Parameters
    ----------
    frame : DataFrame or iterable of DataFrame
        A frame in parts is written part by part, under one head; no more than a part is in memory.
    path : Path
        The file.
    """
    parts = (frame,) if isinstance(frame, pd.DataFrame) else frame
    with path.open("w", encoding="utf-8", newline="") as file:
        head = True
        for part in parts:
            _shown(part).to_csv(
                file, header=head, index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"
            )
            head = False
            del part  # not there while the next is built


def _shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the cells as they are written."""
    shown = {}
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            column = _each(column, lambda instant: instant.isoformat())
        elif pd.api.types.is_datetime64_dtype(column.dtype):
            column = _each(column, lambda date: date.strftime("%Y-%m-%d"))
        elif not pd.api.types.is_numeric_dtype(column.dtype):
            column = _each(column, guard)
        shown[guard(str(name))] = column
    return pd.DataFrame(shown)


def _each(column: pd.Series, written: Callable[[Any], str]) -> pd.Series:
    """Write the cells of a column, each value once: of days, an event's name stands on each row."""
    codes, values = pd.factorize(column)
    texts = np.array([*(written(value) for value in values), np.nan], dtype=object)
    return pd.Series(texts[codes], index=column.index, dtype=object)


def read_table(path: Path, sha256: str = "") -> pd.DataFrame:
    """Read a table that :func:`write_table` wrote.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        Its digest when it was written, "" where that is not known.

    Raises
    ------
    RunDirectoryError
        Where it cannot be read, or is not as it was written.
    """
    try:
        if sha256 and digest(path) != sha256:
            raise ValueError(f"it is not as it was written (its sha256 is another than in {MARK})")
        return _with_types(_raw(path), path.stem)
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error


def _raw(path: Path, nrows: int | None = None) -> pd.DataFrame:
    """Read the texts of a table, or of its first rows, and check its columns."""
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8", nrows=nrows)
        raw.columns = [unguard(name) for name in raw.columns]
        missing = lacking_columns(path.stem, raw.columns)
        if missing:
            raise ValueError(f"it has no column {missing[0]}")
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error
    return raw


def _damaged(path: Path, error: Exception) -> RunDirectoryError:
    return RunDirectoryError(f"{path.name} is no table of a run: {error}. Run the study again")


def typed(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Give a table without rows the types that its columns have with rows, and read back."""
    return table if len(table) else _with_types(table.astype("str"), name)


def _with_types(raw: pd.DataFrame, table: str) -> pd.DataFrame:
    """Give the columns of text of a table their types."""
    return pd.DataFrame({name: _typed(kind_of(table, name), raw[name]) for name in raw.columns})


def _typed(kind: Kind, column: pd.Series) -> pd.Series:
    """Give a column of text its type."""
    if kind == "text":
        return _text(column)
    if kind == "date":
        return pd.to_datetime(column.where(column != "")).astype("datetime64[s]")
    if kind == "instant":
        instants = pd.to_datetime(column.where(column != ""), utc=True, format="ISO8601")
        return instants.astype("datetime64[ns, UTC]")
    if kind == "flag":
        return column == "True"
    if kind == "whole":
        return column.astype("int64")
    return _number(column)


def _text(column: pd.Series) -> pd.Series:
    return column.map(unguard)


def _number(column: pd.Series) -> pd.Series:
    return column.replace("", "nan").astype("float64")


def check_format(form: str) -> Format:
    """Check a form of tables, and that what it needs is installed.

    Raises
    ------
    InputError
        Where there is no such form.
    MissingExtraError
        Where pyarrow is not installed, for ``parquet``.
    """
    if form == "parquet":
        check_pyarrow("Writing Parquet files")
        return "parquet"
    if form == "csv":
        return "csv"
    raise InputError(f"format {form!r} is none of {', '.join(FORMATS)}. Choose one")


def write_files(
    folder: Path,
    *,
    tables: Tables,
    given: pd.DataFrame,
    spec: Mapping[str, Any],
    provenance: Mapping[str, Any],
    form: Format = "csv",
    progress: Callable[[str], object] = str,
) -> None:
    """Write the data files of a run into an existing folder, tables in parts part by part."""
    import tomli_w

    write = write_parquet if form == "parquet" else write_table
    names = (*TABLES, *(name for name in OPTIONAL if name in tables))
    total, done = sum(tables.pieces(name) for name in names), 0

    def told(part: pd.DataFrame) -> pd.DataFrame:
        nonlocal done
        done += 1
        if total > len(names):
            progress(f"tables: {100 * done // total} %")
        return part

    write((given,), folder / f"{INPUT}.{form}")
    for name in names:
        write(map(told, tables.parts(name)), folder / f"{name}.{form}")
    (folder / SETTINGS).write_text(tomli_w.dumps(dict(spec)), encoding="utf-8", newline="\n")
    files = (*(f"{name}.{form}" for name in (INPUT, *names)), SETTINGS)
    provenance = {**provenance, DIGESTS: {name: digest(folder / name) for name in files}}
    # In the order in which a report prints them, so that one of the tables is the same bytes.
    text = json.dumps(provenance, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / MARK).write_text(text + "\n", encoding="utf-8", newline="\n")


def form_of(folder: Path) -> Format:
    """Tell in which form a run directory has its tables."""
    return "parquet" if (folder / f"{INPUT}.parquet").is_file() else "csv"


def read_files(folder: Path) -> tuple[Tables, pd.DataFrame, dict[str, Any], dict[str, Any]]:
    """Read tables, input, specification and provenance of a run directory.

    Here only the heads are checked; a table is read when it is asked for.

    Raises
    ------
    RunDirectoryError
        Where it is none, or a file is missing or damaged.
    MissingExtraError
        Where its tables are Parquet files and pyarrow is not installed.
    """
    if not (folder / MARK).is_file() or not (folder / SETTINGS).is_file():
        raise RunDirectoryError(
            f"{folder.name or folder} is no run directory: it has no {MARK}. Name a folder that "
            "`run` or `save` has written"
        )
    for name, table in (("power", "curves.csv"), ("robustness", "specifications.csv")):
        if (folder / table).is_file() and not (folder / "events.csv").is_file():
            raise RunDirectoryError(
                f"{folder} is a run of `{name}`, and only those of `run` are drawn again, or "
                f"loaded. Run `{name}` again, with the --format you want: its command stands in "
                f"{MARK}; its tables are plain CSV"
            )
    try:
        provenance = json.loads((folder / MARK).read_text(encoding="utf-8"))
        spec = tomllib.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunDirectoryError(
            f"{folder.name} cannot be read back: {error}. Run the study again"
        ) from error
    told: Any = provenance.pop(DIGESTS, None) if isinstance(provenance, dict) else None
    lacking = [name for name in NEEDED if name not in spec] or not isinstance(told, dict)
    if lacking or not spec["windows"] or name_of(spec["model"]) not in MODELS:
        raise RunDirectoryError(
            f"{folder.name} cannot be read back: its settings are not those of a run. Run the "
            "study again"
        )
    if digest(folder / SETTINGS) != told.get(SETTINGS, ""):
        raise RunDirectoryError(
            f"{folder.name} cannot be read back: {SETTINGS} is not as it was written, and its "
            "settings may not be those of the numbers. Run the study again"
        )
    form = form_of(folder)
    names = [*TABLES, *(name for name in OPTIONAL if (folder / f"{name}.{form}").exists())]
    if form == "parquet":
        of_event = {
            name: ParquetTable(folder / f"{name}.parquet", told.get(f"{name}.parquet", ""))
            for name in (*names, INPUT)
        }
        given = of_event.pop(INPUT).whole()
        return Tables(of_event), given, spec, provenance
    for name in names:
        _raw(folder / f"{name}.csv", nrows=0)
    of_name = {
        name: partial(read_table, folder / f"{name}.csv", told.get(f"{name}.csv", ""))
        for name in (INPUT, *names)
    }
    given = of_name.pop(INPUT)()
    return Tables(of_name), given, spec, provenance


def check_place(folder: Path) -> None:
    """Refuse a folder that cannot be replaced whole.

    Raises
    ------
    RunDirectoryError
        Where it is a link, or the working folder or one above it: that would take the ground from
        under whoever works there.
    """
    here = Path.cwd()
    try:
        whole = folder.resolve()
    except (OSError, RuntimeError) as error:
        raise RunDirectoryError(f"{folder} cannot be followed: {error}. Name another") from error
    if whole in (here, *here.parents):
        raise RunDirectoryError(
            f"{folder} is the folder you are in, or one above it, and a run directory is replaced "
            "whole. Go elsewhere, or name another folder"
        )
    if folder.is_symlink():
        raise RunDirectoryError(
            f"{folder} is a symbolic link, and a run directory is replaced whole. Name the folder "
            "that it leads to"
        )


def check_target(folder: Path) -> None:
    """Refuse a folder that cannot be replaced whole, or holds anything but an earlier run.

    Raises
    ------
    RunDirectoryError
        As :func:`check_place`, and where it is a file, or has other files than those of a run.
    """
    check_place(folder)
    if folder.exists() and not folder.is_dir():
        raise RunDirectoryError(f"{folder} is not a folder. Name another")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    for name in (MARK, SETTINGS):
        if not (folder / name).is_file():
            raise RunDirectoryError(
                f"{folder} is not empty and holds no earlier run (no {name}). Name another folder"
            )
    foreign = sorted(one.relative_to(folder).as_posix() for one in _foreign(folder))
    if foreign:
        named = ", ".join(map(shown, foreign[:_NAMED]))
        more = f" and {len(foreign) - _NAMED} more" if len(foreign) > _NAMED else ""
        raise RunDirectoryError(
            f"{folder} holds files that are of no run: {named}{more}. A run directory is replaced "
            "whole: move them away, or name another folder"
        )


def _foreign(folder: Path) -> Iterator[Path]:
    """Give what is in a run directory and was not written by us, nor by a desktop."""
    for one in folder.iterdir():
        inside = _FOLDERS.get(one.name)
        if inside and one.is_dir() and not one.is_symlink():
            yield from (
                deep
                for deep in one.iterdir()
                if (deep.suffix not in inside and deep.name not in _DESKTOP) or not deep.is_file()
            )
            continue
        known = {".csv": _STEMS, ".parquet": _STEMS, ".pdf": _REPORTS, ".html": _REPORTS}
        ours = one.stem in known.get(one.suffix, ())
        if not one.is_file() or not (ours or one.name in _FILES or one.name in _DESKTOP):
            yield one


def _free(folder: Path) -> Path:
    """Name a place beside a folder that is not taken."""
    names = (f"{folder.name}-new{number or ''}" for number in itertools.count())
    return next(place for name in names if not (place := folder.with_name(name)).exists())


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
    except BaseException as error:
        shutil.rmtree(beside, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        raise RunDirectoryError(f"{folder} cannot be written: {error}. Name another") from error
    try:
        if folder.exists():
            folder.rename(beside / "old")
        work.rename(folder)
    except OSError as error:
        # On Windows a file of it that is open in another program suffices: no work is thrown away.
        kept = _free(folder)
        try:
            work.rename(kept)
        except OSError:
            raise RunDirectoryError(f"{folder} cannot be written: {error}. Name another") from error
        raise RunDirectoryError(
            f"{folder} cannot be replaced: {error}. Close its files; the new run is in {kept}"
        ) from error
    finally:
        # An error, or an interrupt, between the two.
        if not folder.exists() and (beside / "old").exists():
            os.rename(beside / "old", folder)  # noqa: PTH104
        shutil.rmtree(beside, ignore_errors=True)
