"""`huandu run` as a user starts it, with what its simulators take."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HUANDU = """
import os, resource, subprocess, sys
from sim.cli import main

spent_s = 0.0

def wait(self, flags):
    global spent_s
    pid, status, used = os.wait4(self.pid, flags)
    if pid and any(str(word).endswith(("bin/sumo", "sumo.exe")) for word in self.args):
        spent_s += used.ru_utime + used.ru_stime
    return pid, status

if __name__ == "__main__":
    subprocess.Popen._try_wait = wait
    code = main(sys.argv[1:])
    print(spent_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    sys.exit(code)
"""


def huandu_run(root: Path, words: Sequence[str]) -> tuple[float, float, float]:
    """Wall time, s, CPU time of its simulators, s, and peak memory, MB, of one `huandu run`."""
    program = root / "huandu_run.py"
    program.write_text(HUANDU, encoding="utf-8")
    started = time.monotonic()
    command = [sys.executable, str(program), "--root", str(root), "run", *words]
    # A user's Python keeps what it has compiled.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    spent_s, peak_mb = map(float, done.stdout.splitlines()[-1].split())
    return time.monotonic() - started, spent_s, peak_mb
