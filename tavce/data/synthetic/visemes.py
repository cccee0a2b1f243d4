"""Phonemes to visemes: the 15 mouth shapes of the Oculus and OpenXR order, with targets and dominance of our own."""

from dataclasses import dataclass

from tavce.data.synthetic.phonemes import PAUSE
from tavce.errors import InputError

PARAMETERS = ("aperture", "width", "protrusion", "teeth")
Values = tuple[float, float, float, float]


@dataclass(frozen=True)
class Viseme:
    """A mouth shape: where each of `PARAMETERS` goes (0..1), and how strongly it holds there (an open vowel: 1)."""

    target: Values
    dominance: Values


VISEMES = {
    "sil": Viseme((0.02, 0.50, 0.10, 0.0), (0.70, 0.60, 0.60, 0.60)),
    "PP": Viseme((0.00, 0.48, 0.15, 0.0), (0.70, 0.20, 0.15, 0.70)),
    "FF": Viseme((0.06, 0.52, 0.05, 0.8), (1.00, 0.35, 0.35, 1.00)),
    "TH": Viseme((0.18, 0.55, 0.05, 0.6), (0.90, 0.30, 0.20, 0.80)),
    "DD": Viseme((0.18, 0.56, 0.05, 0.5), (0.80, 0.25, 0.12, 0.60)),
    "kk": Viseme((0.30, 0.55, 0.10, 0.3), (0.40, 0.15, 0.10, 0.30)),
    "CH": Viseme((0.18, 0.32, 0.75, 0.8), (1.50, 0.75, 0.95, 1.00)),
    "SS": Viseme((0.10, 0.66, 0.05, 1.0), (1.80, 0.50, 0.30, 1.00)),
    "nn": Viseme((0.22, 0.55, 0.10, 0.4), (0.65, 0.20, 0.12, 0.50)),
    "RR": Viseme((0.25, 0.36, 0.50, 0.2), (0.60, 0.55, 0.60, 0.50)),
    "aa": Viseme((1.00, 0.55, 0.08, 0.4), (1.00, 0.70, 0.60, 0.80)),
    "E": Viseme((0.60, 0.70, 0.05, 0.6), (0.90, 0.70, 0.60, 0.80)),
    "ih": Viseme((0.34, 0.88, 0.00, 0.7), (0.85, 0.95, 0.80, 0.80)),
    "oh": Viseme((0.68, 0.28, 0.70, 0.1), (1.00, 0.90, 1.00, 0.90)),
    "ou": Viseme((0.24, 0.08, 1.00, 0.0), (1.00, 1.00, 1.00, 1.00)),
}

# One row per gesture, with every name that eSpeak NG 1.52 can give it in English accents. Diphthongs glide.
_VOWEL_ROWS = (
    ("aa", "a a/ aa A: A@ A# A~ V"),
    ("E", "E E# E2 e e: e# e@ a# a#2 a2 @ @- @# @2 @5 3"),
    ("ih", "I I# I2 I2# i i:"),
    ("oh", "0 0# 02 O O2 O: O@ O~ o o: o@"),
    ("ou", "U u u:"),
    ("RR", "3:"),
    ("aa ih", "aI"),
    ("E ih", "aI2 eI"),
    ("aa ou", "aU"),
    ("oh ou", "oU oU#"),
    ("oh ih", "OI"),
    ("ih E", "i@ i@3"),
    ("ou E", "U@"),
    ("aa ih E", "aI@ aI3"),
    ("aa ou E", "aU@"),
    ("aa RR", "VR"),
    ("ih RR", "IR"),
    ("E nn", "@L"),
)
_CONSONANT_ROWS = (
    ("PP", "p b m m-"),
    ("FF", "f v v#"),
    ("TH", "T D"),
    ("DD", "t t# t2 t[ d d# d[ *"),
    ("kk", "k g N N- x ? h"),
    ("CH", "S Z tS dZ tS; dZ; S; Z; C"),
    ("SS", "s z s; z; z# z/2"),
    ("nn", "n n- n^ l l- l/"),
    ("RR", "r r- r/"),
    ("ou", "w w#"),
    ("ih", "j ;"),
)


def _table(rows: tuple[tuple[str, str], ...]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(shapes.split()) for shapes, names in rows for name in names.split()}


VOWELS = _table(_VOWEL_ROWS)
CONSONANTS = _table(_CONSONANT_ROWS)
# Made in the throat, or too brief to shape the lips: the neighbours show through.
WEAK = frozenset({"h", "?", ";", "@-"})


def visemes_of(name: str) -> tuple[str, ...]:
    """Return the visemes that a phoneme passes through, keys of `VISEMES`.

    Raises:
        InputError: the name is in no table; silence would hide a wrong mouth.
    """
    if name == PAUSE:
        return ("sil",)
    shapes = VOWELS.get(name) or CONSONANTS.get(name)
    if shapes is None:
        raise InputError(f"phoneme {name!r}", "has no viseme", "add it to a row in tavce/data/synthetic/visemes.py")
    return shapes
