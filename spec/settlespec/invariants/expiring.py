"""What happens at an expiry: a settlement value is fixed once, a round takes the payoff as the mark and pays every position out."""

from collections.abc import Iterator

from settlespec.domain.events import InstrumentExpired, PaidOut, SettlementFixed
from settlespec.domain.operations import FixSettlement, OracleSignature
from settlespec.domain.orders import Side
from settlespec.domain.rounds import Discard, Stage
from settlespec.invariants.catalogue import CONSERVATION, NO_DOUBLE_SPEND, ORACLE_SANE, ZERO_SUM
from settlespec.invariants.measures import expired_facts, is_due, market_facts, payoff
from settlespec.invariants.sheet import Sheet
from settlespec.invariants.signing import settlement_content
from settlespec.invariants.turns import holders, standing_of
from settlespec.invariants.walk import Walk


def begin_settlement(walk: Walk) -> None:
    """The statement is for here, for an instrument at its expiry of which nothing is fixed, and signed by enough oracles."""
    operation, before = walk.operation, walk.before
    assert type(operation) is FixSettlement
    statement, parameters = operation.statement, before.parameters
    signed_enough(walk, settlement_content(statement), operation.signatures)
    here = statement.chain, statement.rollup
    walk.agree(
        ORACLE_SANE, "the statement is for this chain and rollup", "", here, (parameters.chain, parameters.rollup)
    )
    who = f"instrument {statement.instrument}"
    market = before.markets.get(statement.instrument)
    walk.check(ORACLE_SANE, market is not None, "the instrument is listed", who, statement.instrument, "")
    if market is None:
        return
    due = is_due(market, before.clock)
    walk.check(ORACLE_SANE, due, "a value is fixed from the expiry on", who, market.instrument.expiry, before.clock)
    conjunct = "a statement names its instrument's expiry"
    walk.require(ORACLE_SANE, conjunct, who, statement.expiry, market.instrument.expiry)
    walk.agree(NO_DOUBLE_SPEND, "a settlement value is fixed once", who, market.settlement, None)
    terms = market.instrument
    fixed = {
        other.settlement
        for name, other in before.markets.items()
        if name != terms.id and (other.instrument.reference, other.instrument.expiry) == (terms.reference, terms.expiry)
    }
    others = sorted(value for value in fixed if value not in (None, statement.value))
    walk.agree(ORACLE_SANE, "one reference and expiry have one settlement value", who, others, [])
    largest = before.markets[terms.reference].instrument.max_price
    fits = 1 <= statement.value <= largest
    walk.check(ORACLE_SANE, fits, "a value is a price of the reference", who, statement.value, largest)


def signed_enough(walk: Walk, content: bytes, signatures: tuple[OracleSignature, ...]) -> None:
    """More than half of the oracles, and as many as the deployment asks for, signed a content."""
    oracles = walk.before.parameters.oracles
    signers = {
        signed.oracle
        for signed in signatures
        if signed.oracle < len(oracles.keys) and walk.verify(oracles.keys[signed.oracle], content, signed.signature)
    }
    enough = len(signers) >= oracles.threshold and 2 * len(signers) > len(oracles.keys)
    walk.check(ORACLE_SANE, enough, "enough oracles signed the statement", "", len(signers), oracles.threshold)


def settlement_fixed(walk: Walk, event: SettlementFixed) -> None:
    """The value is the statement's, and nothing else of any market changes."""
    operation = walk.operation
    if type(operation) is not FixSettlement:
        walk.check(ORACLE_SANE, False, "a settlement value comes from a statement", "", event.value, "")
        return
    name, value = operation.statement.instrument, operation.statement.value
    who = f"instrument {name}"
    before, after = walk.before.markets, walk.after.markets
    said = event.instrument, event.value, event.payoff
    walk.agree(
        ORACLE_SANE, "the value is the statement's", who, said, (name, value, payoff(before[name].instrument, value))
    )
    walk.agree(NO_DOUBLE_SPEND, "the value is kept", who, after[name].settlement, value)
    changed = [
        other
        for other, market in after.items()
        if market is not before[other]
        and (market_facts(market) != market_facts(before[other]) or (other != name and market != before[other]))
    ]
    walk.agree(ORACLE_SANE, "fixing a value changes no mark", who, changed, [])


def instrument_expired(walk: Walk, event: InstrumentExpired) -> None:
    """A market takes its payoff as its last mark, once its holders are revalued, and nothing of it is at risk any more."""
    sheet = walk.sheet
    name = event.instrument
    who = f"instrument {name}"
    old, new = walk.before.markets[name], walk.after.markets[name]
    settled = sheet is not None and sheet.stage is Stage.REVALUE and sheet.holder is None
    walk.check(ORACLE_SANE, settled, "marks are adopted once every holder is revalued", who, event.payoff, "")
    open_before = is_due(old, walk.before.clock) and not old.expired
    walk.check(NO_DOUBLE_SPEND, open_before, "an instrument expires once, at its expiry", who, old.expired, False)
    if old.settlement is None:
        walk.check(ORACLE_SANE, False, "an expiry has its settlement value", who, "none", "")
        return
    expected = expired_facts(old.instrument, old.settlement, old.funding_index)
    walk.agree(ORACLE_SANE, "an expired market says its payoff and no risk", who, market_facts(new), expected)
    kept = new.expired, new.settlement, event.payoff
    meant = True, old.settlement, payoff(old.instrument, old.settlement)
    walk.agree(NO_DOUBLE_SPEND, "an expired market stays so", who, kept, meant)


def expired_now(walk: Walk) -> list[int]:
    """The instruments that this round pays out."""
    before = walk.before.markets
    return [name for name, market in sorted(before.items()) if is_due(market, walk.before.clock) and not market.expired]


def orders_of_expired(walk: Walk, names: list[int]) -> Iterator[Discard]:
    """The live orders in these instruments, bids first, each side in precedence."""
    for name in names:
        for side in (Side.BUY, Side.SELL):
            for order in walk.shadow.queue(name, side):
                yield Discard(name, side, order.price, order.arrival)


def paid_out(walk: Walk, event: PaidOut) -> None:
    """A holder's position in what expired becomes money at the payoff, whole, in the holder's turn."""
    sheet = walk.sheet
    who = f"account {event.account}"
    market = walk.markets[event.instrument]
    right = sheet is not None and sheet.stage is Stage.EXPIRE and market.expired
    walk.check(ZERO_SUM, right, "only a round pays out, and only what has expired", who, event.instrument, "")
    if sheet is not None:
        pay_until(walk, sheet, event.account)
    balance = walk.balance(event.account)
    size = balance.sizes.get(event.instrument, 0)
    walk.require(ZERO_SUM, "a position is paid out whole", who, event.size, size)
    walk.require(CONSERVATION, "a position is paid its payoff", who, event.payoff, market.mark)
    balance.trade(event.instrument, -event.size, event.payoff, 0)
    walk.pairs.add((event.account, event.instrument))
    walk.named.add(event.account)
    walk.instruments.add(event.instrument)


def pay_until(walk: Walk, sheet: Sheet, until: int | None) -> None:
    """The holder's turn has come, or the end: whoever was passed holds nothing that has expired."""
    turn = sheet.holder
    if until is not None and (turn is None or until < turn):
        walk.broken(NO_DOUBLE_SPEND, "paying out goes on behind the last holder", "", until, str(turn))
        return
    if turn is None:
        return
    gone = gone_from(walk)
    for account in holders(walk, turn):
        if until is not None and account >= until:
            break
        held = sorted(gone & standing_of(walk, account).sizes.keys())
        walk.agree(ZERO_SUM, "nobody holds what has expired", f"account {account}", held, [])
    sheet.holder = until


def gone_from(walk: Walk) -> set[int]:
    """The instruments that have been paid out, or are by this round."""
    return {name for name, market in walk.markets.items() if market.expired}


def end_expiry(walk: Walk, sheet: Sheet) -> None:
    """Nobody holds what expired, and no order stands in it."""
    pay_until(walk, sheet, None)
    for left in orders_of_expired(walk, sorted(gone_from(walk))):
        conjunct = "no order stays in what has expired"
        walk.check(ORACLE_SANE, False, conjunct, f"order {left.arrival}", left.price, "")
