"""Leaves in words, one line each, and in numbers."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from attrs import fields, has
from immutables import Map

from settlespec.commitment.encoding import Refusal, Refused
from settlespec.commitment.leaves import (
    Activity,
    Holdings,
    LeafKey,
    Part,
    decode_activity,
    decode_claim,
    decode_holdings,
    decode_order,
    decode_received,
)
from settlespec.commitment.market_leaves import MarketLeaf, read_market
from settlespec.commitment.parts import Scalars, decode_number, decode_scalars
from settlespec.commitment.round_leaves import RoundLists, decode_breach, decode_quote, decode_round, decode_task
from settlespec.domain.books import ARRIVAL_MASK, place_of
from settlespec.domain.instruments import Instrument, Quote
from settlespec.domain.messages import Claim, Received
from settlespec.domain.orders import Order, Side
from settlespec.domain.rounds import Breach, CloseAtMark, Discard, Round, Seize, Settle
from settlespec.oracle.words import holdings_in_words, instrument_in_words, message_in_words

Listed = Mapping[int, Instrument]
"""The instruments of a deployment, by id; empty where the deployment is not known."""

OF_GENESIS: Final = (Part.MARKETS, Part.QUOTES)
"""Parts whose leaves are understood with the terms of their instrument only."""

ELSEWHERE: Final = RoundLists(lambda _: Map(), lambda _: (), lambda _: Map(), lambda _: (), lambda _: ())
"""The lists of a round are leaves of their own."""


def leaf_in_words(leaf: LeafKey, data: bytes | None, listed: Listed) -> str:
    """What a changed leaf says now."""
    name = leaf_name(leaf)
    if data is None:
        return f"{name} is gone"
    if leaf.part in OF_GENESIS and not listed:
        return f"{name}: {len(data)} bytes, told with the deployment's genesis only"
    try:
        value = leaf_value(leaf, data, listed)
    except Refused:
        return f"{name}: {len(data)} bytes that are no such leaf"
    if leaf.part in OF_GENESIS:
        name = f"{name}, {instrument_in_words(listed[leaf.key])}"
    return f"{name}: {_number(leaf.part, value) if isinstance(value, int) else _said(value)}"


def leaf_in_numbers(leaf: LeafKey, data: bytes | None, listed: Listed) -> dict[str, Any]:
    """The same for machines; the value is null of a leaf that is gone, or that cannot be understood."""
    try:
        value = None if data is None else leaf_value(leaf, data, listed)
    except Refused:
        value = None
    return {
        "part": leaf.part.name,
        "book": leaf.book,
        "key": leaf.key,
        "gone": data is None,
        "value": in_numbers(value),
        "in_words": leaf_in_words(leaf, data, listed),
    }


def leaf_name(leaf: LeafKey) -> str:
    """The place of a leaf."""
    match leaf.part:
        case Part.SCALARS | Part.ROUND:
            return leaf.part.name.lower()
        case Part.BIDS | Part.ASKS:
            side = "bid" if leaf.part is Part.BIDS else "ask"
            return f"{side} {leaf.key & ARRIVAL_MASK} of instrument {leaf.book}"
        case _:
            return f"{leaf.part.name.lower()} {leaf.key}"


def leaf_value(leaf: LeafKey, data: bytes, listed: Listed) -> object:
    """What a leaf holds: a record of the commitment or of the domain, or a number; None of a holder's, which is empty.

    Raises:
        Refused: the bytes are no such leaf.
    """
    match leaf.part:
        case Part.SCALARS:
            return decode_scalars(data)
        case Part.MARKETS:
            return read_market(data, _terms(leaf, listed).kind)
        case Part.HOLDINGS:
            return decode_holdings(data)
        case Part.ACCOUNTS:
            return decode_activity(data)
        case Part.BIDS | Part.ASKS:
            side = Side.BUY if leaf.part is Part.BIDS else Side.SELL
            return decode_order(data, leaf.book, side, *place_of(side, leaf.key))
        case Part.INBOX:
            return decode_received(data)
        case Part.OUTBOX:
            return decode_claim(data, leaf.key)
        case Part.ROUND:
            return decode_round(data, ELSEWHERE)
        case Part.QUOTES:
            return decode_quote(data, _terms(leaf, listed))
        case Part.TASKS:
            return decode_task(data)
        case Part.BREACHED:
            return decode_breach(data)
        case Part.GAINS | Part.DEFAULTED:
            return decode_number(data)
        case Part.HOLDERS:
            if data:
                raise Refused(Refusal.TRAILING, 0)
            return None


def _terms(leaf: LeafKey, listed: Listed) -> Instrument:
    if leaf.key not in listed:
        raise Refused(Refusal.UNKNOWN_KEY, 0)
    return listed[leaf.key]


def _number(part: Part, number: int) -> str:
    return f"gained {number:,} quantums" if part is Part.GAINS else f"account {number}"


def _said(value: object) -> str:
    match value:
        case MarketLeaf() | Quote():
            return _market(value)
        case Holdings():
            return holdings_in_words(value)
        case Activity():
            orders = sum(len(live.names) for live in value.orders)
            return f"nonce {value.nonce}, {orders:,} live orders, {value.breach_rounds} rounds in breach"
        case Order():
            left = f"{value.size - value.filled:,} of {value.size:,} lots left at {value.price:,}"
            return f"order {value.client_id} of account {value.account}, {left}"
        case Received():
            return message_in_words(value.message)
        case Claim():
            return f"{value.amount:,} quantums wait for account {value.account}"
        case Scalars():
            funds = f"insurance {value.insurance:,}, vault {value.vault:,}"
            return f"clock {value.clock:,} ms, {funds}, {value.accounts:,} accounts, {value.holders:,} holders"
        case _:
            return _of_the_round(value)


def _market(value: MarketLeaf | Quote) -> str:
    if isinstance(value, Quote):
        parts = [f"mark {value.mark:,}, funding rate {value.funding_rate:,} ppm"]
    else:
        parts = [f"mark {value.mark:,}, open interest {value.open_interest:,} lots, {value.orders:,} resting orders"]
        parts.append(f"funding index {value.funding_index:,}, surcharge {value.surcharge_ppm:,} ppm")
        parts += [f"settlement value {value.settlement:,}"] * (value.settlement > 0) + ["expired"] * value.expired
    if value.losses:
        losses = " ".join(f"{loss:,}" for loss in value.losses)
        parts.append(f"losses of a long lot by scenario, in quantums / 3,000,000: {losses}")
    return ", ".join(parts)


def _of_the_round(value: object) -> str:
    match value:
        case Round():
            turn = "" if value.holder is None else f", account {value.holder} in turn"
            money = f"{value.owed:,} quantums owed, {value.collected:,} of them collected"
            return (
                f"round {value.number:,} in {value.stage.name}{turn}, {value.cursor:,} tasks done, "
                f"{value.micro_steps:,} micro-steps, {money}"
            )
        case Seize():
            return f"the orders of account {value.account} are cancelled"
        case CloseAtMark():
            return (
                f"{value.size:,} lots of account {value.account} in instrument {value.instrument} close at the mark "
                f"against account {value.counterparty}"
            )
        case Settle():
            return f"the insurance fund settles account {value.account}"
        case Discard():
            side = "bid" if value.side is Side.BUY else "ask"
            return f"the {side} {value.arrival} at {value.price:,} of instrument {value.instrument} is discarded"
        case Breach():
            needed = f"equity {value.equity:,}, maintenance requirement {value.maintenance:,}"
            return f"account {value.account}, {needed}, {value.rounds:,} rounds in a row"
        case _:
            return "holds a position"


def in_numbers(value: object) -> Any:
    """A record as JSON carries it: fields by name, bytes in hex, enumerations by their names."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: in_numbers(field) for name, field in value._asdict().items()}
    if isinstance(value, tuple):
        return [in_numbers(field) for field in value]
    kind = type(value)
    if has(kind):
        return {place.name: in_numbers(getattr(value, place.name)) for place in fields(kind)}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bytes):
        return value.hex()
    return None if isinstance(value, Map) else value
