"""Puts what `configs/` holds of data into a wheel, so that an own folder needs none of it."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("executor", "run", "standards", "vehicles")


class BuildWithConfigs(build_py):
    """Copies them to `sim/shipped/`, where `sim.standard_data` looks after the root's own."""

    def run(self):
        """Build as always, then copy; an editable install reads `configs/` itself."""
        super().run()
        if not self.editable_mode:
            for name in SHIPPED:
                target = Path(self.build_lib) / "sim" / "shipped" / name
                shutil.copytree(Path("configs") / name, target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithConfigs})
