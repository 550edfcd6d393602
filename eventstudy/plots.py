"""Pictures of a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eventstudy.errors import InputError
from eventstudy.resultframes import ResultFrames
from eventstudy.windows import WindowLike, tested_window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMED = 60
"""Events that an error names."""


@dataclass(frozen=True, eq=False)
class Plots:
    """Pictures of a result; each takes an ``ax`` to draw on, and returns it.

    Attributes
    ----------
    result : ResultFrames
        The result.
    """

    result: ResultFrames

    def events(self, ax: Axes | None = None, *, window: WindowLike | None = None) -> Axes:
        """Draw all effects of a window, by default the first, with their intervals.

        Raises
        ------
        InputError
            Where the study has no such window.
        """
        from eventstudy.report import draw_effects

        return draw_effects(
            self.result.events,
            tested_window(window, self.result.spec["windows"]),
            ax=ax,
            dropped=self.result.dropped,
            level=self.result.spec["level"],
        )

    def event(self, event_id: str, ax: Axes | None = None) -> Axes:
        """Draw the cumulative abnormal return of each security of one event.

        Raises
        ------
        InputError
            Where the result has no such event.
        """
        from eventstudy.report import Findings, draw_event

        known = self.result.event_ids()
        if event_id not in known:
            rest = f" and {len(known) - NAMED:,} more" if len(known) > NAMED else ""
            raise InputError(
                f"no event {event_id!r} in the result. It has {', '.join(known[:NAMED])}{rest}"
            )
        frames = self.result.frames
        drawn = Findings(
            title=event_id,
            windows=tuple(self.result.spec["windows"]),
            level=self.result.spec["level"],
            events=frames.of("events", [event_id]),
            days=frames.of("days", [event_id]),
            estimation=frames.of("estimation", [event_id]),
        )
        return draw_event(drawn, event_id, ax=ax)

    def caar(self, group: str = "all", ax: Axes | None = None) -> Axes:
        """Draw the average cumulative abnormal return of a group with its interval.

        Raises
        ------
        InputError
            Where the result has no such group.
        """
        from eventstudy.report import draw_caar

        if group not in set(self.result.means["group"]):
            raise InputError(
                f"no group {group!r} in the result. It has "
                f"{', '.join(dict.fromkeys(self.result.means['group']))}"
            )
        return draw_caar(self.result.means, group, ax=ax)
