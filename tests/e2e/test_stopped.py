"""Studies that somebody ends from outside: no simulator outlives them, nothing is lost, `resume` goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.sumo.driver import ends_with_parent
from tests.command_line import huandu
from tests.own_root import write_root

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
STUDY = ("run", "scenario=xingfu", "run=smoke", "run.replicates=1", "run.jobs=1")
HERE = Path(__file__).resolve().parents[2]


def simulators(root: Path) -> set[int]:
    """Return the simulators that work in one of the store's drafts."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            program, place = (process / "exe").readlink(), (process / "cwd").readlink()
        except OSError:  # gone meanwhile, or somebody else's
            continue
        if program.name == "sumo" and place.is_relative_to(root / "results" / ".store" / "running"):
            found.add(int(process.name))
    return found


def until(holds: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


@pytest.mark.parametrize(("sent", "code"), [("SIGTERM", 143), ("SIGKILL", -9)])
def test_no_simulator_outlives_a_study_that_is_ended(
    sent: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sent == "SIGKILL" and not ends_with_parent():
        pytest.skip("no setpriv that knows --pdeathsig: a killed study's simulators run to their end")
    root = write_root(tmp_path)
    program = "import sys; from sim.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, *STUDY, "--root", str(root)]
    with subprocess.Popen(command, cwd=HERE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert until(lambda: simulators(root) or process.poll() is not None, 120)
            # Frozen, a simulator cannot end by itself before the signal arrives.
            running = simulators(root)
            for child in running:
                os.kill(child, signal.SIGSTOP)
            assert simulators(root) == running != set()
            process.send_signal(signal.Signals[sent])
            _, err = process.communicate(timeout=60)
            left = not until(lambda: not simulators(root), 10)
        finally:
            process.kill()
            for child in simulators(root):
                os.kill(child, signal.SIGKILL)
    assert process.returncode == code
    assert not left
    if sent == "SIGTERM":  # what is done after a SIGKILL, test_command_line.py shows
        assert err.endswith("huandu: stopped; finished runs are kept, `resume=true` goes on from here\n")
        monkeypatch.setattr("sim.evaluation.write_report", lambda *given, **named: None)
        assert huandu(*STUDY, "resume=true", "--root", root).code == 0


def test_who_ignores_a_hangup_keeps_running(tmp_path: Path) -> None:
    """As under `nohup`."""
    program = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
import sim.cli
sim.cli._run = lambda words: os.kill(os.getpid(), signal.SIGHUP) or 0
code = sim.cli.main([])
sys.exit(code if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL else 99)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=HERE, check=False)
    assert done.returncode == 0
