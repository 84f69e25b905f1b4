"""The project's jobs, on any system: ``python tasks.py demo|test|lint|regress|bench|validate|setup|clean``.

Needs Python 3.11 or newer and nothing else. Every job first makes ``.venv/`` and installs the pinned
dependencies into it; that step is skipped while pyproject.toml and constraints.txt are as they were.
Words after the job's name go to the program behind it: ``python tasks.py test tests/unit -x``.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "installed-for"
INPUTS = [ROOT / "pyproject.toml", ROOT / "constraints.txt"]

COMMANDS = {
    "setup": [],
    "demo": [["huandu", "run", "scenario=shiqiaopu", "run.replicates=10", "resume=true"]],
    "test": [["python", "-m", "pytest", "-n", "auto", "--dist", "loadfile"]],
    "lint": [
        ["python", "-m", "ruff", "check"],
        ["python", "-m", "ruff", "format", "--check"],
        ["python", "-m", "mypy"],
    ],
    "regress": [["huandu", "regress"]],
    "bench": [["python", "-m", "pytest", "-m", "bench", "-s"]],
    "validate": [["python", "-m", "pytest", "-m", "validate", "-s", "-o", "faulthandler_timeout=0"]],
}
CACHES = ["build", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "huandu.egg-info"]


def main(job="", *extra):
    """Do one job and return its exit code."""
    if job == "clean":
        return clean()
    if job not in COMMANDS:
        sys.exit(f"usage: python tasks.py {'|'.join([*COMMANDS, 'clean'])}")
    ensure_environment()
    # Every command runs even after one has failed: `lint` is to show all there is.
    codes = [run(BIN / program, *words, *extra) for program, *words in COMMANDS[job]]
    return next((code for code in codes if code), 0)


def ensure_environment():
    """Make ``.venv/`` and install into it, unless it was made for the present files and Python."""
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in INPUTS)).hexdigest()
    # The environment is asked for its own version, which also shows that it still runs at all.
    if STAMP.is_file() and STAMP.read_text() == wanted and venv_runs():
        return
    if not venv_runs():
        make_venv()
    pip = [BIN / "python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    # --use-pep517: the one source package (antlr4 runtime) is built the present way by old pips too.
    if run(*pip, "--use-pep517", "--constraint", "constraints.txt", "--editable", ".[dev]"):
        sys.exit("huandu: set-up failed: pip could not install the dependencies; its own message is above.")
    STAMP.write_text(wanted)


def make_venv():
    """Make an empty ``.venv/`` from the running Python, replacing one that no longer runs."""
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit(
            "huandu: this Python cannot make a virtual environment (its 'ensurepip' is missing).\n"
            "On Debian and Ubuntu: apt-get install python3-venv, then the same command again."
        )
    if run(sys.executable, "-m", "venv", "--clear", VENV):
        sys.exit(f"huandu: set-up failed: {sys.executable} could not make {VENV}; its own message is above.")


def venv_runs():
    """Tell whether ``.venv/`` holds a Python that starts and is new enough."""
    probe = [str(BIN / "python"), "-c", f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON})"]
    try:
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def run(*words):
    """Run one command in the project's root, show it, and return its exit code."""
    command = [str(word) for word in words]
    print("+", *command, flush=True)
    try:
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    except OSError as error:
        print(f"huandu: cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return 1


def clean():
    """Remove the environment and the caches; results stay."""
    for name in [".venv", *CACHES]:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in ["sim", "tests"]:
        for cache in (ROOT / folder).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)
    return 0


if __name__ == "__main__":
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            f"huandu needs Python 3.11 or newer; this is {sys.version.split()[0]}, at {sys.executable}.\n"
            "Name a newer one: make PYTHON=python3.12 test (Windows: py -3.12 tasks.py test)."
        )
    # Ctrl-C belongs to the program behind the job, which stops in its own way; this one waits for it.
    signal.signal(signal.SIGINT, lambda *_: None)
    sys.exit(main(*sys.argv[1:]))
