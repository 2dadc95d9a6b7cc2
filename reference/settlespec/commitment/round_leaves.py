"""The clearing round in progress as leaves (rules STATE-10 to STATE-12): a micro-step changes a bounded number of them."""

from collections.abc import Callable
from typing import Final

from attrs import frozen
from immutables import Map

from settlespec.commitment.encoding import MAX_LENGTH, Reader, Refusal, Writer
from settlespec.domain.instruments import SCENARIOS, Instrument, Quote
from settlespec.domain.orders import Side
from settlespec.domain.quantities import IDENTIFIER, LOSS, MAX_PRICE, MAX_SIZE, RATE, TIME
from settlespec.domain.rounds import Breach, CloseAtMark, Discard, Round, Seize, Settle, Stage, Task

BARE, SEIZE, CLOSE, SETTLE, DISCARD = range(5)
"""Tags of tasks."""

MAX_RATE: Final = RATE.high
MAX_LOSS: Final = LOSS.high


def encode_round(current: Round) -> bytes:
    """STATE-10: the round's cursor: everything but its quotes, lists and gains, of which it says how many there are."""
    writer = Writer()
    writer.unsigned(current.number)
    writer.unsigned(current.timestamp)
    writer.unsigned(len(current.quotes))
    writer.unsigned(current.elapsed)
    writer.unsigned(current.stage)
    writer.unsigned(0 if current.holder is None else current.holder + 1)
    for number in (
        len(current.tasks),
        current.cursor,
        len(current.gains),
        current.total_gain,
        len(current.defaulted),
        current.owed,
        current.collected,
        len(current.breaches),
        current.attempts,
        current.micro_steps,
    ):
        writer.unsigned(number)
    return writer.finish()


@frozen
class RoundLists:
    """Where the quotes, lists and gains of a round come from, each by its length as the cursor says it."""

    quotes: Callable[[int], Map[int, Quote]]
    tasks: Callable[[int], tuple[Task, ...]]
    gains: Callable[[int], Map[int, int]]
    defaulted: Callable[[int], tuple[int, ...]]
    breaches: Callable[[int], tuple[Breach, ...]]


def decode_round(data: bytes, lists: RoundLists) -> Round:
    """The round with its lists, or `Refused`."""
    reader = Reader(data)
    number = reader.unsigned(IDENTIFIER.high)
    timestamp = reader.unsigned(TIME.high)
    quote_count = reader.unsigned(MAX_LENGTH)
    elapsed = reader.unsigned(TIME.high)
    stage = reader.unsigned(max(Stage))
    if stage == 0:
        raise reader.refuse(Refusal.OUT_OF_RANGE)
    holder = reader.unsigned(IDENTIFIER.high + 1)
    task_count, cursor = reader.unsigned(MAX_LENGTH), reader.unsigned()
    gain_count, total_gain = reader.unsigned(MAX_LENGTH), reader.unsigned()
    default_count, owed, collected = reader.unsigned(MAX_LENGTH), reader.unsigned(), reader.unsigned()
    breach_count, attempts, micro_steps = reader.unsigned(MAX_LENGTH), reader.unsigned(), reader.unsigned()
    reader.end()
    return Round(
        number,
        timestamp,
        lists.quotes(quote_count),
        elapsed,
        Stage(stage),
        holder - 1 if holder else None,
        lists.tasks(task_count),
        cursor,
        lists.gains(gain_count),
        total_gain,
        lists.defaulted(default_count),
        owed,
        collected,
        lists.breaches(breach_count),
        attempts,
        micro_steps,
    )


def encode_quote(quote: Quote) -> bytes:
    """STATE-14: a quote; its instrument is its key, which says whether it has losses."""
    writer = Writer()
    write_quote(writer, quote)
    return writer.finish()


def decode_quote(data: bytes, instrument: Instrument) -> Quote:
    """The quote of this instrument, or `Refused`."""
    reader = Reader(data)
    quote = read_quote(reader, instrument)
    reader.end()
    return quote


def write_quote(writer: Writer, quote: Quote) -> None:
    """STATE-14.2: mark and rate, then what an option loses in each scenario."""
    writer.unsigned(quote.mark)
    writer.signed(quote.funding_rate)
    write_losses(writer, quote.losses)


def read_quote(reader: Reader, instrument: Instrument) -> Quote:
    """The quote that `write_quote` wrote."""
    mark, rate = reader.unsigned(MAX_PRICE), reader.signed()
    if mark == 0 or abs(rate) > MAX_RATE:
        raise reader.refuse(Refusal.OUT_OF_RANGE)
    return Quote(instrument.id, mark, rate, read_losses(reader) if instrument.kind.is_option else ())


def write_losses(writer: Writer, losses: tuple[int, ...]) -> None:
    """A loss of a long lot in each scenario, the first as it is, each other as the difference to the one before."""
    before = 0
    for loss in losses:
        writer.signed(loss - before)
        before = loss


def read_losses(reader: Reader) -> tuple[int, ...]:
    """The losses that `write_losses` wrote."""
    losses = []
    loss = 0
    for _ in range(SCENARIOS):
        loss += reader.signed()
        if abs(loss) > MAX_LOSS:
            raise reader.refuse(Refusal.OUT_OF_RANGE)
        losses.append(loss)
    return tuple(losses)


def encode_task(task: Task) -> bytes:
    """STATE-11: a task behind its tag."""
    writer = Writer()
    numbers: tuple[int, ...]
    match task:
        case int():
            numbers = (BARE, task)
        case Seize(account):
            numbers = (SEIZE, account)
        case CloseAtMark(account, instrument, counterparty, size):
            numbers = (CLOSE, account, instrument, counterparty, size)
        case Settle(account):
            numbers = (SETTLE, account)
        case Discard(instrument, side, price, arrival):
            numbers = (DISCARD, instrument, 2 * price + (side is Side.BUY), arrival)
    for number in numbers:
        writer.unsigned(number)
    return writer.finish()


def decode_task(data: bytes) -> Task:
    """The task, or `Refused`."""
    reader = Reader(data)
    tag = reader.unsigned(DISCARD)
    first = reader.unsigned(IDENTIFIER.high)
    task: Task
    if tag == BARE:
        task = first
    elif tag == SEIZE:
        task = Seize(first)
    elif tag == SETTLE:
        task = Settle(first)
    elif tag == DISCARD:
        price, buys = divmod(reader.unsigned(2 * MAX_PRICE + 1), 2)
        task = Discard(first, Side.BUY if buys else Side.SELL, price, reader.unsigned(IDENTIFIER.high))
    else:
        instrument, counterparty = reader.unsigned(IDENTIFIER.high), reader.unsigned(IDENTIFIER.high)
        size = reader.unsigned(MAX_SIZE)
        if size == 0:
            raise reader.refuse(Refusal.OUT_OF_RANGE)
        task = CloseAtMark(first, instrument, counterparty, size)
    reader.end()
    return task


def encode_breach(breach: Breach) -> bytes:
    """STATE-12: an account in breach, with what was found."""
    writer = Writer()
    writer.unsigned(breach.account)
    writer.signed(breach.equity)
    writer.unsigned(breach.maintenance)
    writer.unsigned(breach.rounds)
    return writer.finish()


def decode_breach(data: bytes) -> Breach:
    """The breach, or `Refused`."""
    reader = Reader(data)
    breach = Breach(
        reader.unsigned(IDENTIFIER.high), reader.signed(), reader.unsigned(), reader.unsigned(IDENTIFIER.high)
    )
    reader.end()
    return breach
