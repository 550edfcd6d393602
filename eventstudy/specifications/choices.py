"""Reasonable choices of a study, in all combinations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eventstudy.errors import StudyError
from eventstudy.models import Model, describe_model
from eventstudy.study import Study
from eventstudy.tickers import TICKER
from eventstudy.windows import Window

OWN = "own"
"""Stands for the benchmark that each row has in the study itself."""

NONE = "none"
"""Stands in the place of a benchmark for models that need none."""

LEADS = ("ibragimov_mueller", "adjusted_bmp", "adjusted_patell", "portfolio")
"""Every test that may lead, see :func:`eventstudy.inference.lead.choose_lead`."""

LEAST = 100
"""Sessions that the second half of an estimation window must have to be a choice of its own."""

ModelLike = Model | str | Mapping[str, Any]
WindowLike = Window | Sequence[int] | str


@dataclass(frozen=True)
class Choice:
    """One combination of a model, an estimation window and a benchmark.

    Attributes
    ----------
    study : Study
        The study with this model and estimation window, and the tests that may lead.
    benchmark : str
        That of all rows, or `OWN`.
    """

    study: Study
    benchmark: str

    @property
    def words(self) -> dict[str, str]:
        """The choice in words: model, estimation, benchmark."""
        spec = self.study.spec
        return {
            "model": describe_model(spec["model"]),
            "estimation": spec["estimation"],
            "benchmark": self.benchmark if self.study.expected_return.needs_benchmark else NONE,
        }


def choices_of(
    study: Study,
    models: Sequence[ModelLike],
    estimations: Sequence[WindowLike] | None,
    benchmarks: Sequence[str],
) -> list[Choice]:
    """Combine the choices; the study's own one comes first, and none comes twice.

    A model that needs no benchmark is combined with the rows' own alone.

    Raises
    ------
    StudyError
        Where a choice cannot be run, or a benchmark is no ticker.
    """
    bad = [one for one in benchmarks if one != OWN and not _is_ticker(one)]
    if bad:
        raise StudyError(
            f"{bad[0]!r} is no benchmark. Write tickers, or {OWN} for that of each row"
        )
    plain = replace(study, tests=LEADS, placebo="never", diagnostics=False)
    windows = [*_estimations(study)] if estimations is None else estimations
    found: dict[str, Choice] = {}
    for model in (study.expected_return, *models):
        for window in (study.estimation, *windows):
            one = replace(plain, model=model, estimation=window)
            needs = one.expected_return.needs_benchmark
            for benchmark in (OWN, *benchmarks) if needs else (OWN,):
                choice = Choice(one, benchmark)
                key = repr((one.spec["model"], one.spec["estimation"], benchmark))
                found.setdefault(key, choice)
    return list(found.values())


def _estimations(study: Study) -> Iterator[Window]:
    """Give the second half of the estimation window, where it is long enough."""
    window = Window.of(study.estimation)
    half = Window(window.last - len(window) // 2 + 1, window.last)
    if len(half) >= (study.min_estimation or LEAST):
        yield half


def _is_ticker(text: object) -> bool:
    return isinstance(text, str) and TICKER.fullmatch(text) is not None
