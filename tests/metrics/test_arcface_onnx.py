"""InsightFace's recognition files: equal to its own class on small files made here, and mistakes that are not."""

import inspect

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from metrics.align import AlignedFaces
from metrics.identity import Recogniser, embeddings
from metrics.networks.arcface_onnx import load_arcface, pixel_normalisation

CHANNELS = 12
TOLERANCE = 1e-5  # relative; measured 0, with and without the normalisation inside


def save_network(path, *, embedded=False, batch="None", rows=1, shape=(3, 112, 112), names=("_minus0", "_mul0")):
    """Write an ONNX file: convolution, PReLU, linear layer; random weights; like w600k_r50 it declares one row."""
    rng = np.random.default_rng(8)
    spread = rng.normal(0, 0.2, (6 * 14 * 14, CHANNELS))
    normalisation = {"centre": np.float32(127.5), "factor": np.float32(1 / 127.5)}
    tensors = {
        "kernel": rng.normal(0, 0.2, (6, 3, 8, 8)).astype(np.float32),
        "slope": rng.uniform(0, 0.5, (6, 1, 1)).astype(np.float32),
        "matrix": (spread / 10).astype(np.float32),
        "bias": rng.normal(0, 1, CHANNELS).astype(np.float32),
    }
    tensors |= normalisation if embedded else {}
    before = [
        helper.make_node("Sub", ["data", "centre"], ["centred"], name=names[0]),
        helper.make_node("Mul", ["centred", "factor"], ["unit"], name=names[1]),
    ]
    nodes = [
        *(before if embedded else []),
        helper.make_node("Conv", ["unit" if embedded else "data", "kernel"], ["maps"], name="Conv_0", strides=[8, 8]),
        helper.make_node("PRelu", ["maps", "slope"], ["active"], name="PRelu_1"),
        helper.make_node("Flatten", ["active"], ["flat"], name="Flatten_2"),
        helper.make_node("Gemm", ["flat", "matrix", "bias"], ["683"], name="Gemm_3"),
    ]
    graph = helper.make_graph(
        nodes,
        "recogniser",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [batch, *shape])],
        [helper.make_tensor_value_info("683", TensorProto.FLOAT, [rows, CHANNELS])],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "embedded"])
def file(request, tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("arcface") / "w600k_tiny.onnx", embedded=request.param)


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(9)
    coarse = rng.uniform(0, 255, (5, 14, 14, 3)).repeat(8, axis=1).repeat(8, axis=2)
    return np.clip(coarse + rng.normal(0, 20, coarse.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def published(file, faces):
    """InsightFace's own class, which takes B, G, R."""
    from insightface.model_zoo.arcface_onnx import ArcFaceONNX

    network = ArcFaceONNX(str(file))
    return np.concatenate([network.get_feat(face[..., ::-1]) for face in faces])


def relative_error(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


def test_equals_insightface(file, faces, published):
    recogniser = load_arcface(file)
    assert (recogniser.name, recogniser.channels) == ("w600k_tiny", CHANNELS)
    found = recogniser(faces)
    assert found.dtype == np.float32
    assert relative_error(found, published) < TOLERANCE


def test_is_a_recogniser_whose_embeddings_are_the_directions_of_insightface(file, faces, published):
    recogniser = load_arcface(file)
    assert isinstance(recogniser, Recogniser)
    found = embeddings(recogniser, AlignedFaces(faces, np.ones(len(faces), bool)), batch=2)
    expected = published / np.linalg.norm(published, axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(lambda x: x[..., ::-1], id="BGR"),
        pytest.param(lambda x: x[:, :, ::-1], id="mirrored"),
        pytest.param(lambda x: x // 255, id="range 0 to 1"),
    ],
)
def test_mistaken_faces_move_embeddings(file, faces, published, mistake):
    assert relative_error(load_arcface(file)(mistake(faces)), published) > 1000 * TOLERANCE


@pytest.mark.parametrize("names", [("Subtract", "x"), ("_minus0", "_scale"), ("minus", "mul")])
def test_embedded_normalisation_under_other_names_is_done_twice_as_insightface_does(tmp_path, faces, names):
    """The rule goes by names; a file that it takes for plain gets pixels in [-1, 1] and says nothing."""
    told = load_arcface(save_network(tmp_path / "told.onnx", embedded=True))
    untold = load_arcface(save_network(tmp_path / "untold.onnx", embedded=True, names=names))
    assert (told.centre, told.scale, untold.centre, untold.scale) == (0, 1, 127.5, 127.5)
    assert relative_error(untold(faces), told(faces)) > 1000 * TOLERANCE


def test_the_rule_looks_at_eight_nodes():
    assert pixel_normalisation(["", "Sub_1", "", "Mul_3"]) == (0, 1)
    assert pixel_normalisation(["_minusscalar0", "_mulscalar0", "conv0"]) == (0, 1)
    assert pixel_normalisation([*["Conv"] * 6, "_mul", "_minus"]) == (0, 1)
    assert pixel_normalisation([*["Conv"] * 7, "_mul", "_minus"]) == (127.5, 127.5)
    assert pixel_normalisation(["Sub_1", "Conv_2"]) == (127.5, 127.5)


def test_the_batch_moves_embeddings_by_rounding_only(file, faces):
    recogniser = load_arcface(file)
    many = np.concatenate([faces] * 7)[:32]
    together = recogniser(many)
    single = np.concatenate([recogniser(face[None]) for face in many])
    assert relative_error(single, together) < 1e-6
    assert np.array_equal(recogniser(many), together)
    assert recogniser(faces[:0]).shape == (0, CHANNELS)


def test_a_file_for_one_face_at_a_time_takes_them_one_by_one(tmp_path, faces):
    free = load_arcface(save_network(tmp_path / "free.onnx", rows="None"))
    fixed = load_arcface(save_network(tmp_path / "fixed.onnx", batch=1))
    assert (free.one_by_one, fixed.one_by_one) == (False, True)
    assert relative_error(fixed(faces), free(faces)) < 1e-6


def test_threads_do_not_move_embeddings(file, faces):
    one, two = load_arcface(file, threads=1), load_arcface(file, threads=2)
    assert two.session.get_session_options().intra_op_num_threads == 2
    assert relative_error(two(faces), one(faces)) < 1e-6


def test_files_that_are_no_recogniser_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="fetch these weights"):
        load_arcface(tmp_path / "none.onnx")
    whole = save_network(tmp_path / "whole.onnx").read_bytes()
    for name, content in (("cut", whole[: len(whole) // 2]), ("empty", b""), ("page", b"<html>404</html>" * 40)):
        (tmp_path / f"{name}.onnx").write_bytes(content)
        with pytest.raises(ValueError, match="is not a network that ONNX Runtime can run"):
            load_arcface(tmp_path / f"{name}.onnx")
    for change in ({"batch": 4, "rows": 4}, {"shape": (3, 119, 112)}):
        with pytest.raises(ValueError, match="is no face recognition network: it maps"):
            load_arcface(save_network(tmp_path / "other.onnx", **change))


def test_a_provider_that_is_not_there_is_refused_and_not_replaced(file):
    with pytest.raises(ValueError, match=r"no provider NoSuchExecutionProvider here; there are .*CPUExecutionProvider"):
        load_arcface(file, providers=["NoSuchExecutionProvider", "CPUExecutionProvider"])
    with pytest.raises(ValueError, match="no provider at all"):
        load_arcface(file, providers=[])


def test_other_faces_are_refused(file, faces):
    recogniser = load_arcface(file)
    for wrong in (faces / np.float32(255), faces[:, :100], faces[..., :1]):
        with pytest.raises(ValueError, match="uint8 of 112 x 112 x 3"):
            inspect.unwrap(type(recogniser).__call__)(recogniser, wrong)
