"""The first line of a table: which networks judged."""

from stages.judges_line import judges_line

PSNR = "psnr|v1|rgb|size:128|fps:25|crop:synthetic|dec:x|mode:clean"
STANDIN = "lse_c|v1|shift15|size:128|fps:25|crop:synthetic|dec:x|mode:clean|sync:standin-0123abcd|face:syncnet_whole"
OFFICIAL = "csim|v1|cos|size:256|fps:25|crop:a|dec:x|mode:clean|identity:buffalo_l-4c06341c|landmarks:mediapipe-1"


def test_no_network_is_said() -> None:
    assert judges_line([PSNR], synthetic=True) == "judges: none, no network took part in this table"


def test_standins_are_named_with_their_hash_and_marked() -> None:
    line = judges_line([PSNR, STANDIN], synthetic=True)
    assert line == "judges: synthtalk stand-ins (sync 0123abcd), not comparable with published numbers"


def test_real_clips_lie_outside_of_their_domain() -> None:
    assert "OUTSIDE THEIR DOMAIN" in judges_line([STANDIN], synthetic=False)
    assert "OUTSIDE" not in judges_line([OFFICIAL], synthetic=False)


def test_where_clips_come_from_an_unknown_hand_the_line_says_if() -> None:
    assert "OUTSIDE THEIR DOMAIN unless synthtalk drew these clips" in judges_line([STANDIN], synthetic=None)
    assert "unless" not in judges_line([STANDIN], synthetic=False)
    assert "OUTSIDE" not in judges_line([OFFICIAL], synthetic=None)


def test_official_and_standin_judges_are_kept_apart() -> None:
    line = judges_line([OFFICIAL, STANDIN], synthetic=False)
    assert "stand-ins (sync 0123abcd), not comparable" in line
    assert "; identity buffalo_l-4c06341c, landmarks mediapipe-1" in line
