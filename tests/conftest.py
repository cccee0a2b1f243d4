"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """Folder of real talking-head clips; never part of the repository."""
    folder = Path(os.environ.get("TAVCE_REAL_CLIPS", ROOT.parent / "shared" / "real"))
    if not folder.is_dir():
        pytest.skip(f"no real clips at {folder}; set TAVCE_REAL_CLIPS to a folder that has them")
    return folder
