"""Messages between a process and its workers: eight bytes of length, then a pickle."""

from __future__ import annotations

import pickle
import struct
from typing import IO, Any

_LENGTH = struct.Struct("!Q")


def pack(message: object) -> bytes:
    """Pickle a message."""
    return pickle.dumps(message, protocol=5)


def send(stream: IO[bytes], message: bytes) -> None:
    """Write a packed message behind its length.

    Raises
    ------
    OSError
        The other side is gone.
    """
    stream.write(_LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read a message.

    Raises
    ------
    EOFError
        The other side is gone, be it in the middle of a message.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    # The other side is this package in a process that it started itself.
    return pickle.loads(_exactly(stream, length))  # noqa: S301


def _exactly(stream: IO[bytes], length: int) -> bytes:
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return body
