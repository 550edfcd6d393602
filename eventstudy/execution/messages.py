"""Messages between a process and its workers: lengths, then a pickle and the arrays in it.

Arrays are sent as they lie and received where they stay: not copied into a pickle and out of it.
"""

from __future__ import annotations

import pickle
import socket
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

_COUNT = struct.Struct("!Q")

Message = Sequence[memoryview]
"""A pickle, and its buffers."""


def pack(message: object) -> Message:
    """Pickle a message."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    return [memoryview(head), *(buffer.raw() for buffer in buffers)]


def send(channel: socket.socket, message: Message) -> None:
    """Write a packed message behind its lengths.

    Raises
    ------
    OSError
        The other side is gone.
    """
    lengths = [len(message), *(part.nbytes for part in message)]
    channel.sendall(b"".join(map(_COUNT.pack, lengths)))
    for part in message:
        channel.sendall(part)


def receive(channel: socket.socket) -> Any:
    """Read a message.

    Raises
    ------
    EOFError, OSError
        The other side is gone, be it in the middle of a message.
    """
    (count,) = _COUNT.unpack(_exactly(channel, _COUNT.size))
    lengths = [length for (length,) in _COUNT.iter_unpack(_exactly(channel, count * _COUNT.size))]
    head, *buffers = [_exactly(channel, length) for length in lengths]
    # The other side is this package in a process that it started itself.
    return pickle.loads(head, buffers=buffers)  # noqa: S301


def send_descriptor(channel: socket.socket, descriptor: int) -> None:
    """Give the other process a file that is open here.

    Raises
    ------
    OSError
        The other side is gone.
    """
    socket.send_fds(channel, [b"."], [descriptor])


def receive_descriptor(channel: socket.socket) -> int:
    """Take the file that is given next.

    Raises
    ------
    EOFError, OSError
        The other side is gone.
    """
    _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    if not descriptors:
        raise EOFError
    return descriptors[0]


def _exactly(channel: socket.socket, length: int) -> memoryview:
    # Not a bytearray, which is filled with zeros first.
    rest = body = np.empty(length, np.uint8).data
    while rest:
        count = channel.recv_into(rest)
        if not count:
            raise EOFError
        rest = rest[count:]
    return body
