"""What a run will cost, from what its parameters say: hours of two cores, gigabytes, memory of a GPU.

The rates were measured on two cores of a 2.5 GHz Xeon (docs/performance.md); none was measured on a GPU, which is
faster. They are good for telling an hour from a week, and for nothing finer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stages.arms import Arm, Shared
from stages.correlation import Correlation
from stages.evaluate import Evaluate
from stages.judging import Judges
from stages.method import ControlMethod, Method
from stages.volumes import Volume
from tavce.data.clips import FPS

CORES = 2
# Seconds of one core.
CROP_PER_FRAME = 0.03
SCORE_PER_FRAME = {"official": 0.89, "standin": 0.02}  # all metrics; 256 and 128 px
CONTROL_PER_FRAME = 0.004
RENDER_PER_FRAME = {"tiny": 0.021, "small": 0.0035, "paper": 15.4}
LEARN_PER_FRAME = {"tiny": 0.063, "small": 0.025, "paper": 46.0}
CORRELATION_PER_MOMENT = {"tiny": 0.0036, "wide": 0.0078, "released": 0.21}  # both encoders, there and back
MOMENTS_OF_A_PAIR = 4  # two of the mouth, two of the sound to compare with
# Gigabytes.
LOSSLESS_PER_PIXEL = 0.83e-9  # FFV1 of a talking head: 5.43 MB for 100 frames of 256 px
UPLOAD_PER_HOUR = 1.0  # H.264 of 720 to 1080 lines, as sites serve it
TRAINING_MEMORY = {"tiny": 2.0, "small": 2.0, "paper": 9.6}
SCORING_MEMORY = 1.1
CHECKPOINT = {"tiny": 0.002, "small": 0.002, "paper": 0.6}


@dataclass(frozen=True)
class Cost:
    """One line of the estimate: what is done, hours of two cores, gigabytes on disk, gigabytes of memory at once."""

    what: str
    hours: float
    disk: float
    memory: float


@dataclass(frozen=True)
class Plan:
    """The sections of params.yaml that cost something."""

    volumes: Mapping[str, Volume]
    sizes: Mapping[str, int]
    correlations: Mapping[str, Correlation]
    shared: Shared
    arms: Mapping[str, Arm]
    methods: Mapping[str, Method]
    evaluate: Evaluate
    judges: Judges


def costs(plan: Plan) -> list[Cost]:
    """Return what each part of a run costs, in the order in which it comes."""
    found = []
    for name, volume in plan.volumes.items():
        found += _data_costs(name, volume, plan.sizes[name])
    found += _training_costs(plan)
    for name, volume in plan.volumes.items():
        found += _method_costs(plan, name, volume)
    return found


def _data_costs(name: str, volume: Volume, size: int) -> list[Cost]:
    frames = volume.seconds * FPS
    lines = []
    if volume.uploads:
        what = f"{name}: download of {volume.uploads} uploads, at least"
        lines.append(Cost(what, 0.0, volume.seconds / 3600 * UPLOAD_PER_HOUR, 0.0))
    what = f"{name}: crop of {volume.clips} clips, {volume.seconds / 3600:.1f} h"
    return [*lines, Cost(what, _hours(frames * CROP_PER_FRAME), frames * size**2 * LOSSLESS_PER_PIXEL, 0.5 * CORES)]


def _training_costs(plan: Plan) -> list[Cost]:
    seconds = sum(_correlation_seconds(each) for each in plan.correlations.values()) * len(plan.volumes)
    lines = [Cost(f"{len(plan.correlations)} correlation metrics on each data set", _hours(seconds), 0.1, 4.0)]
    shared, trainings = plan.shared, len(plan.shared.seeds) * len(plan.arms)
    steps = shared.tuning.steps * trainings + (shared.scratch_steps if shared.base == "scratch" else 0)
    seconds = steps * shared.tuning.sources * shared.tuning.frames * LEARN_PER_FRAME[shared.size]
    what = f"{len(plan.arms)} arms of {len(shared.seeds)} seeds, size {shared.size}"
    return [*lines, Cost(what, _hours(seconds), CHECKPOINT[shared.size] * trainings, TRAINING_MEMORY[shared.size])]


def _correlation_seconds(correlation: Correlation) -> float:
    objective = correlation.objective
    moments = objective.stretch if objective.kind == "info_nce" else MOMENTS_OF_A_PAIR
    return correlation.steps * correlation.batch * moments * CORRELATION_PER_MOMENT[correlation.size]


def _method_costs(plan: Plan, name: str, volume: Volume) -> list[Cost]:
    seconds = volume.test_seconds if plan.evaluate.split == "test" else volume.seconds - volume.test_seconds
    frames, disk = seconds * FPS, seconds * FPS * plan.sizes[name] ** 2 * LOSSLESS_PER_PIXEL
    controls = sum(isinstance(method, ControlMethod) for method in plan.methods.values())
    others = len(plan.methods) - controls + sum(arm.table for arm in plan.arms.values())
    made = frames * (controls * CONTROL_PER_FRAME + others * RENDER_PER_FRAME[plan.shared.size])
    count = controls + others
    scored = frames * count * SCORE_PER_FRAME["standin" if plan.judges.standins else "official"]
    return [
        Cost(f"{name}: videos of {count} methods, native ones", _hours(made), disk * count, TRAINING_MEMORY["tiny"]),
        Cost(f"{name}: scores of {count} methods", _hours(scored), 0.1, SCORING_MEMORY * CORES),
    ]


def _hours(seconds: float) -> float:
    return seconds / 3600 / CORES
