"""One face through a clip: linking, gaps, thresholds with a reason instead of silence."""

import numpy as np
import pytest

from metrics.face_track import track_boxes
from metrics.record import NoValueError
from metrics.sync_crop import syncnet_track

NONE = np.empty((0, 5))


def face(x, y=40.0, side=120.0, score=0.95):
    return [x - 0.5, y - 0.5, x + side - 0.5, y + side - 0.5, score]


def clip(frames=110, x=20.0, **options):
    return [np.array([face(x, **options)]) for _ in range(frames)]


def test_a_face_in_every_frame_is_its_own_track():
    detections = [np.array([face(20.0 + k)]) for k in range(110)]
    boxes = track_boxes(detections)
    assert np.array_equal(boxes, np.concatenate(detections)[:, :4])


def test_gaps_are_interpolated_linearly():
    detections = [np.array([face(20.0 + k)]) for k in range(120)]
    full = track_boxes(detections)
    for k in range(50, 58):
        detections[k] = NONE
    assert track_boxes(detections) == pytest.approx(full)
    held = np.array([face(20.0 + 49)])[0, :4]
    assert np.abs(track_boxes(detections)[50:58] - held).max() > 4, "the last box held"


@pytest.mark.parametrize(("missing", "frames"), [(24, 134), (25, 55)])
def test_a_gap_of_more_than_25_frames_ends_the_track(missing, frames):
    """Frames 55 and 80 lie 25 apart: the same track. 55 and 81 do not."""
    detections = [*clip(55), *[NONE] * missing, *clip(55)]
    boxes = track_boxes(detections, more_than=50)
    assert int(np.isfinite(boxes).all(axis=1).sum()) == frames
    assert np.isfinite(boxes[:55]).all(), "of equal tracks the first"


def test_outside_of_the_track_there_is_no_box():
    boxes = track_boxes([*[NONE] * 7, *clip(105), *[NONE] * 4])
    assert np.isnan(boxes[:7]).all()
    assert np.isfinite(boxes[7:112]).all()
    assert np.isnan(boxes[112:]).all()


@pytest.mark.parametrize(("step", "together"), [(39.0, True), (41.0, False)])
def test_boxes_belong_together_above_half_of_their_union(step, together):
    """Squares of 120 that lie 40 apart share 80 / 160 of their union: exactly half is not enough."""
    detections = [*clip(60), *clip(60, x=20.0 + step)]
    boxes = track_boxes(detections, more_than=50)
    assert np.isfinite(boxes).all() == together
    assert np.isfinite(boxes[:60]).all()


def test_exactly_half_is_not_enough():
    boxes = track_boxes([*clip(60), *clip(60, x=60.0)], more_than=50)
    assert np.isnan(boxes[60:]).all()


def test_of_two_faces_the_longer_track_counts_however_they_are_ordered():
    """The other one has the better score while it is there, in frames 0 to 69."""
    own, other = clip(120), clip(120, x=400.0, score=0.99)
    detections = [np.concatenate([other[k], own[k]]) if k < 70 else own[k] for k in range(120)]
    assert np.array_equal(track_boxes(detections), np.concatenate(own)[:, :4])
    with pytest.raises(NoValueError, match="70 detections"):
        track_boxes([frame[:1] for frame in detections[:70]])


def test_detections_count_and_not_the_frames_of_gaps():
    detections = clip(110)
    for k in range(1, 109, 11):
        detections[k] = NONE
    assert sum(len(found) for found in detections) == 100
    with pytest.raises(NoValueError, match=r"longest face track has 100 detections; .* more than 100"):
        track_boxes(detections)
    detections[1] = detections[0]
    assert np.isfinite(track_boxes(detections)).all(), "101"


def test_a_small_face_is_a_reason_and_not_a_silence():
    with pytest.raises(NoValueError, match=r"the face is 100\.0 pixels large on average; .* more than 100"):
        track_boxes(clip(110, side=100.0))
    assert np.isfinite(track_boxes(clip(110, side=100.5))).all()
    assert np.isfinite(track_boxes(clip(110, side=40.0), wider_than=0.0)).all()
    tall = np.array([[19.5, 39.5, 79.5, 159.5, 0.9]])  # 60 x 120: the longer side counts
    assert np.isfinite(track_boxes([tall] * 110)).all()


def test_no_face_at_all():
    with pytest.raises(NoValueError, match="no face was found in any of 30 frames"):
        track_boxes([NONE] * 30)
    with pytest.raises(NoValueError, match="in any of 0 frames"):
        track_boxes([])


def reference(detections, least=100):
    """The rules as published, faces taken out of the list that is walked through."""
    left, tracks = [[(k, f) for f in frame.tolist()] for k, frame in enumerate(detections)], []
    while True:
        track = []
        for frame in left:
            for one in frame:
                if not track:
                    track.append(one)
                    frame.remove(one)
                elif one[0] - track[-1][0] <= 25:
                    a, b = one[1], track[-1][1]
                    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
                    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
                    if shared / union > 0.5:
                        track.append(one)
                        frame.remove(one)
                else:
                    break
        if not track:
            return tracks
        if len(track) > least:
            tracks.append(track)


@pytest.mark.parametrize("seed", range(8))
def test_crowds_are_linked_as_published(seed):
    """Four people who drift and are missed now and then, apart from one another as suppression leaves faces."""
    rng = np.random.default_rng(seed)
    people = [150.0 * p + np.cumsum(rng.normal(0, 0.7, 150)) for p in range(4)]
    seen = rng.uniform(size=(4, 150)) < rng.uniform(0.3, 0.98, size=(4, 1))
    detections = []
    for k in range(150):
        found = [face(people[p][k], score=rng.uniform(0.9, 1)) for p in range(4) if seen[p, k]]
        detections.append(np.array(sorted(found, key=lambda f: -f[4])).reshape(-1, 5))
    tracks = reference(detections, least=30)
    longest = max(tracks, key=len)
    boxes = track_boxes(detections, more_than=30)
    for frame, box in longest:
        assert np.array_equal(boxes[frame], box[:4])
    inside = np.flatnonzero(np.isfinite(boxes[:, 0]))
    assert (inside[0], inside[-1]) == (longest[0][0], longest[-1][0])


def test_the_track_feeds_the_crop():
    frames = np.zeros((110, 200, 240, 3), np.uint8)
    frames[:, 40:160, 20:140] = 200  # the face itself
    crops = syncnet_track(frames, track_boxes(clip(110)))
    # s = 60 around (80, 100): rows 40 to 208, columns -4 to 164; the face is 120 of 168 pixels.
    assert crops.shape == (110, 224, 224, 3)
    assert (crops[50, 4:156, 36:188] == 200).all()
    assert (crops[50, :156, 196:] == 0).all()
