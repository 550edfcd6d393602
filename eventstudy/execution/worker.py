"""A worker process: loads what is shared, then answers ranges, until nobody asks any more."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from importlib import import_module
from typing import Any

from eventstudy.execution.failures import Failure
from eventstudy.execution.memory import Layout, content
from eventstudy.execution.messages import pack, receive, receive_descriptor, send


def main(module: str) -> None:
    """Answer the process that started this one, over the socket that is its standard input.

    Parameters
    ----------
    module : str
        Imported while the other process has nothing to ask yet; may be empty.
    """
    channel = socket.socket(fileno=os.dup(0))
    # What the function (or a program that it starts) reads and prints must not get in between.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    # What goes wrong here does so again where a function is loaded, and is told there.
    with suppress(Exception):
        if module:
            import_module(module)
    # The end of the parent shows as the end of the questions, or as nobody to take the answer.
    with suppress(EOFError, OSError):
        _answer(channel)


def _answer(channel: socket.socket) -> None:
    function: Any = None
    shared: Any = None
    while True:
        question = receive(channel)
        if question is None:
            function = shared = None
            continue
        if isinstance(question, Layout):
            descriptor = receive_descriptor(channel)
            try:
                function, shared = content(descriptor, question)
                answer = pack(None)
            except Exception as error:  # noqa: BLE001 (raised again by the parent)
                answer = pack(Failure.of(error))
            finally:
                os.close(descriptor)
        else:
            try:
                answer = pack(function(shared, *question))
            except Exception as error:  # noqa: BLE001 (raised again by the parent)
                answer = pack(Failure.of(error))
        send(channel, answer)
