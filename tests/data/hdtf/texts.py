"""A small HDTF: fifteen text files in the form of the authors', with one defect at a time."""

from pathlib import Path

TEXTS = {
    "RD_video_url.txt": "Radio1 https://www.youtube.com/watch?v=radio_00001\nRadio2 https://youtu.be/radio_00002\n",
    "RD_annotion_time.txt": "Radio1.mp4 00:20-01:35\nRadio2.mp4 00:00-00:30\n",
    "RD_resolution.txt": "Radio1.mp4 720\nRadio2.mp4 720\n",
    "RD_crop_wh.txt": "Radio1_0.mp4 466 535 0 535\nRadio2_0.mp4 10 400 20 400\n",
    "RD_crop_ratio.txt": "Radio1_0.mp4 1.2\nRadio2_0.mp4 1.0\n",
    "WDA_video_url.txt": (
        "\ufeffKatieHill https://www.youtube.com/watch?v=Katie_Hill0&t=3s\n"
        "LucilleRoybal-Allard https://www.youtube.com/watch?v=Lucille-RA_\n"
    ),
    "WDA_annotion_time.txt": "KatieHill.mp4 00:05-03:20 \nLucilleRoybal-Allard.mp4 00:10-00:16 01:00-02:05",
    "WDA_resolution.txt": "KatieHill.mp4 720\nLucilleRoybal-Allard.mp4 1080\n",
    "WDA_crop_wh.txt": (
        "KatieHill_0.mp4 384 549 0 549\n"
        "LucilleRoybal-Allard_0.mp4 591 806 37 806\nLucilleRoybal-Allard_1.mp4 600 800 30 800\n"
    ),
    "WDA_crop_ratio.txt": "KatieHill_0.mp4 1.2\nLucilleRoybal-Allard_0.mp4 0.95\nLucilleRoybal-Allard_1.mp4 1.2\n",
    "WRA_video_url.txt": "MikeEnzi https://www.youtube.com/watch?v=MikeEnzi000\n",
    "WRA_annotion_time.txt": "MikeEnzi.mp4 00:01-05:55\n",
    "WRA_resolution.txt": "MikeEnzi.mp4 1080\n",
    "WRA_crop_wh.txt": "MikeEnzi_0.mp4 614 751 0 751\n",
    "WRA_crop_ratio.txt": "MikeEnzi_0.mp4 1.2\n",
}


def write_texts(folder: Path, **changes: str | bytes) -> Path:
    """Write all files into `folder`; `changes` holds other contents by name without suffix."""
    folder.mkdir(exist_ok=True)
    for name, text in TEXTS.items():
        content = changes.get(name.removesuffix(".txt"), text)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
