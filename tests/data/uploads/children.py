"""Fetching in a process of its own, to be killed, interrupted or starved of disk."""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from tavce.data.uploads.fetch import FetchSettings
from tavce.data.uploads.upload import Upload

ROOT = Path(__file__).parents[3]
SETTINGS = FetchSettings(
    pause_s=0.0,
    attempts=3,
    longest_wait_s=0.02,
    cookies="",
    largest_bytes=5_000_000,
    vanished_after=10,
    max_height=2160,
)

CODE = """
import json, resource, sys
from pathlib import Path
from tavce.data.uploads.fetch import FetchSettings, fetch_uploads
from tavce.data.uploads.upload import Upload
from tavce.errors import InputError

uploads, store, settings, limit = json.loads(sys.argv[1])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
report = lambda line: print(line, flush=True)
try:
    rows = fetch_uploads([Upload(**each) for each in uploads], Path(store), FetchSettings(**settings), report=report)
except InputError as error:
    sys.exit(f"InputError: {error}")
print(json.dumps({name: row.status for name, row in rows.items()}))
"""


def start_fetch(
    uploads: Iterable[Upload],
    store: Path,
    settings: FetchSettings = SETTINGS,
    *,
    largest_file: int = 0,
    environment: dict[str, str] | None = None,
) -> "subprocess.Popen[str]":
    """Start fetching; `largest_file` bounds what the process may write into one file, as a full disk would."""
    work = json.dumps([[asdict(each) for each in uploads], str(store), asdict(settings), largest_file])
    return subprocess.Popen(
        [sys.executable, "-c", CODE, work],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
