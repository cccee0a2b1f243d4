"""Beat alignment: does the head pause and turn on the beats of the speech? (this project's own definition).

The kernel and the direction, from each beat of the sound to the nearest of the movement, are Bailando's. The beats of
speech are the middles of its heavy syllables, not the onsets that are beats in music: a nod is at its lowest, and so at
rest, on the vowel, after the onset (in synthtalk by 60 to 100 ms).
"""

import numpy as np
from jaxtyping import Float, Float64, Int16

from metrics.head_motion import RIGID_POINTS
from metrics.landmark_geometry import check_landmarks, eye_distance, has_face, smoothed
from metrics.record import Metric, NoValueError

FPS, SAMPLE_RATE_HZ = 25, 16_000
SIGMA_S = 0.05
WINDOW, HOP = 512, 160
VOICE_HZ = (300.0, 4000.0)
SYLLABLE_SMOOTHING, SYLLABLE_REACH = 6.0, 15  # columns of 10 ms
HEAVY = 1.2
HEAD_SMOOTHING_FRAMES = 1.5
# A pause of the head is slower than its surroundings by this factor, and those move at least this much (% IOD/frame).
PAUSE, LEAST_SPEED = 0.8, 0.1


def loudness_curve(samples: Int16[np.ndarray, " samples"]) -> Float64[np.ndarray, " columns"]:
    """Return the amplitude of the voice every 10 ms; column m belongs to the time m / 100 s.

    Root of the power between 300 and 4000 Hz, where vowels are loud and most noise is not, in Hann windows of 32 ms;
    a Gaussian of 60 ms leaves one hump a syllable. In units of the samples; 0 for silence.
    """
    padded = np.pad(samples.astype(np.float64), (WINDOW // 2, WINDOW // 2))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    frequencies = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE_HZ)
    voice = (frequencies >= VOICE_HZ[0]) & (frequencies <= VOICE_HZ[1])
    power = (np.abs(np.fft.rfft(windows * np.hanning(WINDOW), axis=1)[:, voice]) ** 2).mean(axis=1)
    reach = int(np.ceil(3 * SYLLABLE_SMOOTHING))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SYLLABLE_SMOOTHING) ** 2)
    return np.convolve(np.pad(np.sqrt(power), reach), weights / weights.sum(), mode="valid")


def speech_beats(samples: Int16[np.ndarray, " samples"]) -> Float64[np.ndarray, " beats"]:
    """Return the times of the heavy syllables' middles in seconds: about two a second of speech.

    A beat is the highest point of `loudness_curve` within 150 ms to either side, and at least 1.2 times the mean of the
    curve. How loud the recording is does not matter. Of equal points the first counts.
    """
    curve = loudness_curve(samples)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(curve, SYLLABLE_REACH), 2 * SYLLABLE_REACH + 1)
    first_highest = around.argmax(axis=1) == SYLLABLE_REACH
    heavy = (curve > 0) & (curve >= HEAVY * curve.mean())
    return np.asarray(np.flatnonzero(first_highest & heavy) * HOP / SAMPLE_RATE_HZ)


def head_speed(landmarks: Float[np.ndarray, "frames 68 2"]) -> Float64[np.ndarray, " frames"]:
    """Return the speed of the head at each frame in percent of the inter-ocular distance per frame.

    Mean over the 13 rigid points of `metrics.head_motion` of their speed in the picture, by central differences of
    positions that passed a Gaussian of 1.5 frames. NaN where a neighbouring frame has no face, and at the ends.

    Raises:
        ValueError: as `metrics.landmark_geometry.eye_distance`.
    """
    speed = np.full(len(landmarks), np.nan)
    points = smoothed(landmarks, HEAD_SMOOTHING_FRAMES)[:, RIGID_POINTS]
    steps = (points[2:] - points[:-2]) / 2
    speed[1:-1] = np.hypot(steps[..., 0], steps[..., 1]).mean(axis=1)
    return 100 * speed / eye_distance(landmarks)


def head_beats(landmarks: Float[np.ndarray, "frames 68 2"]) -> Float64[np.ndarray, " beats"]:
    """Return the times of the head's pauses in seconds: local minima of its speed, frame k at (k + 0.5) / 25 s.

    A minimum counts if the speed rises above 1.25 times its value on either side before it falls below it again, and
    reaches 0.1 % of the inter-ocular distance per frame there; so ripples and a head at rest give no beats.
    The time is that of the parabola through the minimum and its neighbours.
    """
    speed = head_speed(landmarks)
    inner = np.arange(1, len(speed) - 1)
    minima = inner[(speed[inner] < speed[inner - 1]) & (speed[inner] <= speed[inner + 1])]
    beats = []
    for k in minima:
        sides = (_next_maximum(speed[k::-1]), _next_maximum(speed[k:]))
        if speed[k] <= PAUSE * min(sides) and min(sides) >= LEAST_SPEED:
            before, at, after = speed[k - 1 : k + 2]
            beats.append((k + 0.5 + 0.5 * (before - after) / (before - 2 * at + after)) / FPS)
    return np.array(beats)


def beat_align(landmarks: Float[np.ndarray, "frames 68 2"], samples: Int16[np.ndarray, " samples"]) -> float:
    """Return how near the head's pauses are to the beats of the speech: mean of exp(-d^2 / (2 sigma^2)), sigma 0.05 s.

    d is the time from a beat of the speech to the nearest pause of the head; the mean is over the beats at which the
    face is seen. Range [0, 1], 1 where each beat has a pause. Chance is not 0: a head that pauses at random about
    2.5 times a second gets about 0.3, one that trembles more; read others by the value of the ground truth.

    Raises:
        NoValueError: no beat while the face is seen, or the head has no pause, as in a video whose head is still.
        ValueError: as `metrics.landmark_geometry.check_landmarks`.
    """
    check_landmarks(landmarks)
    seen = has_face(landmarks)
    beats = speech_beats(samples)
    beats = beats[[bool(seen[k : k + 1].any()) for k in np.floor(beats * FPS).astype(np.int64)]]
    if not len(beats):
        raise NoValueError("the sound has no beat while a face is seen, so there is nothing to align with")
    pauses = head_beats(landmarks)
    if not len(pauses):
        raise NoValueError("the head has no pause between movements, so it has no beats")
    nearest = np.abs(beats[:, None] - pauses).min(axis=1)
    return float(np.exp(-(nearest**2) / (2 * SIGMA_S**2)).mean())


def _next_maximum(speed: Float64[np.ndarray, " frames"]) -> float:
    """Return the highest speed from the first frame until the speed falls below that of the first, or is unknown."""
    end = np.flatnonzero((speed < speed[0]) | np.isnan(speed))
    return float(speed[: end[0] if len(end) else None].max())


BEAT_ALIGN = Metric(
    key="beat_align",
    name="Beat alignment",
    unit="",
    better="higher",
    version=1,
    protocol="syllables-head-pauses-sigma0.05s",
    citation="this project; kernel of Bailando (Siyao et al., CVPR 2022), idea of SadTalker (Zhang et al., CVPR 2023)",
    needs="sound",
    scope="clip",
    decimals=3,
    measure=beat_align,
)
