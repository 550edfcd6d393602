"""Tables as LaTeX, every text escaped."""

from __future__ import annotations

import pandas as pd

from eventstudy.report.findings import Findings
from eventstudy.report.formats import NONE
from eventstudy.report.listings import claims_table, dropped_table, fits_table
from eventstudy.report.power_page import detectable_table
from eventstudy.report.tables import Table, effects_table, records


def frames_to_latex(findings: Findings) -> dict[str, str]:
    """Write the tables of effects, tests and claims as LaTeX, every text escaped.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    dict of str
        ``events``, ``tests``, ``fits``, ``claims``, ``dropped``, ``power`` to a ``tabular``; a
        frame without rows is left out.
    """
    tables = {
        "events": effects_table(records(findings.events), findings.level),
        "fits": fits_table(findings.fits),
        "claims": claims_table(findings.claims),
        "dropped": dropped_table(findings.dropped),
        "power": detectable_table(findings.power[findings.power["window"] == findings.headline]),
    }
    found = {name: _latex(table) for name, table in tables.items() if table.rows}
    if len(findings.tests):
        shown = [c for c in findings.tests.columns if c not in ("null", "alternative", "reference")]
        found["tests"] = findings.tests[shown].to_latex(index=False, escape=True, na_rep=NONE)
    return found


def _latex(table: Table) -> str:
    labels = [c.label or " " for c in table.columns]
    frame = pd.DataFrame(table.rows, columns=pd.Index(labels))
    sides = "".join(c.align[0] for c in table.columns)
    return frame.to_latex(index=False, escape=True, column_format=sides)
