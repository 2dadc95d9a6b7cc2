"""Two rollups on one base layer: each reads what its own contract said, and nothing else."""

from attrs import evolve

from settlespec.machine.genesis import minimal
from settlespec.settlement.base_layer import advance, first_layer
from settlespec.settlement.rollup import Delays, Settings
from settlespec.settlement.validity_refusals import Committed, Proven, TakenBack
from settlespec.settlement.ways_out import bodies, events, recovered
from tests.settlement.ledger import Constant
from tests.settlement.rollup_town import EACH_BLOCK, PARAMETERS, ROLLUP, SIGNER, TINY, Town, contract

OTHER = "other"


class Neighbours:
    """Two rollups whose contracts stand side by side, of one chain and different rollup numbers."""

    def __init__(self) -> None:
        genesis = minimal(SIGNER)
        second = evolve(genesis, parameters=evolve(genesis.parameters, rollup=genesis.parameters.rollup + 1))
        parameters = evolve(PARAMETERS, operator="another")
        self.here = Town()
        self.there = Town(parameters=parameters, genesis=second)
        self.there.address = OTHER
        contracts = {ROLLUP: contract(), OTHER: contract(parameters=parameters, genesis=second)}
        self.here.layer = first_layer(contracts, TINY, Constant())
        self.there.layer = self.here.layer

    def deposit(self, town: Town, owner: int, amount: int) -> None:
        town.deposit(owner, amount)
        self.here.layer = self.there.layer = town.layer

    def advance(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.there.layer = advance(self.here.layer)
            self.there.follow()
            self.here.layer = self.there.layer
            self.here.follow()
            self.there.layer = self.here.layer


def busy() -> Neighbours:
    """The other rollup proves more batches, and takes one back while a batch of this one waits."""
    both = Neighbours()
    both.deposit(both.here, 1, 100)
    both.advance(4)
    both.there.settings = Settings(EACH_BLOCK, Delays(prove=10**9))
    both.deposit(both.there, 2, 10)
    both.advance(3)
    both.here.settings = Settings(EACH_BLOCK, Delays(prove=10**9))
    both.deposit(both.here, 1, 7)
    both.advance(3)
    both.there.take_back(both.there.registry.last.number)
    both.here.layer = both.there.layer
    both.here.settings = both.there.settings = Settings(EACH_BLOCK)
    for _ in range(3):
        both.deposit(both.there, 2, 10)
        both.advance(2)
    both.advance(3)
    return both


def test_owners_recover_the_tree_of_their_own_rollup_whatever_another_one_proves_or_takes_back() -> None:
    both = busy()
    assert any(isinstance(event, TakenBack) for event in events(both.here.layer, OTHER))
    assert both.here.registry.exit.number == 2
    assert both.there.registry.exit.number > 2
    for town in (both.here, both.there):
        tree = recovered(town.registry.deployment, bodies(town.layer, town.address))
        assert tree.root() == town.registry.exit.new_root


def test_the_events_of_a_contract_are_those_of_calls_to_its_address() -> None:
    both = busy()
    numbers = [event.number for event in events(both.here.layer, ROLLUP) if isinstance(event, Proven)]
    assert numbers == [1, 2]
    rollups = {
        address: {event.header.rollup for event in events(both.here.layer, address) if isinstance(event, Committed)}
        for address in (ROLLUP, OTHER)
    }
    first = both.here.registry.proven.rollup
    assert rollups == {ROLLUP: {first}, OTHER: {first + 1}}
    assert not list(events(both.here.layer, "nobody"))
