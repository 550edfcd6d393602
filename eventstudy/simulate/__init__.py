"""Worlds where the truth is known, and what a study can see: size, power, smallest effect.

returns layouts trading    how returns, dates and halts are made
panels size                replications of a scenario, and how often tests reject in them
placebo                    runs of estimation days in the place of an event's days
detection question         power by effect, the smallest effect with power enough
single_events group_samples power power_result    the same for the user's own events
"""

from __future__ import annotations

from eventstudy.simulate.layouts import LAYOUTS, Layout
from eventstudy.simulate.panels import Batch, Scenario, draw
from eventstudy.simulate.power_result import PowerResult
from eventstudy.simulate.returns import Garch, Returns
from eventstudy.simulate.size import Rejections, rejections
from eventstudy.simulate.trading import Trading

__all__ = [
    "LAYOUTS",
    "Batch",
    "Garch",
    "Layout",
    "PowerResult",
    "Rejections",
    "Returns",
    "Scenario",
    "Trading",
    "draw",
    "rejections",
]
