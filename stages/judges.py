"""judges of params.yaml -> data/judges: hashes checked, and the known answers of each stand-in asked."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from stages.entry import one_argument
from stages.examine import PROBE, QUESTIONS, examine
from stages.judging import STANDIN, Judges
from stages.known_answers import ANSWERS
from stages.make_judges.corpus import Clips, make_clips
from stages.panel import open_panel
from stages.params import read_section, workers
from stages.paths import JUDGES
from tavce.errors import InputError
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


def judge_answers(judges: Judges, processes: int) -> dict[str, Any]:
    """Return tag and known answers of each judge; those with official weights have their hash checked and no answers.

    Raises:
        InputError: a file is missing or wrong, or a stand-in gives a wrong answer, so nothing may be scored with it.
    """
    clips = make_clips(PROBE, workers=processes) if judges.standins else None
    # A data set's own landmark detector is opened by its crop, and named by the scores that it takes part in.
    names = [name for name in QUESTIONS if name != "landmarks" or judges.landmarks == STANDIN]
    found = run_all(partial(_answer, judges=judges, clips=clips), names, workers=processes, label="judges")
    return dict(zip(names, found, strict=True))


def _answer(name: str, judges: Judges, clips: Clips | None) -> dict[str, Any]:
    panel = open_panel(judges, None)
    tag = panel.tag(name)
    if name not in judges.standins or clips is None:
        return {"tag": tag, "answers": None}
    answers, failures = examine(name, panel, clips)
    if failures:
        problem = f"{tag} fails its known answers: {'; '.join(failures)}"
        raise InputError(f"judges.{name}", problem, "restore its file, or make it anew: make judges")
    return {"tag": tag, "answers": answers}


def main(arguments: Sequence[str]) -> None:
    """Run the stage."""
    one_argument(arguments)
    judges: Judges = read_section(Judges, "judges")
    answers = judge_answers(judges, workers())
    with atomic_directory(JUDGES) as part:
        (part / ANSWERS).write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n", encoding="utf-8")
