"""Quantities: what each integer means, its unit, and the range that it may not leave.

A value outside its range is refused as ``OUT_OF_RANGE``; an integer of more than `MAX_DIGITS` digits is not decoded at all.
The ranges are read by the machine, by the wire schemas and by the engines that draw or constrain the arguments of a law.
"""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen


@frozen
class Range:
    """An inclusive range of integers."""

    low: int
    high: int

    def __contains__(self, value: int) -> bool:
        return self.low <= value <= self.high


MAX_DIGITS: Final = 100
"""Decimal digits of an integer on the wire: more than 2^256 needs (78), few enough that parsing stays linear in practice."""

MAX_PRICE: Final = 2**40 - 1
"""About 1.1 million collateral units per lot at 1e-6 each: above every listed contract; fits a 64-bit product with 2^24 lots."""

MAX_SIZE: Final = 2**40 - 1
"""Lots of one order or position."""

MAX_AMOUNT: Final = 2**96 - 1
"""Quantums of one transfer or of the vault: 7.9e22 collateral units, and a price * size product (2^80) fits with room to spare."""

AMOUNT: Final = Range(1, MAX_AMOUNT)
PRICE: Final = Range(1, MAX_PRICE)
SIZE: Final = Range(1, MAX_SIZE)
IDENTIFIER: Final = Range(0, 2**64 - 1)
TIME: Final = Range(0, 2**53 - 1)
RATE: Final = Range(-(10**9), 10**9)
LOSS: Final = Range(-(2**63 - 1), 2**63 - 1)

Quantums: TypeAlias = Annotated[int, Range(-MAX_AMOUNT, MAX_AMOUNT)]
"""Money in quote quantums (1e-6 of the collateral unit), signed."""

Amount: TypeAlias = Annotated[int, AMOUNT]
"""Money that moves, in quantums, positive."""

Price: TypeAlias = Annotated[int, PRICE]
"""Quote quantums per lot."""

PriceOrNone: TypeAlias = Annotated[int, Range(0, MAX_PRICE)]
"""A price, or 0 where there is none."""

Size: TypeAlias = Annotated[int, SIZE]
"""Lots of an order, positive."""

SignedSize: TypeAlias = Annotated[int, Range(-MAX_SIZE, MAX_SIZE)]
"""Lots of a position: long is positive."""

Rate: TypeAlias = Annotated[int, RATE]
"""Parts per million."""

Factor: TypeAlias = Annotated[int, Range(0, 10**9)]
"""Parts per million, not negative."""

Loss: TypeAlias = Annotated[int, LOSS]
"""What a lot loses in a scenario, in quantums times `rules.margin.RISK_SCALE`: a price of 2^40 times 3,000,000 fits."""

Milliseconds: TypeAlias = Annotated[int, TIME]
"""A time or a duration in milliseconds; 2^53 stays exact in every JSON reader."""

AccountId: TypeAlias = Annotated[int, IDENTIFIER]
InstrumentId: TypeAlias = Annotated[int, IDENTIFIER]
ClientId: TypeAlias = Annotated[int, IDENTIFIER]
"""The owner's own name for an order, unique among the account's live orders in the instrument."""

Arrival: TypeAlias = Annotated[int, IDENTIFIER]
"""The place of an order in the one committed arrival count, never reset."""

Nonce: TypeAlias = Annotated[int, IDENTIFIER]
Count: TypeAlias = Annotated[int, Range(1, 2**32 - 1)]
"""How many, at least one."""

Index: TypeAlias = Annotated[int, IDENTIFIER]
"""A place in the inbox, the outbox or the sequence of rounds."""


@cache
def ranges(kind: Any) -> tuple[tuple[str, int, int], ...]:
    """The integer fields of a record with the ranges that their types declare."""
    return limits_of(kind, lambda annotation: annotation)


def limits_of(kind: Any, member: Callable[[Any], Any]) -> tuple[tuple[str, int, int], ...]:
    """The fields of a record of which some part of the type is an integer with a range."""
    if not attrs.has(kind):
        return ()
    return tuple(
        (name, limit.low, limit.high)
        for name, annotation in get_type_hints(kind, include_extras=True).items()
        if get_origin(part := member(annotation)) is Annotated
        for limit in get_args(part)[1:]
        if isinstance(limit, Range)
    )
