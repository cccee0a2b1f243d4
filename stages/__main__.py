"""``python -m stages NAME [ARGUMENT ...]``: a stage, for whose workers the imports begin before its own do."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from stages.entry import run
from stages.params import workers
from tavce.errors import InputError
from tavce.run.pool import prepare


def main(arguments: Sequence[str]) -> int | None:
    """Run the stage that the first argument names with the other ones."""
    name, *others = arguments or [""]
    if not name.isidentifier() or not Path(__file__).with_name(f"{name}.py").is_file():
        raise InputError("command line", f"there is no stage {name!r}", "give one of dvc.yaml: dvc stage list")
    if workers() > 1:
        prepare(f"stages.{name}")
    stage = importlib.import_module(f"stages.{name}").main
    code: int | None = stage(others)
    return code


if __name__ == "__main__":
    run(main)
