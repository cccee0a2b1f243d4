"""The crop policies: whole frame and face track, border, filter ends and rounding."""

import inspect

import cv2
import numpy as np
import pytest
from scipy.signal import medfilt

from metrics.sync_crop import syncnet_track, syncnet_whole


def pictures(count=14, height=150, width=200):
    y, x = np.mgrid[0:height, 0:width]
    frames = [np.stack([x, y + k, (x + 2 * y) // 3], axis=-1) for k in range(count)]
    return np.clip(frames, 0, 255).astype(np.uint8)


def edges(x0, y0, x1, y1, count=14):
    """Boxes that cover pixel columns x0..x1 - 1 and rows y0..y1 - 1, in coordinates from the first pixel's centre."""
    return np.tile(np.float64([x0, y0, x1, y1]) - 0.5, (count, 1))


def resized(picture):
    return cv2.resize(picture, (224, 224), interpolation=cv2.INTER_LINEAR)


def published(frames, boxes):
    """The pipeline's crop, written as the reference describes it: pad everything, cut with truncation."""
    boxes = boxes + 0.5
    half = medfilt(np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) / 2, 13)
    y = medfilt((boxes[:, 1] + boxes[:, 3]) / 2, 13)
    x = medfilt((boxes[:, 0] + boxes[:, 2]) / 2, 13)
    crops = []
    for frame, s, cy, cx in zip(frames, half, y, x, strict=True):
        pad = int(s * 1.8)
        padded = np.pad(frame, ((pad, pad), (pad, pad), (0, 0)), constant_values=110)
        my, mx = cy + pad, cx + pad
        crops.append(resized(padded[int(my - s) : int(my + s * 1.8), int(mx - s * 1.4) : int(mx + s * 1.4)]))
    return np.stack(crops)


def test_whole_is_the_squeezed_frame():
    frames = pictures()
    assert np.array_equal(syncnet_whole(frames), [resized(frame) for frame in frames])
    antialiased = cv2.resize(np.tile(frames[0], (4, 4, 1)), (224, 224), interpolation=cv2.INTER_AREA)
    assert not np.array_equal(syncnet_whole(np.tile(frames[:1], (1, 4, 4, 1)))[0], antialiased)


def test_whole_leaves_frames_of_its_size_alone():
    frames = pictures(2, 224, 224)
    assert np.array_equal(syncnet_whole(frames), frames)


def test_track_inside_of_the_frame_by_hand():
    frames = pictures()
    crops = syncnet_track(frames, edges(80, 40, 120, 80))  # s = 20 around (100, 60)
    assert np.array_equal(crops, [resized(frame[40:96, 72:128]) for frame in frames])
    assert not np.array_equal(crops[0], resized(frames[0][44:100, 72:128])), "centred instead of shifted downward"


def test_the_longer_side_counts():
    frames = pictures()
    assert np.array_equal(syncnet_track(frames, edges(90, 40, 110, 80)), syncnet_track(frames, edges(80, 40, 120, 80)))


def test_beyond_the_border_is_grey():
    frames = pictures()
    crop = syncnet_track(frames, edges(-10, -10, 50, 50))[0]  # s = 30 around (20, 20): rows -10..74, columns -22..62
    whole = np.full((84, 84, 3), 110, np.uint8)
    whole[10:, 22:] = frames[0][:74, :62]
    assert np.array_equal(crop, resized(whole))
    assert (crop[:20] == 110).all()
    assert (crop[:, :50] == 110).all()


@pytest.mark.parametrize("seed", range(6))
def test_track_equals_the_published_computation(seed):
    rng = np.random.default_rng(seed)
    frames = pictures(30)
    centre = rng.uniform([40, 40], [160, 110]) + np.cumsum(rng.normal(0, 3, (30, 2)), axis=0)
    size = rng.uniform(15, 50, (30, 2))
    boxes = np.clip(np.concatenate([centre - size, centre + size], axis=1), -8, 208)
    ours = syncnet_track(frames, boxes)
    assert np.array_equal(ours, published(frames, boxes))
    half_a_pixel_off = syncnet_track(frames, boxes - 0.5)
    assert not np.array_equal(ours, half_a_pixel_off)


def test_the_first_and_last_boxes_are_pulled_to_their_minimum():
    frames = pictures(40)
    boxes = edges(80, 40, 120, 80, 40)
    boxes[:, [0, 2]] += np.arange(40)[:, None]  # the face moves right
    crops = syncnet_track(frames, boxes)
    assert np.array_equal(crops[0], resized(frames[0][40:96, 72:128])), "the minimum of frames 0 to 6 is frame 0"
    assert np.array_equal(crops[39], resized(frames[39][40:96, 105:161])), "of frames 33 to 39 it is frame 33"
    assert np.array_equal(crops[20], resized(frames[20][40:96, 92:148]))


def test_a_jump_of_one_frame_is_filtered_away():
    frames, boxes = pictures(20), edges(80, 40, 120, 80, 20)
    outlier = boxes.copy()
    outlier[10] += 30
    assert np.array_equal(syncnet_track(frames, outlier), syncnet_track(frames, boxes))


@pytest.mark.parametrize(
    ("problem", "message"),
    [("nan", "finite box"), ("few", "7 are needed"), ("empty", "x0 < x1"), ("far", "outside of its frame")],
)
def test_unusable_boxes_are_refused(problem, message):
    frames, boxes = pictures(), edges(80, 40, 120, 80)
    if problem == "nan":
        boxes[3] = np.nan
    elif problem == "few":
        frames, boxes = frames[:6], boxes[:6]
    elif problem == "empty":
        boxes[:, 2] = boxes[:, 0]
    else:
        boxes += 500
    with pytest.raises(ValueError, match=message):
        syncnet_track(frames, boxes)


def test_a_box_too_few_is_refused():
    with pytest.raises(ValueError, match="each of the 14 frames"):
        inspect.unwrap(syncnet_track)(pictures(), edges(80, 40, 120, 80, 13))
