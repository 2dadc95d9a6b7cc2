"""Arguments become what JSON can carry, and come back as they were or not at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlespec.domain.orders import Side
from settlespec.engines.arguments import structures_of
from settlespec.engines.plain_form import MOST_DIGITS, NotPlain, arguments_from_plain, as_plain
from settlespec.engines.sampling import strategy
from settlespec.laws.statement import Statement, law_of
from tests.engines import examples


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (2**70, str(2**70)),
        (True, True),
        (None, None),
        (Side.BUY, "BUY"),
        ((1, (2,)), ["1", ["2"]]),
        (examples.Wallet(1, False, Side.SELL), {"coins": "1", "open": False, "side": "SELL"}),
    ],
)
def test_values_become_what_json_can_carry(value: Any, plain: Any):
    assert as_plain(value) == plain


def test_a_value_without_json_is_not_guessed():
    with pytest.raises(TypeError, match="object"):
        as_plain(object())


@pytest.mark.parametrize("function", [examples.true_law, examples.shapes_law, examples.lifted_law])
@given(data=st.data())
def test_arguments_come_back_as_they_were(function: Statement, data: st.DataObject):
    structures = structures_of(law_of(function).arguments)
    arguments = data.draw(st.fixed_dictionaries({name: strategy(inner) for name, inner in structures.items()}))
    assert arguments_from_plain(structures, as_plain(arguments)) == arguments


SHAPE: dict[str, Any] = {
    "wallet": {"coins": "1", "open": True, "side": "BUY"},
    "pair": ["1", "2"],
    "kind": "limit",
}


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        ("wallet", None, "expected are coins, open, side"),
        ("wallet", {"coins": "1", "open": True}, "expected are coins, open, side"),
        ("wallet", {"coins": 1, "open": True, "side": "BUY"}, "decimal string"),
        ("wallet", {"coins": "1e9", "open": True, "side": "BUY"}, "decimal string"),
        ("wallet", {"coins": "9" * (MOST_DIGITS + 1), "open": True, "side": "BUY"}, "decimal string"),
        ("wallet", {"coins": "--1", "open": True, "side": "BUY"}, "decimal string"),
        ("wallet", {"coins": "\u0661", "open": True, "side": "BUY"}, "decimal string"),
        ("wallet", {"coins": "1", "open": "yes", "side": "BUY"}, "true or false"),
        ("wallet", {"coins": "1", "open": True, "side": "HOLD"}, "one of its names"),
        ("pair", ["1"], "2 items"),
        ("pair", "12", "2 items"),
        ("pair", ["0", "2"], "leaves its range"),
        ("kind", "stop", "one of its names"),
    ],
)
def test_what_is_no_form_of_these_arguments_is_refused(place: str, value: Any, problem: str):
    with pytest.raises(NotPlain, match=problem):
        arguments_from_plain(structures_of(law_of(examples.shapes_law).arguments), {**SHAPE, place: value})


def test_arguments_that_are_none_are_refused():
    nothing: list[Any] = [[], None, {"wallet": {}}]
    for plain in nothing:
        with pytest.raises(NotPlain):
            arguments_from_plain(structures_of(law_of(examples.shapes_law).arguments), plain)
