"""Frames of many clips on one sheet: a labelled line per clip, evenly spaced frames side by side."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

INK, PAPER, ABSENT, FAINT = (20, 20, 20), (255, 255, 255), (225, 225, 225), (110, 110, 110)
GAP, GROUP_GAP, MARGIN = 2, 10, 8
LABEL_CHARACTERS = 24
Frame = UInt8[np.ndarray, "_height _width 3"]  # the sizes of one sheet may differ
Line = tuple[str, Sequence[Frame | None]]


def evenly_spaced(frames: int, columns: int) -> list[int]:
    """Return up to ``columns`` distinct frame indices from the first to the last, evenly spaced.

    Raises:
        ValueError: if either number is below 1.
    """
    if frames < 1 or columns < 1:
        raise ValueError(f"{columns} columns of {frames} frames: both must be at least 1")
    if columns == 1:
        return [frames // 2]
    return sorted({round(k * (frames - 1) / (columns - 1)) for k in range(columns)})


def contact_sheet(
    lines: Sequence[Line],
    *,
    cell: int = 128,
    group: int = 1,
    heads: Sequence[str] = (),
    title: str = "",
) -> UInt8[np.ndarray, "height width 3"]:
    """Return a sheet with a line of frames per entry, its label on the left.

    Args:
        lines: (label, frames) from top to bottom; a label may hold line breaks, and long lines are broken.
            Frames keep their shape and are scaled to fit a square cell, so sizes may differ. ``None`` is a missing
            frame, drawn grey and crossed; a line without frames is drawn so in full.
        cell: side of a cell in pixels.
        group: this many successive lines stand close together (2 for reference and generated).
        heads: text above the columns.
        title: text above everything.

    Raises:
        ValueError: if there are no lines, or none has a frame.
    """
    columns = max((len(frames) for _, frames in lines), default=0)
    if columns == 0:
        raise ValueError("a contact sheet needs at least one frame")
    font, small = _font(max(11, cell // 8)), _font(max(10, cell // 10))
    lines = [(_broken(label), frames) for label, frames in lines]
    gutter = max(_text_size(label, font)[0] for label, _ in lines) + 2 * MARGIN
    top = MARGIN + (_text_size(title, font)[1] + MARGIN if title else 0)
    head = top + (_text_size("Xg", small)[1] + GAP + 2 if heads else 0)
    offsets = [head + k * (cell + GAP) + k // group * (GROUP_GAP - GAP) for k in range(len(lines))]
    width = max(gutter + columns * (cell + GAP), _text_size(title, font)[0] + 2 * MARGIN) + MARGIN
    sheet = Image.new("RGB", (width, offsets[-1] + cell + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN), title, INK, font)
    for column, text in enumerate(heads[:columns]):
        draw.text((gutter + column * (cell + GAP) + cell // 2, head - 2), text, FAINT, small, anchor="md")
    for y, (label, frames) in zip(offsets, lines, strict=True):
        draw.multiline_text((gutter - MARGIN, y + cell // 2), label, INK, font, anchor="rm", align="right")
        for column in range(columns):
            corner = (gutter + column * (cell + GAP), y)
            frame = frames[column] if column < len(frames) else None
            if frame is not None:
                _paste(sheet, frame, corner, cell)
            elif column < len(frames) or not frames:
                _cross_out(draw, corner, cell)
    return np.asarray(sheet).copy()


def save_sheet(path: Path, sheet: UInt8[np.ndarray, "height width 3"]) -> None:
    """Write a sheet as PNG; the same sheet gives the same bytes."""
    Image.fromarray(sheet).save(path, format="PNG", compress_level=3)


def _paste(sheet: Image.Image, frame: Frame, corner: tuple[int, int], cell: int) -> None:
    height, width = frame.shape[:2]
    scale = cell / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.fromarray(frame)
    if size != (width, height):
        image = image.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC)
    sheet.paste(image, (corner[0] + (cell - size[0]) // 2, corner[1] + (cell - size[1]) // 2))


def _cross_out(draw: ImageDraw.ImageDraw, corner: tuple[int, int], cell: int) -> None:
    x0, y0, x1, y1 = *corner, corner[0] + cell - 1, corner[1] + cell - 1
    draw.rectangle((x0, y0, x1, y1), ABSENT)
    draw.line((x0, y0, x1, y1), FAINT)
    draw.line((x0, y1, x1, y0), FAINT)


def _broken(label: str) -> str:
    return "\n".join(piece for line in label.split("\n") for piece in textwrap.wrap(line, LABEL_CHARACTERS) or [""])


def _font(size: int) -> ImageFont.FreeTypeFont:
    import matplotlib as mpl  # brings a font with wide coverage, the same on every machine

    return ImageFont.truetype(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)


def _text_size(text: str, font: ImageFont.FreeTypeFont) -> tuple[int, int]:
    box = ImageDraw.Draw(Image.new("RGB", (1, 1))).multiline_textbbox((0, 0), text, font)
    return round(box[2]), round(box[3])
