"""Reasonable choices of a study, in all combinations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from eventstudy.errors import StudyError, UnknownExchangeError
from eventstudy.exchanges import exchange_of
from eventstudy.models import Model, describe_model, model_of
from eventstudy.places import DATA
from eventstudy.report.findings import NO_BENCHMARK
from eventstudy.settings import texts_of, windows_of
from eventstudy.study import Study
from eventstudy.tickers import TICKER
from eventstudy.windows import Window, WindowLike

OWN = "own"
"""Stands for the benchmark that each row has in the study itself."""

LEADS = ("ibragimov_mueller", "adjusted_bmp", "adjusted_patell", "portfolio")
"""Every test that may lead, see :func:`eventstudy.inference.lead.choose_lead`."""

LEAST = 100
"""Sessions that the second half of an estimation window must have to be a choice of its own."""

ModelLike = Model | str | Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """One combination of a model, an estimation window and a benchmark.

    Attributes
    ----------
    study : Study
        The study with this model and estimation window, and the tests that may lead.
    model : str
        The model in words; two that are called alike are numbered.
    benchmark : str
        That of all rows, `OWN`, or `NO_BENCHMARK` for a model that needs none.
    """

    study: Study
    model: str
    benchmark: str

    @property
    def words(self) -> dict[str, str]:
        """The choice in words: model, estimation, benchmark."""
        estimation = self.study.spec["estimation"]
        return {"model": self.model, "estimation": estimation, "benchmark": self.benchmark}


def choices_of(
    study: Study,
    models: Iterable[ModelLike],
    estimations: Iterable[WindowLike] | None,
    benchmarks: Iterable[str],
) -> list[Choice]:
    """Combine the choices; the study's own one comes first, and none comes twice.

    A model that needs no benchmark is combined with the rows' own alone.

    Raises
    ------
    StudyError
        Where a choice cannot be run, a benchmark is no ticker, or does not tell its exchange.
    """
    named = _benchmarks(study, benchmarks)
    plain = replace(study, tests=LEADS, placebo="never", diagnostics=False)
    windows = [*_half(study)] if estimations is None else windows_of(estimations, "estimations")
    titles: dict[str, str] = {}
    found: dict[str, Choice] = {}
    for model in (study.expected_return, *_models(models)):
        for window in (study.estimation, *windows):
            one = replace(plain, model=model, estimation=window)
            if not model.exact:  # its t would reject too often: the placebo speaks for the pairs
                one = replace(one, placebo="always")
            settings = one.spec["model"]
            title = _title(describe_model(settings), repr(settings), titles)
            needs = one.expected_return.needs_benchmark
            for benchmark in (OWN, *named) if needs else (NO_BENCHMARK,):
                key = repr((settings, one.spec["estimation"], benchmark))
                found.setdefault(key, Choice(one, title, benchmark))
    return list(found.values())


def _title(title: str, settings: str, titles: dict[str, str]) -> str:
    """Give the name of a model, numbered where another one has it: with other tables of factors."""
    if settings not in titles:
        alike = sum(one == title or one.startswith(f"{title} #") for one in titles.values())
        titles[settings] = f"{title} #{alike + 1}" if alike else title
    return titles[settings]


def _models(models: Iterable[ModelLike]) -> list[Model]:
    """Make the models of a list.

    Raises
    ------
    StudyError
        Where it is no list, or one cannot be made.
    """
    if isinstance(models, Model | str | Mapping) or not isinstance(models, Iterable):
        raise StudyError(
            f"models {models!r} is no list of models. Write one, as in models=['market']"
        )
    return [model_of(one) if isinstance(one, str | Mapping) else one for one in models]


def _benchmarks(study: Study, benchmarks: Iterable[str]) -> list[str]:
    """Check the benchmarks, and leave out the rows' own, which is always a choice."""
    named = [one for one in texts_of("benchmarks", benchmarks) if one != OWN]
    for one in named:
        if one == NO_BENCHMARK or not TICKER.fullmatch(one):
            raise StudyError(f"{one!r} is no benchmark. Write tickers, or {OWN} for each row's own")
        try:
            if study.calendar != DATA:
                exchange_of(one, named=study.exchanges.get(one, ""))
        except UnknownExchangeError as error:
            raise StudyError(
                f"the exchange of the benchmark {one} is not known. Name it, as in "
                f"exchanges={{'{one}': 'XNYS'}} or --exchange {one}=XNYS (see `list exchanges`)"
            ) from error
    return named


def _half(study: Study) -> Iterator[Window]:
    """Give the second half of the estimation window, where it is long enough."""
    window = Window.of(study.estimation)
    half = Window(window.last - len(window) // 2 + 1, window.last)
    if len(half) >= (study.min_estimation or LEAST):
        yield half
