"""The specification curve: the same question asked with every reasonable choice.

choices    models, estimation windows and benchmarks, in all combinations
curve      a study for each of them, and its effects side by side
result     what they have in common, in frames, sentences and pictures
"""

from __future__ import annotations

from eventstudy.specifications.curve import robustness
from eventstudy.specifications.result import Robustness

__all__ = ["Robustness", "robustness"]
