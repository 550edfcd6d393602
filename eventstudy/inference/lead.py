"""Which test leads: fixed by the number of events and of clusters before any p-value is seen."""

from __future__ import annotations

from dataclasses import dataclass

from eventstudy.inference.base import Sample


@dataclass(frozen=True)
class Lead:
    """The test that leads for a group and window, the one beside it, and why.

    Where a group has one pair in the window these are tests of that pair, ``sar_t`` and
    ``placebo``, whose figures stand in its own row; where it has none they are "".
    """

    test: str
    beside: str
    n: int
    clusters: int
    sentence: str


PAIRS = "pairs of an event and a security"
ONE_DATE = (
    "All pairs share their days, and one date can never tell an effect of the event from a shock "
    "to the sector on that day."
)
LINKED = (
    "The pairs have several days zero, but their windows or events link them all into one cluster: "
    "no independent second date tells an effect of the events from a shock to the sector in those "
    "days."
)


def choose_lead(sample: Sample) -> Lead:
    """Choose by N, the pairs of an event and a security, and q, their clusters of shared days.

    One pair: its own SAR t. Six or more clusters: Ibragimov-Mueller, which needs no correlation to
    be known. Two to five: the adjusted BMP with corrected degrees of freedom. One: the adjusted BMP
    from ten pairs on, below it the portfolio t (adjusted Patell where the pairs have no common
    design), which has more power but takes the variance of the event days to be the usual one.
    """
    n, q = len(sample), sample.n_clusters
    if n == 0:
        sentence = "The group has no pair with an abnormal return in this window: no test."
        return Lead("", "", n, q, sentence)
    if n == 1:
        sentence = (
            "The group has one pair with an abnormal return in this window: no group test. The "
            "SAR t of that pair leads, the placebo test stands beside it."
        )
        return Lead("sar_t", "placebo", n, q, sentence)
    if q >= 6:
        return Lead(
            "ibragimov_mueller",
            "adjusted_bmp",
            n,
            q,
            f"{n} {PAIRS} form {q} clusters of shared days. With six clusters or more the "
            "Ibragimov-Mueller t leads: it holds whatever the correlation within a cluster. The "
            "adjusted BMP stands beside it: more power, but it takes the correlation of the "
            "estimation window to hold on the event days.",
        )
    if q >= 2:
        sentence = (
            f"{n} {PAIRS} form {q} clusters of shared days, too few for cluster means alone: the "
            "adjusted BMP leads, with degrees of freedom corrected for the shared days. The "
            "Ibragimov-Mueller t stands beside it"
        )
        tail = " but has almost no power with two clusters." if q == 2 else "."
        return Lead("adjusted_bmp", "ibragimov_mueller", n, q, sentence + tail)
    same = ONE_DATE if sample.one_date else LINKED
    pooled = "adjusted_patell" if sample.no_common_design else "portfolio"
    name = "adjusted Patell Z" if sample.no_common_design else "portfolio t"
    if n >= 10:
        return Lead(
            "adjusted_bmp",
            pooled,
            n,
            q,
            f"{n} {PAIRS} form one cluster: the adjusted BMP leads, for it allows both correlation "
            f"between pairs and a larger variance on the event days. The {name} stands beside "
            f"it. {same}",
        )
    return Lead(
        pooled,
        "adjusted_bmp",
        n,
        q,
        f"{n} {PAIRS} form one cluster: the {name} leads, for with so few the adjusted BMP "
        "has little power; but it takes the variance of the event days to be the usual one. If "
        f"it alone rejects, read: an effect, or a more volatile day. {same}",
    )
