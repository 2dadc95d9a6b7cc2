"""The clearing round in progress as leaves (rules STATE-10 to STATE-12): a micro-step changes a bounded number of them."""

from collections.abc import Callable
from typing import Final

from attrs import frozen
from immutables import Map

from settlespec.commitment.encoding import MAX_LENGTH, Reader, Refusal, Writer
from settlespec.domain.instruments import Quote, RoundStatement
from settlespec.domain.orders import Side
from settlespec.domain.quantities import IDENTIFIER, MAX_PRICE, MAX_SIZE, RATE, TIME
from settlespec.domain.rounds import Breach, CloseAtMark, Discard, Round, Seize, Settle, Stage, Task

BARE, SEIZE, CLOSE, SETTLE, DISCARD = range(5)
"""Tags of tasks."""

MAX_RATE: Final = RATE.high


def encode_round(current: Round) -> bytes:
    """STATE-10: the round's cursor: everything but its lists and gains, of which it says how long they are."""
    writer = Writer()
    statement = current.statement
    for number in (statement.chain, statement.rollup, statement.number, statement.timestamp):
        writer.unsigned(number)
    writer.unsigned(len(statement.quotes))
    before = -1
    for quote in statement.quotes:
        writer.unsigned(quote.instrument - before - 1)
        writer.unsigned(quote.mark)
        writer.signed(quote.funding_rate)
        before = quote.instrument
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
    """Where the lists of a round come from, each by its length as the cursor says it."""

    tasks: Callable[[int], tuple[Task, ...]]
    gains: Callable[[int], Map[int, int]]
    defaulted: Callable[[int], tuple[int, ...]]
    breaches: Callable[[int], tuple[Breach, ...]]


def decode_round(data: bytes, lists: RoundLists) -> Round:
    """The round with its lists, or `Refused`."""
    reader = Reader(data)
    chain, rollup, number = (reader.unsigned(IDENTIFIER.high) for _ in range(3))
    timestamp = reader.unsigned(TIME.high)
    quotes = tuple(read_quotes(reader))
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
        RoundStatement(chain, rollup, number, timestamp, quotes),
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


def read_quotes(reader: Reader) -> list[Quote]:
    """The quotes of a statement, by rising instrument."""
    quotes: list[Quote] = []
    instrument = -1
    for _ in range(reader.count()):
        instrument += reader.unsigned(IDENTIFIER.high) + 1
        mark, rate = reader.unsigned(MAX_PRICE), reader.signed()
        if instrument > IDENTIFIER.high or mark == 0 or abs(rate) > MAX_RATE:
            raise reader.refuse(Refusal.OUT_OF_RANGE)
        quotes.append(Quote(instrument, mark, rate))
    return quotes


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
