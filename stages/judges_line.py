"""The first line of every table: which networks judged, and what their values may be compared with."""

from collections.abc import Iterable

from metrics import parse_signature

# Parts of a signature that name a judge, in the order in which they are printed.
JUDGES = ("sync", "faces", "lpips", "inception", "i3d", "identity", "landmarks")
STANDIN = "standin-"


def judges_line(signatures: Iterable[str], *, synthetic: bool | None) -> str:
    """Return the line for the scores with these signatures.

    Args:
        signatures: of all rows and sets of one data set.
        synthetic: whether its clips are drawn by synthtalk, which the stand-ins were trained on; None: not known.
    """
    found: dict[str, set[str]] = {}
    for parts in map(parse_signature, signatures):
        for judge in JUDGES:
            if judge in parts:
                found.setdefault(judge, set()).add(parts[judge])
    if not found:
        return "judges: none, no network took part in this table"
    tags = {judge: sorted(found[judge]) for judge in JUDGES if judge in found}
    drawn = {judge: [tag.removeprefix(STANDIN) for tag in named] for judge, named in tags.items() if _standin(named)}
    real = {judge: named for judge, named in tags.items() if judge not in drawn}
    clauses = []
    if drawn:
        clauses.append(f"synthtalk stand-ins ({_listed(drawn)}), not comparable with published numbers")
    if real:
        clauses.append(_listed(real))
    line = f"judges: {'; '.join(clauses)}"
    if drawn and not synthetic:
        unless = " unless synthtalk drew these clips" if synthetic is None else ""
        line += f"; OUTSIDE THEIR DOMAIN{unless}: the stand-ins know drawn faces only, on others values mean nothing"
    return line


def _standin(tags: Iterable[str]) -> bool:
    return all(tag.startswith(STANDIN) for tag in tags)


def _listed(tags: dict[str, list[str]]) -> str:
    return ", ".join(f"{judge} {'/'.join(named)}" for judge, named in tags.items())
