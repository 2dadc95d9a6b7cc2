"""On random inputs the symbolic reading of every rule answers what the plain one answers."""

from collections.abc import Callable, Iterable
from typing import Any, get_origin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlespec import arithmetic
from settlespec.domain.instruments import SCENARIOS, Instrument, Market, RiskArray
from settlespec.domain.quantities import MAX_PRICE, MAX_SIZE, RATE
from settlespec.engines.agreement import symbolic_answer
from settlespec.engines.arguments import structure_of
from settlespec.engines.rule_functions import rule_functions
from settlespec.engines.sampling import strategy
from settlespec.laws.statement import arguments_of
from settlespec.rules.margin import Holding

NUMBERS = st.one_of(st.integers(-100, 100), st.integers(-(2**80), 2**80))

ARRAYS = st.builds(
    RiskArray,
    st.tuples(*[NUMBERS] * SCENARIOS),
    *[NUMBERS] * 6,
)
MARKETS = st.builds(
    Market,
    strategy(structure_of(Instrument)),
    st.integers(1, MAX_PRICE),
    ARRAYS,
    st.integers(0, RATE.high),
    *[NUMBERS] * 3,
)
HOLDINGS = st.lists(st.builds(Holding, st.integers(-MAX_SIZE, MAX_SIZE), MARKETS), min_size=0, max_size=2).map(tuple)

BY_SCENARIO = st.tuples(*[NUMBERS] * SCENARIOS)
"""A loss for each scenario."""

UNBOUNDED_SHAPES: dict[Any, st.SearchStrategy[Any]] = {
    RiskArray: ARRAYS,
    Market: MARKETS,
    Holding: st.builds(Holding, st.integers(-MAX_SIZE, MAX_SIZE), MARKETS),
    tuple[Holding, ...]: HOLDINGS,
    tuple[int, ...]: st.lists(NUMBERS, max_size=4).map(tuple),
    Iterable[int]: st.lists(NUMBERS, max_size=4).map(tuple),
}
"""Arguments whose length no annotation fixes; a rule with another such type needs a line here."""


ARITHMETIC = [
    arithmetic.absolute,
    arithmetic.ceil_div,
    arithmetic.clamp,
    arithmetic.floor_div,
    arithmetic.maximum,
    arithmetic.minimum,
    arithmetic.negate,
    arithmetic.sign,
    arithmetic.total,
]

RULES = [rule.function for rule in rule_functions()]


def drawn_arguments(function: Callable[..., Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            argument.name: BY_SCENARIO
            if argument.name in ("losses", "stated") and get_origin(argument.annotation) is tuple
            else UNBOUNDED_SHAPES[argument.annotation]
            if argument.annotation in UNBOUNDED_SHAPES
            else strategy(structure_of(argument.annotation))
            for argument in arguments_of(function)
        }
    )


@pytest.mark.parametrize("function", [*ARITHMETIC, *RULES], ids=lambda function: function.__name__)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_readings_of_a_rule_agree(function: Callable[..., Any], data: st.DataObject):
    arguments = data.draw(drawn_arguments(function))
    assert symbolic_answer(function, arguments) == function(**arguments)


def test_every_public_rule_is_among_them():
    names = {rule.name for rule in rule_functions()}
    assert {"trade_position", "order_reserve", "bankruptcy_quote", "payment", "maker_fee", "forced_amount"} <= names


def test_a_reading_that_differs_is_noticed():
    def differs(number: int) -> int:
        return number + 1 if type(number) is int else number

    assert symbolic_answer(differs, {"number": 3}) != differs(3)
