"""Filters of warnings under threads."""

from __future__ import annotations

import threading
import warnings

import pytest

from eventstudy.filters import filtered


def test_threads_leave_the_filters_as_they_were():
    before = list(warnings.filters)
    go = threading.Barrier(8)

    def work() -> None:
        go.wait()
        for _ in range(300):
            with filtered():
                warnings.warn("of a library", stacklevel=1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


def test_a_category_may_be_an_error_for_a_while():
    with filtered("error", FutureWarning), pytest.raises(FutureWarning):
        warnings.warn("soon", FutureWarning, stacklevel=1)
    with filtered(category=FutureWarning):
        warnings.warn("soon", FutureWarning, stacklevel=1)
