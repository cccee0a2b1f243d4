"""`tavce check`: read every section of params.yaml, so that a slip in a late stage is found before the first runs."""

from stages.correlation import Correlation
from stages.dataset import Corpus
from stages.evaluate import Evaluate
from stages.features import Features
from stages.judging import Judges
from stages.measure import Score
from stages.method import Method
from stages.params import read_section, workers
from stages.report import Report
from tavce.data.crop.clip import CropSettings


def check_params() -> tuple[int, int]:
    """Return the number of data sets and of methods that params.yaml asks for.

    Raises:
        InputError: a section is not as its stage wants it.
    """
    datasets: dict[str, object] = read_section(dict[str, dict], "datasets")  # type: ignore[type-arg]
    for name in datasets:
        read_section(str, "datasets", name, "source")
        read_section(Corpus, "datasets", name, "corpus")
        read_section(CropSettings, "datasets", name, "crop")
    read_section(dict[str, Correlation], "correlations")
    methods: dict[str, Method] = read_section(dict[str, Method], "methods")
    sections = {"features": Features, "judges": Judges, "evaluate": Evaluate, "score": Score, "report": Report}
    for section, kind in sections.items():
        read_section(kind, section)
    workers()
    return len(datasets), len(methods)
