"""Operations, messages and holdings in words, one line each."""

from typing import Final

from settlespec.commitment.leaves import (
    Holdings,
)
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


def instrument_in_words(terms: Instrument) -> str:
    """What kind of instrument it is; of an option its strike too."""
    return f"{terms.kind.value} at {terms.strike:,}" if terms.kind.is_option else terms.kind.value


def holdings_in_words(holdings: Holdings) -> str:
    """What an owner could leave with, but for the marks."""
    sizes = ", ".join(f"{size:+,} lots of instrument {instrument}" for instrument, size in holdings.sizes)
    return f"cash {holdings.cash:,} quantums" + (f", {sizes}" if sizes else "")
