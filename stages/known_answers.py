"""The known answers of the judges: what the `judges` stage finds, and what every score run checks before it begins."""

import json
from pathlib import Path
from typing import Any

from stages.judging import Judges
from stages.panel import Panel
from stages.paths import JUDGES
from tavce.errors import InputError

ANSWERS = "judges.json"


def read_answers(folder: Path = JUDGES) -> dict[str, Any]:
    """Return what the `judges` stage wrote: judge -> tag and known answers.

    Raises:
        InputError: it has not run.
    """
    path = folder / ANSWERS
    if not path.is_file():
        raise InputError(path, "the judges were not examined", "run: dvc repro judges")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def check_judges(judges: Judges, panel: Panel) -> None:
    """Refuse judges that are not those which the `judges` stage examined.

    Raises:
        InputError: the stage has not run, or a judge has other weights now.
    """
    answers = read_answers()
    for name, answer in answers.items():
        tag = panel.tag(name)
        if tag != answer["tag"]:
            problem = f"judge {name} is {tag}, the one examined was {answer['tag']}"
            raise InputError(JUDGES / ANSWERS, problem, "run: dvc repro judges")
