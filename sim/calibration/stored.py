"""The calibrated vehicle set of a site: `scenarios/<site>/calibration/vehicles.yaml`, versioned data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sim.calibration.fit import Fit
from sim.vehicles import VehicleSet, read_vehicles

FOLDER = "calibration"
VEHICLES_FILE = "vehicles.yaml"


def calibrated_vehicles(site_folder: Path) -> VehicleSet | None:
    """Read the set that was calibrated for a site, if there is one. ConfigError where it is broken."""
    path = site_folder / FOLDER / VEHICLES_FILE
    return read_vehicles(path) if path.is_file() else None


def write_vehicles(site_folder: Path, site: str, base: VehicleSet, found: Fit) -> Path:
    """Write what was fitted as the site's own vehicle set, one version above the one it replaces."""
    path = site_folder / FOLDER / VEHICLES_FILE
    before = calibrated_vehicles(site_folder)
    data: dict[str, Any] = found.vehicles.model_dump(mode="json")
    data |= {
        "name": f"{site}_calibrated",
        "version": before.version + 1 if before is not None else 1,
        "calibrated": _calibrated(base, found),
        "source": _source(base, found),
        "note": base.note,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    head = (
        f"# Written by `huandu calibrate` from {base.name} version {base.version}; see docs/calibration.md.\n"
    )
    body = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)
    part = path.with_name(path.name + ".part")
    part.write_text(head + body, encoding="utf-8", newline="\n")
    part.replace(path)
    return path


def _calibrated(base: VehicleSet, found: Fit) -> dict[str, Any]:
    """Return how a straight lane of cars discharges: as the base set's, changed as the fitted movements."""
    both = found.before.merge(found.after, on="movement", suffixes=("_before", "_after"))
    both = both[both["movement"].isin(list(found.targets))]
    ratio = float((both["saturation_vph_after"] / both["saturation_vph_before"]).mean())
    change_s = float((both["startup_lost_s_after"] - both["startup_lost_s_before"]).mean())
    said = base.calibrated.model_dump(mode="json")
    return said | {
        "saturation_vph": round(base.calibrated.saturation_vph * ratio, 0),
        "startup_lost_s": round(base.calibrated.startup_lost_s + change_s, 2),
    }


def _source(base: VehicleSet, found: Fit) -> str:
    after: pd.DataFrame = found.after.set_index("movement")
    parts = []
    for name, values in sorted(found.targets.items()):
        if name not in after.index:
            continue
        row = after.loc[name]
        said = []
        if values.saturation_vph is not None:
            said.append(f"S {row['saturation_vph']:.0f} (field {values.saturation_vph:.0f}) veh/h")
        if values.startup_lost_s is not None:
            said.append(f"l1 {row['startup_lost_s']:.1f} (field {values.startup_lost_s:.1f}) s")
        parts.append(f"{name}: {', '.join(said)} [{values.source}]")
    factors = f"headway x {found.headway:.3f}, acceleration x {found.acceleration:.3f}"
    return f"{base.name} version {base.version}, {factors}, fitted to {'; '.join(parts)}"
