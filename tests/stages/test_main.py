"""``python -m stages NAME``: the one way to run a stage."""

import subprocess
import sys
from pathlib import Path

import pytest

from stages.__main__ import main
from tavce.errors import InputError


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["../stages/crop"], ["__main__.py"]])
def test_an_unknown_stage_is_named(arguments: list[str]) -> None:
    with pytest.raises(InputError, match=r"there is no stage '.*dvc stage list"):
        main(arguments)


def test_a_stage_gets_its_arguments_and_a_line_for_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stages", "crop", "one", "two"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "error: command line: got ['one', 'two']; give DATASET\n"
    command[-2:] = ["one"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(root)})
    assert "params.yaml: there is no such file" in done.stderr
