"""A study: a frozen specification, and the line from events to results."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.calendars import ClosedDay
from eventstudy.claims import check_claims, judge
from eventstudy.currency import check_currency
from eventstudy.errors import StudyError
from eventstudy.estimation import RANGE, estimate_study
from eventstudy.events import Events
from eventstudy.eventtables import EventTables
from eventstudy.execution import Engine, Workers
from eventstudy.groups import ON_REQUEST, group_means, group_tests, members
from eventstudy.inference import FAMILY_TESTS, TESTS
from eventstudy.market import Market, list_pairs, list_peers, open_market, supply_of
from eventstudy.models import MarketModel, Model, model_of, settings_of
from eventstudy.overlap import OtherEvents
from eventstudy.peers import touched
from eventstudy.provenance import describe_run, sources_frame
from eventstudy.report.findings import empty
from eventstudy.result import StudyResult, dropped_frame
from eventstudy.rows import CLOSED_DAY_RULES, Rows, locate, settle
from eventstudy.rundir import typed
from eventstudy.settings import (
    check_given,
    distinct_of,
    exchanges_of,
    flag_of,
    level_of,
    settings_table,
    ticker_of,
    whole_of,
    windows_of,
)
from eventstudy.steps import Progress, Steps, quiet
from eventstudy.tableset import Table, Tables, own_copy
from eventstudy.windows import Design, Window, WindowLike

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.sources import PriceSource


@dataclass(frozen=True, kw_only=True)
class Study:
    """What to measure and how.

    Parameters
    ----------
    model : Model, str or mapping
        Expected-return model, its name, or a table of ``name`` and options.
    estimation : window
        Days on which the model is estimated, as a pair or text: 250 sessions by default.
    event : window
        Days whose abnormal returns are kept.
    windows : sequence of windows
        Tested windows, inside the event window; the first is the headline of figures and report.
    calendar : {"exchange", "data"}
        Sessions by each ticker's exchange, or the dates of the given prices as one session list
        (an empty cell is then a missing day). These know no closes: of an announcement the date as
        it was written counts, its time does not, and a flag says so.
    benchmark : str, optional
        Benchmark of every row that names none; by default that of its exchange.
    exchanges : mapping of str to str
        Exchange of tickers whose name does not tell it, as in ``{"^AXKO": "XASX"}``.
    currency : str, optional
        Currency into which all returns are converted, as in USD, by the exchange rates of the same
        source (HKDUSD=X); local currencies by default. Factors of a frame or file stay as they are.
    closed_day : {"next", "previous", "drop"}
        What happens to an event's calendar date that is no session.
    min_estimation : int, optional
        Usable estimation days an event needs; by default 100, or the whole window if shorter (but
        for the first and last days that Dimson's model and that of Scholes and Williams cannot
        use).
    exclude_events_from_estimation : bool
        Leave days of other events of the same security out of the estimation window.
    rolling_start : int
        Sessions by which the start of an event's estimation window may move back, until it holds as
        many usable days as it is long (days with a return of one session and all factors that are
        not left out because of other events); its end stays. By default missing days stay missing.
    max_span : int
        Sessions that one return (after a halt) may cover and still enter group means and tests.
    peers : sequence of str
        Other firms, for the placebo over peers: 19 or more on the exchange of an event, besides
        those with an event of their own on its days.
    tests : sequence of str
        Names of the group tests, all by default. Of more than 10,000 events, tests that draw
        resamples run only where they are named.
    placebo : {"auto", "always", "never"}
        When to compare each event with its own estimation days (placebo and sample-quantile
        tests); auto is up to 10,000 events.
    level : float
        Level of the intervals.
    seed : int
        Seed of every resampling.
    diagnostics : bool
        Measure the model's forecast error on estimation days left out, for
        :meth:`StudyResult.models` and the report.

    Raises
    ------
    StudyError
        Where the windows or another setting cannot be run.

    Examples
    --------
    >>> Study(windows=["0:0", "-1:1"]).design.hull
    Window(first=-1, last=1)
    """

    model: Model | str | Mapping[str, Any] = field(default_factory=MarketModel)
    estimation: WindowLike = (-260, -11)
    event: WindowLike = (-10, 10)
    windows: Sequence[WindowLike] = ((0, 0), (0, 1), (-1, 1))
    calendar: str = "exchange"
    benchmark: str | None = None
    exchanges: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    closed_day: ClosedDay = "next"
    min_estimation: int | None = None
    exclude_events_from_estimation: bool = False
    rolling_start: int = 0
    max_span: int = 5
    peers: Sequence[str] = ()
    tests: Sequence[str] = (*TESTS, *FAMILY_TESTS)
    placebo: Literal["auto", "always", "never"] = "auto"
    level: float = 0.95
    seed: int = 0
    diagnostics: bool = False

    def __post_init__(self) -> None:
        least = self.min_estimation
        normal = {
            "model": model_of(self.model) if isinstance(self.model, str | Mapping) else self.model,
            "estimation": Window.of(self.estimation),
            "event": Window.of(self.event),
            "windows": windows_of(self.windows),
            "exchanges": exchanges_of(self.exchanges),
            "currency": self.currency or None,
            "min_estimation": None
            if least is None
            else whole_of("min_estimation", least, 100, least=1),
            "exclude_events_from_estimation": flag_of(
                "exclude_events_from_estimation", self.exclude_events_from_estimation
            ),
            "diagnostics": flag_of("diagnostics", self.diagnostics),
            "rolling_start": whole_of("rolling_start", self.rolling_start, 5),
            "max_span": whole_of("max_span", self.max_span, 5, least=1),
            "peers": distinct_of("peers", self.peers),
            "tests": distinct_of("tests", self.tests),
            "benchmark": ticker_of("benchmark", self.benchmark),
            "level": level_of(self.level),
            "seed": whole_of("seed", self.seed, 0),
        }
        for name, value in normal.items():
            object.__setattr__(self, name, value)
        for name, allowed in (
            ("calendar", ("exchange", "data")),
            ("closed_day", CLOSED_DAY_RULES),
            ("placebo", ("auto", "always", "never")),
        ):
            if getattr(self, name) not in allowed:
                raise StudyError(
                    f"{name} {getattr(self, name)!r} is none of {', '.join(allowed)}. Choose one"
                )
        check_currency(self.currency or "")
        if self.currency and self.calendar == "data":
            raise StudyError(
                "the data's own rows tell no currency. Convert them before, and leave currency out"
            )
        known = (*TESTS, *FAMILY_TESTS)
        unknown = [name for name in self.tests if name not in known]
        if unknown:
            raise StudyError(f"no test {unknown[0]!r}. The tests are {', '.join(known)}")
        _ = self.design

    @property
    def expected_return(self) -> Model:
        """The model as an object."""
        if isinstance(self.model, Model):
            return self.model
        raise StudyError(f"{self.model!r} is no model. Give a name or an object, as in 'market'")

    @property
    def design(self) -> Design:
        """The windows, checked against each other."""
        estimation = Window.of(self.estimation)
        least = self.expected_return.parameters + 5
        if len(estimation) < least:
            raise StudyError(
                f"estimation window {estimation} has {len(estimation)} days; the model needs "
                f"{least}. Widen it"
            )
        minimum = self.min_estimation
        # Days that the model itself leaves out no event can have.
        usable = len(estimation) - sum(self.expected_return.margins)
        return Design(
            estimation,
            Window.of(self.event),
            tuple(Window.of(window) for window in self.windows),
            min(100, usable) if minimum is None else minimum,
            self.rolling_start,
        )

    @property
    def spec(self) -> dict[str, Any]:
        """The specification as plain values, ready for TOML."""
        return {
            "model": settings_of(self.expected_return),
            "estimation": str(self.estimation),
            "event": str(self.event),
            "windows": [str(window) for window in self.windows],
            "calendar": self.calendar,
            "benchmark": self.benchmark or "",
            "exchanges": dict(self.exchanges),
            "currency": self.currency or "",
            "closed_day": self.closed_day,
            "min_estimation": self.design.min_estimation,
            "exclude_events_from_estimation": self.exclude_events_from_estimation,
            "rolling_start": self.rolling_start,
            "max_span": self.max_span,
            "peers": list(self.peers),
            "tests": list(self.tests),
            "placebo": self.placebo,
            "level": self.level,
            "seed": self.seed,
            "diagnostics": self.diagnostics,
        }

    def __hash__(self) -> int:
        # The dataclass's own would ask the mapping of exchanges, which has none.
        return hash(json.dumps(self.spec, sort_keys=True, default=repr))

    def _repr_html_(self) -> str:
        return settings_table(self.spec)

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Study:
        """Make a study of plain values, as TOML gives them.

        Raises
        ------
        StudyError
            Where a key is not known or a value does not fit.
        """
        names = [one.name for one in fields(cls)]
        unknown = [key for key in spec if key not in names]
        if unknown:
            raise StudyError(f"unknown setting {unknown[0]!r}. The settings are {', '.join(names)}")
        values = dict(spec)
        values["benchmark"] = values.get("benchmark") or None
        study = cls(**values)
        # A specification writes the default out; as a default it follows another window.
        default = replace(study, min_estimation=None)
        return default if default.design == study.design else study

    @classmethod
    def read(cls, path: str | Path) -> Study:
        """Read a study from a TOML file.

        Raises
        ------
        StudyError
            Where the file cannot be read, or is no such specification.
        """
        try:
            spec = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise StudyError(f"{Path(path).name} cannot be read as TOML: {error}") from error
        return cls.from_spec(spec)

    def run(
        self,
        events: Events,
        *,
        prices: PriceSource,
        claims: pd.DataFrame | None = None,
        progress: Progress = quiet,
        engine: Engine | str = "serial",
    ) -> StudyResult:
        """Measure the events.

        Parameters
        ----------
        events : Events
            From :func:`eventstudy.read_events` or :meth:`eventstudy.Events.from_frame`.
        prices : PriceSource
            Where prices come from.
        claims : DataFrame, optional
            From :func:`eventstudy.read_claims`, or with the same columns.
        progress : callable, optional
            Told of each step as it begins, and of many events how far it has come.
        engine : str
            Where ranges of many events are worked on: ``serial`` (threads of this process),
            ``processes``, ``dask`` or ``dask:tcp://host:port``. The numbers are the same.

        Returns
        -------
        StudyResult

        Raises
        ------
        InputError
            Where events, claims or price files cannot be used.
        PricesError
            Where no event has a price series.
        CalendarError
            Where a calendar reaches neither events nor prices.
        """
        check_given(events, prices)
        chosen = Engine.of(engine)
        if chosen.kind == "serial" and not self.expected_return.threads:
            chosen = Engine("serial", 1)
        if claims is not None:
            claims = check_claims(claims, events)
        with Workers(chosen, module=__name__) as workers:
            if len(events) > RANGE:
                workers.begin(-(-len(events) // RANGE))
            return self._run(events, prices, claims, Steps(progress, workers))

    def _run(
        self, events: Events, prices: PriceSource, claims: pd.DataFrame | None, steps: Steps
    ) -> StudyResult:
        """Take events of a study that is known to be sound from prices to tests."""
        frame = events.frame
        steps.begin("prices")
        listing = list_pairs(
            frame,
            calendar=self.calendar,
            benchmark=self.benchmark,
            exchanges=self.exchanges,
            needs_benchmark=self.expected_return.needs_benchmark,
        )
        market = open_market(
            frame,
            listing,
            prices,
            self.design.widest,
            peers=list_peers(self.peers, calendar=self.calendar, exchanges=self.exchanges),
            supply=supply_of(
                self.expected_return, calendar=self.calendar, exchanges=self.exchanges
            ),
            currency=self.currency or "",
        )
        del listing  # a number for each pair, read for the last time
        steps.begin("day zero")
        rows, dropped = self._rows(frame, market)
        steps.begin("abnormal returns")
        apart = self.exclude_events_from_estimation
        left_out = OtherEvents(rows, self.design.widest) if apart else None
        abnormal, unusable = estimate_study(
            rows,
            market.panel,
            market.factors,
            design=self.design,
            model=self.expected_return,
            left_out=left_out,
            barred=touched(rows, frame, market.panel, self.design, self.expected_return),
            execute=steps.execute,
        )
        steps.begin("tests")
        dropped = market.dropped | dropped | unusable
        return self._result(events, market, rows, abnormal, dropped, claims, steps)

    def _rows(self, frame: pd.DataFrame, market: Market) -> tuple[Rows, dict[int, str]]:
        """Lay the pairs on sessions and move day zero to a price."""
        located, unplaced = locate(
            frame, market.calendar, market.panel.calendars, closed_day=self.closed_day
        )
        rows, unpriced = settle(
            located, market.panel, market.security[located.pair], market.benchmark[located.pair]
        )
        return rows, unplaced | unpriced

    def _result(
        self,
        events: Events,
        market: Market,
        rows: Rows,
        abnormal: Abnormal,
        dropped: dict[int, str],
        claims: pd.DataFrame | None,
        steps: Steps,
    ) -> StudyResult:
        """Test the groups, and say how the frames are built."""
        frame = own_copy(events.frame)  # frames are built of it long after
        groups, too_many = members(abnormal, frame)
        tests, leads = group_tests(
            abnormal,
            groups,
            tests=self.tests,
            level=self.level,
            max_span=self.max_span,
            seed=self.seed,
            execute=steps.add_up,
        )
        few = len(abnormal) <= ON_REQUEST
        of_events = EventTables(
            abnormal,
            rows,
            frame,
            market,
            level=self.level,
            max_span=self.max_span,
            peers=self.peers,
            placebo=few if self.placebo == "auto" else self.placebo == "always",
            diagnostics=self.diagnostics,
        )
        sources = sources_frame(market)
        tables: dict[str, Table] = {
            **of_events.tables(),
            "means": partial(
                group_means,
                abnormal,
                groups,
                level=self.level,
                max_span=self.max_span,
                execute=steps.add_up_later,
            ),
            "tests": tests,
            "leads": leads,
            "claims": empty("claims")
            if claims is None
            else judge(claims, _zeros(rows, frame, market, claims), market.series),
            "dropped": dropped_frame(frame, dropped),
            "sources": sources,
        }
        facts = describe_run(events, self.spec, sources, [self.expected_return])
        if too_many:
            facts["groups"] = too_many
        return StudyResult(
            spec=self.spec, input=own_copy(frame), frames=Tables(tables, typed), provenance=facts
        )


def _zeros(
    rows: Rows, frame: pd.DataFrame, market: Market, claims: pd.DataFrame
) -> dict[tuple[str, str], np.datetime64]:
    """Day zero of every pair of an event with a claim, whether or not it could be estimated."""
    own = frame[["event_id", "ticker"]].iloc[rows.pair]
    claimed = np.flatnonzero(own["event_id"].isin(claims["event_id"]))
    named = own.iloc[claimed].itertuples(index=False, name=None)
    calendars = market.panel.calendars
    return {
        pair: calendars[rows.calendar[row]].sessions[rows.zero[row]]
        for pair, row in zip(named, claimed, strict=True)
    }
