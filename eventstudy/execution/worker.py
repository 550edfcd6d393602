"""A worker process: loads what is shared once, then answers ranges until its input ends."""

from __future__ import annotations

import os
from contextlib import suppress

from eventstudy.execution.failures import Failure
from eventstudy.execution.memory import content
from eventstudy.execution.pipes import pack, receive, send


def main(descriptor: int) -> None:
    """Answer the process that started this one.

    Parameters
    ----------
    descriptor : int
        Of the block of memory with the function and what is shared.
    """
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # What the function (or a program that it starts) reads and prints must not get in between.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    # The end of the parent shows as the end of the questions, or as nobody to take the answer.
    with suppress(EOFError, OSError):
        try:
            function, shared = content(descriptor, receive(questions))
        except EOFError:
            raise
        except Exception as error:  # noqa: BLE001 (raised again by the parent)
            send(answers, pack(Failure.of(error)))
            return
        send(answers, pack(None))
        while True:
            start, stop = receive(questions)
            try:
                answer = pack(function(shared, start, stop))
            except Exception as error:  # noqa: BLE001 (raised again by the parent)
                answer = pack(Failure.of(error))
            send(answers, answer)
