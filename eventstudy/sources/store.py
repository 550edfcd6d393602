"""The price cache on disk: one SQLite file, whole series, each checked by its digest when read.

A series is replaced in one transaction, so that a program that dies leaves the old one or the new
one. Several programs may read and write at once (SQLite's write-ahead log); the file must not be on
a network drive. Each operation opens the file and closes it again.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from eventstudy.errors import CacheError
from eventstudy.sources import store_rows
from eventstudy.sources.store_rows import APPLICATION, SCHEMA, Kept, Listed
from eventstudy.tables import shown

_WAIT = 30.0
_MAGIC = b"SQLite format 3\x00"


def default_path() -> Path:
    """Tell the place of the cache: ``eventstudy/prices.db`` in the user's cache folder."""
    home = _home("~")
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "eventstudy" / "prices.db"


def _home(path: str | os.PathLike[str]) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        why = str(error).rstrip(".")
        raise CacheError(
            f"the cache cannot be placed: {why}. Name a file for it with --cache, or "
            "PriceStore(path)"
        ) from error


class PriceStore:
    """The cache file.

    Parameters
    ----------
    path : str or path, optional
        The file, by default :func:`default_path`. It is made, for the user alone (mode 0600), when
        the first series is written.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = default_path() if path is None else _home(path)

    def __repr__(self) -> str:
        return f"PriceStore({str(self.path)!r})"

    def read(self, source: str, tickers: Sequence[str]) -> tuple[dict[str, Kept], list[str]]:
        """Read the series of these tickers that are there.

        Returns
        -------
        kept : dict of str to Kept
        damaged : list of str
            Tickers whose figures do not fit their digest.

        Raises
        ------
        CacheError
            Where the file cannot be read, is no price cache, or is one of another version.
        """
        kept: dict[str, Kept] = {}
        damaged: list[str] = []
        with self._reading() as base:
            if base is not None:
                for ticker in tickers:
                    found = store_rows.find(base, source, ticker)
                    if found == store_rows.DAMAGED:
                        damaged.append(ticker)
                    elif isinstance(found, Kept):
                        kept[ticker] = found
        return kept, damaged

    def write(self, kept: Iterable[Kept]) -> None:
        """Replace series whole, each in a transaction of its own; with none, see if it could.

        Raises
        ------
        CacheError
            Where the file cannot be written; series before that are kept, others are as they were.
        """
        with self._writing() as base:
            for one in kept:
                store_rows.replace(base, one)

    def status(self) -> list[Listed]:
        """List what there is, by source and ticker; nothing where there is no file.

        Raises
        ------
        CacheError
            As `read` does.
        """
        with self._reading() as base:
            return [] if base is None else store_rows.listing(base)

    def clear(self) -> int:
        """Remove all series, and tell how many there were; -1 where that could not be read.

        Of a damaged cache, and of one of another version, the file is removed; no other file is.

        Raises
        ------
        CacheError
            Where the file is no price cache, or cannot be written.
        """
        try:
            with self._reading() as base:
                if base is None:
                    return 0
            with self._writing() as base:
                return store_rows.remove_all(base)
        except CacheError as error:
            if not self._is_ours() or _code(error.__cause__) == sqlite3.SQLITE_BUSY:
                raise
        with self._named("removed"):
            # The log goes first: beside a new file it would be taken for that one's.
            for suffix in ("-wal", "-shm", ""):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        return -1

    def _is_ours(self) -> bool:
        """Tell by the place or the file's header whether it was made as a price cache."""
        if self.path == default_path():
            return True
        try:
            with self.path.open("rb") as file:
                header = file.read(100)
        except OSError:
            return False
        return header.startswith(_MAGIC) and header[68:72] == APPLICATION.to_bytes(4, "big")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Yield the file, opened for reading; None where there is none yet."""
        with self._named("read"):
            if not self.path.exists():
                yield None
                return
            base = self._connect(self._mode())
            try:
                # One transaction, so that a series that is replaced meanwhile is read whole.
                base.execute("BEGIN")
                yield base if self._checked(base) else None
            finally:
                base.close()

    def _mode(self) -> str:
        """How the file can be opened for reading: readers of a log keep a small file beside it."""
        if os.access(self.path.parent, os.W_OK):
            return "mode=rw" if os.access(self.path, os.W_OK) else "mode=ro"
        # Nobody writes to a folder that cannot be written to; only an old log must be heeded.
        logged = Path(f"{self.path}-wal").exists()
        return "mode=ro" if logged else "mode=ro&immutable=1"

    def _connect(self, mode: str) -> sqlite3.Connection:
        address = f"{self.path.absolute().as_uri()}?{mode}"
        return sqlite3.connect(address, uri=True, timeout=_WAIT, isolation_level=None)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the file, opened for writing, made where there is none yet."""
        with self._named("written"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            base = self._connect("mode=rw")
            try:
                base.execute("BEGIN")  # what is checked must belong to one moment
                made = self._checked(base)
                base.execute("COMMIT")
                if not made:
                    self._make(base)
                base.execute("PRAGMA foreign_keys = ON")
                base.execute("BEGIN IMMEDIATE")  # finds out now, not after an hour of fetching
                base.execute("ROLLBACK")
                yield base
            finally:
                base.close()

    def _checked(self, base: sqlite3.Connection) -> bool:
        """Tell a price cache of this version from an empty file; all else is an error."""
        (application,) = base.execute("PRAGMA application_id").fetchone()
        (version,) = base.execute("PRAGMA user_version").fetchone()
        if (application, version) == (APPLICATION, SCHEMA):
            return True
        name = shown(str(self.path), 200)
        if application == APPLICATION:
            cure = (
                "Update eventstudy, or name another file with --cache"
                if version > SCHEMA
                else f"{self._clearing()}, or name another file with --cache"
            )
            raise CacheError(
                f"the price cache {name} was written by another version of eventstudy (schema "
                f"{version}; this one has {SCHEMA}). {cure}"
            )
        if base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            text = f"{name} is the database of another program. Name another file with --cache"
            raise CacheError(text)
        return False

    def _make(self, base: sqlite3.Connection) -> None:
        """Make the tables, unless another program is quicker."""
        until = time.monotonic() + _WAIT
        while True:
            try:
                # SQLite does not wait here, whatever its timeout.
                base.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)
        with store_rows.transaction(base):
            if not self._checked(base):
                store_rows.make(base)

    def _clearing(self) -> str:
        own = "" if self.path == default_path() else f" --cache {shown(str(self.path), 200)}"
        return f"Start it anew with `eventstudy fetch --clear{own}`"

    @contextlib.contextmanager
    def _named(self, done: str) -> Iterator[None]:
        """Turn failures of SQLite and of the file system into errors with a cure."""
        name = shown(str(self.path), 200)
        elsewhere = "name another file with --cache"
        try:
            if self.path.is_dir():
                raise CacheError(f"{name} is a folder. Name a file in it: --cache {name}/prices.db")
            yield
        except sqlite3.Error as error:
            code = _code(error)
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                if self._is_ours():
                    text = f"the price cache {name} is damaged ({error}). {self._clearing()}"
                    raise CacheError(f"{text}, or {elsewhere}") from error
                text = f"{name} is no price cache ({error}). Name another file with --cache"
                raise CacheError(f"{text}, or delete this one yourself") from error
            if code == sqlite3.SQLITE_BUSY:
                text = f"the price cache {name} has been in use by others for {_WAIT:.0f} seconds"
                raise CacheError(f"{text}. Try again, or {elsewhere}") from error
            full = code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
            cure = "Make room on the disk" if full else "Make the file and its folder writable"
            text = f"the price cache {name} cannot be {done} ({error})"
            raise CacheError(f"{text}. {cure}, or {elsewhere}") from error
        except OSError as error:
            text = f"the price cache {name} cannot be {done} ({error.strerror or error})"
            raise CacheError(f"{text}. Make its folder writable, or {elsewhere}") from error


def _code(error: BaseException | None) -> int:
    """SQLite's primary code of an error, 0 where it is none of SQLite's."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
