"""The crowd: repeatable people, all different in shape and in looks."""

from dataclasses import replace

import numpy as np
import pytest

from tavce.data.synthetic.geometry import landmarks
from tavce.data.synthetic.identity import make_identity
from tavce.data.synthetic.render import render

CROWD = 96


@pytest.fixture(scope="module")
def crowd():
    return [make_identity(0, number) for number in range(CROWD)]


def smallest_distance(rows):
    """Return the smallest root mean square distance between two rows."""
    flat = np.asarray(rows, np.float64).reshape(len(rows), -1)
    square = (flat**2).sum(1)
    distance = square[:, None] + square[None] - 2 * flat @ flat.T
    distance[np.diag_indices(len(rows))] = np.inf
    return np.sqrt(max(distance.min(), 0) / flat.shape[1])


def test_the_same_number_is_the_same_person():
    assert make_identity(0, 17) == make_identity(0, 17)
    assert make_identity(0, 17) != make_identity(0, 18)
    assert make_identity(0, 17) != make_identity(1, 17)


def test_people_differ_in_geometry(crowd, act):
    faces = [landmarks(person, act(1), 128)[0] for person in crowd]
    assert smallest_distance(faces) > 0.4
    assert smallest_distance([*faces, faces[0] + 0.01]) < 0.1, "a copy would be found"


def test_people_differ_in_pixels(crowd, act):
    pictures = [next(render(person, act(1), 48)) for person in crowd]
    assert smallest_distance(pictures) > 18
    elsewhere = replace(crowd[0], looks=replace(crowd[0].looks, room_kind="window", room=(120.0, 90.0, 160.0)))
    heads = [picture[10:38, 16:32] for picture in (*pictures, next(render(elsewhere, act(1), 48)))]
    assert smallest_distance(heads[:-1]) > 7, "the faces differ, not only the rooms"
    assert smallest_distance(heads) < 2, "the same face in another room would be found"


def test_a_crowd_has_every_kind_of_person(crowd):
    looks = [person.looks for person in crowd]
    assert len({each.style for each in looks}) >= 16
    assert {each.beard for each in looks} == {"none", "stubble", "moustache", "goatee", "full"}
    assert len({each.collar for each in looks}) == 6
    assert len({each.room_kind for each in looks}) == 6
    brightness = np.array([sum(each.skin) / 3 for each in looks])
    assert np.histogram(brightness, bins=(30, 85, 135, 190, 256))[0].min() >= 12
    assert 8 <= sum(each.spectacles != "none" for each in looks) <= 40


def test_the_order_of_drawing_people_does_not_matter(crowd):
    assert crowd[60] == make_identity(0, 60)
