"""Which code made a result: the version, and outside of this repository's own results the commit."""

import subprocess
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def version_line() -> str:
    """Return name and version: what committed results say, since no file can name the commit that it is part of."""
    return f"tavce-bench {version('tavce-bench')}"


def commit_line() -> str:
    """Return name, version and commit; "with changes" where files differ from it. Without git, name and version."""
    commit = _git("rev-parse", "--short=12", "HEAD")
    if not commit:
        return version_line()
    return f"{version_line()}, commit {commit}" + (" with changes" if _git("status", "--porcelain", "-uno") else "")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - no text of a user's is in it
            ["git", "-C", str(HERE), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
