"""The stored form of a profile: what it may hold, and that nonsense in it is damage."""

import json
from typing import Any

import pytest

from populations import artifact, profiled, rows, scorer
from servable.artifact import Profile, ProfileSource, parse_profile, pretty_json
from servable.errors import Damaged
from servable.profile import profile_of

SCHEMA = artifact(has_text=True).schema


@pytest.fixture(scope="module")
def profile() -> Profile:
    found = profiled(400, seed=1, has_text=True).artifact.profile
    assert found is not None
    return found


def changed(profile: Profile, place: str, value: object) -> Any:
    """A profile's JSON values with another one at `a/0/b`."""
    plain = json.loads(pretty_json(profile.to_plain()))
    *parents, last = place.split("/")
    part = plain
    for name in parents:
        part = part[int(name) if isinstance(part, list) else name]
    if value is KeyError:
        del part[last]
    elif isinstance(part, list):
        part[int(last)] = value
    else:
        part[last] = value
    return plain


def test_a_profile_reads_back_from_its_file(profile: Profile) -> None:
    ((name, data),) = profile.to_files().items()

    assert name == "profile.json"
    assert parse_profile(json.loads(data), SCHEMA, where=name) == profile


def test_a_profile_is_a_few_kilobytes(profile: Profile) -> None:
    (data,) = profile.to_files().values()

    assert len(data) < 6000


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("format", 2),
        ("format", KeyError),
        ("more", 1),
        ("source", "somewhere"),
        ("rows", 0),
        ("rows", -1),
        ("rows", 401),
        ("rows", 1e400),
        ("rows", "400"),
        ("held_out", 401),
        ("scored", 0),
        ("scored", 401),
        ("numbers", []),
        ("numbers/0/field", "visits"),
        ("numbers/0/missing", -1),
        ("numbers/0/missing", 3),
        ("numbers/0/values/counts", [1, 2]),
        ("numbers/0/values/counts", [1] * 40),
        ("numbers/0/values/low", 1000.0),
        ("numbers/0/values/low", "0"),
        ("numbers/0/values/edges/3", 1e9),
        ("numbers/0/values/edges/3", -1e9),
        ("numbers/1/values/edges", [2.5, 2.5]),
        ("categories/0/rest", 7),
        ("categories/0/unknown", 401),
        ("categories/0/categories/west", 4),
        ("categories/0/categories/west", 0.5),
        ("categories/0/categories", {f"c{number}": 8 for number in range(51)}),
        ("categories/0/categories", {"x" * 101: 400}),
        ("texts/0/empty", 400),
        ("texts/0/cut", 401),
        ("texts/0/tokens/counts/2", 1),
        ("texts/0/characters/high", -5),
        ("scores", []),
        ("scores", [None, None]),
        ("scores/0/counts/1", 0),
        ("labels", [1, 2, 3]),
        ("labels", [300, 300]),
        ("labels", [-1, 2]),
    ],
)
def test_what_is_no_profile_of_these_fields_is_damage(profile: Profile, place: str, value: object) -> None:
    plain = changed(profile, place, value)

    with pytest.raises(Damaged) as caught:
        parse_profile(plain, SCHEMA, where="profile.json")

    assert caught.value.code == "artifact.profile"
    assert str(caught.value).startswith("profile.json: expected ")


def test_a_damaged_profile_is_refused_in_a_sentence(profile: Profile) -> None:
    with pytest.raises(Damaged) as caught:
        parse_profile(changed(profile, "numbers/0/missing", 3), SCHEMA, where="profile.json")

    assert str(caught.value) == (
        'profile.json: expected 400 rows of "amount", found 383; train or pack again, or take the profile '
        "away and do without `servable drift`"
    )


def test_profiles_of_three_classes_have_scores_of_each() -> None:
    classes = ("low", "mid", "high")
    model = scorer(classes=classes)

    profile = profile_of(model, [rows(400, seed=2)], source=ProfileSource.TABLE)

    assert len(profile.scores) == 3
    assert parse_profile(profile.to_plain(), model.schema, where="profile") == profile
