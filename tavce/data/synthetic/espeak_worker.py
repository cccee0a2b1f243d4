"""Speak one utterance with eSpeak NG and exit: run as a script, with the standard library only.

eSpeak NG keeps hidden state between utterances, so only a fresh process with a fresh random seed repeats its bytes.
Runs as ``python -I -S espeak_worker.py LIBRARY VOICE RATE PITCH SEED`` in the folder that holds espeak-ng-data,
which keeps the data path short (eSpeak NG 1.52 refuses paths above about 200 characters). The text comes on standard
input. Standard output: a line with version, sample rate and length; one line per phoneme (sample, mnemonic); an empty
line; then the samples, 16 bit.
"""

import ctypes
import sys

SYNCHRONOUS = 2
PHONEME_EVENTS, DO_NOT_EXIT = 1, 0x8000
RATE, PITCH = 1, 3
UTF8, BY_CHARACTER = 1, 1
EVENT_END_OF_LIST, EVENT_PHONEME = 0, 7
STATUS = {"library": 3, "voice": 4, "speech": 5}


class Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h; its union is read as the 8-byte phoneme name."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))


def main(library: str, voice: str, rate: int, pitch: int, seed: int) -> int:
    """Speak standard input to standard output; return the exit status."""
    espeak = ctypes.CDLL(library)
    espeak.espeak_Info.restype = ctypes.c_char_p
    sample_rate = espeak.espeak_Initialize(SYNCHRONOUS, 200, b".", PHONEME_EVENTS | DO_NOT_EXIT)
    if sample_rate <= 0:
        return STATUS["library"]
    espeak.espeak_ng_SetRandSeed(ctypes.c_long(seed))
    samples: list[bytes] = []
    phonemes: list[bytes] = []

    def collect(wave: int | None, count: int, events: "ctypes._Pointer[Event]") -> int:
        if wave and count > 0:
            samples.append(ctypes.string_at(wave, 2 * count))
        index = 0
        while events[index].type != EVENT_END_OF_LIST:
            if events[index].type == EVENT_PHONEME:
                phonemes.append(b"%d %s\n" % (events[index].sample, events[index].name))
            index += 1
        return 0

    # The library calls it during the whole of espeak_Synth, so a name must hold it until then.
    callback = CALLBACK(collect)
    espeak.espeak_SetSynthCallback(callback)
    if espeak.espeak_SetVoiceByName(voice.encode()) != 0:
        return STATUS["voice"]
    espeak.espeak_SetParameter(RATE, rate, 0)
    espeak.espeak_SetParameter(PITCH, pitch, 0)
    text = sys.stdin.buffer.read() + b"\0"
    if espeak.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, BY_CHARACTER, 0, UTF8, None, None) != 0:
        return STATUS["speech"]
    pcm = b"".join(samples)
    header = b"%s %d %d\n" % (espeak.espeak_Info(None), sample_rate, len(pcm) // 2)
    sys.stdout.buffer.write(b"".join([header, *phonemes, b"\n", pcm]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])))
