"""The first body of a batch: its operations, so that anybody can execute them again (rules LOG-1 to LOG-4).

Only accepted operations stand in a log, so what the state already says is left out: a nonce is the account's next, times are
differences to the clock, prices differences to the last price named for the instrument (at first its mark), in price steps where
they are on the step. Signatures stand in a section of their own, or not at all where a proof of the batch speaks for them.
"""

from collections.abc import Iterable
from typing import Final

from attrs import evolve

from settlespec.commitment.encoding import Reader, Refusal, Refused, Writer
from settlespec.commitment.leaves import decode_received, encode_received
from settlespec.commitment.round_leaves import read_quote, write_quote
from settlespec.domain.errors import Malformed
from settlespec.domain.instruments import Instrument, RoundStatement, SettlementStatement
from settlespec.domain.messages import Received
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    ContinueRound,
    FixSettlement,
    Operation,
    OracleSignature,
    Place,
    Receive,
    Replace,
    Signed,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.orders import OrderKind, Side, TimeInForce
from settlespec.domain.quantities import IDENTIFIER, MAX_AMOUNT, MAX_PRICE, MAX_SIZE, TIME
from settlespec.domain.state import State

PLACE, CANCEL, REPLACE, WITHDRAW, TRANSFER, RECEIVE, TAKE, TICK, BEGIN, CONTINUE, FIX = range(11)
"""Tags of operations; those of a place carry its terms in the bits above."""

TAGS: Final = 16
"""Tags fit four bits."""

KINDS: Final = tuple(OrderKind)
LIFETIMES: Final = tuple(TimeInForce)


def encode_log(before: State, operations: Iterable[Operation], *, signatures: bool) -> bytes:
    """LOG-1: the accepted operations of a batch, in order.

    Args:
        before: the state in which the batch begins.
        signatures: whether the owners' and oracles' signatures are written.

    Raises:
        ValueError: an operation that was never accepted here: a nonce, a statement or a time that cannot follow.
    """
    listed = tuple(operations)
    # Where nothing is signed there is no section, or two logs would say the same.
    signed = signatures and any(signatures_of(listed))
    writer = Writer()
    writer.flag(signed)
    writer.unsigned(len(listed))
    context = _Context(before)
    for operation in listed:
        _write(writer, operation, context)
    if signed:
        for signature in signatures_of(listed):
            writer.text(signature)
    return writer.finish()


def signatures_of(operations: Iterable[Operation]) -> Iterable[bytes]:
    """LOG-2: the signatures in the order of the operations; of a statement in the order in which they were given."""
    for operation in operations:
        if isinstance(operation, Signed):
            yield operation.signature
        elif isinstance(operation, BeginRound | FixSettlement):
            yield from (signed.signature for signed in operation.signatures)


def decode_log(before: State, data: bytes) -> tuple[Operation, ...]:
    """LOG-3: the operations, with empty signatures where none were published; `Refused` for any other bytes."""
    reader = Reader(data)
    signatures = reader.flag()
    context = _Context(before)
    operations = []
    try:
        for _ in range(reader.count()):
            operations.append(_read(reader, context))
    except Malformed:
        raise reader.refuse(Refusal.OUT_OF_RANGE) from None
    listed = tuple(operations)
    if signatures:
        listed = tuple(_signed(operation, reader) for operation in listed)
        if not any(signatures_of(listed)):
            raise reader.refuse(Refusal.SUPERFLUOUS)
    reader.end()
    # Integers with a spare zero are refused by the reader; what is left is a spelling of its own, such as a price in quantums that
    # is on the step.
    if encode_log(before, listed, signatures=signatures) != data:
        raise Refused(Refusal.NOT_MINIMAL, 0)
    return listed


def _signed(operation: Operation, reader: Reader) -> Operation:
    if isinstance(operation, Signed):
        return evolve(operation, signature=reader.text())
    if isinstance(operation, BeginRound | FixSettlement):
        signatures = tuple(evolve(signed, signature=reader.text()) for signed in operation.signatures)
        return evolve(operation, signatures=signatures)
    return operation


class _Context:
    """What both sides know while a log is written or read."""

    def __init__(self, before: State) -> None:
        self.before = before
        self.nonces: dict[int, int] = {}
        self.clock = before.clock
        self.round_number = before.round_number
        self.parameters = before.parameters
        self.prices: dict[int, int] = {}

    def next_nonce(self, account: int) -> int:
        """The nonce of the account's next message, which is used up."""
        if account not in self.nonces:
            known = self.before.accounts.get(account)
            self.nonces[account] = 0 if known is None else known.nonce
        self.nonces[account] += 1
        return self.nonces[account]

    def last_price(self, instrument: int) -> int:
        """The price that the next one in the instrument is written against: the last one, at first the mark."""
        if instrument not in self.prices:
            market = self.before.markets.get(instrument)
            self.prices[instrument] = 0 if market is None else market.mark
        return self.prices[instrument]

    def instrument(self, name: int, reader: Reader) -> Instrument:
        """The terms of a listed instrument, which say how it is quoted; `Refused` for another."""
        market = self.before.markets.get(name)
        if market is None:
            raise reader.refuse(Refusal.UNKNOWN_KEY)
        return market.instrument

    def step(self, instrument: int) -> int:
        """The price step of the instrument."""
        market = self.before.markets.get(instrument)
        return 1 if market is None else market.instrument.price_step


def _write(writer: Writer, operation: Operation, context: _Context) -> None:
    match operation:
        case Place():
            _write_place(writer, operation, context)
        case Cancel():
            _write_envelope(writer, CANCEL, operation, context)
            writer.unsigned(operation.instrument)
            writer.unsigned(operation.client_id)
        case Replace():
            _write_envelope(writer, REPLACE, operation, context)
            writer.unsigned(operation.instrument)
            writer.unsigned(operation.client_id)
            writer.unsigned(operation.size)
            _write_price(writer, operation.instrument, operation.price, context)
            writer.signed(operation.good_till - context.clock)
        case Withdraw():
            _write_envelope(writer, WITHDRAW, operation, context)
            writer.unsigned(operation.amount)
        case Transfer():
            _write_envelope(writer, TRANSFER, operation, context)
            writer.unsigned(operation.recipient)
            writer.unsigned(operation.amount)
        case Receive():
            writer.unsigned(RECEIVE)
            writer.text(encode_received(Received(operation.time, operation.message)))
        case Take():
            writer.unsigned(TAKE)
        case Tick():
            writer.unsigned(TICK)
            writer.unsigned(operation.time - context.clock)
            context.clock = operation.time
        case FixSettlement():
            _write_settlement(writer, operation, context)
        case BeginRound():
            _write_begin(writer, operation, context)
        case ContinueRound():
            writer.unsigned(CONTINUE)
            writer.unsigned(operation.micro_steps)


def _read(reader: Reader, context: _Context) -> Operation:
    head = reader.unsigned()
    tag, terms = head % TAGS, head // TAGS
    if tag != PLACE and terms:
        raise reader.refuse(Refusal.UNKNOWN_TAG)
    if tag == PLACE:
        return _read_place(reader, terms, context)
    if tag in (CANCEL, REPLACE, WITHDRAW, TRANSFER):
        return _read_message(reader, tag, context)
    if tag == RECEIVE:
        received = decode_received(reader.text())
        return Receive(received.time, received.message)
    if tag == TAKE:
        return Take()
    if tag == TICK:
        context.clock += reader.unsigned(TIME.high)
        return Tick(context.clock)
    if tag == BEGIN:
        return _read_begin(reader, context)
    if tag == FIX:
        return _read_settlement(reader, context)
    if tag == CONTINUE:
        return ContinueRound(reader.unsigned(IDENTIFIER.high))
    raise reader.refuse(Refusal.UNKNOWN_TAG)


def _write_envelope(writer: Writer, head: int, operation: Signed, context: _Context) -> None:
    """LOG-4: tag, account and the end of validity; the nonce is the account's next."""
    if operation.nonce != context.next_nonce(operation.account):
        raise ValueError(
            f"the message of account {operation.account} with nonce {operation.nonce} was never accepted here"
        )
    writer.unsigned(head)
    writer.unsigned(operation.account)
    writer.signed(operation.valid_until - context.clock)


def _read_envelope(reader: Reader, context: _Context) -> tuple[int, int, int]:
    account = reader.unsigned(IDENTIFIER.high)
    return account, context.next_nonce(account), reader.signed() + context.clock


def _write_price(writer: Writer, instrument: int, price: int, context: _Context) -> None:
    """A price as the difference to the last one, in steps (even) or, off the step, in quantums (odd)."""
    change = price - context.last_price(instrument)
    step = context.step(instrument)
    folded = (change // step if change % step == 0 else change) * 2
    writer.signed(folded if change % step == 0 else folded + 1)
    context.prices[instrument] = price


def _read_price(reader: Reader, instrument: int, context: _Context) -> int:
    folded = reader.signed()
    step = 1 if folded % 2 else context.step(instrument)
    price = context.last_price(instrument) + folded // 2 * step
    if not 0 <= price <= MAX_PRICE:
        raise reader.refuse(Refusal.OUT_OF_RANGE)
    context.prices[instrument] = price
    return price


def _write_place(writer: Writer, place: Place, context: _Context) -> None:
    terms = (
        (place.side is Side.BUY)
        | KINDS.index(place.kind) << 1
        | LIFETIMES.index(place.time_in_force) << 2
        | place.post_only << 4
        | place.reduce_only << 5
    )
    _write_envelope(writer, PLACE + TAGS * terms, place, context)
    writer.unsigned(place.instrument)
    writer.unsigned(place.client_id)
    writer.unsigned(place.size)
    if place.kind is OrderKind.LIMIT:
        _write_price(writer, place.instrument, place.price, context)
    if place.time_in_force is TimeInForce.GOOD_TILL_TIME:
        writer.signed(place.good_till - context.clock)


def _read_place(reader: Reader, terms: int, context: _Context) -> Place:
    lifetime = terms >> 2 & 3
    if lifetime >= len(LIFETIMES) or terms >> 6:
        raise reader.refuse(Refusal.UNKNOWN_TAG)
    account, nonce, valid_until = _read_envelope(reader, context)
    instrument, client_id = reader.unsigned(IDENTIFIER.high), reader.unsigned(IDENTIFIER.high)
    size = reader.unsigned(MAX_SIZE)
    kind, time_in_force = KINDS[terms >> 1 & 1], LIFETIMES[lifetime]
    price = _read_price(reader, instrument, context) if kind is OrderKind.LIMIT else 0
    good_till = reader.signed() + context.clock if time_in_force is TimeInForce.GOOD_TILL_TIME else 0
    side = Side.BUY if terms & 1 else Side.SELL
    post_only, reduce_only = bool(terms >> 4 & 1), bool(terms >> 5 & 1)
    return Place(
        account,
        nonce,
        valid_until,
        instrument,
        client_id,
        side,
        size,
        kind,
        price,
        time_in_force,
        good_till,
        post_only,
        reduce_only,
        b"",
    )


def _read_message(reader: Reader, tag: int, context: _Context) -> Cancel | Replace | Withdraw | Transfer:
    account, nonce, valid_until = _read_envelope(reader, context)
    if tag == WITHDRAW:
        return Withdraw(account, nonce, valid_until, reader.unsigned(MAX_AMOUNT), b"")
    first = reader.unsigned(IDENTIFIER.high)
    if tag == TRANSFER:
        return Transfer(account, nonce, valid_until, first, reader.unsigned(MAX_AMOUNT), b"")
    client_id = reader.unsigned(IDENTIFIER.high)
    if tag == CANCEL:
        return Cancel(account, nonce, valid_until, first, client_id, b"")
    size, price = reader.unsigned(MAX_SIZE), _read_price(reader, first, context)
    good_till = reader.signed() + context.clock
    return Replace(account, nonce, valid_until, first, client_id, size, price, good_till, b"")


def _write_begin(writer: Writer, begin: BeginRound, context: _Context) -> None:
    statement = begin.statement
    parameters, number = context.parameters, context.round_number + 1
    if (statement.chain, statement.rollup, statement.number) != (parameters.chain, parameters.rollup, number):
        raise ValueError(f"the statement of round {statement.number} was never accepted here")
    writer.unsigned(BEGIN)
    writer.unsigned(context.clock - statement.timestamp)
    writer.unsigned(len(statement.quotes))
    before = -1
    for quote in statement.quotes:
        writer.unsigned(quote.instrument - before - 1)
        write_quote(writer, quote)
        before = quote.instrument
    _write_oracles(writer, begin.signatures)
    context.round_number = number


def _read_begin(reader: Reader, context: _Context) -> BeginRound:
    timestamp = context.clock - reader.unsigned(context.clock)
    quotes = []
    name = -1
    for _ in range(reader.count()):
        name += reader.unsigned(IDENTIFIER.high) + 1
        quotes.append(read_quote(reader, context.instrument(name, reader)))
    oracles = _read_oracles(reader)
    context.round_number += 1
    chain, rollup = context.parameters.chain, context.parameters.rollup
    return BeginRound(RoundStatement(chain, rollup, context.round_number, timestamp, tuple(quotes)), oracles)


def _write_settlement(writer: Writer, fix: FixSettlement, context: _Context) -> None:
    """LOG-5: instrument and value; the expiry is the instrument's."""
    statement, parameters = fix.statement, context.parameters
    market = context.before.markets.get(statement.instrument)
    if market is None or (statement.chain, statement.rollup, statement.expiry) != (
        parameters.chain,
        parameters.rollup,
        market.instrument.expiry,
    ):
        raise ValueError(f"the settlement of instrument {statement.instrument} was never accepted here")
    writer.unsigned(FIX)
    writer.unsigned(statement.instrument)
    writer.unsigned(statement.value)
    _write_oracles(writer, fix.signatures)


def _read_settlement(reader: Reader, context: _Context) -> FixSettlement:
    name = reader.unsigned(IDENTIFIER.high)
    instrument = context.instrument(name, reader)
    chain, rollup = context.parameters.chain, context.parameters.rollup
    value = reader.unsigned(MAX_PRICE)
    if value == 0:
        raise reader.refuse(Refusal.OUT_OF_RANGE)
    statement = SettlementStatement(chain, rollup, name, instrument.expiry, value)
    return FixSettlement(statement, _read_oracles(reader))


def _write_oracles(writer: Writer, signatures: tuple[OracleSignature, ...]) -> None:
    """Whose signatures follow in their section, in the order in which they were given."""
    writer.unsigned(len(signatures))
    for signed in signatures:
        writer.unsigned(signed.oracle)


def _read_oracles(reader: Reader) -> tuple[OracleSignature, ...]:
    return tuple(OracleSignature(reader.unsigned(IDENTIFIER.high), b"") for _ in range(reader.count()))
