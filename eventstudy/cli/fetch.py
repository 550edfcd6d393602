"""``fetch``: put the prices that a run needs into the cache, and look after it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from eventstudy.cli import messages, output
from eventstudy.cli.options import events_of, json_option, study_of, with_options
from eventstudy.cli.prices import cache_option, grouped, refuse_unpriced
from eventstudy.cli.run import command as run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from eventstudy.panel import PriceSeries
    from eventstudy.sources import PriceSource, Quotes
    from eventstudy.sources.store_rows import Listed

# Options of `run` that do not describe the study; all others may decide which prices it needs.
_APART = frozenset(
    "events prices cache claims offline strict out formats title as_json".split()  # noqa: SIM905
)
_FETCHED = ("ticker", "first", "last", "sessions", "fetched", "notes")
_KEPT = ("source", "ticker", "first", "last", "bars", "fetched", "age", "client", "state")


@click.command(
    params=[option for option in run.params if option.name not in _APART],
    epilog="""\
    \b
    Examples:
      eventstudy fetch --status
    """,
)
@click.argument("events", metavar="[EVENTS]", required=False)
@with_options(
    click.option(
        "--status",
        is_flag=True,
        show_default="EVENTS are fetched",
        help="List what is kept: from where, how old, by which version, and whether it is whole.",
    ),
    click.option(
        "--clear",
        is_flag=True,
        show_default="EVENTS are fetched",
        help="Remove all that is kept.",
    ),
    cache_option,
    click.option(
        "--strict",
        is_flag=True,
        show_default="it is shown, with exit code 0",
        help="Exit with 1 if a series could not be had.",
    ),
    json_option,
)
@click.pass_context
def command(context: click.Context, events: str | None, **options: Any) -> int:
    """Fetch the prices of the EVENTS of a CSV file from Yahoo, and keep them.

    A later `run` with the same options needs no network: `--prices auto` and `--prices yahoo` look
    here first. Of what is kept already, only that is fetched again which may have changed since.
    """
    if sum(map(bool, (events, options["status"], options["clear"]))) != 1:
        raise click.UsageError("Give either EVENTS, or --status, or --clear.", context)
    from eventstudy.sources.store import PriceStore

    store = PriceStore(options["cache"])
    if options["status"]:
        return _status(store.status(), str(store.path), as_json=options["as_json"])
    if options["clear"]:
        count = store.clear()
        what = "a cache that could not be read" if count < 0 else f"{count:,} series"
        if options["as_json"]:
            output.document({"path": str(store.path), "removed": max(count, 0)})
        else:
            output.paragraph(f"Removed: {what}, {store.path}")
        return 0
    return _fetch(context)


def _fetch(context: click.Context) -> int:
    """Fetch what is needed and show what came; the exit code."""
    from eventstudy.errors import PricesError
    from eventstudy.sources import CachedPrices, YahooPrices

    options = context.params
    study, given = study_of(context), events_of(context)
    errand = _Errand(CachedPrices(YahooPrices(), options["cache"]))
    with messages.steps(1) as step, suppress(_Done):
        step("prices")
        result = study.run(given, prices=errand)
        refuse_unpriced(result.sources, result.dropped)
    quotes, start, end = errand.quotes, errand.start, errand.end
    assert quotes is not None, "a study that asks for no prices, and refuses no event"
    failures = {ticker: str(error) for ticker, error in quotes.failures.items()}
    if not quotes.series:
        reasons = grouped([(reason, ticker) for ticker, reason in failures.items()])
        raise PricesError("no price series could be had:\n  " + "\n  ".join(reasons))
    rows = [_row(series) for series in quotes.series.values()]
    if options["as_json"]:
        series = [dict(zip(_FETCHED, row, strict=True)) for row in rows]
        lost = [{"ticker": ticker, "reason": reason} for ticker, reason in failures.items()]
        output.document({"series": series, "failures": lost})
    else:
        cells = [[*map(str, row[:-1]), "; ".join(row[-1])] for row in rows]
        title = f"Kept for {start} to {end}"
        output.table(_FETCHED, cells, right=("sessions",), title=title)
        if failures:
            output.table(("ticker", "reason"), list(failures.items()), title="Not to be had")
    return 1 if options["strict"] and failures else 0


class _Done(Exception):  # noqa: N818
    """The prices are there, and the study need not go on."""


class _Errand:
    """A source that fetches what a study asks for, and sends the study home.

    Only the study knows what it needs: benchmarks, peers, factors, and the range of its windows.
    """

    name = "errand"

    def __init__(self, source: PriceSource) -> None:
        self.source = source
        self.quotes: Quotes | None = None
        self.start = self.end = date.min

    def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:
        """Fetch, and raise _Done; without a ticker the study is left to say why."""
        if not tickers:
            return self.source.load(tickers, start, end)
        self.quotes, self.start, self.end = self.source.load(tickers, start, end), start, end
        raise _Done


def _row(series: PriceSeries) -> tuple[str, str, str, int, str, list[str]]:
    import numpy as np

    known = series.dates[np.isfinite(series.values)]
    first, last = (str(known[0]), str(known[-1])) if len(known) else ("", "")
    return series.ticker, first, last, len(known), series.retrieved, list(series.notes)


def _status(kept: list[Listed], path: str, *, as_json: bool) -> int:
    """Show what is kept; the exit code."""
    now = datetime.now(UTC)
    rows = [
        (
            *(one.source, one.ticker, one.first, one.last, one.bars, one.fetched),
            _age(now - datetime.fromisoformat(one.fetched)) if one.intact else "",
            one.client,
            "whole" if one.intact else "damaged",
        )
        for one in kept
    ]
    if as_json:
        series = [dict(zip(_KEPT, row, strict=True)) for row in rows]
        output.document({"path": path, "series": series})
    elif not rows:
        output.paragraph(f"Nothing is kept in {path}")
    else:
        cells = [[str(cell) for cell in row] for row in rows]
        output.table(_KEPT, cells, right=("bars",), title=f"Kept in {path}")
    return 0


def _age(age: timedelta) -> str:
    """Say how old something is, in the largest unit of which there is one."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count:,} {unit}{'s' if count > 1 else ''}"
    return "moments"
