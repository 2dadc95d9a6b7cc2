"""Whoever holds options when a validity rollup freezes is paid what they are worth under the exit root."""

from functools import cache
from random import Random

from attrs import evolve

from settlespec.commitment.leaves import decode_holdings
from settlespec.commitment.market_leaves import encode_market
from settlespec.domain.genesis import Genesis
from settlespec.domain.operations import BeginRound, ContinueRound
from settlespec.domain.orders import Side, TimeInForce
from settlespec.machine.genesis import minimal
from settlespec.settlement.validity_calls import Escape
from settlespec.settlement.validity_refusals import Paid, Refusal, Way
from settlespec.settlement.ways_out import escape_call
from tests.commitment.dated_walks import CALL, PUT, begun, dated_genesis, settled
from tests.machine.soundness import worth
from tests.settlement.rollup_town import SIGNER, SLOT, WINDOW, Town
from tests.settlement.standing_towns import NEVER, OWNER

BUYER, WRITER = 1, 2


def genesis() -> Genesis:
    """The instruments of the dated walks, so far from their expiry that no block comes to it."""
    dated = dated_genesis()
    far = tuple(evolve(each, expiry=NEVER if each.expiry else 0) for each in dated.instruments)
    return evolve(dated, instruments=far, parameters=minimal(SIGNER).parameters)


def round_at_other_marks(town: Town, seed: int) -> BeginRound:
    """A whole clearing round in which options are quoted anew."""
    town.tick()
    statement = begun(town.session, Random(seed))
    town.submit(statement)
    while town.session.state.round is not None:
        town.submit(ContinueRound(256))
    return statement


def trade(town: Town, instrument: int, buyer: int, seller: int, size: int) -> None:
    """The two trade at the mark."""
    mark = town.session.state.markets[instrument].mark
    for owner, side, lifetime in (
        (seller, Side.SELL, TimeInForce.GOOD_TILL_TIME),
        (buyer, Side.BUY, TimeInForce.IMMEDIATE_OR_CANCEL),
    ):
        town.submit(town.session.limit(owner, instrument, 0, side, size, mark, lifetime))


@cache
def frozen() -> Town:
    """The buyer holds calls and puts, the writer wrote them; marks moved after they traded, and the rollup froze."""
    town = Town(genesis=genesis()).funded({BUYER: 300, WRITER: 300})
    round_at_other_marks(town, 1)
    trade(town, CALL, BUYER, WRITER, 6)
    trade(town, PUT, BUYER, WRITER, 4)
    traded_at = [town.session.state.markets[name].mark for name in (CALL, PUT)]
    round_at_other_marks(town, 4)
    assert [town.session.state.markets[name].mark for name in (CALL, PUT)] != traded_at
    town.advance(6)
    town.stop()
    town.force(BUYER)
    town.advance(WINDOW // SLOT + 2)
    town.freeze(2)
    town.advance()
    assert town.registry.frozen
    return town


def test_the_escapes_of_who_holds_and_of_who_wrote_options_are_their_equity_at_the_marks_of_the_exit_root() -> None:
    town = frozen()
    state = town.session.state
    for owner, lots in ((BUYER, {CALL: 6, PUT: 4}), (WRITER, {CALL: -6, PUT: -4})):
        assert {name: position.size for name, position in state.accounts[owner].positions.items()} == lots
        call = escape_call(town.exit_tree(), owner)
        assert call is not None
        assert dict(decode_holdings(call.holdings).sizes) == lots
        called = town.try_call(OWNER, call)
        assert called.events == (Paid(Way.ESCAPE, owner, SIGNER.key(owner), worth(state, owner)),)


def test_a_freeze_between_a_settlement_value_and_its_round_pays_the_marks_from_before_the_expiry() -> None:
    """Six calls settle at 30 each, were marked at 1, and the operator goes before the round: the writer leaves with all of his money."""
    expiry = 600_000
    start = genesis()
    due = tuple(evolve(each, expiry=expiry if each.id == CALL else each.expiry) for each in start.instruments)
    town = Town(genesis=evolve(start, instruments=due)).funded({BUYER: 300, WRITER: 300})
    round_at_other_marks(town, 1)
    trade(town, CALL, BUYER, WRITER, 6)
    before = [worth(town.session.state, owner) for owner in (BUYER, WRITER)]
    while town.layer.clock < expiry:
        town.advance(1)
    town.tick()
    town.submit(settled(town.session, CALL, 40))
    market = town.session.state.markets[CALL]
    assert (market.mark, market.settlement, market.instrument.strike) == (1, 40, 10)
    town.advance(8)
    town.stop()
    town.force(BUYER)
    town.advance(WINDOW // SLOT + 2)
    town.freeze(2)
    town.advance()
    paid = []
    for owner in (BUYER, WRITER):
        call = escape_call(town.exit_tree(), owner)
        assert call is not None
        paid.append(town.try_call(OWNER, call).events)
    assert paid == [
        (Paid(Way.ESCAPE, owner, SIGNER.key(owner), amount),)
        for owner, amount in zip((BUYER, WRITER), before, strict=True)
    ]


def test_an_escape_with_another_leaf_of_an_option_is_refused() -> None:
    town = frozen()
    state = town.session.state
    call = escape_call(town.exit_tree(), BUYER)
    assert isinstance(call, Escape)
    assert call.markets == tuple(encode_market(state, name) for name in (CALL, PUT))
    dearer = bytes([call.markets[0][0] + 1]) + call.markets[0][1:]
    others = ((dearer, call.markets[1]), call.markets[::-1], call.markets[:1], (*call.markets, call.markets[0]))
    for markets in others:
        assert town.reason(OWNER, evolve(call, markets=markets)) is Refusal.NOT_UNDER_EXIT_ROOT
    assert town.exit_tree().root() == town.registry.exit.new_root
