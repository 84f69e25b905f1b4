"""Processes beside the command: they hand back what they made, and never outlive it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.apart import Apart, done, here


def test_what_is_begun_is_done_elsewhere_and_errors_come_back() -> None:
    with Apart(2) as apart:
        first, second, wrong = apart.begin(os.getpid), apart.begin(sorted, [2, 1]), apart.begin(int, "x")
        assert done(first) != os.getpid()
        assert done(second) == [1, 2]
        with pytest.raises(ValueError, match="invalid literal"):
            done(wrong)
    assert done(here(os.getpid)) == os.getpid()


def test_few_runs_are_worth_no_process() -> None:
    with Apart(1) as apart:
        assert apart.for_runs(2) is here
        assert apart.for_runs(1000) == apart.begin


def test_an_exception_does_not_wait_for_what_is_under_way() -> None:
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Apart(1) as apart:
        done(apart.begin(os.getpid))
        apart.begin(time.sleep, 600)
        raise KeyboardInterrupt
    assert time.monotonic() - started < 60


PROGRAM = """
import os, sys, time
from sim.apart import Apart, done
if __name__ == "__main__":
    with Apart(1) as apart:
        print(done(apart.begin(os.getpid)), flush=True)
        done(apart.begin(time.sleep, 600))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_no_process_outlives_a_killed_command(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        worker = int(command.stdout.readline())
        command.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{worker}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
