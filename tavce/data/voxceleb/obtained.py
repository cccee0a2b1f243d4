"""What a planned clip asks of its upload, and what to say where the upload does not give it."""

from collections.abc import Mapping

from tavce.data.uploads.upload import Obtained, Upload
from tavce.errors import InputError

MISSING_END_S = 0.5  # an upload that ends so much earlier gives shorter clips; beyond, it is another video
NOT_FETCHED = "its upload is not fetched yet"
NO_SOUND = "its upload has no sound, and sound drives the animation"


def listed(heights: Mapping[str, int], address_template: str) -> list[Upload]:
    """Return the uploads, sorted by id.

    Args:
        heights: wanted height of each upload by id, 0 where it is unknown.
        address_template: with ``{id}`` in place of the id.

    Raises:
        InputError: the template has no ``{id}``.
    """
    if "{id}" not in address_template:
        raise InputError(address_template, "has no {id} in it", "write {id} where the id of an upload belongs")
    return [Upload(name, address_template.replace("{id}", name), tall) for name, tall in sorted(heights.items())]


def missing(obtained: Obtained | None) -> str:
    """Return why the upload gives no clip, "" if it may."""
    if obtained is None:
        return NOT_FETCHED
    if not obtained.usable:
        return f"its upload is {obtained.status}: {obtained.reason}"
    return "" if obtained.audio_codec else NO_SOUND


def too_late(end_s: float, obtained: Obtained) -> str:
    """Return why a clip that ends at `end_s` cannot be used: the sentence for an upload that ends before."""
    return f"it ends at {end_s:g} s, and its upload at {obtained.seconds:.2f} s"
