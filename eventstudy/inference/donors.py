"""The placebo over donors of a synthetic control."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Floats, Integers
from eventstudy.models.synthetic_control import SyntheticControl, placebo_ratios
from eventstudy.windows import Window


@dataclass(frozen=True, eq=False)
class DonorPlacebo:
    """Abnormal returns of events and of their donors, over the usual size of the residuals.

    Attributes
    ----------
    abnormal : Abnormal
        N events.
    own : array of float, shape (N, T)
        Abnormal return over the root mean square of the estimation residuals.
    donors : array of float, shape (N, donors, T)
        The same with each donor in the place of the security; NaN for what is no donor.
    """

    abnormal: Abnormal
    own: Floats
    donors: Floats

    def pvalue(self, window: Window) -> tuple[Floats, Integers]:
        """Rank each event's root mean square over a window among those of its donors.

        Returns
        -------
        pvalue : array of float, shape (N,)
            (1 + donors with as large a ratio) / (donors + 1); NaN without donors, or where the
            event lacks a day.
        n_donors : array of int, shape (N,)
            Donors with every day of the window.
        """
        days = self.abnormal.days(window)
        size = np.sqrt(np.mean(self.own[:, days] ** 2, axis=1))
        others = np.sqrt(np.mean(self.donors[:, :, days] ** 2, axis=2))
        count = np.isfinite(others).sum(axis=1)
        with np.errstate(invalid="ignore"):
            larger = (others >= size[:, None]).sum(axis=1)
        known = (count > 0) & np.isfinite(size)
        return np.where(known, (1 + larger) / (count + 1), np.nan), count


def donor_placebo(abnormal: Abnormal) -> DonorPlacebo | None:
    """Put every donor in the place of each event's security; None for other models.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), Journal of the American Statistical Association
    105:493-505. The security itself is no donor of its donors, for it has the event.
    """
    model = abnormal.model
    if not isinstance(model, SyntheticControl):
        return None
    usual = np.sqrt(np.nanmean(abnormal.residuals**2, axis=1)) if len(abnormal) else np.empty(0)
    returns, factors = abnormal.estimation_returns, abnormal.estimation_factors
    donors = [
        placebo_ratios(model, returns[event], factors[event], abnormal.factors[event])
        for event in range(len(abnormal))
    ]
    shape = (len(abnormal), len(model.factors), abnormal.returns.shape[1])
    return DonorPlacebo(
        abnormal, abnormal.ar / usual[:, None], np.array(donors, dtype=np.float64).reshape(shape)
    )
