"""Aliases of the array types that cross module borders.

Axis order: events first, days last. Missing numbers are NaN. Dates are ``datetime64[D]``, instants
are ``datetime64[ns]`` in UTC.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Dates = NDArray[np.datetime64]
Instants = NDArray[np.datetime64]
Texts = NDArray[Any]
