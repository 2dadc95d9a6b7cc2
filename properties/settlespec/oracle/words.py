"""Operations and leaves in words, one line each."""

from typing import Final

from settlespec.commitment.encoding import Refused
from settlespec.commitment.leaves import (
    Holdings,
    LeafKey,
    Part,
    decode_activity,
    decode_claim,
    decode_holdings,
    decode_order,
    decode_received,
)
from settlespec.commitment.parts import decode_scalars
from settlespec.domain.books import ARRIVAL_MASK, place_of
from settlespec.domain.instruments import Instrument
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal, Message
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    ContinueRound,
    FixSettlement,
    Operation,
    Place,
    Receive,
    Replace,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.orders import OrderKind, Side

SIDES: Final = {Side.BUY: "buys", Side.SELL: "sells"}


def operation_in_words(operation: Operation) -> str:
    """What an operation asks for."""
    match operation:
        case Place():
            price = "at any price" if operation.kind is OrderKind.MARKET else f"at {operation.price:,}"
            terms = [str(operation.time_in_force)]
            terms += ["post only"] * operation.post_only + ["reduce only"] * operation.reduce_only
            return (
                f"account {operation.account} {SIDES[operation.side]} {operation.size:,} lots of instrument "
                f"{operation.instrument} {price}, order {operation.client_id}, {', '.join(terms)}"
            )
        case Cancel():
            return (
                f"account {operation.account} cancels order {operation.client_id} of instrument {operation.instrument}"
            )
        case Replace():
            return (
                f"account {operation.account} replaces order {operation.client_id} of instrument {operation.instrument} by "
                f"{operation.size:,} lots at {operation.price:,}"
            )
        case Withdraw():
            return f"account {operation.account} withdraws {operation.amount:,} quantums"
        case Transfer():
            return f"account {operation.account} sends {operation.amount:,} quantums to account {operation.recipient}"
        case Receive():
            return f"the base layer sends, at {operation.time:,} ms: {message_in_words(operation.message)}"
        case Take():
            return "the next message is taken"
        case Tick():
            return f"the clock moves to {operation.time:,} ms"
        case FixSettlement():
            fixed = operation.statement
            return f"instrument {fixed.instrument} is settled at {fixed.value:,}"
        case BeginRound():
            statement = operation.statement
            marks = ", ".join(f"{quote.mark:,} for instrument {quote.instrument}" for quote in statement.quotes)
            return f"round {statement.number} begins with the marks {marks}"
        case ContinueRound():
            return f"the round goes on for at most {operation.micro_steps:,} micro-steps"


def message_in_words(message: Message) -> str:
    """What a message of the base layer is."""
    match message:
        case Deposit():
            return f"{message.amount:,} quantums for account {message.account}"
        case ForcedWithdrawal():
            return f"account {message.account} is to be paid {message.amount:,} quantums"
        case ForcedOrder():
            return (
                f"account {message.account} {SIDES[message.side]} {message.size:,} lots of instrument {message.instrument} at "
                f"{message.price:,}"
            )


def leaf_in_words(leaf: LeafKey, data: bytes | None) -> str:
    """What a changed leaf says now."""
    name = leaf_name(leaf)
    if data is None:
        return f"{name} is gone"
    try:
        return f"{name}: {_content(leaf, data)}"
    except Refused:
        return f"{name}: {len(data)} bytes that are no such leaf"


def leaf_name(leaf: LeafKey) -> str:
    """The place of a leaf."""
    match leaf.part:
        case Part.SCALARS:
            return "scalars"
        case Part.BIDS | Part.ASKS:
            side = "bid" if leaf.part is Part.BIDS else "ask"
            return f"{side} {leaf.key & ARRIVAL_MASK} of instrument {leaf.book}"
        case _:
            return f"{leaf.part.name.lower()} {leaf.key}"


def _content(leaf: LeafKey, data: bytes) -> str:
    match leaf.part:
        case Part.SCALARS:
            found = decode_scalars(data)
            funds = f"insurance {found.insurance:,}, vault {found.vault:,}"
            return f"clock {found.clock:,} ms, {funds}, {found.accounts:,} accounts, {found.holders:,} holders"
        case Part.HOLDINGS:
            return holdings_in_words(decode_holdings(data))
        case Part.ACCOUNTS:
            activity = decode_activity(data)
            orders = sum(len(live.names) for live in activity.orders)
            return f"nonce {activity.nonce}, {orders:,} live orders, {activity.breach_rounds} rounds in breach"
        case Part.BIDS | Part.ASKS:
            side = Side.BUY if leaf.part is Part.BIDS else Side.SELL
            price, arrival = place_of(side, leaf.key)
            order = decode_order(data, leaf.book, side, price, arrival)
            return f"order {order.client_id} of account {order.account}, {order.size - order.filled:,} of {order.size:,} lots left"
        case Part.INBOX:
            return message_in_words(decode_received(data).message)
        case Part.OUTBOX:
            claim = decode_claim(data, leaf.key)
            return f"{claim.amount:,} quantums wait for account {claim.account}"
        case _:
            return f"{len(data)} bytes"


def instrument_in_words(terms: Instrument) -> str:
    """What kind of instrument it is; of an option its strike too."""
    return f"{terms.kind.value} at {terms.strike:,}" if terms.kind.is_option else terms.kind.value


def holdings_in_words(holdings: Holdings) -> str:
    """What an owner could leave with, but for the marks."""
    sizes = ", ".join(f"{size:+,} lots of instrument {instrument}" for instrument, size in holdings.sizes)
    return f"cash {holdings.cash:,} quantums" + (f", {sizes}" if sizes else "")
