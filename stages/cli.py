"""The `tavce` command: score folders of videos, look over a folder of clips, switch profiles, get model files."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from metrics import METRICS, VARIANTS
from stages import profile
from stages.animate_command import add_animate, run_animate
from stages.baselines import add_baselines, run_baselines
from stages.dataset_command import add_dataset, run_dataset
from stages.entry import run as run_main
from stages.judging import OFFICIAL, STANDINS, Judges
from stages.params import read_section
from stages.result_commands import COMMANDS, add_results, run_results
from stages.weights import add_weights, run_weights
from tavce.data.clips import SAFE_ID
from tavce.data.folder import scan
from tavce.errors import InputError

DESCRIPTION = """\
TAVCE-Bench: a reproducible benchmark for audio-driven one-shot talking head animation.

You have a folder of generated videos and a folder of the true ones:
  tavce score results/mine --reference data/truth --out scores

You want to know which videos of a folder can be used, and why others cannot:
  tavce clips path/to/videos

You want the whole graph (data, crops, features, methods, scores, report):
  dvc repro                       with params.yaml as it is (the demo, on a corpus that is made here)
  tavce profile use folder        for your own talking videos: then edit `source` in params.yaml, and dvc repro

You want a published data set (HDTF, VoxCeleb, LRW):
  tavce profile use hdtf          then: tavce estimate, tavce dataset fetch hdtf, tavce dataset status hdtf, dvc repro

You want a portrait to speak:
  tavce animate --portrait face.png --audio speech.wav --out talk.mp4

You need a published network (landmark distances want a face model):
  tavce weights list              what there is, under which licence; then: tavce weights fetch NAME

You want to know whether a change made anything worse, or to join results of several people:
  tavce gate before after         exit code 1 if anything is worse beyond noise, or lost; tavce compare shows all
  tavce merge mine theirs --out all

You want to compare with a method of others, in an environment of its own:
  tavce baselines list            what there is, and what it needs; then: tavce baselines prepare NAME
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the `tavce` command."""
    top = argparse.ArgumentParser(
        prog="tavce", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_score(commands)
    clips = commands.add_parser(
        "clips",
        help="list the videos of a folder: what was found, what is unusable and why",
        description="List the videos below FOLDER with their length; a video that cannot be used has the reason behind "
        "it. The exit code is 0 if at least one can be used.",
    )
    clips.add_argument("folder", type=Path, help="any folder of videos, nested or flat")
    _add_profile(commands)
    commands.add_parser("check", help="read all of params.yaml and say what is wrong, before any stage runs")
    estimate = commands.add_parser(
        "estimate",
        help="print what the run of params.yaml costs, and confirm that it may start",
        description="Print hours, disk space and memory of the run that params.yaml asks for, and ask whether it may "
        "start. Runs on published data sets wait for this word; the demo and your own videos do not.",
    )
    estimate.add_argument("--yes", action="store_true", help="confirm without being asked")
    speed = commands.add_parser(
        "speed",
        help="measure how fast native methods make videos on this machine, for the plot of quality and speed",
        description="Make a few clips with every native method and trained arm of params.yaml, one after the other on "
        "one thread, and write frames per second to reports/speed.csv, which the report reads.",
    )
    speed.add_argument("dataset", metavar="DATASET", help="a data set of params.yaml whose stages have run")
    speed.add_argument(
        "--clips", type=int, default=3, choices=range(1, 101), metavar="N", help="(default: %(default)s)"
    )
    add_dataset(commands)
    add_weights(commands)
    add_animate(commands)
    add_baselines(commands)
    add_results(commands)
    return top


def _add_score(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    score = commands.add_parser(
        "score",
        help="score generated videos against the true ones, matched by name",
        description="Score GENERATED against REFERENCE. Videos are matched by their path below the folder without its "
        "suffix, a/b.mp4 with a/b.mkv, or by the file name where only the folders differ. Both sides are compared "
        "frame by frame at 25 fps, as they are: bring them to one crop and size first, or add --fit.",
        epilog="OUT gets rows.parquet and rows.csv (one row per clip and metric, with its signature), report.md, "
        "tables in Markdown, LaTeX and CSV, a plot and a contact sheet.",
    )
    score.add_argument("generated", type=Path, metavar="GENERATED", help="folder of generated videos")
    score.add_argument("--reference", type=Path, required=True, help="folder of true videos")
    score.add_argument("--out", type=Path, required=True, help="folder for the results; replaces earlier ones")
    score.add_argument("--name", default="generated", help="what the table calls the method (default: %(default)s)")
    keys = [each.key for each in METRICS + VARIANTS]
    score.add_argument("--metrics", nargs="+", choices=keys, metavar="KEY", help=f"of {keys}; default: all that apply")
    score.add_argument(
        "--face-model",
        default="",
        metavar="MODEL",
        help="MediaPipe's face_landmarker.task, or `face_landmarker` if it is in the weights folder; "
        "lmd_* and ssim_mouth need it",
    )
    score.add_argument(
        "--judges",
        default="none",
        metavar="WHICH",
        help="networks that score: none; official (fetch them first: tavce weights list); standin (synthtalk only); "
        "or a file in the form of params.yaml, whose section `judges` is read (default: %(default)s)",
    )
    _add_matching(score)
    score.add_argument(
        "--workers",
        type=int,
        default=2,
        choices=range(1, 257),
        metavar="N",
        help="processes (default: %(default)s); moves no score",
    )


def _add_matching(score: argparse.ArgumentParser) -> None:
    score.add_argument(
        "--allow-missing", action="store_true", help="score what matches; missing videos count against coverage"
    )
    score.add_argument(
        "--names",
        type=Path,
        metavar="CSV",
        help="table with the columns clip (name of a reference without suffix) and video (path below GENERATED)",
    )
    score.add_argument(
        "--fit",
        action="store_true",
        help="bring generated videos to their reference's size and length first: a short one repeats its last frame",
    )


def _add_profile(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    profiles = commands.add_parser("profile", help="list full parameter sets, or make one the current params.yaml")
    actions = profiles.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="names of all profiles; a star marks the current one")
    use = actions.add_parser("use", help="copy a profile over params.yaml")
    use.add_argument("name", help="as `tavce profile list` shows it")
    use.add_argument("--force", action="store_true", help="even if params.yaml has changes of its own")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 1 where nothing usable was found."""
    given = parser().parse_args(arguments)
    if given.command == "clips":
        return show_clips(given.folder)
    if given.command == "profile":
        return _profile(given)
    if given.command == "check":
        from stages.check import check_params  # torch comes with it, and takes seconds to import

        datasets, methods = check_params()
        print(f"params.yaml is sound: {datasets} data sets, {methods} methods; run: dvc repro")
        return 0
    if given.command == "estimate":
        from stages.estimate import run_estimate  # torch comes with it

        return run_estimate(yes=given.yes)
    if given.command == "speed":
        from stages.speed import run_speed  # torch comes with it

        return run_speed(given.dataset, given.clips)
    others = {"animate": run_animate, "baselines": run_baselines, "dataset": run_dataset, "weights": run_weights}
    others |= dict.fromkeys(COMMANDS, run_results)
    if given.command in others:
        return others[given.command](given)
    return _score(given)


def _score(given: argparse.Namespace) -> int:
    from stages.score_folders import FolderScore, score_folders  # torch comes with it

    chosen = tuple(given.metrics) if given.metrics else None
    if not SAFE_ID.fullmatch(given.name):
        raise InputError("--name", f"{given.name!r} is no name", "use letters, digits, dot, underscore and hyphen")
    scored = score_folders(
        FolderScore(
            generated=given.generated,
            reference=given.reference,
            out=given.out.resolve(),
            name=given.name,
            metrics=chosen,
            judges=_judges(given.judges),
            face_model=given.face_model,
            allow_missing=given.allow_missing,
            names=given.names,
            fit=given.fit,
            workers=given.workers,
        )
    )
    print((given.out / "report.md").read_text(encoding="utf-8"))
    if not scored:
        print("error: no clip could be scored; the report says why", file=sys.stderr)
    return 0 if scored else 1


def _judges(which: str) -> Judges | None:
    """Return the networks of ``--judges``: a word, or the section of a file."""
    words = {"none": None, "official": OFFICIAL, "standin": STANDINS}
    if which in words:
        return words[which]
    if not Path(which).is_file():
        raise InputError("--judges", f"{which!r} is no file", f"choose one of {', '.join(words)}, or a parameter file")
    judges: Judges = read_section(Judges, "judges", path=Path(which))
    return judges


def show_clips(folder: Path) -> int:
    """Print the videos of `folder`, unusable ones with their reason; return 0 if any is usable."""
    clips = scan(folder, dataset=folder.name or "folder", split="test")
    usable = [clip for clip in clips if clip.usable]
    for clip in clips:
        print(f"{'ok      ' if clip.usable else 'unusable'}  {clip.frames / 25:7.2f} s  {clip.source}", end="")
        print(f"  ({clip.reason})" if clip.reason else "")
    print(f"{len(usable)} of {len(clips)} videos are usable, {sum(clip.frames for clip in usable) / 25:.1f} s together")
    return 0 if usable else 1


def _profile(given: argparse.Namespace) -> int:
    if given.action == "use":
        profile.use(given.name, force=given.force)
        print(f"params.yaml is now profile {given.name}; run: dvc repro")
        return 0
    current = profile.current()
    for name in profile.names():
        print(f"{'*' if name == current else ' '} {name}")
    if current is None:
        print("params.yaml equals none of them: it has changes of its own")
    return 0


def entry() -> None:
    """Console script `tavce`."""
    run_main(main)


if __name__ == "__main__":
    entry()
