"""Fixtures shared by all tests."""

import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A shell that starts `make test` in the background makes it ignore Ctrl-C, and the processes that tests start inherit
# that: those that interrupt one would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """Folder of real talking-head clips; never part of the repository."""
    folder = Path(os.environ.get("TAVCE_REAL_CLIPS", ROOT.parent / "shared" / "real"))
    if not folder.is_dir():
        pytest.skip(f"no real clips at {folder}; set TAVCE_REAL_CLIPS to a folder that has them")
    return folder
