"""`tavce table`: results in the order and under the names of a layout file."""

from pathlib import Path

from metrics import METRICS, VARIANTS
from reports.describe import Provenance, tracks
from reports.differences import Pairs
from reports.layout import ANY, lay_out, layout_latex, read_layout
from reports.markdown import to_markdown
from reports.result_folder import Results
from reports.tables import build_table
from stages.write_report import all_means
from tavce.errors import InputError


def layout_table(results: Results, path: Path, *, latex: bool) -> str:
    """Return the table of a layout in Markdown or LaTeX.

    Raises:
        InputError: the layout cannot be read, or the results have not its data set or track.
    """
    try:
        layout = read_layout(path, known={each.key for each in METRICS + VARIANTS})
    except (ValueError, OSError) as error:
        raise InputError(path, str(error), "mend the layout; see docs/published.md") from error
    if layout.dataset not in results.datasets:
        there = ", ".join(results.datasets)
        raise InputError(path, f"is a layout of data set {layout.dataset!r}", f"the results hold: {there}")
    known = tracks(results.methods)
    track = known[0] if layout.track == ANY else layout.track
    if track not in known:
        raise InputError(path, f"is a layout of track {track!r}", f"the results hold: {', '.join(known)}")
    means = all_means(results)
    have = set(means.loc[means["dataset"] == layout.dataset, "metric"])
    infos = [info for info in results.metrics if info.key in have]
    info = results.datasets[layout.dataset]
    provenance = Provenance(info.judges, results.code, {layout.dataset: info.excluded})
    told = Pairs(results, layout.dataset).told
    table = lay_out(layout, build_table(means, layout.dataset, track, results.methods, infos, provenance, told))
    return layout_latex(layout, table) if latex else to_markdown(table)
