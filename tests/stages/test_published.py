"""HDTF and VoxCeleb from end to end: a server as the net is, and the stages dataset and crop as DVC runs them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from stages import crop as crop_stage
from stages import dataset as dataset_stage
from stages.cli import main as tavce
from stages.confirmed import confirm, run_digest
from stages.paths import crop_folder, dataset_folder
from tavce.data.clips import FPS, Clip, read_clips
from tavce.data.uploads.ledger import read_ledger
from tavce.errors import InputError
from tavce.media.audio import read_wav
from tavce.media.video import read_video
from tests.data.uploads.server import UploadServer
from tests.data.uploads.videos import uneven_times, write_upload
from tests.stages.clock import beep_starts, clock_pictures, ticking, time_shown

ROOT = Path(__file__).parents[2]
WIDTH, HEIGHT, BOX = 256, 144, (120, 96, 24, 96)  # the box in HDTF's order: x, w, y, h
SECONDS = 12.0


@dataclass(frozen=True)
class Net:
    """The server, and when each picture of its videos appears."""

    server: UploadServer
    times: dict[str, list[float]]


def upload(name: str) -> str:
    """An id as YouTube's: eleven characters."""
    return (name + "-_" * 6)[:11]


def video(folder: Path, times: list[float], *, scale: int = 1, **more: Any) -> bytes:
    x, w, y, h = (side * scale for side in BOX)
    path = write_upload(
        folder / "video.mp4",
        width=WIDTH * scale,
        height=HEIGHT * scale,
        times=times,
        frames=clock_pictures(times, WIDTH * scale, HEIGHT * scale, (x, w, y, h)),
        heard=ticking(SECONDS),
        **{"fps": 25.0, **more},
    )
    return path.read_bytes()


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    folder, server = tmp_path_factory.mktemp("net"), UploadServer()
    steady = [k / FPS for k in range(int(SECONDS * FPS))]
    ntsc = [k * 1001 / 30000 for k in range(int(SECONDS * 30000 / 1001))]
    uneven = uneven_times(int(SECONDS * FPS), FPS)
    good = video(folder, steady)
    times = {}

    def put(name: str, body: bytes, shown: list[float], **behaviour: Any) -> None:
        server.put(f"/{upload(name)}.mp4", body, **behaviour)
        times[upload(name)] = shown

    put("good", good, steady)
    put("slow", good, steady, bytes_per_s=400_000.0)
    put("short", good, steady, truncated=len(good) // 2)
    put("tall", video(folder, steady, scale=2), steady)
    put("ntsc", video(folder, ntsc, fps=30000 / 1001), ntsc)
    put("uneven", video(folder, uneven), uneven)
    put("late", video(folder, steady, sound_late_s=0.2), steady)
    put("mute", video(folder, steady, sound=None), steady)
    put("flaky", good, steady, flaky=1)
    server.page(f"/{upload('page')}.mp4")
    yield Net(server, times)
    server.stop()


# Video name, subset, upload, times, crop line, reference height.
HDTF = [
    ("Radio1", "RD", "good", "0:02-0:05 0:06-0:09", 2, HEIGHT),
    ("Radio2", "RD", "missing", "0:02-0:05", 1, HEIGHT),
    ("Radio3", "RD", "short", "0:02-0:05", 1, HEIGHT),
    ("Radio4", "RD", "slow", "0:01-0:04", 1, HEIGHT),
    ("AnnTall", "WDA", "tall", "0:02-0:05", 1, HEIGHT),
    ("BoNtsc", "WDA", "ntsc", "0:07-0:10", 1, HEIGHT),
    ("CyUneven", "WDA", "uneven", "0:03-0:06", 1, HEIGHT),
    ("DeeLate", "WRA", "late", "0:02-0:05", 1, HEIGHT),
    ("EdMute", "WRA", "mute", "0:02-0:05", 1, HEIGHT),
    ("FayPage", "WRA", "page", "0:02-0:05", 1, HEIGHT),
    ("GilNoBox", "WRA", "good2", "0:02-0:05", 0, HEIGHT),
    ("HalOver", "WRA", "good3", "0:02-0:05", 1, 100),
    ("IdaFlaky", "WRA", "flaky", "0:08-0:11 0:11-0:30", 2, HEIGHT),
]
# Clip, what its reason holds; "" for usable ones.
EXPECTED = {
    "RD_Radio1_000": "",
    "RD_Radio1_001": "",
    "RD_Radio2_000": "its upload is gone: ",
    "RD_Radio3_000": "its upload is failed: ",
    "RD_Radio4_000": "",
    "WDA_AnnTall_000": "",
    "WDA_BoNtsc_000": "",
    "WDA_CyUneven_000": "",
    "WRA_DeeLate_000": "",
    "WRA_EdMute_000": "its upload has no sound, and sound drives the animation",
    "WRA_FayPage_000": "its upload is unusable: ",
    "WRA_GilNoBox_000": "the metadata give no crop box for it",
    "WRA_HalOver_000": "its crop box",
    "WRA_IdaFlaky_000": "",
    "WRA_IdaFlaky_001": "it ends at 30 s, and its upload at 12.00 s",
}


def serve_hdtf_texts(server: UploadServer) -> None:
    x, w, y, h = BOX
    for subset in ("RD", "WDA", "WRA"):
        rows = [row for row in HDTF if row[1] == subset]
        texts = {
            "video_url": [f"{name} https://www.youtube.com/watch?v={upload(key)}&t=5s" for name, _, key, *_ in rows],
            "annotion_time": [f"{name}.mp4 {times} " for name, _, _, times, *_ in rows],
            "resolution": [f"{name}.mp4 {height}" for name, *_, height in rows],
            "crop_wh": [f"{n}_{k}.mp4 {x} {w} {y} {h}" for n, _, _, _, boxes, _ in rows for k in range(boxes)],
            "crop_ratio": [f"{name}_0.mp4 1.2" for name, *_ in rows],
        }
        for kind, lines in texts.items():
            body = ("\ufeff" if subset == "WDA" else "") + "\n".join(lines) + "\n"
            server.put(f"/hdtf/{subset}_{kind}.txt", body.encode(), content_type="text/plain")


def seconds(text: str) -> int:
    minutes, rest = text.split(":")
    return 60 * int(minutes) + int(rest)


def write_splits(path: Path) -> None:
    lines = ["source,start_s,end_s,identity,split"]
    for name, _, key, times, *_ in HDTF:
        for part in times.split():
            start, end = (seconds(each) for each in part.split("-"))
            identity = name if name.startswith("Radio") else name.rstrip("0123456789")
            lines.append(f"{upload(key)},{start},{end},{identity},{'test' if name < 'H' else 'train'}")
    path.write_text("\n".join(lines) + "\n")


def workspace(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, corpus: dict[str, Any], source: str) -> None:
    """Make `folder` the place where stages run, with the profile of HDTF and another data set in it."""
    content = yaml.safe_load((ROOT / "profiles" / "hdtf.yaml").read_text(encoding="utf-8"))
    crop = content["datasets"]["hdtf"]["crop"] | {"size": 96, "min_frames": 20, "detector": "annotation", "model": ""}
    crop["policy"] = "hdtf_official" if name == "hdtf" else "fomm_union"
    fetch = content["datasets"]["hdtf"]["corpus"]["fetch"] | {"pause_s": 0.0, "attempts": 2, "longest_wait_s": 0.1}
    content["datasets"] = {name: {"source": source, "corpus": corpus | {"fetch": fetch}, "crop": crop}}
    monkeypatch.chdir(folder)
    (folder / "params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    confirm(run_digest())


@pytest.fixture
def hdtf(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which `params.yaml` asks for the HDTF of the server."""
    serve_hdtf_texts(net.server)
    write_splits(tmp_path / "splits.csv")
    corpus = {
        "kind": "hdtf",
        "store": "store",
        "metadata": net.server.address("/hdtf"),
        "address": net.server.address("/{id}.mp4"),
        "first_seconds": None,
    }
    workspace(tmp_path, monkeypatch, "hdtf", corpus, "splits.csv")
    return tmp_path


def annotate(store: Path) -> None:
    """Put a face track beside each upload, as a detector would find it: the crop asks for landmarks of every frame."""
    for row in read_ledger(store).values():
        if row.usable:
            scale = row.height / HEIGHT
            x, w, y, h = (side * scale for side in BOX)
            boxes = np.tile(np.array([x, y, x + w, y + h], np.float32), (1000, 1))
            np.savez((store / row.file).with_suffix(".npz"), boxes=boxes)


def picture_on_screen(times: list[float], moment: float) -> float:
    """The time of the picture that a display shows at `moment`."""
    return max(time for time in times if time <= moment + 1e-6)


def check_clip(clip: Clip, times: list[float], late_s: float = 0.0) -> None:
    """Frames and sound of a crop against the source, at known times."""
    shown = [time_shown(frame) for frame in read_video(crop_folder(clip.dataset) / f"{clip.id}.mkv")]
    assert len(shown) == clip.frames
    expected = [picture_on_screen(times, clip.start_s + (k + 0.5) / FPS) for k in range(clip.frames)]
    np.testing.assert_allclose(shown, expected, atol=0.011)  # what is shown has steps of 10 ms
    samples = read_wav(crop_folder(clip.dataset) / f"{clip.id}.wav")
    assert abs(len(samples) / 16_000 - clip.frames / FPS) < 0.04
    heard = beep_starts(samples, 16_000)
    wanted = [second + late_s - clip.start_s for second in range(int(SECONDS))]
    wanted = [moment for moment in wanted if 0.25 < moment < clip.end_s - clip.start_s - 0.1]
    heard = [moment for moment in heard if 0.25 < moment < clip.end_s - clip.start_s - 0.1]
    assert len(heard) == len(wanted) > 0
    np.testing.assert_allclose(heard, wanted, atol=0.02)  # half a frame


def test_hdtf_from_the_server_to_the_crop(hdtf: Path, net: Net) -> None:
    dataset_stage.main(["hdtf"])
    rows = {clip.id: clip for clip in read_clips(dataset_folder("hdtf"))}
    assert list(rows) == sorted(EXPECTED)
    for name, reason in EXPECTED.items():
        assert rows[name].usable == (not reason), (name, rows[name].reason)
        assert reason in rows[name].reason, (name, rows[name].reason)
    annotate(hdtf / "store")
    crop_stage.main(["hdtf"])
    cropped = {clip.id: clip for clip in read_clips(crop_folder("hdtf"))}
    usable = {name for name, reason in EXPECTED.items() if not reason}
    assert {name for name, clip in cropped.items() if clip.usable} == usable
    of_upload = {f"{subset}_{name}": upload(key) for name, subset, key, *_ in HDTF}
    for name in sorted(usable):
        late = 0.2 if name == "WRA_DeeLate_000" else 0.0
        check_clip(cropped[name], net.times[of_upload[name[:-4]]], late)


def test_a_clip_read_a_frame_early_is_noticed(hdtf: Path, net: Net) -> None:
    """The check above must be able to fail."""
    dataset_stage.main(["hdtf"])
    annotate(hdtf / "store")
    crop_stage.main(["hdtf"])
    clip = next(clip for clip in read_clips(crop_folder("hdtf")) if clip.id == "RD_Radio1_001")
    check_clip(clip, net.times[upload("good")])
    with pytest.raises(AssertionError):
        check_clip(replace(clip, start_s=clip.start_s + 1 / FPS), net.times[upload("good")])
    with pytest.raises(AssertionError):
        check_clip(clip, net.times[upload("good")], late_s=0.04)


def test_nothing_is_fetched_twice_and_failures_are_tried_again(hdtf: Path, net: Net) -> None:
    dataset_stage.main(["hdtf"])
    before = {path: net.server.count(path) for path in net.server.behaviours}
    first = (dataset_folder("hdtf") / "clips.parquet").read_bytes()
    dataset_stage.main(["hdtf"])
    assert (dataset_folder("hdtf") / "clips.parquet").read_bytes() == first
    again = {path for path, count in before.items() if net.server.count(path) > count}
    assert again == {f"/{upload('short')}.mp4"}


def test_the_command_says_how_far_it_is(hdtf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tavce(["dataset", "list"]) == 0
    assert "hdtf  hdtf  store" in capsys.readouterr().out
    assert tavce(["dataset", "status", "hdtf"]) == 0
    assert "obtained           0" in capsys.readouterr().out
    assert tavce(["dataset", "fetch", "hdtf"]) == 1  # one failed, and may come another day
    assert "obtained           8" in capsys.readouterr().out
    assert tavce(["dataset", "status", "hdtf", "--csv", "availability.csv"]) == 0
    table = Path("availability.csv").read_text()
    assert table.count(",obtained,") == 8
    assert f"{upload('tall')},obtained,,{HEIGHT},{2 * HEIGHT}," in table


def test_nothing_starts_without_a_word(hdtf: Path, net: Net) -> None:
    (hdtf / "data" / "confirmed.json").unlink()
    asked = len(net.server.log)
    for start in (lambda: dataset_stage.main(["hdtf"]), lambda: tavce(["dataset", "fetch", "hdtf"])):
        with pytest.raises(InputError, match="nobody has agreed to it yet"):
            start()
    assert len(net.server.log) == asked
    assert not (hdtf / "store").exists()


def test_a_list_that_leaks_ends_the_run(hdtf: Path) -> None:
    text = (hdtf / "splits.csv").read_text()
    (hdtf / "splits.csv").write_text(
        text.replace(f"{upload('good')},6,9,Radio1,train", f"{upload('good')},6,9,Radio1,test")
    )
    with pytest.raises(InputError, match="Radio1"):
        dataset_stage.main(["hdtf"])


VOX = """Identity  : \t{identity}
Reference : \t{upload}
Offset    : \t0
FV Conf   : \t16.5\t(1)
ASD Conf  : \t4.2

FRAME \tX \tY \tW \tH \n"""


def write_vox(folder: Path, identity: str, name: str, utterance: str, first: int, count: int) -> None:
    x, w, y, h = BOX
    rows = [
        f"{first + k:06d} \t{x / WIDTH:.3f} \t{y / HEIGHT:.3f} \t{w / WIDTH:.3f} \t{h / HEIGHT:.3f}"
        for k in range(count)
    ]
    path = folder / identity / upload(name) / f"{utterance}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(VOX.format(identity=identity, upload=upload(name)) + "\n".join(rows) + "\n")


@pytest.fixture
def vox(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which `params.yaml` asks for the VoxCeleb2 of the server."""
    texts = tmp_path / "txt"
    write_vox(texts, "id00017", "good", "00001", 50, 80)
    write_vox(texts, "id00017", "good", "00002", 150, 30)
    write_vox(texts, "id00018", "ntsc", "00001", 100, 75)
    write_vox(texts, "id00019", "late", "00001", 75, 100)
    write_vox(texts, "id00020", "missing", "00001", 75, 100)
    write_vox(texts, "id00021", "mute", "00001", 75, 100)
    write_vox(texts, "id00022", "uneven", "00001", 25, 80)
    write_vox(texts, "id00023", "tall", "00001", 250, 80)
    (texts / "id00023" / upload("tall") / "00002.txt").write_text("no annotation\n")
    (tmp_path / "splits.csv").write_text("identity,split\nid00017,test\n")
    corpus = {
        "kind": "voxceleb",
        "version": 2,
        "form": "annotations",
        "annotations": "txt",
        "store": "store",
        "address": net.server.address("/{id}.mp4"),
        "part": "all",
        "clips_per_identity": 0,
        "seed": 1,
    }
    workspace(tmp_path, monkeypatch, "vox", corpus, "splits.csv")
    return tmp_path


VOX_EXPECTED = {
    "id00017-good": ("test", "", "for 30 frames only"),
    "id00018-ntsc": ("train", ""),
    "id00019-late": ("train", ""),
    "id00020-missing": ("train", "its upload is gone: "),
    "id00021-mute": ("train", "no sound"),
    "id00022-uneven": ("train", ""),
    "id00023-tall": ("train", "its upload", "annotation"),
}


def test_voxceleb_from_the_server_to_the_crop(vox: Path, net: Net) -> None:
    dataset_stage.main(["vox"])
    rows = read_clips(dataset_folder("vox"))
    found: dict[str, list[str]] = {}
    for clip in rows:
        found.setdefault(clip.id[: clip.id.index("-", 8)], [clip.split]).append(clip.reason)
    assert set(found) == set(VOX_EXPECTED)
    for name, (split, *reasons) in VOX_EXPECTED.items():
        assert found[name][0] == split
        for said, expected in zip(found[name][1:], reasons, strict=True):
            assert bool(said) == bool(expected), (name, said)
            assert expected in said, (name, said)
    annotate(vox / "store")
    crop_stage.main(["vox"])
    cropped = [clip for clip in read_clips(crop_folder("vox")) if clip.usable]
    assert len(cropped) == sum(reason == "" for _, *reasons in VOX_EXPECTED.values() for reason in reasons)
    for clip in cropped:
        name = clip.id.split("-")[1]
        check_clip(clip, net.times[upload(name)], 0.2 if name == "late" else 0.0)


def test_fomms_list_from_the_server_to_the_crop(
    net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    x, w, y, h = BOX
    square, wide = f"{x}-{y}-{x + w}-{y + h}", f"{x - 40}-{y}-{x + w}-{y + h}"
    rows = [
        ("good", 50, 130, square, "train", "id10001"),
        ("good", 50, 130, square, "train", "id10001"),
        ("uneven", 60, 140, square, "train", "id10270"),
        ("tall", 100, 180, wide, "test", "id10002"),
        ("missing", 50, 130, square, "train", "id10003"),
        ("late", 50, 400, square, "train", "id10004"),
        ("ntsc", 80, 50, square, "train", "id10005"),
    ]
    lines = [
        f"{upload(name)},{start},{end},{box},25,{WIDTH},{HEIGHT},{part},{who}"
        for name, start, end, box, part, who in rows
    ]
    header = "video_id,start,end,bbox,fps,width,height,partition,person_id"
    (tmp_path / "vox-metadata.csv").write_text("\n".join([header, *lines]) + "\n")
    corpus = {
        "kind": "voxceleb",
        "version": 1,
        "form": "metadata",
        "annotations": "vox-metadata.csv",
        "store": "store",
        "address": net.server.address("/{id}.mp4"),
        "part": "all",
        "clips_per_identity": 0,
        "seed": 1,
    }
    workspace(tmp_path, monkeypatch, "fomm", corpus, str(ROOT / "datasets" / "splits" / "voxceleb1.csv"))
    content = yaml.safe_load((tmp_path / "params.yaml").read_text())
    content["datasets"]["fomm"]["crop"]["policy"] = "hdtf_official"
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    confirm(run_digest())
    dataset_stage.main(["fomm"])
    annotate(tmp_path / "store")
    crop_stage.main(["fomm"])
    found = {clip.id: clip for clip in read_clips(crop_folder("fomm"))}
    expected = {
        f"id10001-{upload('good')}-000050-000130": ("train", ""),
        f"id10001-{upload('good')}-000050-000130-1": ("train", "line 3 of the list repeats another"),
        f"id10002-{upload('tall')}-000100-000180": ("train", ""),
        f"id10003-{upload('missing')}-000050-000130": ("train", "its upload is gone"),
        f"id10004-{upload('late')}-000050-000400": ("train", "it ends at 16 s, and its upload at 12"),
        f"id10005-{upload('ntsc')}-000080-000050": ("train", "line 8 of the list ends before it starts"),
        f"id10270-{upload('uneven')}-000060-000140": ("test", ""),
    }
    assert list(found) == sorted(expected)
    for name, (split, reason) in expected.items():
        assert found[name].split == split
        assert found[name].usable == (not reason), (name, found[name].reason)
        assert reason in found[name].reason, (name, found[name].reason)
    for name in ("good", "uneven"):
        (clip,) = (each for each in found.values() if upload(name) in each.id and each.usable)
        check_clip(clip, net.times[upload(name)])
    (clip,) = (each for each in found.values() if upload("tall") in each.id)
    assert clip.box is not None
    assert clip.box[2] - clip.box[0] == pytest.approx(clip.box[3] - clip.box[1])  # squared by padding
    assert clip.box[2] - clip.box[0] == pytest.approx(2 * (w + 40), abs=2)
    capsys.readouterr()
    assert tavce(["dataset", "status", "fomm"]) == 0
    said = capsys.readouterr().out
    assert "7 clips (1 test, 6 train) of 6 people in 6 uploads" in said
    assert "boxes: 1 of 7 are not square by more than 10 %" in said
