"""`tavce baselines verify`: one clip of synthtalk through a method of others, and what came of it."""

import tempfile
from pathlib import Path

from tavce.data.synthetic.corpus import CorpusSettings, make_clip, plan
from tavce.data.synthetic.script import SENTENCES
from tavce.media.video import probe
from tavce.methods.contract import Request
from tavce.methods.external.generate import generate_external, read_details
from tavce.methods.external.places import prepared_record
from tavce.methods.external.spec import Spec

SIZE, SECONDS = 256, 2.0


def verify(spec: Spec, device: str, seed: int) -> int:
    """Print for frames, rate and size whether the method made what was asked for; return 1 if any is not so.

    Raises:
        InputError: the method is not prepared, or cannot be run.
    """
    prepared_record(spec)  # said before a clip is drawn
    settings = CorpusSettings("synthetic", 1, 2, 1, 2, SECONDS, SIZE)
    with tempfile.TemporaryDirectory(prefix="tavce-verify-") as name:
        folder = Path(name)
        clip = make_clip(plan(settings, SENTENCES)[0], settings, "synthtalk", folder)
        truth = folder / f"{clip.id}.mkv"
        request = Request(clip.id, truth, truth.with_suffix(".wav"), None, clip.frames)
        made = folder / "made"
        made.mkdir()
        (outcome,) = generate_external(spec.folder, [request], made, device=device, seed=seed)
        if outcome.status != "ok":
            print(f"failed    {spec.name}  ({outcome.reason})")
            return 1
        row, result = read_details(made)[clip.id], probe(made / f"{clip.id}.mkv")
    native = spec.native
    size = (native.width or SIZE, native.height or SIZE)
    found = tuple(row["resized_from"] or (SIZE, SIZE))
    lines = [
        ("frames", row["made"] == clip.frames, f"{row['made']} at 25 fps, asked for {clip.frames}"),
        ("fps", row["fps"] == (native.fps or 25), f"{row['fps']:g}, method.yaml says {native.fps or 25:g}"),
        ("size", found == size, f"{found[0]}x{found[1]}, method.yaml says {size[0]}x{size[1]}"),
        ("result", (result.width, result.height) == (SIZE, SIZE), f"{outcome.frames} frames of {SIZE}x{SIZE}"),
    ]
    for what, right, detail in lines:
        print(f"{'ok' if right else 'differs':8}  {what:6}  {detail}")
    peak = f", {row['peak_memory_mb']:.0f} MiB at most" if row["peak_memory_mb"] is not None else ""
    print(f"made in {row['wall_s']} s{peak}")
    return 0 if all(right for _, right, _ in lines) else 1
