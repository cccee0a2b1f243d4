"""Where each stage writes; dvc.yaml names the same folders, and a test holds the two together."""

from pathlib import Path

DATA = Path("data")
RESULTS = Path("reports/results")
CACHE = DATA / ".cache"  # made files under what they are made of; may be deleted at any time
SPEED = Path("reports/speed.csv")  # measured by `tavce speed`, kept in git with the machine's name
JUDGES = DATA / "judges"
ROWS = "rows.parquet"  # in a score folder
FEATURES = "features"
BASE, RECORD = "base.pt", "record.json"  # in a base folder; the second in that of an arm too
WAV2LIP = "wav2lip.pt"  # in a wav2lip folder, beside a RECORD
PIECES, SAMPLES = "pieces", "samples.npy"  # in a base folder, and the sound of the pieces in there
SETS = "sets.json"  # signatures of the metrics of sets
SET_VALUES = "sets.parquet"  # their values, in a sensitivity folder


def workshop_folder(stage: str, dataset: str) -> Path:
    """Where a stage makes an output of more clips than one folder should hold, shard by shard; no output itself."""
    return DATA / ".work" / stage / dataset


def dataset_folder(dataset: str) -> Path:
    """Clip table, and for synthtalk the source videos, of a data set."""
    return DATA / "dataset" / dataset


def crop_folder(dataset: str) -> Path:
    """Cropped clips of a data set: table, video, audio, portrait and track per clip."""
    return DATA / "crop" / dataset


def filter_folder(dataset: str) -> Path:
    """Clip table of a data set's crops after what was heard in them: the one that all later stages read."""
    return DATA / "filter" / dataset


def features_folder(dataset: str) -> Path:
    """Features of a data set's clips."""
    return DATA / "features" / dataset


def reference_folder(dataset: str) -> Path:
    """What the judges see in a data set's clips."""
    return DATA / "reference" / dataset


def correlation_folder(dataset: str, correlation: str) -> Path:
    """Weights, curve and figures of a temporal correlation metric trained on a data set."""
    return DATA / "correlation" / dataset / correlation


def base_folder(dataset: str) -> Path:
    """The animator that all arms of a data set begin with, its record, and the clips that they learn from."""
    return DATA / "base" / dataset


def wav2lip_folder(dataset: str) -> Path:
    """Wav2Lip trained on a data set: both networks, and the record of their training."""
    return DATA / "wav2lip" / dataset


def animator_folder(arm: str) -> Path:
    """Checkpoints and curves of an ablation arm, one per seed."""
    return DATA / "animator" / arm


def animated_folder(dataset: str, arm: str) -> Path:
    """What an arm made of a data set's clips: a folder per seed, with its manifest."""
    return DATA / "animate" / dataset / arm


def ablation_folder(dataset: str, arm: str) -> Path:
    """Score rows of an arm on a data set, of all seeds."""
    return DATA / "ablation" / dataset / arm


def sensitivity_folder(dataset: str) -> Path:
    """Score rows of a data set's ground truth under small known changes."""
    return DATA / "sensitivity" / dataset


def generated_folder(dataset: str, method: str) -> Path:
    """What a method made of a data set's clips, with its manifest."""
    return DATA / "generate" / dataset / method


def score_folder(dataset: str, method: str) -> Path:
    """Score rows of a method on a data set, and features of its frames."""
    return DATA / "score" / dataset / method
