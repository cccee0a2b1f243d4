"""`tavce check`: read every section of params.yaml, so that a slip in a late stage is found before the first runs."""

from collections.abc import Mapping, Sequence

from stages.arms import Arm, Shared
from stages.base import check_base
from stages.corpora import Corpus, LrwCorpus
from stages.correlation import Correlation
from stages.evaluate import Evaluate
from stages.features import Features
from stages.filter import Filter
from stages.judging import Judges
from stages.measure import Score
from stages.method import Method
from stages.params import read_section, workers
from stages.report import Report
from stages.report_arms import Arms
from stages.small_changes import Sensitivity
from stages.wav2lip import Wav2LipParams
from tavce.data.crop.clip import CropSettings
from tavce.errors import InputError

MOMENTS = ("frames", "lpips", "mouth", "landmarks")  # what metrics need that compare two videos at the same moment
ALONE = ("head_motion_diversity",)  # needs landmarks, and of the generated video only


def check_params() -> tuple[int, int]:
    """Return the number of data sets and of methods that params.yaml asks for.

    Raises:
        InputError: a section is not as its stage wants it.
    """
    datasets: dict[str, object] = read_section(dict[str, dict], "datasets")  # type: ignore[type-arg]
    score: Score = read_section(Score, "score")
    for name in datasets:
        read_section(str, "datasets", name, "source")
        _check_pairs(name, read_section(Corpus, "datasets", name, "corpus"), score)
        read_section(CropSettings, "datasets", name, "crop")
    correlations: dict[str, Correlation] = read_section(dict[str, Correlation], "correlations")
    methods: dict[str, Method] = read_section(dict[str, Method], "methods")
    features: Features = read_section(Features, "features")
    _check_arms(features, {"dataset": list(datasets), "correlation": list(correlations)}, list(methods))
    sections: dict[str, type] = {
        "judges": Judges,
        "filter": Filter,
        "evaluate": Evaluate,
        "report": Report,
        "sensitivity": Sensitivity,
        "wav2lip": Wav2LipParams,
    }
    for section, kind in sections.items():
        read_section(kind, section)
    workers()
    return len(datasets), len(methods)


def _check_pairs(name: str, corpus: Corpus, score: Score) -> None:
    """Refuse metrics that compare with the true video moment by moment, where its lips speak another sound."""
    if not isinstance(corpus, LrwCorpus) or not corpus.pairs:
        return
    asked = [each.key for each in score.chosen if each.needs in MOMENTS and each.key not in ALONE]
    if asked:
        problem = f"'datasets.{name}.corpus.pairs' gives videos the sound of others, and {asked} compare with these"
        raise InputError("params.yaml", problem, "take them out of score.metrics, or set pairs to ''")


def _check_arms(features: Features, known: Mapping[str, Sequence[str]], methods: Sequence[str]) -> None:
    """Check that what the ablation arms name is there."""
    shared: Shared = read_section(Shared, "animator")
    arms: dict[str, Arm] = read_section(dict[str, Arm], "ablations")
    for name, arm in arms.items():
        for field, names in known.items():
            if getattr(arm, field) not in names:
                problem = f"'ablations.{name}.{field}' is {getattr(arm, field)!r}"
                raise InputError("params.yaml", problem, f"choose one of {list(names)}")
        if name in methods:
            raise InputError("params.yaml", f"{name!r} is an arm and a method", "give one of them another name")
    Arms(shared, arms)  # checks their labels
    check_base(shared, features)
    if shared.full_arm not in arms:
        problem = f"'animator.full_arm' is {shared.full_arm!r}"
        raise InputError("params.yaml", problem, f"choose one of {list(arms)}")
