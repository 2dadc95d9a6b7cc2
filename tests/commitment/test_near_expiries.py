"""EXPIRY-6 and the leaves: what is near its expiry follows from the time of the marks and from genesis, and no leaf says it."""

from functools import cache

from attrs import evolve

from settlespec.commitment.market_leaves import encode_market
from settlespec.commitment.parts import leaves_of, state_of
from settlespec.domain.genesis import Genesis
from settlespec.machine.signatures import Signer
from tests.commitment.dated_walks import CALL, FUTURE, PUT, DatedFlow, dated_genesis
from tests.commitment.test_partial import assert_same
from tests.commitment.walks import Walked, walk

LEAD = 1_000


def genesis_with_a_lead() -> Genesis:
    genesis = dated_genesis()
    return evolve(genesis, parameters=evolve(genesis.parameters, expiry_lead=LEAD))


class LeadFlow(DatedFlow):
    """The dated walk where offsets end a second before their expiry."""

    def genesis(self, signer: Signer) -> Genesis:
        return genesis_with_a_lead()


@cache
def walked() -> tuple[Walked, ...]:
    return tuple(walk(LeadFlow(1, 900), 900))


def test_a_state_with_instruments_near_their_expiry_is_that_of_its_leaves() -> None:
    seen = set()
    for each in walked()[::9]:
        markets = each.after.markets
        seen.add(tuple(markets[name].near > 0 for name in (FUTURE, CALL, PUT)))
        assert state_of(dict(leaves_of(each.after)), genesis_with_a_lead()) == each.after
    # Nothing near, what expires first, and then the put, when that is paid out.
    assert seen >= {(False, False, False), (True, True, False), (False, False, True)}


def test_any_operation_near_an_expiry_does_on_a_part_what_it_does_on_the_whole() -> None:
    near = [each for each in walked() if any(market.near for market in each.before.markets.values())]
    for each in near[::3]:
        assert_same(each, genesis_with_a_lead())
    assert len(near) > 200


def test_a_market_near_its_expiry_has_the_leaf_of_one_that_is_not() -> None:
    state = next(each.after for each in walked() if each.after.markets[PUT].near)
    market = evolve(state.markets[PUT], near=0)
    assert encode_market(state, PUT) == encode_market(evolve(state, markets=state.markets.set(PUT, market)), PUT)
