"""What a function raised in a worker, on its way home."""

from __future__ import annotations

import pickle
import traceback
from dataclasses import dataclass
from typing import Any, NoReturn

from eventstudy.errors import EngineError


@dataclass(frozen=True)
class Failure:
    """An exception that can be raised again in another process as what it was.

    Pickle rebuilds an exception by calling its class on ``args``, which fails for every class whose
    constructor takes something else than its message; here the parts travel, and the constructor
    is not called.

    Attributes
    ----------
    kind : type
        Class of the exception.
    arguments : tuple
        Its ``args``.
    state : dict
        Its attributes.
    story : str
        The worker's traceback.
    """

    kind: type[Exception]
    arguments: tuple[Any, ...]
    state: dict[str, Any]
    story: str

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """Take an exception apart; what does not pickle travels as an EngineError with its text."""
        story = "".join(traceback.format_exception(error))
        whole = cls(type(error), error.args, dict(vars(error)), story)
        try:
            pickle.loads(pickle.dumps(whole))._again()  # noqa: S301 (its own bytes)
        except Exception:  # noqa: BLE001 (whatever a foreign class raises while it is pickled)
            text = f"{type(error).__qualname__}: {error}"
            return cls(EngineError, (f"a worker could not send its error: {text}",), {}, story)
        return whole

    def throw(self) -> NoReturn:
        """Raise it, with the worker's traceback as a note."""
        error = self._again()
        error.add_note(f"In a worker:\n{self.story}")
        raise error

    def _again(self) -> Exception:
        error = self.kind.__new__(self.kind, *self.arguments)
        error.args = self.arguments
        error.__dict__.update(self.state)
        return error
