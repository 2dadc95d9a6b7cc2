"""What the inputs of a rule's circuit are: the ranges that the annotations declare, and those that they leave open.

A circuit has one shape, so every integer has a range and every tuple a length. Where an annotation of a rule says neither, it is
stated here, by the name of the argument or the field; a test holds that what one rule hands on lies in the range of the next.
"""

import random
import typing
from collections.abc import Mapping
from typing import Any, Final

import attrs

from settlespec.domain.instruments import SCENARIOS, InstrumentKind
from settlespec.domain.quantities import (
    IDENTIFIER,
    LOSS,
    MAX_AMOUNT,
    MAX_PRICE,
    MAX_SIZE,
    RATE,
    TIME,
)
from settlespec.engines.arguments import (
    ConditionLeaf,
    IntegerLeaf,
    OneOf,
    RecordOf,
    Structure,
    TupleOf,
    build,
    structure_of,
)
from settlespec.laws.statement import BadStatement, arguments_of
from settlespec.rules.base_fees import MAX_FEE, MAX_GAS
from settlespec.rules.margin import RISK_SCALE, Holding

HOLDINGS: Final = 2
"""Holdings of one underlying where a rule takes any number of them: a further one repeats the constraints of the second."""

MOST_HOLDINGS: Final = 2**16
"""Terms of a sum over the positions of an account, more than there are instruments."""

MOST_ACCOUNTS: Final = 2**32
"""Terms of a sum over accounts."""

MOST_LOSS: Final = 3 * RATE.high * MAX_PRICE
"""What a lot loses at most: three thirds of the largest scan range; a stated loss (`LOSS`) is smaller."""

MOST_RISK: Final = 3 * MOST_LOSS * MAX_SIZE * MOST_HOLDINGS
"""Loss, spread charge and short minimum of every position of an account, times RISK_SCALE."""


def _integer(low: int, high: int) -> IntegerLeaf:
    return IntegerLeaf(low, high)


_PRICE: Final = _integer(0, MAX_PRICE)
_SIDE: Final = _integer(-1, 1)
_LOTS: Final = _integer(0, MAX_SIZE)
_OPEN_INTEREST: Final = _integer(0, MAX_SIZE * MOST_ACCOUNTS)
_MONEY: Final = _integer(-MAX_AMOUNT, MAX_AMOUNT)
_CHARGE: Final = _integer(0, MOST_LOSS)
_RISK: Final = _integer(0, MOST_RISK)
_WIDTH: Final = _integer(0, MAX_PRICE * RATE.high)
_BLOCK: Final = _integer(IDENTIFIER.low, IDENTIFIER.high)
_TIME: Final = _integer(TIME.low, TIME.high)
_EXACT: Final = RATE.high * MAX_PRICE * MAX_SIZE * TIME.high * MOST_HOLDINGS
_FUNDING_INDEX: Final = RATE.high * MAX_PRICE * TIME.high

STATED: Final[Mapping[str, Structure]] = {
    "after": _RISK,
    "band_steps": _integer(0, RATE.high),
    "basis": _CHARGE,
    "before": _RISK,
    "clock": _TIME,
    "debt": _MONEY,
    "denominator": _integer(1, MAX_GAS),
    "depth": _BLOCK,
    "edge": _PRICE,
    "exact": _integer(-_EXACT, _EXACT),
    "expiry": _TIME,
    "fee": _integer(0, MAX_AMOUNT * RATE.high),
    "filled": _LOTS,
    "final": _BLOCK,
    "free": _integer(0, MAX_AMOUNT),
    "funding_index": _integer(-_FUNDING_INDEX, _FUNDING_INDEX),
    "gain": _integer(0, 2 * MAX_AMOUNT),
    "half_width": _WIDTH,
    "head": _BLOCK,
    "high": _PRICE,
    "index": _integer(1, 2**16),
    "kind": OneOf((InstrumentKind.PERPETUAL,)),
    "linear_short_lot": _integer(0, 3 * MOST_LOSS),
    "long_lot": _integer(0, 3 * MOST_LOSS),
    "losses": TupleOf((_integer(-MOST_LOSS, MOST_LOSS),) * SCENARIOS),
    "low": _PRICE,
    "moved": _integer(0, MAX_PRICE * (RISK_SCALE + 9 * RATE.high)),
    "nonzero_bytes": _integer(0, MAX_GAS),
    "numerator": _integer(0, MAX_GAS),
    "open_interest": _OPEN_INTEREST,
    "over_bankruptcy": _MONEY,
    "patience": _BLOCK,
    "price": _PRICE,
    "resting_reduce_only": _LOTS,
    "right": _SIDE,
    "risk": _RISK,
    "rounds": _BLOCK,
    "settlement": OneOf((None,)),
    "share": _integer(1, 3),
    "shifted_losses.losses": TupleOf((_integer(-MOST_RISK, MOST_RISK),) * SCENARIOS),
    "short_lot": _integer(0, 3 * MOST_LOSS),
    "short_minimum": _CHARGE,
    "side": _SIDE,
    "stated": TupleOf((_integer(LOSS.low, LOSS.high),) * SCENARIOS),
    "surcharge_from": _OPEN_INTEREST,
    "surcharge_to": _OPEN_INTEREST,
    "term": _integer(0, MAX_FEE * MAX_GAS),
    "thirds": _integer(-9, 9),
    "tokens": _integer(0, 5 * MAX_GAS),
    "total_gain": _integer(0, 2 * MAX_AMOUNT * MOST_ACCOUNTS),
    "underlying": _BLOCK,
    "values": TupleOf((_integer(-MAX_SIZE * MAX_PRICE, MAX_SIZE * MAX_PRICE),) * 4),
    "width": _WIDTH,
    "worst_long": _CHARGE,
    "worst_of.losses": TupleOf((_integer(-MOST_RISK, MOST_RISK),) * SCENARIOS),
    "worst_short": _CHARGE,
    "zero_bytes": _integer(0, MAX_GAS),
}
"""By the name of an argument or of a field whose annotation leaves its range, its length or its variant open.

Where one name means two things, the rule or the record stands before it.
"""


class NoRange(Exception):
    """An input of a rule has no range or no length, neither declared nor stated, so its circuit has no shape."""


def inputs_of(function: Any) -> dict[str, Structure]:
    """Give the structure of every argument of a rule, with a range for each integer in it.

    Raises:
        NoRange: an argument leaves open what is stated nowhere.
    """
    owner = function.__name__
    return {argument.name: _bounded(owner, argument.name, argument.annotation) for argument in arguments_of(function)}


def _bounded(owner: str, name: str, annotation: Any) -> Structure:
    """What the annotation declares, else what is stated under this name; records field by field."""
    base = annotation.__origin__ if typing.get_origin(annotation) is typing.Annotated else annotation
    if isinstance(base, type) and attrs.has(base):
        hints = typing.get_type_hints(base, include_extras=True)
        fields = [field for field in attrs.fields(base) if field.init]
        return RecordOf(base, tuple((f.alias, _bounded(base.__name__, f.name, hints[f.name])) for f in fields))
    declared = _declared(annotation)
    if declared is not None:
        return declared
    if base == tuple[Holding, ...]:
        return TupleOf((_bounded(owner, "holding", Holding),) * HOLDINGS)
    stated = STATED.get(f"{owner}.{name}", STATED.get(name))
    if stated is None:
        raise NoRange(f"{name} of {owner} has no range, neither declared nor stated")
    return stated


def _declared(annotation: Any) -> Structure | None:
    """The structure of an annotation that leaves nothing open."""
    try:
        structure = structure_of(annotation)
    except BadStatement:
        return None
    if isinstance(structure, ConditionLeaf):
        return structure
    closed = isinstance(structure, IntegerLeaf) and structure.low is not None and structure.high is not None
    return structure if closed else None


def ends_of(name: str, leaf: IntegerLeaf) -> tuple[int, int]:
    """Give both ends of the range of an input.

    Raises:
        NoRange: one of them is open.
    """
    if leaf.low is None or leaf.high is None:
        raise NoRange(f"{name} has no range, neither declared nor stated")
    return leaf.low, leaf.high


def drawn_inputs(structures: Mapping[str, Structure], seed: int) -> dict[str, Any]:
    """Draw arguments of these structures: of each integer its bounds, a value near zero, or any width; the same seed draws the same."""
    chance = random.Random(seed)

    def leaf(name: str, structure: IntegerLeaf | ConditionLeaf) -> int | bool:
        if isinstance(structure, ConditionLeaf):
            return chance.random() < 0.5
        low, high = ends_of(name, structure)
        width = chance.randrange((high - low).bit_length() + 1)
        near_zero = chance.getrandbits(width) * chance.choice((1, -1)) if width else 0
        candidate = chance.choice((low, high, near_zero, near_zero, near_zero, chance.randint(low, high)))
        return min(max(candidate, low), high)

    return {name: build(structure, name, leaf) for name, structure in structures.items()}
