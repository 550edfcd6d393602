"""Writers of the price cache that are killed, and many programs at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")


def crowd(*arguments: object) -> list[int]:
    script = Path(__file__).with_name("crowd.py")
    done = subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [int(number) for number in done.stdout.split()]


@pytest.mark.parametrize("kills", [200, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_kill_loses_a_series_that_was_written(tmp_path: Path, kills: int) -> None:
    in_time, too_soon = crowd("kill", tmp_path, kills)
    assert in_time + too_soon == kills
    assert in_time > kills / 10


@pytest.mark.parametrize("rounds", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_eight_programs_read_and_write_at_once(tmp_path: Path, rounds: int) -> None:
    assert crowd("together", tmp_path, 8, rounds) == [3]
