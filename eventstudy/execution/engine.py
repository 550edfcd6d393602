"""Where work is done, as a value."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from eventstudy.errors import MissingExtraError, StudyError

Kind = Literal["serial", "processes", "dask"]

_KINDS: tuple[Kind, ...] = ("serial", "processes", "dask")
_POSSIBLE = (
    "Write serial, serial:4 (at most four threads), processes, processes:4 (four workers), "
    "dask (a cluster on this machine) or dask:tcp://host:port (a scheduler that is running)"
)
_ADDRESS = re.compile(r"([a-z][a-z0-9+]*://)?(\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]]+):[0-9]{1,5}")


@dataclass(frozen=True)
class Engine:
    """Where work is done.

    Attributes
    ----------
    kind : {"serial", "processes", "dask"}
        Threads of this process, worker processes on this machine, or a Dask cluster.
    workers : int or None
        Threads or processes at most; None for one a core. A cluster has its own number.
    address : str or None
        Of a running Dask scheduler; None for a cluster on this machine, for as long as a run. A
        script then needs ``if __name__ == "__main__":``, for Dask runs it again in its workers.

    Raises
    ------
    StudyError
        No such engine.
    MissingExtraError
        Dask is not installed.

    Examples
    --------
    >>> Engine.of("processes:4")
    Engine(kind='processes', workers=4, address=None)
    >>> str(Engine("processes", 4))
    'processes:4'
    """

    kind: Kind = "serial"
    workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if (
            self.kind not in _KINDS
            or (self.workers is not None and (self.kind == "dask" or self.workers < 1))
            or (self.address is not None and (self.kind != "dask" or not _is_address(self.address)))
        ):
            raise StudyError(f"the engine {str(self)!r} is not known. {_POSSIBLE}")
        if self.kind == "dask" and find_spec("distributed") is None:
            raise MissingExtraError("dask", f"the engine {self}")

    @classmethod
    def of(cls, description: str | Engine) -> Engine:
        """Read a description such as "processes:4"; an engine is returned as it is.

        Raises
        ------
        StudyError
            No such engine.
        MissingExtraError
            Dask is not installed.
        """
        if isinstance(description, Engine):
            return description
        kind, colon, rest = str(description).partition(":")
        if kind not in _KINDS or (colon and not rest):
            raise StudyError(f"the engine {description!r} is not known. {_POSSIBLE}")
        if not rest:
            return cls(kind)
        if kind == "dask":
            return cls("dask", address=rest)
        if not (rest.isascii() and rest.isdigit()):
            raise StudyError(f"the engine {description!r} is not known. {_POSSIBLE}")
        return cls(kind, workers=int(rest))

    def __str__(self) -> str:
        rest = self.address if self.workers is None else self.workers
        return self.kind if rest is None else f"{self.kind}:{rest}"


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
