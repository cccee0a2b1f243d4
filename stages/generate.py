"""data/crop/<dataset> + method -> data/generate/<dataset>/<method>: a video per clip of the split, and a manifest."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stages.entry import one_argument
from stages.evaluate import Evaluate, clips_to_make
from stages.method import BASELINES, ControlMethod, ExternalMethod, Method, NativeMethod, VideosMethod
from stages.params import read_section, workers
from stages.paths import base_folder, crop_folder, features_folder, filter_folder, generated_folder, wav2lip_folder
from stages.user_videos import videos_maker
from stages.wanted import Wanted, wanted_of
from tavce.data.clips import Clip, iterate_clips
from tavce.data.packed import clip_files, is_packed
from tavce.methods.contract import Outcome, Request, write_manifest
from tavce.methods.controls import make
from tavce.methods.external.generate import DETAILS, generate_external
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all
from tavce.run.shards import SHARD_CLIPS, batches

if TYPE_CHECKING:
    from stages.native import Place


def generate(dataset: str, method: Method, clips: Sequence[Clip], folder: Path, processes: int) -> list[Outcome]:
    """Write the videos of `method` for all clips, and its manifest, into `folder`; return the outcomes."""
    with atomic_directory(folder) as part:
        if isinstance(method, ExternalMethod):
            outcomes = _external(method, wanted_of(clips), crop_folder(dataset), part)
        else:
            work = partial(_within, make=_maker(dataset, method, clips, part), crops=crop_folder(dataset))
            outcomes = run_all(work, wanted_of(clips), workers=processes, label=f"generate {folder.name}")
        write_manifest(outcomes, part)
    return outcomes


def _maker(
    dataset: str, method: ControlMethod | NativeMethod | VideosMethod, clips: Sequence[Clip], folder: Path
) -> Callable[[Request], Outcome]:
    if isinstance(method, ControlMethod):
        return partial(_control, method=method, folder=folder)
    if isinstance(method, VideosMethod):
        return videos_maker(method, clips, folder)
    from stages.native import Place  # brings PyTorch, which takes seconds to import

    place = Place(base_folder(dataset), wav2lip_folder(dataset), features_folder(dataset), folder)
    return partial(_native, method=method, place=place)


def _within(wanted: Wanted, make: Callable[[Request], Outcome], crops: Path) -> Outcome:
    with clip_files(crops, *wanted.ids, only=(".mkv", ".wav")) as files:
        return make(wanted.request(files))


def _control(request: Request, method: ControlMethod, folder: Path) -> Outcome:
    reason = make(method.control, request, folder)
    return Outcome(request.clip, "failed" if reason else "ok", reason, 0 if reason else request.frames)


def _native(request: Request, method: NativeMethod, place: "Place") -> Outcome:
    from stages.native import make_native

    with clip_files(place.features, request.clip) as features:
        return make_native(request, method, replace(place, features=features))


def _external(method: ExternalMethod, wanted: Sequence[Wanted], crops: Path, folder: Path) -> list[Outcome]:
    """Let the method make all clips in one run; of packed crops in runs of a shard's length, to bound the copies.

    A run takes up the answers of earlier ones, and a clip's video depends on no other clip: the results are the same.
    """
    spec, outcomes, details = BASELINES / method.baseline, list[Outcome](), list[str]()
    for chunk in batches(wanted, SHARD_CLIPS if is_packed(crops) else max(1, len(wanted))):
        ids = [name for each in chunk for name in each.ids]
        with clip_files(crops, *ids, only=(".mkv", ".wav")) as files:
            requests = [each.request(files) for each in chunk]
            outcomes += generate_external(spec, requests, folder, device=method.device, seed=method.seed)
        details += (folder / DETAILS).read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / DETAILS).write_text("".join(details), encoding="utf-8")
    return outcomes


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one method and one data set of params.yaml."""
    dataset, name = one_argument(arguments, "dataset", "method")
    method: Method = read_section(Method, "methods", name)
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    clips = clips_to_make(iterate_clips(filter_folder(dataset)), evaluate.split)
    generate(dataset, method, clips, generated_folder(dataset, name), workers())
