"""The signature of a score: everything that must agree before two values may stand in one column.

``psnr|v1|rgb-frame-range255|size:128|fps:25|crop:synthetic|dec:pyav-18.1.0+lavc62.28|mode:clean``
"""

from collections.abc import Sequence

from metrics.record import Metric

FIELD, VALUE = "|", ":"


def signature(
    metric: Metric,
    *,
    crop: str,
    size: int | str,
    fps: int | float,
    decoder: str,
    mode: str,
    extra: Sequence[tuple[str, str]] = (),
) -> str:
    """Return the signature of a metric's scores under one protocol.

    Args:
        metric: gives key, version and protocol.
        crop: name of the crop policy.
        size: side of the scored frames in pixels, or "native" where clips keep their own.
        fps: frame rate of the scored clips in Hz.
        decoder: name and version of what read the videos.
        mode: "clean" (scored from memory) or "faithful" (with the lossy steps of the published code).
        extra: further (name, value) pairs in the order in which they are to be written, such as the hash of a network's
            weights or the landmark detector.

    Raises:
        ValueError: if a part is empty or holds white space, or holds one of the separators ``|`` and ``:``.
    """
    named = [("size", f"{size}"), ("fps", f"{fps:g}"), ("crop", crop), ("dec", decoder), ("mode", mode), *extra]
    leading = [metric.key, f"v{metric.version}", metric.protocol]
    for part in (*leading, *(text for pair in named for text in pair)):
        if not part or FIELD in part or VALUE in part or any(letter.isspace() for letter in part):
            raise ValueError(
                f"signature of {metric.key}: {part!r} is empty or holds white space, '{FIELD}' or '{VALUE}'"
            )
    names = [name for name, _ in named]
    if len(set(names)) < len(names):
        raise ValueError(f"signature of {metric.key}: a name stands twice among {', '.join(names)}")
    return FIELD.join(leading + [f"{name}{VALUE}{value}" for name, value in named])


def parse_signature(text: str) -> dict[str, str]:
    """Return the parts of a signature by name: ``metric``, ``version``, ``protocol``, then the named ones in order.

    Raises:
        ValueError: if the text is not a signature.
    """
    leading, named = text.split(FIELD)[:3], text.split(FIELD)[3:]
    if len(leading) < 3 or not leading[1].startswith("v") or any(part.count(VALUE) != 1 for part in named):
        raise ValueError(f"not a signature (metric|vN|protocol|name:value|...): {text!r}")
    values = {name: value for name, _, value in (part.partition(VALUE) for part in named)}
    return {"metric": leading[0], "version": leading[1][1:], "protocol": leading[2]} | values
