"""A workspace of the smoke profile, run once for all pipeline tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("stages", "tavce", "metrics", "reports", "baselines")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def environment() -> dict[str, str]:
    """The environment of a shell in which this Python comes first, as the Makefile sets it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path}


def workspace_in(folder: Path, profile: str = "smoke") -> Path:
    """Copy code, graph and a profile into `folder`: a repository without git."""
    folder.mkdir(parents=True)
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "results"))
    shutil.copytree(ROOT / "profiles", folder / "profiles")
    shutil.copy(ROOT / "dvc.yaml", folder)
    shutil.copy(ROOT / ".dvcignore", folder)
    shutil.copy(ROOT / "profiles" / f"{profile}.yaml", folder / "params.yaml")
    (folder / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc" / "config", folder / ".dvc")
    (folder / ".dvc" / "config.local").write_text("[core]\n    no_scm = true\n")
    return folder


def call(folder: Path, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run a command of the environment in `folder`; its output is kept for messages."""
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=1800)
    if check and done.returncode:
        pytest.fail(f"{command} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done


@pytest.fixture(scope="session")
def run() -> Run:
    """``run(folder, *command, check=True)``: see `call`."""
    return call


@pytest.fixture(scope="session")
def new_workspace() -> Callable[..., Path]:
    """``new_workspace(folder, profile)``: see `workspace_in`."""
    return workspace_in


@pytest.fixture(scope="session")
def python_first() -> dict[str, str]:
    """Environment variables in which this Python comes first."""
    return environment()


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished `dvc repro` of the smoke profile; tests must not change it.

    ``TAVCE_SMOKE`` names one that `make smoke` has just made of this very checkout, as `.ci/run` does.
    """
    if made := os.environ.get("TAVCE_SMOKE"):
        return Path(made)
    folder = workspace_in(tmp_path_factory.mktemp("smoke") / "work")
    call(folder, "dvc", "repro")
    return folder


@pytest.fixture
def workspace(smoke: Path, tmp_path: Path) -> Path:
    """A copy of the finished workspace that a test may break."""
    return Path(shutil.copytree(smoke, tmp_path / "work", symlinks=True))
