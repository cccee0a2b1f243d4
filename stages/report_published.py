"""reports/published.csv -> what the report says of printed numbers beside ours."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from reports.describe import GROUND_TRUTH, MethodInfo
from reports.document import Block
from reports.published import PUBLISHED, beside_latex, beside_markdown, beside_ours, read_published, to_csv

# Whose names say nothing of the printed one. Wav2Lip's printed rows are of the true video, painted, where they say it.
OURS = {GROUND_TRUTH: "Real", "wav2lip_video": "Wav2Lip"}
SUFFIX = "upstream"


def published_names(methods: Mapping[str, MethodInfo], printed: Iterable[str]) -> dict[str, str]:
    """Return our method -> its printed name: where name or label are the same but for case, marks and "upstream"."""
    known = {_plain(name): name for name in printed}
    found = {}
    for name, info in methods.items():
        for ours in (OURS.get(name, ""), name, info.label):
            if _plain(ours) in known:
                found[name] = known[_plain(ours)]
                break
    return found


def write_published(
    dataset: str, means: pd.DataFrame, methods: Mapping[str, MethodInfo], folder: Path, source: Path = PUBLISHED
) -> Block:
    """Write printed numbers beside ours into `folder`, if there are any, and return the part of the report.

    Args:
        dataset: name of the data set.
        means: aggregate with the metrics of sets.
        methods: name -> how it is shown.
        folder: of the report.
        source: file of printed numbers.
    """
    published = read_published(source)
    found = beside_ours(published, means, dataset, published_names(methods, set(published["method"])))
    if len(found):
        stem = f"{dataset}-published"
        (folder / f"{stem}.csv").write_text(to_csv(found), encoding="utf-8")
        (folder / f"{stem}.tex").write_text(beside_latex(found, dataset), encoding="utf-8")
    return Block("Published numbers", beside_markdown(found, dataset))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9+*]", "", name.lower()).removesuffix(SUFFIX)
