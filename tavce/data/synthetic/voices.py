"""Voices: accent, variant, speed and pitch, each in the terms of both speech engines."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """A voice.

    Attributes:
        name: unique among `VOICES`, safe as a file name.
        espeak: eSpeak NG voice, language and variant joined by ``+``.
        rate_wpm: speed in words per minute, 80 .. 300.
        pitch: eSpeak NG's pitch, 0 .. 99.
        f0_hz: mean fundamental frequency of the formant synthesiser.
        tract: its formants relative to a grown man's; larger for a shorter vocal tract.
    """

    name: str
    espeak: str
    rate_wpm: int
    pitch: int
    f0_hz: float
    tract: float


VOICES = (
    Voice("british-m1", "en", 160, 45, 112.0, 1.00),
    Voice("british-m3", "en+m3", 140, 40, 96.0, 0.96),
    Voice("british-f2", "en+f2", 170, 52, 205.0, 1.16),
    Voice("american-m1", "en-us", 180, 50, 120.0, 1.02),
    Voice("american-m4", "en-us+m4", 150, 42, 104.0, 0.98),
    Voice("american-f2", "en-us+f2", 165, 50, 196.0, 1.15),
    Voice("american-f4", "en-us+f4", 190, 60, 222.0, 1.19),
    Voice("scottish-m7", "en-gb-scotland+m7", 155, 48, 108.0, 0.99),
    Voice("scottish-f3", "en-gb-scotland+f3", 175, 55, 212.0, 1.17),
    Voice("received-m2", "en-gb-x-rp+m2", 145, 44, 100.0, 0.97),
    Voice("received-f1", "en-gb-x-rp+f1", 160, 50, 190.0, 1.13),
    Voice("caribbean-m5", "en-029+m5", 170, 46, 116.0, 1.01),
    Voice("caribbean-f5", "en-029+f5", 185, 56, 216.0, 1.18),
    Voice("caribbean-f2", "en-029+f2", 200, 50, 200.0, 1.14),
)
