"""Build step that pyproject.toml cannot express: settings, vehicle sets and standards travel in the wheel."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("run", "vehicles", "standards")


class BuildWithConfigs(build_py):
    """Copies `configs/` (all but the embedded scenarios) into the package as `sim/shipped/`."""

    def run(self):
        """Build as usual, then add the configuration; a source checkout reads its own `configs/` instead."""
        super().run()
        if self.editable_mode:
            return
        for name in SHIPPED:
            target = Path(self.build_lib) / "sim" / "shipped" / name
            shutil.copytree(Path("configs") / name, target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithConfigs})
