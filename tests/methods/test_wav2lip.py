"""Wav2Lip as a method: where a face is found, which sound a frame hears, what is shown to the network and pasted."""

from collections.abc import Iterable

import numpy as np
import pytest
import torch

from tavce.errors import InputError
from tavce.media.mel import mel_spectrogram, mel_windows
from tavce.methods.wav2lip.faces import cut_face, face_boxes, paste_face, points_in_face
from tavce.methods.wav2lip.learn import joined, lesson_of
from tavce.methods.wav2lip.make import AT_ONCE, MEL_START, speak_still, speak_video
from tavce.model.wav2lip.generator import Wav2Lip, Wav2LipConfig
from tavce.model.wav2lip.start import begin_as_copy

SIDE = 24
HEIGHT, WIDTH = 90, 80
CLICK, FRAMES = 6400, 20  # the sample with which frame 10 begins


def face_at(x: float = 40, y: float = 40, size: float = 20, opened: float = 0.2) -> np.ndarray:
    """Return 68 points between x - size and x + size, y - 0.4 size and y + 1.2 size."""
    points = np.zeros((68, 2))
    turn = np.linspace(0, np.pi, 17)
    points[:17] = np.stack([-np.cos(turn), 1.2 * np.sin(turn)], axis=1)
    points[17:27] = np.stack([np.linspace(-0.8, 0.8, 10), np.full(10, -0.4)], axis=1)
    points[27:36, 1] = np.linspace(-0.2, 0.3, 9)
    points[36:48] = np.stack([np.linspace(-0.6, 0.6, 12), np.full(12, -0.2)], axis=1)
    for first, count, across in ((48, 12, 0.4), (60, 8, 0.3)):  # from the left corner over the upper lip
        turn = 2 * np.pi * np.arange(count) / count
        lips = [-across * np.cos(turn), 0.7 - opened / 2 * np.sin(turn)]
        points[first : first + count] = np.stack(lips, axis=1)
    return points * size + (x, y)


def picture(seed: int = 0) -> np.ndarray:
    """Return a smooth picture whose colours differ."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:HEIGHT, :WIDTH] / 40
    waves = [120 + 60 * np.sin(down * a + across * b + c) for a, b, c in rng.uniform(0.5, 2, (3, 3))]
    return (np.stack(waves, axis=2) + np.array([50, 0, -50])).astype(np.uint8)


def sounds(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-4, 4, (frames, 80, 16)).astype(np.float32)


@pytest.fixture(scope="module")
def network() -> Wav2Lip:
    """A network at random whose norms know what comes, so that it hears and sees."""
    torch.manual_seed(0)
    made = Wav2Lip(Wav2LipConfig(SIDE, 0.1)).train()
    for layer in made.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.inference_mode():
        made(torch.from_numpy(sounds(8))[:, None], torch.rand(8, 6, SIDE, SIDE))
    return made.eval()


def inside(box: np.ndarray) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


# Faces


def test_the_box_goes_from_hairline_to_below_the_chin() -> None:
    (box,) = face_boxes(face_at()[None], HEIGHT, WIDTH)
    # 20..60 across; 32..64 from brows to chin, half of that above it, 10 of 96 rows below; edges lie between pixels.
    assert box.tolist() == [round(20.5), round(16.5), round(60.5), round(64 + 48 * 10 / 96 + 0.5)]


def test_boxes_are_means_of_five_frames_from_their_own_on() -> None:
    rng = np.random.default_rng(0)
    centres = np.stack([np.linspace(30, 50, 12), rng.uniform(38, 44, 12)], axis=1)
    landmarks = np.stack([face_at(*centre) for centre in centres])
    found = face_boxes(landmarks, HEIGHT, WIDTH)
    sharp = np.array([[x - 20, y - 24, x + 20, y + 24 + 5] for x, y in centres])

    def means(first_of: Iterable[int]) -> np.ndarray:
        return np.rint([sharp[max(0, k) : max(0, k) + 5].mean(axis=0) + 0.5 for k in first_of])

    assert np.array_equal(found, means(min(k, 7) for k in range(12)))
    assert (found[7:] == found[7]).all(), "the last five frames share the last five's"
    assert not np.array_equal(found, means(min(k - 2, 7) for k in range(12))), "not centred on its frame"
    assert not np.array_equal(found, np.rint(sharp + 0.5)), "not each its own"


def test_fewer_than_five_frames_share_one_box() -> None:
    found = face_boxes(np.stack([face_at(x) for x in (36, 40, 44)]), HEIGHT, WIDTH)
    assert (found == face_boxes(face_at(40)[None], HEIGHT, WIDTH)).all()


def test_boxes_end_with_the_picture() -> None:
    assert face_boxes(face_at(5, 8)[None], HEIGHT, WIDTH)[0].tolist() == [0, 0, round(25.5), round(8 + 29.5)]
    assert face_boxes(face_at(75, 85)[None], HEIGHT, WIDTH)[0].tolist()[2:] == [WIDTH, HEIGHT]


def test_a_lost_face_is_refused() -> None:
    landmarks = np.stack([face_at()] * 6)
    landmarks[3], landmarks[5, 60, 1] = np.nan, np.inf
    with pytest.raises(InputError, match=r"the face: 2 of 6 frames show none, the first of them frame 3;"):
        face_boxes(landmarks, HEIGHT, WIDTH)


@pytest.mark.parametrize("where", [(-15, 40), (40, 120), (300, 300)])
def test_too_little_of_a_face_is_refused(where: tuple[float, float]) -> None:
    landmarks = np.stack([*[face_at()] * 5, *[face_at(*where)] * 5])
    with pytest.raises(InputError, match=r"frame \d shows less than 8 pixels of it"):
        face_boxes(landmarks, HEIGHT, WIDTH)
    with pytest.raises(InputError, match="frame 0 shows less than 8 pixels"):
        face_boxes(face_at(size=3)[None], HEIGHT, WIDTH)


def test_a_face_that_is_cut_and_pasted_is_where_it_was() -> None:
    frame, kept = picture(), picture()
    for box in np.array([[20, 16, 60, 70], [0, 0, 31, 22], [50, 60, WIDTH, HEIGHT]]):
        for side in (SIDE, 96):
            face = cut_face(frame, box, side)
            assert face.shape == (side, side, 3)
            back = paste_face(frame, face, box).astype(int)
            within = inside(box)
            assert np.array_equal(back[~within], frame[~within])
            assert np.abs(back - frame)[within].mean() < 1
            assert np.abs(back[..., ::-1] - frame)[within].mean() > 20, "a face of swapped colours would be seen"
            assert np.abs(np.roll(back, 4, axis=1) - frame)[within].mean() > 2, "and one four pixels aside"
    assert np.array_equal(cut_face(frame, np.array([20, 16, 44, 40]), SIDE), frame[16:40, 20:44])
    assert np.array_equal(frame, kept), "the frame itself stays"


def test_points_lie_in_the_cut_face_where_they_lay_in_the_frame() -> None:
    box = np.array([[8, 12, 68, 84]])  # 60 x 72 pixels
    for x, y in ((20, 30), (50, 75)):
        frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        frame[y - 4 : y + 5, x - 4 : x + 5] = 255  # centred on the pixel
        seen = cut_face(frame, box[0], 48)[..., 0].astype(float)
        centre = [(seen.sum(axis=axis) * np.arange(48)).sum() / seen.sum() for axis in (0, 1)]
        found = points_in_face(np.array([[[x, y]]], float), box, 48)[0, 0]
        assert found == pytest.approx(centre, abs=0.15)
    edges = points_in_face(np.array([[[7.5, 11.5], [67.5, 83.5]]]), box, 48)
    assert edges.ravel() == pytest.approx([-0.5, -0.5, 47.5, 47.5]), "edges of the box are edges of the face"


# Sound


def clicked() -> np.ndarray:
    samples = np.zeros(FRAMES * 640, np.int16)
    samples[CLICK] = 30_000
    return samples


def hearers(windows: np.ndarray) -> list[int]:
    return np.flatnonzero(windows.max(axis=(1, 2)) > -4).tolist()


def test_a_click_is_heard_by_the_frame_it_begins_with_and_the_five_before() -> None:
    """Columns of 50 ms lie every 12.5 ms: the click is in 31 to 33, and frame k's window is int(3.2 k) and 15 more."""
    mel = mel_spectrogram(clicked())
    assert np.flatnonzero(mel.max(axis=0) > -4).tolist() == [31, 32, 33]
    assert hearers(mel_windows(mel, FRAMES, start=MEL_START)) == [5, 6, 7, 8, 9, 10]
    assert hearers(mel_windows(mel, FRAMES, start=-1)) == [6, 7, 8, 9, 10, 11], "a frame late, as it was trained"


def test_a_lessons_sound_begins_with_its_frame() -> None:
    found = lesson_of(np.stack([picture()] * FRAMES), np.stack([face_at()] * FRAMES), clicked(), SIDE)
    assert hearers(found.mels) == [5, 6, 7, 8, 9, 10]


def test_the_frames_that_are_made_hear_the_click(network: Wav2Lip) -> None:
    """Other than the silent ones before it, which are all alike."""

    def moved(start: int) -> list[int]:
        windows = mel_windows(mel_spectrogram(clicked()), FRAMES, start=start)
        made = np.stack(list(speak_still(network, picture(), face_at(), windows))).astype(int)
        return np.flatnonzero(np.abs(made - made[0]).max(axis=(1, 2, 3))).tolist()

    assert moved(MEL_START) == [5, 6, 7, 8, 9, 10]
    assert moved(-1) == [6, 7, 8, 9, 10, 11]


# Videos


@pytest.mark.parametrize("frames", [0, 1, AT_ONCE, AT_ONCE + 1, 70])
def test_a_still_speaks_a_frame_per_window(network: Wav2Lip, frames: int) -> None:
    portrait = picture()
    made = list(speak_still(network, portrait, face_at(), sounds(frames)))
    assert len(made) == frames
    within = inside(face_boxes(face_at()[None], HEIGHT, WIDTH)[0])
    for frame in made:
        assert (frame.shape, frame.dtype) == (portrait.shape, np.uint8)
        assert np.array_equal(frame[~within], portrait[~within])
        assert np.abs(frame[within].astype(int) - portrait[within]).mean() > 5
    assert all(not np.array_equal(one, other) for one, other in zip(made[1:], made, strict=False)), "each hears its own"


def test_a_video_keeps_all_but_its_faces(network: Wav2Lip) -> None:
    frames = AT_ONCE + 5
    video = np.stack([picture(seed) for seed in range(frames)])
    landmarks = np.stack([face_at(38 + 0.3 * k, 40 - 0.2 * k) for k in range(frames)])
    kept, boxes = video.copy(), face_boxes(landmarks, HEIGHT, WIDTH)
    made = list(speak_video(network, video, landmarks, sounds(frames)))
    assert len(np.unique(boxes, axis=0)) > 5
    for number, (frame, box) in enumerate(zip(made, boxes, strict=True)):
        within = inside(box)
        assert np.array_equal(frame[~within], video[number][~within])
        assert np.abs(frame[within].astype(int) - video[number][within]).mean() > 5
    assert np.array_equal(video, kept)


def test_a_frame_is_made_from_itself_and_its_sound_alone(network: Wav2Lip) -> None:
    frames = AT_ONCE + 3
    video, mels = np.stack([picture(seed) for seed in range(frames)]), sounds(frames)
    made = list(speak_video(network, video, np.stack([face_at()] * frames), mels))
    for number in (0, 7, AT_ONCE - 1, AT_ONCE, frames - 1):
        heard = mels[[number, 1]]
        alone, aside = (frame.astype(int) for frame in speak_still(network, video[number], face_at(), heard))
        assert np.abs(made[number] - alone).max() <= 1, "but for rounding"
        assert np.abs(made[number] - aside).max() > 3, "another's sound"


def test_what_in_painting_is_shown(network: Wav2Lip) -> None:
    """The published code shows the true face whole as the reference: the mouth that it is to replace is in sight.

    The face that is to be completed comes without its lower half, so the true one reaches the network by the
    reference alone. A still has one face throughout, which is why tables keep the two apart.
    """
    seen = []
    handle = network.register_forward_pre_hook(lambda _, given: seen.append(given[1].clone()))
    video, landmarks = np.stack([picture(0), picture(1)]), np.stack([face_at()] * 2)
    other = video.copy()
    (x0, y0, x1, y1), *_ = boxes = face_boxes(landmarks, HEIGHT, WIDTH)
    other[:, (y0 + y1) // 2 + 2 : y1, x0:x1] = 0
    try:
        for each in (video, other):
            list(speak_video(network, each, landmarks, sounds(2)))
    finally:
        handle.remove()
    cut = np.stack([cut_face(frame, box, SIDE) for frame, box in zip(video, boxes, strict=True)])
    planes = torch.from_numpy(cut[..., ::-1].copy()).permute(0, 3, 1, 2) / 255
    true, without = seen
    assert torch.equal(true[:, 3:], planes), "the reference: blue, green, red of the same frame, whole"
    assert torch.equal(true[:, :3, : SIDE // 2], planes[:, :, : SIDE // 2])
    assert not true[:, :3, SIDE // 2 :].any()
    assert torch.equal(true[:, :3], without[:, :3]), "the face to complete tells nothing of the mouth"
    assert not torch.equal(true[:, 3:, SIDE // 2 :], without[:, 3:, SIDE // 2 :]), "the reference does"


def test_colours_come_back_in_their_order() -> None:
    torch.manual_seed(0)
    copier = Wav2Lip(Wav2LipConfig(SIDE, 0.1)).eval()
    frame, within = picture(), inside(box := face_boxes(face_at()[None], HEIGHT, WIDTH)[0])
    begin_as_copy(copier, cut_face(frame, box, SIDE)[None, None])
    (made,) = speak_still(copier, frame, face_at(), sounds(1))
    right, swapped = (np.abs(made[within].astype(int) - x[within]).mean() for x in (frame, frame[..., ::-1]))
    assert right < 12 < 30 < swapped


def test_a_missing_face_is_said_before_the_first_frame_is_asked_for(network: Wav2Lip) -> None:
    lost = np.full((68, 2), np.nan)
    with pytest.raises(InputError, match="1 of 1 frames show none"):
        speak_still(network, picture(), lost, sounds(3))
    with pytest.raises(InputError, match="1 of 3 frames show none, the first of them frame 1"):
        speak_video(network, np.stack([picture()] * 3), np.stack([face_at(), lost, face_at()]), sounds(3))


# Lessons


def test_a_lesson() -> None:
    opened = np.array([0.1, 0.2, 0.3, 0.2, 0.1, 0.3])
    landmarks = np.stack([face_at(opened=each) for each in opened])
    video = np.stack([picture(seed) for seed in range(6)])
    found = lesson_of(video, landmarks, np.zeros(6 * 640, np.int16), SIDE)
    (box,) = face_boxes(landmarks[:1], HEIGHT, WIDTH)
    assert np.array_equal(found.faces[4], cut_face(video[4], box, SIDE))
    scale = SIDE / (box[2:] - box[:2])  # of the face's pixels to the frame's
    assert found.shapes[:, 0] == pytest.approx((opened - 0.2) * 20 * scale[1] / SIDE, abs=1e-6)
    assert found.shapes[:, 1] == pytest.approx(np.zeros(6), abs=1e-6), "its width does not change"
    corners = points_in_face(np.array([[[32.0, 52.0], [48.0, 56.0]]]), box[None], SIDE)[0]  # of frame 1's lips
    margin = np.array([0.12, 0.08]) * SIDE
    assert found.mouths[1] == pytest.approx([*(corners[0] - margin), *(corners[1] + margin)], abs=1e-4)


def test_lessons_joined_speak_in_standard_deviations() -> None:
    rng = np.random.default_rng(0)
    lessons = []
    for _ in range(4):
        landmarks = np.stack([face_at(opened=each) for each in rng.uniform(0, 0.4, 6)])
        lessons.append(lesson_of(np.stack([picture()] * 6), landmarks, np.zeros(6 * 640, np.int16), SIDE))
    data = joined(lessons)
    assert data.faces.shape == (4, 6, SIDE, SIDE, 3)
    assert data.starts == 2
    assert data.shapes[..., 0].std() == pytest.approx(1, abs=1e-5)
    assert np.abs(data.shapes[..., 1]).max() < 1, "a width that never changes is not blown up"
