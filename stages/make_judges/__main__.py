"""`make judges`: train the stand-ins anew, ask their known answers, and freeze them with hash, recipe and answers.

    python -m stages.make_judges [NAME...]     all of them, or those named

Needs no network and no data: the faces are drawn. Sums of floats differ in their last digits between machines, so the
files do too: whoever remakes them has judges of their own, whose scores do not compare with those of the old ones.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from metrics.standins import FOLDER, RECORD, record, sha256_of
from reports.curves import curves_figure
from reports.figures import save_figure
from stages.entry import run
from stages.examine import PROBE, examine
from stages.judging import STANDINS
from stages.make_judges import identity, landmarks, perception, sync
from stages.make_judges.corpus import Clips, make_clips
from stages.make_judges.descend import weights_bytes
from stages.panel import Panel
from tavce.errors import InputError
from tavce.model.descent import Curve

WORKERS = 2
PICTURE = Path("docs/judges")

Files = dict[str, dict[str, Tensor]]


def _sync() -> tuple[Files, Curve]:
    network, curve = sync.train_sync(sync.SETTINGS, WORKERS)
    return {"sync.pt": network.state_dict()}, curve


def _landmarks() -> tuple[Files, Curve]:
    network, curve = landmarks.train_landmarks(landmarks.SETTINGS, WORKERS)
    return {"landmarks.pt": network.state_dict()}, curve


def _inception() -> tuple[Files, Curve]:
    network, curve = perception.train_inception(perception.INCEPTION, WORKERS)
    return {"inception.pt": network.state_dict()}, curve


def _lpips() -> tuple[Files, Curve]:
    network, curve = perception.train_lpips(perception.LPIPS, WORKERS)
    trunk, linear = perception.split_lpips(network)
    return {"lpips_trunk.pt": trunk, "lpips_linear.pt": linear}, curve


def _identity() -> tuple[Files, Curve]:
    network, curve = identity.train_identity(identity.SETTINGS, WORKERS)
    return {"identity.pt": network.state_dict()}, curve


TRAINERS: dict[str, tuple[Callable[[], tuple[Files, Curve]], Any]] = {
    "sync": (_sync, sync.SETTINGS),
    "landmarks": (_landmarks, landmarks.SETTINGS),
    "inception": (_inception, perception.INCEPTION),
    "lpips": (_lpips, perception.LPIPS),
    "identity": (_identity, identity.SETTINGS),
}


def train(name: str) -> None:
    """Train one stand-in and write its files and its training curve into metrics/standins."""
    trainer, _ = TRAINERS[name]
    started = time.monotonic()
    files, curve = trainer()
    for file, state in files.items():
        (FOLDER / file).write_bytes(weights_bytes(state))
    print(f"{name}: trained in {time.monotonic() - started:.0f} s")
    lines = ",\n ".join(json.dumps(point) for point in curve)
    (FOLDER / f"{name}.curve.json").write_text(f"[{lines}]\n", encoding="utf-8")


def freeze(name: str, clips: Clips) -> list[str]:
    """Record the files of one stand-in with hash, recipe and known answers; return the bounds that these fail."""
    known = record() if RECORD.is_file() else {}
    _, settings = TRAINERS[name]
    files = {path.name: sha256_of(path) for path in sorted(FOLDER.glob(f"{name}*.pt"), reverse=True)}
    known[name] = {"files": files, "recipe": asdict(settings)}
    _write(known)  # from now on the panel opens these files
    answers, failures = examine(name, Panel(STANDINS, None), clips)
    known[name]["answers"] = answers
    _write(known)
    return failures


def draw_curves() -> None:
    """Draw the training curves of all stand-ins for the page on them."""
    paths = {name: FOLDER / f"{name}.curve.json" for name in TRAINERS}
    curves = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items() if path.is_file()}
    save_figure(curves_figure(curves), PICTURE)
    PICTURE.with_suffix(".svg").unlink()


def _write(known: dict[str, Any]) -> None:
    RECORD.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    """Make the stand-ins named, or all; ``--freeze`` only examines and records the files that are there."""
    names = [argument for argument in arguments if argument != "--freeze"] or list(TRAINERS)
    unknown = [name for name in names if name not in TRAINERS]
    if unknown:
        raise InputError("command line", f"no stand-in is called {unknown}", f"choose among {list(TRAINERS)}")
    clips = make_clips(PROBE, workers=WORKERS)
    for name in names:
        if "--freeze" not in arguments:
            train(name)
        failures = freeze(name, clips)
        print(f"{name}: frozen" + "".join(f"\n  FAILS: {failure}" for failure in failures))
    draw_curves()


if __name__ == "__main__":
    run(main)
