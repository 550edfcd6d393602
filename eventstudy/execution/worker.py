"""A worker process: loads what is shared once, then answers ranges until its input ends."""

from __future__ import annotations

import os
import sys
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
    questions = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    # What the function prints must not get between the answers.
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
