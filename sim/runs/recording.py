"""A stored run once more, to record a clip of it; refused unless it is the very same run."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sim.errors import HuanduError, RunError, internal_error
from sim.labels import Message
from sim.runs.inputs import write_inputs
from sim.runs.run import digest_of_request, simulated
from sim.runs.work import Work
from sim.sumo.recording import Clip, read_recording, recording_spec


@dataclass(frozen=True)
class Recording:
    """What was recorded of one run. `paths`, `lights`: columns of `sim.sumo.recording`."""

    paths: pd.DataFrame
    lights: pd.DataFrame
    failure: str | None = None
    """Why there is nothing, None if there is."""


def recorded(work: Work, arm: str, period: str, replicate: int, digest: str, clip: Clip) -> Recording:
    """Simulate a stored run up to the end of `clip` and record that; failures are returned, not raised."""
    try:
        return _recorded(work, arm, period, replicate, digest, clip)
    except HuanduError as error:
        return Recording(pd.DataFrame(), pd.DataFrame(), error.of("en"))
    except Exception as error:  # a picture that is not there must not lose the study
        reason = internal_error(error)
        return Recording(pd.DataFrame(), pd.DataFrame(), reason)


def _recorded(work: Work, arm: str, period: str, replicate: int, digest: str, clip: Clip) -> Recording:
    request = work.request(arm, period, replicate)
    with work.store.draft() as folder:
        if digest_of_request(request, write_inputs(request, folder)) != digest:
            raise RunError(Message("the stored run was made from other inputs"))
        spec = recording_spec(request.spec, clip, folder)
        again = simulated(request, spec, folder, work.runner.children).tables
        for name in ("trips", "network"):
            stored = work.store.read(digest, name)
            if not _upto(again[name], clip.end_s).equals(_upto(stored, clip.end_s)):
                raise RunError(
                    Message("simulated once more, the run differs from the stored one ({name})", name=name)
                )
        return Recording(*read_recording(folder, clip))


def _upto(table: pd.DataFrame, end_s: float) -> pd.DataFrame:
    """Return what was settled before a moment: who had arrived, the state of the network by the minute."""
    moment = "time_s" if "time_s" in table else "arrival_s"
    return table[table[moment] < end_s].reset_index(drop=True)
