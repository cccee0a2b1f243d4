"""data/crop/<dataset> + method -> data/generate/<dataset>/<method>: a video per clip of the split, and a manifest."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from stages.entry import one_argument, run
from stages.evaluate import Evaluate, clips_to_make, other_clip
from stages.method import BASELINES, ControlMethod, ExternalMethod, Method, NativeMethod
from stages.params import read_section, workers
from stages.paths import base_folder, crop_folder, features_folder, filter_folder, generated_folder, wav2lip_folder
from stages.user_videos import generate_videos
from tavce.data.clips import Clip, read_clips
from tavce.methods.contract import Outcome, Request, write_manifest
from tavce.methods.controls import make
from tavce.methods.external.generate import generate_external
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


def requests(clips: Sequence[Clip], crops: Path) -> list[Request]:
    """Return one request per clip; the other audio is that of the next clip of another identity, in a circle."""
    made = []
    for number, clip in enumerate(clips):
        other = other_clip(clips, number, 1)
        made.append(
            Request(
                clip=clip.id,
                video=crops / f"{clip.id}.mkv",
                audio=crops / f"{clip.id}.wav",
                other_audio=crops / f"{other.id}.wav" if other else None,
                frames=clip.frames,
            )
        )
    return made


def generate(dataset: str, method: Method, clips: Sequence[Clip], folder: Path, processes: int) -> list[Outcome]:
    """Write the videos of `method` for all clips, and its manifest, into `folder`; return the outcomes."""
    wanted, label = requests(clips, crop_folder(dataset)), f"generate {folder.name}"
    with atomic_directory(folder) as part:
        if isinstance(method, ControlMethod):
            control = partial(_control, method=method, folder=part)
            outcomes = run_all(control, wanted, workers=processes, label=label)
        elif isinstance(method, NativeMethod):
            from stages.native import Place, make_native  # brings PyTorch, which takes seconds to import

            place = Place(base_folder(dataset), wav2lip_folder(dataset), features_folder(dataset), part)
            native = partial(make_native, method=method, place=place)
            outcomes = run_all(native, wanted, workers=processes, label=label)
        elif isinstance(method, ExternalMethod):
            spec = BASELINES / method.baseline
            outcomes = generate_external(spec, wanted, part, device=method.device, seed=method.seed)
        else:
            outcomes = generate_videos(method, clips, wanted, part, processes)
        write_manifest(outcomes, part)
    return outcomes


def _control(request: Request, method: ControlMethod, folder: Path) -> Outcome:
    reason = make(method.control, request, folder)
    return Outcome(request.clip, "failed" if reason else "ok", reason, 0 if reason else request.frames)


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one method and one data set of params.yaml."""
    dataset, name = one_argument(arguments, "dataset", "method")
    method: Method = read_section(Method, "methods", name)
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    clips = clips_to_make(read_clips(filter_folder(dataset)), evaluate.split)
    generate(dataset, method, clips, generated_folder(dataset, name), workers())


if __name__ == "__main__":
    run(main)
