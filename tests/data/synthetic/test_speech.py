"""Speech by either engine: the same bytes again, and phoneme times that fit the sound."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tavce.data.synthetic import espeak, speech
from tavce.data.synthetic.phonemes import PAUSE, Phoneme, tile
from tavce.data.synthetic.script import script, sentences
from tavce.data.synthetic.speech import Speech, fit_speech, loudness, speak, speech_engine
from tavce.data.synthetic.visemes import VOWELS
from tavce.data.synthetic.voices import VOICES
from tavce.errors import InputError

ENGINES = ("espeak-ng", "formant")
TEXTS = sentences("train")[:3]
VOICELESS = frozenset({PAUSE, "p", "t", "k", "f", "s", "S", "tS", "T"})


@pytest.fixture(params=ENGINES)
def engine(request):
    if request.param == "espeak-ng":
        pytest.importorskip("espeakng_loader", reason="eSpeak NG is an optional package")
    return request.param


def low_energy_db(samples: np.ndarray) -> np.ndarray:
    """Energy below about 1 kHz per 10 ms, where voiced sounds have theirs."""
    smooth = np.convolve(samples / 32768, np.ones(12) / 12, mode="same")
    return 10 * np.log10((smooth[: len(smooth) // 160 * 160].reshape(-1, 160) ** 2).mean(axis=1) + 1e-7)


def contrast(spoken: Speech, delay_s: float) -> float:
    """How much louder vowels are than voiceless phonemes, in dB, if the times were off by `delay_s`."""
    level = low_energy_db(spoken.samples)
    times = (np.arange(len(level)) + 0.5) / 100 + delay_s
    names = np.array([each.name for each in spoken.phonemes])
    heard = names[np.searchsorted([each.end_s for each in spoken.phonemes], times).clip(0, len(names) - 1)]
    return float(level[np.isin(heard, list(VOWELS))].mean() - level[np.isin(heard, list(VOICELESS))].mean())


@pytest.mark.parametrize("voice", [VOICES[2], VOICES[11]], ids=lambda voice: voice.name)
def test_same_arguments_give_same_bytes_in_any_order(engine, voice):
    def say(text, seed):
        return speak(text, voice, seed, engine).samples.tobytes()

    first = [say(text, 5) for text in TEXTS]
    assert [say(text, 5) for text in reversed(TEXTS)][::-1] == first
    assert [say(text, 5) for text in TEXTS] == first
    if engine == "formant" or voice.espeak == "en+f2":
        assert say(TEXTS[0], 6) != first[0]


def test_voices_differ(engine):
    sounds = {speak(TEXTS[0], voice, 0, engine).samples.tobytes() for voice in VOICES}
    assert len(sounds) == len({voice.name for voice in VOICES}) == len(VOICES) >= 12
    accents = {voice.espeak.split("+")[0] for voice in VOICES}
    assert len(accents) >= 4


def test_a_faster_voice_takes_less_time(engine):
    slow, fast = (speak(TEXTS[0], replace(VOICES[0], rate_wpm=rate), 0, engine).seconds for rate in (120, 220))
    assert 1.3 < slow / fast < 2.2


def test_phonemes_tile_the_sound(engine):
    spoken = speak(" ".join(TEXTS), VOICES[5], 1, engine)
    starts, ends = ([getattr(each, name) for each in spoken.phonemes] for name in ("start_s", "end_s"))
    assert starts[0] == 0
    assert starts[1:] == ends[:-1]
    assert all(end > start for start, end in zip(starts, ends, strict=True))
    assert spoken.seconds - 1e-4 < ends[-1] <= spoken.seconds
    assert spoken.phonemes[0].name == PAUSE
    assert any(each.stressed for each in spoken.phonemes)
    assert all(each.name in VOWELS for each in spoken.phonemes if each.stressed)


def test_sound_and_phoneme_times_agree(engine):
    spoken = [
        speak(text, voice, 0, engine) for text, voice in zip(sentences("test")[:8], VOICES[::2] * 2, strict=False)
    ]
    by_delay = {ms: np.mean([contrast(each, ms / 1000) for each in spoken]) for ms in range(-120, 121, 20)}
    assert max(by_delay, key=lambda ms: by_delay[ms]) in (-20, 0, 20)
    assert by_delay[0] > 12
    assert by_delay[120] < by_delay[0] - 8
    assert by_delay[-120] < by_delay[0] - 8


def test_stops_begin_with_their_closure():
    pytest.importorskip("espeakng_loader", reason="eSpeak NG is an optional package")
    spoken = speak("A happy puppy took apart a paper cup.", VOICES[0], 0)
    stops = [each for each in spoken.phonemes if each.name == "p"]
    begin = [spoken.samples[round(each.start_s * 16000) + 32 :][:240] for each in stops]
    quiet = [np.abs(part.astype(np.int32)).max() < 200 for part in begin]
    assert sum(quiet) >= len(stops) - 1 >= 3


def test_loudness_is_that_of_the_vowels(engine):
    spoken = fit_speech(speak(TEXTS[0], VOICES[0], 0, engine), 6.0)
    level = dict(zip(spoken.phonemes, loudness(spoken), strict=True))
    assert 0 <= min(level.values()) < 0.02
    assert max(level.values()) == 1
    assert np.mean([level[each] for each in level if each.name in VOWELS]) > 0.4
    assert level[spoken.phonemes[-1]] < 0.1
    silent = Speech(np.zeros(1600, np.int16), (Phoneme(PAUSE, False, 0.0, 0.1),), "none")
    assert loudness(silent).tolist() == [0.0]


def test_fit_speech_cuts_and_pads_without_moving_a_phoneme():
    spoken = Speech(
        np.arange(1, 16001, dtype=np.int16), (Phoneme("a", True, 0.0, 0.5), Phoneme("t", False, 0.5, 1.0)), "none"
    )
    cut = fit_speech(spoken, 0.6)
    assert cut.samples.tolist() == list(range(1, 9601))
    assert cut.phonemes == (spoken.phonemes[0], Phoneme("t", False, 0.5, 0.6))
    assert fit_speech(spoken, 0.48).phonemes == (Phoneme("a", True, 0.0, 0.48),)
    padded = fit_speech(spoken, 1.2)
    assert len(padded.samples) == 19200
    assert padded.samples[16000:].max() == 0
    assert padded.phonemes == (*spoken.phonemes, Phoneme(PAUSE, False, 1.0, 1.2))
    assert fit_speech(padded, 2.0).phonemes[-1] == Phoneme(PAUSE, False, 1.0, 2.0)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1.01, float("nan"), float("inf")])
def test_fit_speech_refuses_what_is_no_number_of_frames(seconds):
    with pytest.raises(InputError, match="whole number of frames"):
        fit_speech(Speech(np.zeros(16000, np.int16), (), "none"), seconds)


def test_tile_drops_what_has_no_length_and_joins_pauses():
    tiles = tile([("_:", 0.1), ("_", 0.2), ("'aI", 0.3), ("t", 0.5), ("s", 0.5), (",i:", 0.6), ("n", 0.9)], 0.8)
    assert [(each.name, each.stressed, each.start_s, each.end_s) for each in tiles] == [
        ("_", False, 0.0, 0.3),
        ("aI", True, 0.3, 0.5),
        ("s", False, 0.5, 0.6),
        ("i:", False, 0.6, 0.8),
    ]


def test_bad_requests_are_refused():
    pytest.importorskip("espeakng_loader", reason="eSpeak NG is an optional package")
    with pytest.raises(InputError, match="refuses this voice"):
        speak("Hello.", replace(VOICES[0], espeak="en-gb+f1"), 0)
    with pytest.raises(InputError, match="says nothing"):
        speak(" ", VOICES[0], 0)
    with pytest.raises(InputError, match="rate 20 wpm"):
        speak("Hello.", replace(VOICES[0], rate_wpm=20), 0)
    with pytest.raises(InputError, match="negative"):
        speak("Hello.", VOICES[0], -1)


def test_long_data_path_speaks(tmp_path: Path, monkeypatch):
    pytest.importorskip("espeakng_loader", reason="eSpeak NG is an optional package")
    library, folder = espeak._library()
    before = speak(TEXTS[0], VOICES[0], 0, "espeak-ng")
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    for path in Path(folder).rglob("*"):
        if path.is_file() and path.suffix not in (".py", ".pyc", ".so"):
            copy = deep / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(path)
    monkeypatch.setattr(espeak, "_library", lambda: (library, str(deep)))
    assert speak(TEXTS[0], VOICES[0], 0, "espeak-ng").samples.tobytes() == before.samples.tobytes()


def test_worker_needs_no_installed_package():
    worker = Path(espeak.__file__).with_name("espeak_worker.py")
    code = f"import sys, runpy; runpy.run_path({str(worker)!r}); print('numpy' in sys.modules)"
    done = subprocess.run(
        [os.sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


def test_engine_falls_back(monkeypatch):
    monkeypatch.setattr(speech, "find_spec", lambda name: None)
    assert speech_engine() == "formant"
    assert speak(TEXTS[0], VOICES[0], 0).engine.startswith("formant")


def test_splits_share_no_sentence_and_no_word_of_content():
    grammar = (
        "a about above and at before both but every for from has her in is it my of on or our past please should so "
        "that the them to up us was we were where while who will with you"
    )
    words = {split: set(" ".join(sentences(split)).lower().replace(",", "").split()) for split in ("train", "test")}
    bare = {split: {word.strip(".?:;") for word in found} for split, found in words.items()}
    assert bare["train"] & bare["test"] <= set(grammar.split())
    assert min(len(sentences("train")), len(sentences("test"))) >= 60
    with pytest.raises(InputError, match="unknown"):
        sentences("validation")


def test_script_fills_the_time():
    for index, voice in enumerate(VOICES):
        text = script("train", 3.0, voice, index)
        assert speak(text, voice, 0).seconds > 3.0
        assert text == script("train", 3.0, voice, index) != script("train", 3.0, voice, index + 1)
    with pytest.raises(InputError, match="shorter clips"):
        script("train", 3600.0, VOICES[0], 0)
