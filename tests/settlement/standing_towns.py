"""Towns in which there is something to refuse, made once."""

from functools import cache

from settlespec.settlement.rollup import Delays, Settings
from settlespec.settlement.validity_calls import (
    sender_of,
)
from tests.settlement.rollup_town import (
    EACH_BLOCK,
    SIGNER,
    SLOT,
    WINDOW,
    Town,
)

OWNER = sender_of(SIGNER.key(1))
NEVER = 10**12


@cache
def sealed() -> Town:
    """Two owners have paid in; the batch is sealed and not committed."""
    town = Town(settings=Settings(EACH_BLOCK, Delays(commit=NEVER)))
    town.funded({1: 100, 2: 100})
    town.advance(2)
    assert town.registry.last.number == 0
    assert list(town.chain.sealed) == [1]
    return town


@cache
def committed() -> Town:
    """The batch is committed and not proven."""
    town = Town(settings=Settings(EACH_BLOCK, Delays(prove=NEVER)))
    town.funded({1: 100, 2: 100})
    town.advance(3)
    assert len(town.registry.waiting) == 1
    return town


@cache
def living() -> Town:
    """A deposit, a forced withdrawal that was taken and can be claimed, a deposit and a request that nobody took."""
    town = Town().funded({1: 100, 2: 100})
    town.force(2, 30)
    town.advance(6)
    assert town.registry.exit.taken_after == 3
    town.stop()
    town.deposit(3, 50)
    town.force(1)
    town.advance()
    return town


@cache
def icy() -> Town:
    """The same, frozen by the request that nobody took."""
    town = living_again()
    town.advance(WINDOW // SLOT + 1)
    town.freeze(4)
    town.advance()
    assert town.registry.frozen
    return town


def living_again() -> Town:
    living.cache_clear()
    town = living()
    living.cache_clear()
    return town
