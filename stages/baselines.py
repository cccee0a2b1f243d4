"""`tavce baselines`: methods of others in environments of their own: list, show, prepare, run and verify them."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from stages.baselines_requests import read_requests
from stages.method import BASELINES
from tavce.errors import InputError
from tavce.methods.external.places import baselines_folder, places, state
from tavce.methods.external.spec import Spec, method_folders, read_spec


def add_baselines(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments to the parser of `tavce`."""
    top = commands.add_parser(
        "baselines",
        help="prepare, run and verify methods of others, each in an environment of its own",
        description="Each folder of baselines/ describes one method. Its clone, environment and model files lie in the "
        "folder that TAVCE_BASELINES names, else in ~/.cache/tavce/baselines. docs/add-a-method.md adds another.",
    )
    actions = top.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="all methods: track, licence, what they need, whether prepared and verified")
    named = {
        "show": "everything known of one method",
        "prepare": "clone, patch, install, fetch model files; what is done already is not repeated",
        "run": "make the clips of a request file",
        "verify": "make one clip of synthtalk, and say whether frames, rate and size come out as they should",
    }
    parsers = {name: actions.add_parser(name, help=text) for name, text in named.items()}
    for each in parsers.values():
        each.add_argument("name", metavar="NAME", help="as `tavce baselines list` shows it")
    parsers["prepare"].add_argument(
        "--accept-non-commercial",
        action="store_true",
        help="your use is allowed by the licences of code and weights that restrict it",
    )
    parsers["run"].add_argument(
        "--requests",
        type=Path,
        required=True,
        metavar="FILE",
        help="JSON lines: clip_id, image, audio, video (or null), frames, fps, seed; paths are relative to FILE",
    )
    parsers["run"].add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the videos; replaces those of an earlier run"
    )
    for name in ("run", "verify"):
        parsers[name].add_argument("--device", default="cuda:0", help="cpu or cuda:N (default: %(default)s)")
        parsers[name].add_argument("--seed", type=int, default=0, help="of the whole run (default: %(default)s)")


def run_baselines(given: argparse.Namespace) -> int:
    """Run one action of `tavce baselines` and return its exit code."""
    if given.action == "list":
        return _list()
    spec = _known(given.name)
    if given.action == "show":
        return _show(spec)
    if given.action == "prepare":
        from tavce.methods.external.prepare import prepare  # brings an HTTP library

        where = prepare(spec, accept_non_commercial=given.accept_non_commercial, progress=sys.stderr.isatty(), say=_say)
        print(where.top)
        return 0
    if given.seed < 0:
        raise InputError("--seed", f"{given.seed} is negative", "give 0 or more")
    if given.action == "run":
        return _run(spec, given.requests, given.out, given.device, given.seed)
    from stages.baselines_verify import verify  # draws a clip

    return verify(spec, given.device, given.seed)


def _say(step: str) -> None:
    print(step, file=sys.stderr, flush=True)


def _known(name: str) -> Spec:
    names = [folder.name for folder in method_folders(BASELINES)]
    if name not in names:
        raise InputError(name, "is no method of baselines/", f"known methods: {', '.join(names)}")
    return read_spec(BASELINES / name)


def _list() -> int:
    specs = [read_spec(folder) for folder in method_folders(BASELINES)]
    rows = [("name", "track", "prepared", "verified", "needs", "licence")]
    for spec in specs:
        rows.append(
            (spec.name, spec.track, state(spec), _yes(spec.verified.run), _needs(spec).split(";")[0], spec.licence)
        )
    _print_columns(rows)
    for reason in dict.fromkeys(spec.verified.reason for spec in specs if not spec.verified.run):
        names = ", ".join(spec.name for spec in specs if not spec.verified.run and spec.verified.reason == reason)
        print(f"\nnot verified: {names}\n  {reason}")
    print(f"\nfolder: {baselines_folder()}")
    return 0


def _show(spec: Spec) -> int:
    native = spec.native
    size = f"{native.width}x{native.height}" if native.width and native.height else "the size of its input"
    rate = f"{native.fps:g} fps" if native.fps else "the rate of its input"
    rows = [
        ("name", spec.name),
        ("label", spec.label),
        ("track", spec.track),
        ("repository", spec.repository),
        ("commit", spec.commit),
        ("licence", spec.licence),
        ("python", spec.environment.python),
        ("packages", str(len(spec.environment.requirements))),
        ("patches", ", ".join(spec.patches) or "none"),
        ("writes", f"{size}, {rate}"),
        ("seedable", _yes(spec.seedable)),
        ("needs", _needs(spec)),
        ("verified", f"{_yes(spec.verified.run)}{f': {spec.verified.reason}' if spec.verified.reason else ''}"),
        ("prepared", f"{state(spec)}: {places(spec).top}"),
        ("restrictions", "; ".join(spec.restrictions) or "none"),
    ]
    _print_columns(rows)
    for weight in spec.weights:
        print(f"\n{weight.file}  {f'{weight.bytes / 1e6:.1f} MB' if weight.bytes else '? MB'}  {weight.licence}")
        print(f"  {weight.address}\n  sha256: {weight.sha256 or 'not published; recorded at the first fetch'}")
    if spec.remarks:
        print(f"\n{spec.remarks}")
    return 0


def _run(spec: Spec, requests: Path, out: Path, device: str, seed: int) -> int:
    """Make the clips of a request file; the exit code is 1 if none could be made."""
    from tavce.methods.contract import MANIFEST, write_manifest
    from tavce.methods.external.generate import make_external
    from tavce.methods.external.session import Limits
    from tavce.run.atomic import atomic_directory

    wanted, out = read_requests(requests, spec), out.resolve()
    if out.exists() and not (out / MANIFEST).is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise InputError(out, "is there and holds no earlier run", "name a new folder")
    with atomic_directory(out) as part:
        outcomes = make_external(spec, wanted, part, device=device, seed=seed, limits=Limits())
        write_manifest(outcomes, part)
    for outcome in outcomes:
        print(f"{outcome.status:6}  {outcome.clip}{f'  ({outcome.reason})' if outcome.reason else ''}")
    made = sum(outcome.status == "ok" for outcome in outcomes)
    print(f"{made} of {len(outcomes)} clips: {out}")
    return 0 if made else 1


def _needs(spec: Spec) -> str:
    memory = spec.needs.gpu_memory_gb
    parts = [f"GPU of {memory:g} GB" if memory else "", spec.needs.other]
    return "; ".join(part for part in parts if part) or "a CPU"


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _print_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
