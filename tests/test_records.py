from __future__ import annotations

import pickle
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from zimu.records import Record, RecordError, Rule, empty


class Place(Record):
    """Something to be inside another one."""

    name: Annotated[str, Rule(pattern="[a-z]+")]
    height: float = 1.5


class Trip(Record):
    """A field of each kind."""

    kind: Literal["walk", 1]
    days: Annotated[int, Rule(above=0, most=9)]
    first: Place
    quick: bool = False
    rest: tuple[Place, ...] = ()
    corner: tuple[float, int] = (0.0, 0)
    notes: dict[str, float] = empty()
    last: Annotated[str, Rule(length=2)] | None = None


VALUES: dict[str, Any] = {"kind": "walk", "days": 2, "first": {"name": "a", "height": 2}}


def test_a_record_read_from_its_own_json_is_the_same() -> None:
    trip = Trip(**VALUES, rest=[Place(name="b")], notes={"好": 1}, corner=[1, 2])
    assert trip.first == Place(name="a", height=2.0) and trip.corner == (1.0, 2)
    assert Trip.model_validate_json(trip.model_dump_json(indent=2)) == trip
    assert trip.model_dump()["rest"] == ({"name": "b", "height": 1.5},)
    assert trip.model_dump("json")["rest"] == [{"name": "b", "height": 1.5}]
    assert '"notes":{"好":1.0}' in trip.model_dump_json()
    assert pickle.loads(pickle.dumps(trip)) == trip


@pytest.mark.parametrize(
    ("values", "where", "reason"),
    [
        ({"days": 0}, "days", "must be above 0, found 0"),
        ({"days": 10}, "days", "must be at most 9, found 10"),
        ({"days": True}, "days", "must be a whole number, found True"),
        ({"days": 2.0}, "days", "must be a whole number, found 2.0"),
        ({"quick": 1}, "quick", "must be true or false, found 1"),
        ({"kind": True}, "kind", "must be 'walk' or 1, found True"),
        ({"first": {"name": "A"}}, "first.name", r"must match \[a-z\]\+, found 'A'"),
        ({"first": {"name": "a\n"}}, "first.name", "must match"),
        ({"first": {"name": "a", "heigth": 1}}, "first.heigth", "is no key here; known: name, height"),
        ({"first": {}}, "first.name", "is missing"),
        ({"first": [1]}, "first", "must be an object of keys and values, found"),
        ({"rest": [{"name": "b"}, 3]}, "rest.1", "must be an object"),
        ({"rest": "b"}, "rest", "must be a list, found 'b'"),
        ({"corner": [1]}, "corner", "must have 2 entries, found 1"),
        ({"notes": {"x": "1"}}, "notes.x", "must be a number, found '1'"),
        ({"notes": {3: 1}}, "notes", "must be a text, found 3"),
        ({"last": "x"}, "last", "must have at least 2 entries, found 1"),
        ({"day": 1}, "day", "is no key here"),
        ({"self": 1}, "self", "is no key here"),
        ({"notes": {"x": 10**400}}, "notes.x", "must be a number that a float can hold"),
        ({"days": "9" * 100_000}, "days", r"must be a whole number, found '9{8,20}\.\.\.9{8,20}'"),
    ],
)
def test_what_does_not_fit_is_named(values: dict[str, Any], where: str, reason: str) -> None:
    with pytest.raises(RecordError, match=reason) as caught:
        Trip(**{**VALUES, **values})
    assert ".".join(caught.value.where) == where
    with pytest.raises(RecordError, match=reason):
        Trip(**VALUES).model_copy(update=values)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, b"\xff\xfe\xfd"])
def test_what_is_no_json_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(RecordError, match=r"is no JSON|must be an object"):
        Trip.model_validate_json(text)


def test_a_record_cannot_be_changed_and_shares_no_default() -> None:
    trip = Trip(**VALUES)
    with pytest.raises(AttributeError, match="days cannot be set"):
        trip.days = 3  # type: ignore[misc]  # what is tested
    trip.notes["x"] = 1.0
    assert not Trip(**VALUES).notes
    assert hash(Place(name="a")) == hash(Place(name="a"))


class Plan(BaseModel):
    """A pydantic model that holds records, as recipes do."""

    model_config = ConfigDict(extra="forbid")

    trip: Trip | None = None


def test_a_record_stands_in_a_pydantic_model() -> None:
    plan = Plan.model_validate({"trip": VALUES})
    assert plan.trip == Trip(**VALUES) and Plan(trip=plan.trip) == plan
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_pydantic_names_every_field_that_is_wrong() -> None:
    with pytest.raises(ValidationError) as caught:
        Plan.model_validate({"trip": {"kind": "fly", "days": 0, "first": {"nam": "a"}}})
    found = {".".join(map(str, e["loc"])): e["type"] for e in caught.value.errors()}
    assert found == {
        "trip.kind": "literal_error",
        "trip.days": "value_error",
        "trip.first.name": "missing",
        "trip.first.nam": "extra_forbidden",
    }
