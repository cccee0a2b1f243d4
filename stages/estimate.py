"""`tavce estimate`: what the run of params.yaml costs, and whether it may start."""

import sys
from pathlib import Path

from stages.arms import Arm, Shared
from stages.confirmed import confirm, run_digest
from stages.corpora import Corpus
from stages.correlation import Correlation
from stages.costs import Cost, Plan, costs
from stages.evaluate import Evaluate
from stages.judging import Judges
from stages.method import Method
from stages.params import read_section
from stages.volumes import Volume, expected
from tavce.data.crop.clip import CropSettings


def read_plan() -> Plan:
    """Return what params.yaml asks for, with the volume of each data set."""
    volumes: dict[str, Volume] = {}
    sizes: dict[str, int] = {}
    for name in read_section(dict[str, dict], "datasets"):  # type: ignore[type-arg]
        corpus: Corpus = read_section(Corpus, "datasets", name, "corpus")
        crop: CropSettings = read_section(CropSettings, "datasets", name, "crop")
        source = Path(read_section(str, "datasets", name, "source"))
        volumes[name], sizes[name] = expected(corpus, source, crop.max_seconds), crop.size
    return Plan(
        volumes,
        sizes,
        read_section(dict[str, Correlation], "correlations"),
        read_section(Shared, "animator"),
        read_section(dict[str, Arm], "ablations"),
        read_section(dict[str, Method], "methods"),
        read_section(Evaluate, "evaluate"),
        read_section(Judges, "judges"),
    )


def show(lines: list[Cost]) -> str:
    """Return the estimate as text."""
    width = max(len(line.what) for line in lines)
    rows = [f"{'':{width}}  {'hours':>9}  {'disk GB':>9}  {'memory GB':>9}"]
    rows += [f"{line.what:{width}}  {line.hours:9.1f}  {line.disk:9.1f}  {line.memory:9.1f}" for line in lines]
    hours, disk = sum(line.hours for line in lines), sum(line.disk for line in lines)
    memory = max(line.memory for line in lines)
    rows.append(f"{'together':{width}}  {hours:9.1f}  {disk:9.1f}  {memory:9.1f}")
    return "\n".join(rows)


def run_estimate(*, yes: bool) -> int:
    """Print what the run costs and ask whether it may start; return 0 if it may, 1 if not."""
    print(show(costs(read_plan())))
    print("hours of two CPU cores, at measured rates (a GPU is faster); memory of the GPU or, without one, of the CPU.")
    print("arms are trained where the motion coefficients are synthtalk's; elsewhere they cost nothing and say why.")
    print("external methods (kind: external) come on top: baselines/NAME/method.yaml says what each needs.")
    if not yes and not _agreed():
        print("not confirmed: dvc repro will not download or cut published data sets")
        return 1
    confirm(run_digest())
    print("confirmed for these parameters; run: dvc repro")
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        print("nobody is there to ask; confirm with: tavce estimate --yes")
        return False
    return input("start it? [y/N] ").strip().lower() in ("y", "yes")
