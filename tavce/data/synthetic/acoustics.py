"""How each phoneme of the formant synthesiser sounds, and how long it lasts.

Vowel formants are rounded from Peterson and Barney (1952), men; the rest are common textbook values.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sound:
    """One phoneme.

    Attributes:
        seconds: length at 170 words per minute, unstressed.
        formants: first three formants in Hz at the start, and at the end if they glide.
        voice: strength of voicing, 0..1.
        breath: strength of aspiration noise through the same formants, 0..1.
        noise: strength of friction noise, 0..1.
        band: centre and bandwidth of friction noise in Hz.
        stop: whether a closure comes first, and the noise is the burst that ends it.
    """

    seconds: float
    formants: tuple[tuple[float, float, float], ...]
    voice: float
    breath: float = 0.0
    noise: float = 0.0
    band: tuple[float, float] = (4000.0, 2000.0)
    stop: bool = False


_I, _IH, _E, _A = (280.0, 2250.0, 2900.0), (400.0, 1950.0, 2550.0), (550.0, 1800.0, 2450.0), (690.0, 1700.0, 2400.0)
_AH, _AO, _UH, _U = (730.0, 1120.0, 2450.0), (580.0, 860.0, 2400.0), (450.0, 1050.0, 2250.0), (310.0, 900.0, 2250.0)
_UX, _SCHWA, _ER = (640.0, 1200.0, 2400.0), (500.0, 1450.0, 2450.0), (480.0, 1350.0, 1700.0)
_LIPS, _TEETH, _RIDGE, _VELUM = (
    (270.0, 900.0, 2200.0),
    (290.0, 1400.0, 2500.0),
    (290.0, 1750.0, 2650.0),
    (280.0, 2000.0, 2300.0),
)
_HISS, _HUSH, _THIN = (5600.0, 2200.0), (3000.0, 1400.0), (6500.0, 5000.0)

SOUNDS = {
    "_": Sound(0.150, (_SCHWA,), 0.0),
    "i:": Sound(0.120, (_I,), 1.0),
    "I": Sound(0.075, (_IH,), 1.0),
    "E": Sound(0.090, (_E,), 1.0),
    "a": Sound(0.120, (_A,), 1.0),
    "A:": Sound(0.130, (_AH,), 1.0),
    "O:": Sound(0.130, (_AO,), 1.0),
    "U": Sound(0.080, (_UH,), 0.9),
    "u:": Sound(0.115, (_U,), 0.9),
    "V": Sound(0.085, (_UX,), 1.0),
    "@": Sound(0.055, (_SCHWA,), 0.8),
    "3": Sound(0.080, (_ER,), 0.8),
    "3:": Sound(0.130, (_ER,), 1.0),
    "eI": Sound(0.140, (_E, _I), 1.0),
    "aI": Sound(0.155, (_AH, _I), 1.0),
    "OI": Sound(0.165, (_AO, _I), 1.0),
    "aU": Sound(0.160, (_AH, _U), 1.0),
    "oU": Sound(0.140, (_AO, _U), 1.0),
    "A@": Sound(0.150, (_AH, _ER), 1.0),
    "O@": Sound(0.145, (_AO, _ER), 1.0),
    "e@": Sound(0.145, (_E, _ER), 1.0),
    "i@": Sound(0.145, (_I, _ER), 1.0),
    "U@": Sound(0.140, (_UH, _ER), 1.0),
    "j": Sound(0.055, (_I,), 0.7),
    "w": Sound(0.060, (_U,), 0.7),
    "r": Sound(0.065, ((330.0, 1100.0, 1550.0),), 0.7),
    "l": Sound(0.065, ((350.0, 1050.0, 2750.0),), 0.7),
    "m": Sound(0.070, (_LIPS,), 0.45),
    "n": Sound(0.060, (_RIDGE,), 0.45),
    "N": Sound(0.075, (_VELUM,), 0.45),
    "h": Sound(0.055, (_SCHWA,), 0.0, breath=0.5),
    "f": Sound(0.095, (_LIPS,), 0.0, noise=0.16, band=_THIN),
    "v": Sound(0.065, (_LIPS,), 0.4, noise=0.07, band=_THIN),
    "T": Sound(0.090, (_TEETH,), 0.0, noise=0.13, band=_THIN),
    "D": Sound(0.050, (_TEETH,), 0.45, noise=0.05, band=_THIN),
    "s": Sound(0.105, (_RIDGE,), 0.0, noise=0.45, band=_HISS),
    "z": Sound(0.075, (_RIDGE,), 0.35, noise=0.25, band=_HISS),
    "S": Sound(0.110, (_VELUM,), 0.0, noise=0.50, band=_HUSH),
    "Z": Sound(0.080, (_VELUM,), 0.35, noise=0.25, band=_HUSH),
    "p": Sound(0.095, (_LIPS,), 0.0, breath=0.3, noise=0.25, band=(900.0, 1200.0), stop=True),
    "t": Sound(0.085, (_RIDGE,), 0.0, breath=0.3, noise=0.45, band=(4500.0, 2500.0), stop=True),
    "k": Sound(0.095, (_VELUM,), 0.0, breath=0.3, noise=0.45, band=(2000.0, 900.0), stop=True),
    "b": Sound(0.075, (_LIPS,), 0.12, noise=0.15, band=(900.0, 1200.0), stop=True),
    "d": Sound(0.065, (_RIDGE,), 0.12, noise=0.25, band=(4000.0, 2500.0), stop=True),
    "g": Sound(0.070, (_VELUM,), 0.12, noise=0.25, band=(2000.0, 900.0), stop=True),
    "tS": Sound(0.120, (_VELUM,), 0.0, noise=0.55, band=_HUSH, stop=True),
    "dZ": Sound(0.095, (_VELUM,), 0.15, noise=0.35, band=_HUSH, stop=True),
}
