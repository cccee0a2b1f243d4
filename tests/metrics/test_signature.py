"""Signatures: the exact text, the way back, and what may not enter."""

from dataclasses import replace

import pytest

from metrics import METRICS, VARIANTS, metric, parse_signature, signature

SETTING = {"crop": "synthetic", "size": 128, "fps": 25, "decoder": "pyav-18.1.0+lavc62.28", "mode": "clean"}


def test_the_text_is_frozen():
    expected = "psnr|v1|rgb-frame-range255|size:128|fps:25|crop:synthetic|dec:pyav-18.1.0+lavc62.28|mode:clean"
    assert signature(metric("psnr"), **SETTING) == expected


def test_it_can_be_read_back():
    text = signature(metric("lmd_face"), **SETTING, extra=[("landmarks", "truth")])
    assert parse_signature(text) == {
        "metric": "lmd_face", "version": "1", "protocol": "ibug68-centred-iod3645", "size": "128", "fps": "25",
        "crop": "synthetic", "dec": "pyav-18.1.0+lavc62.28", "mode": "clean", "landmarks": "truth",
    }  # fmt: skip


def test_whatever_changes_values_changes_it():
    plain = signature(metric("psnr"), **SETTING)
    others = [SETTING | {name: value} for name, value in [("crop", "hdtf"), ("size", 256), ("fps", 29.97)]]
    others += [SETTING | {name: value} for name, value in [("decoder", "pyav-17"), ("mode", "faithful")]]
    texts = [signature(metric("psnr"), **other) for other in others]
    texts += [signature(replace(metric("psnr"), version=2), **SETTING), signature(metric("ssim"), **SETTING)]
    assert len({plain, *texts}) == 1 + len(texts)


def test_only_numbers_read_off_the_same_distances_share_a_protocol():
    sharing: dict[str, set[str]] = {}
    for record in METRICS + VARIANTS:
        sharing.setdefault(record.protocol, set()).add(record.key)
    assert {token: keys for token, keys in sharing.items() if len(keys) > 1} == {
        "shift15-zero-padded": {"lse_c", "lse_d", "av_offset", "av_offset_abs"},
        "shift15-valid-pairs": {"lse_c_valid", "lse_d_valid"},
    }


@pytest.mark.parametrize("bad", ["", "a|b", "a:b", "a b", "a\n"])
def test_separators_and_spaces_are_refused(bad):
    with pytest.raises(ValueError, match="psnr"):
        signature(metric("psnr"), **(SETTING | {"crop": bad}))
    with pytest.raises(ValueError, match="psnr"):
        signature(metric("psnr"), **SETTING, extra=[(bad, "x")])


def test_a_name_may_not_stand_twice():
    with pytest.raises(ValueError, match="twice"):
        signature(metric("psnr"), **SETTING, extra=[("size", "64")])


@pytest.mark.parametrize("text", ["psnr", "psnr|1|x", "psnr|v1|x|size", "psnr|v1|x|a:b:c"])
def test_other_text_is_no_signature(text):
    with pytest.raises(ValueError, match="not a signature"):
        parse_signature(text)
