"""Tables of a run as Parquet files, written and read part by part; pyarrow, the extra ``parquet``.

A file has one row group for each part of its table. The types of its columns are those of their
names (`kind_of`), never those that the cells of a part suggest: a column without a value in the
first part is of the same type as in the last. Text stands as it is, for no spreadsheet opens it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from eventstudy.columntypes import Kind, kind_of
from eventstudy.errors import MissingExtraError, RunDirectoryError
from eventstudy.report.findings import lacking_columns

if TYPE_CHECKING:
    import pyarrow as pa

Given = TypeVar("Given")
# Types of columns in memory; text is pandas' own.
_PANDAS: dict[Kind, Any] = {
    "text": "str",
    "date": "datetime64[s]",
    "instant": "datetime64[ns, UTC]",
    "flag": "bool",
    "whole": "int64",
    "number": "float64",
}


def check_pyarrow(purpose: str) -> None:
    """Refuse what needs pyarrow where it is not installed.

    Raises
    ------
    MissingExtraError
    """
    if find_spec("pyarrow") is None:
        raise MissingExtraError("parquet", purpose)


def digest(path: Path) -> str:
    """Give the sha256 of a file, which is never in memory whole."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_parquet(parts: Iterable[pd.DataFrame], path: Path) -> None:
    """Write a table of one part or more, a row group each; no more than a part is in memory.

    Parameters
    ----------
    parts : iterable of DataFrame
        At least one; all have the columns of the first.
    path : Path
        Its stem is the name of the table, which tells the types.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: pq.ParquetWriter | None = None
    try:
        for part in parts:
            if writer is None:
                names = [str(name) for name in part.columns]
                schema = pa.schema([(name, _arrow(kind_of(path.stem, name))) for name in names])
                writer = pq.ParquetWriter(
                    path, schema, compression="zstd", write_page_checksum=True
                )
            writer.write_table(_packed(part, writer.schema, path.stem), max(len(part), 1))
            del part  # not there while the next is built
    finally:
        if writer is not None:
            writer.close()


def _arrow(kind: Kind) -> pa.DataType:
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "date": pa.timestamp("ms"),  # the coarsest that Parquet has, and pandas reads as a date
        "instant": pa.timestamp("ns", "UTC"),
        "flag": pa.bool_(),
        "whole": pa.int64(),
        "number": pa.float64(),
    }
    return types[kind]


def _packed(frame: pd.DataFrame, schema: pa.Schema, table: str) -> pa.Table:
    import pyarrow as pa

    columns: list[Any] = []
    for position, name in enumerate(schema.names):
        column, kind = frame.iloc[:, position], kind_of(table, name)
        if kind == "text":
            column = column.astype("str").fillna("")
        elif kind == "date":
            column = column.astype("datetime64[ms]")
        else:
            column = column.astype(_PANDAS[kind])
        made = pa.array(column, from_pandas=kind in ("text", "date", "instant"))
        columns.append(made.cast(schema.types[position]))
    return pa.table(columns, schema=schema)


@dataclass(frozen=True)
class ParquetTable:
    """A table in a Parquet file of :func:`write_parquet`, read when it is asked for.

    Attributes
    ----------
    path : Path
        Its stem is the name of the table.
    sha256 : str
        Digest of the file when it was written, "" where that is not known; checked when rows are
        first read.

    Raises
    ------
    RunDirectoryError
        Where the file is missing or damaged, or lacks columns; from every method too.
    MissingExtraError
        Where pyarrow is not installed.
    """

    path: Path
    sha256: str = ""

    def __post_init__(self) -> None:
        check_pyarrow("Reading a run directory of Parquet files")
        names = self._opened(lambda file: file.schema_arrow.names)
        missing = lacking_columns(self.path.stem, names)
        if missing:
            raise self._damaged(f"it has no column {missing[0]}")

    def __len__(self) -> int:
        return max(self._opened(lambda file: file.num_row_groups), 1)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        groups = self._opened(lambda file: file.num_row_groups)
        for group in range(groups):
            yield self._opened(
                lambda file, group=group: self._frame(file.read_row_group(group)), rows=True
            )
        if not groups:
            yield self.whole()

    def whole(self) -> pd.DataFrame:
        """Read all rows."""
        return self._opened(lambda file: self._frame(file.read()), rows=True)

    def of(self, event_ids: Collection[str]) -> pd.DataFrame:
        """Read the rows of these events; row groups without them are passed over."""
        import pyarrow as pa

        empty = self._opened(lambda file: file.schema_arrow.empty_table(), rows=True)
        found: list[pa.Table] = [empty]
        for group in range(self._opened(lambda file: file.num_row_groups)):
            ids = self._opened(lambda file, group=group: file.read_row_group(group, ["event_id"]))
            own = ids.column("event_id").to_pandas().isin(event_ids).to_numpy()
            if own.any():
                whole = self._opened(lambda file, group=group: file.read_row_group(group))
                found.append(whole.filter(pa.array(own)))
        return self._frame(pa.concat_tables(found))

    @cached_property
    def _intact(self) -> bool:
        if self.sha256 and digest(self.path) != self.sha256:
            raise self._damaged("it is not as it was written (its sha256 is another)")
        return True

    def _frame(self, table: pa.Table) -> pd.DataFrame:
        frame = table.to_pandas(split_blocks=True, ignore_metadata=True)
        types = {name: _PANDAS[kind_of(self.path.stem, name)] for name in frame.columns}
        return frame.astype(types)

    def _opened(self, read: Callable[[Any], Given], *, rows: bool = False) -> Given:
        """Read something of the file; no file stays open, for its folder may be replaced."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            if rows:
                _ = self._intact
            with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
                return read(file)
        except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
            message = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise self._damaged(message) from error

    def _damaged(self, why: str) -> RunDirectoryError:
        return RunDirectoryError(
            f"{self.path.name} is no table of a run: {why}. Run the study again"
        )
