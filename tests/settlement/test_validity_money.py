"""NO-DOUBLE-SPEND and EXIT-SOLVENCY: each money leaves once, whatever it is called, and after a freeze everybody is paid."""

from collections.abc import Iterator
from random import Random

import pytest
from attrs import evolve
from immutables import Map

from settlespec.commitment.batch import Batch, Body
from settlespec.commitment.header import Header
from settlespec.domain.messages import Claim, Deposit
from settlespec.proofs.interface import Statement
from settlespec.settlement.base_layer import first_layer
from settlespec.settlement.chain import NOTHING_PUBLISHED, Published
from settlespec.settlement.rollup import Delays, Settings, Status
from settlespec.settlement.validity import ValidityContract
from settlespec.settlement.validity_calls import Call, ClaimMoney, Escape, Refund
from settlespec.settlement.validity_refusals import Paid, Way
from settlespec.settlement.validity_registry import Registry
from settlespec.settlement.vault import Vault
from settlespec.settlement.ways_out import claim_call, escape_call
from tests.commitment.hostile import spoiled
from tests.settlement.ledger import Constant
from tests.settlement.rollup_town import (
    EACH_BLOCK,
    OWNERS,
    PARAMETERS,
    ROLLUP,
    SIGNER,
    SLOT,
    TINY,
    WALLET,
    WINDOW,
    Town,
    contract,
    total,
)


def busy(seed: int, body: Body = Body.LOG, steps: int = 60) -> Town:
    """A town in which people trade, pay in, take out and claim; marks move; batches end anywhere."""
    random = Random(seed)
    town = Town(body, Settings(EACH_BLOCK, Delays(prove=random.choice((0, 2 * SLOT)))))
    for owner in range(1, 5):
        town.deposit(owner, random.randint(50, 300))
    town.advance()
    mark = 10
    for _ in range(steps):
        dice, (owner, other) = random.randrange(100), random.sample(range(1, 5), 2)
        if dice < 30:
            town.advance()
        elif dice < 50:
            mark = max(2, mark + random.choice((-3, -2, -1, 1, 2, 3)))
            town.round({1: mark, 2: random.randint(8, 16)})
        elif dice < 58:
            town.deposit(owner, random.randint(1, 60))
        elif dice < 64:
            town.force(owner, random.randint(1, 90))
        elif dice < 80:
            town.withdraw(owner, random.randint(1, 60))
        elif dice < 84:
            for index in range(town.session.state.outbox.next_index):
                call = claim_call(town.exit_tree(), town.registry.exit.number, index)
                if call is not None and random.randrange(2):
                    town.ask(owner, call)
        else:
            town.trade(owner, other, random.randint(1, 4), mark)
    return town


def frozen_town(town: Town, inside_a_round: bool) -> Town:
    """The operator goes away, perhaps inside a round, with deposits and a request on their way, and somebody freezes."""
    if inside_a_round and town.session.state.round is None:
        town.tick()
        town.submit(next(town.session.clearing_round({1: 10})))
        town.chain.seal()
    town.advance(2)
    town.stop()
    for owner in (1, 5):
        town.deposit(owner, 7)
    town.force(1, 5)
    town.advance()
    last = max(index for index, request in town.registry.requests.items() if request.deadline is not None)
    town.advance(WINDOW // SLOT + 1)
    town.freeze(last)
    town.advance()
    assert town.registry.frozen
    return town


def every_way_out(town: Town) -> list[Call]:
    """Every claim, escape and refund that anybody could think of."""
    tree = town.exit_tree()
    found: list[Call] = [Refund(index) for index in town.registry.requests]
    for name in range(town.session.state.outbox.next_index + 2):
        found += [call for call in (claim_call(tree, town.registry.exit.number, name),) if call is not None]
    for account in range(OWNERS + 2):
        found += [call for call in (escape_call(tree, account),) if call is not None]
    return found


def called(kept: ValidityContract, town: Town, call: Call) -> tuple[ValidityContract, list[Paid]]:
    """The contract after a call, and what it paid."""
    after = kept.call(town.layer.last_block.opening, "anybody", call, NOTHING_PUBLISHED)
    if after.reverted:
        return kept, []
    assert isinstance(after.contract, ValidityContract)
    return after.contract, [event for event in after.events if isinstance(event, Paid)]


def owed(registry: Registry, town: Town) -> int:
    """What everybody may still take out, counted from the machine's own state at the exit root and from the deposits."""
    state = town.chain.points[registry.exit.number].state if registry.exit.number else town.chain.points[0].state
    worth = 0
    for name, account in state.accounts.items():
        held = account.positions.items()
        if (Way.ESCAPE, name) not in registry.paid:
            worth += account.collateral + sum(lot.size * state.markets[key].mark - lot.cost for key, lot in held)
    claims = (c.amount for index, c in state.outbox.claims.items() if (Way.CLAIM, index) not in registry.paid)
    deposits = (
        request.received.message.amount
        for index, request in registry.requests.items()
        if isinstance(request.received.message, Deposit) and index >= state.inbox.cursor
    )
    return worth + sum(claims) + sum(deposits)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_after_a_freeze_everybody_gets_everything_in_any_order_and_the_vault_never_lacks(
    seed: int, inside: bool
) -> None:
    town = frozen_town(busy(seed, Body.STATE_DIFF if seed % 2 else Body.LOG), inside)
    registry = town.registry
    state = town.chain.points[registry.exit.number].state
    left_over = state.insurance + state.treasury + state.funding_pool
    everything = owed(registry, town)
    kept, paid = ValidityContract(registry), []
    ways = every_way_out(town) * 2
    Random(seed).shuffle(ways)
    for call in ways:
        kept, events = called(kept, town, call)
        paid += events
        assert kept.registry.vault.balance >= 0
        assert total(kept.registry) == WALLET * OWNERS
    assert sum(event.amount for event in paid) == everything > 0
    assert len({(event.way, event.name) for event in paid}) == len(paid)
    # Funds and nothing else are left: what was owed was there to the last quantum.
    assert kept.registry.vault.balance == left_over
    assert owed(kept.registry, town) - everything <= 0


def test_the_random_towns_leave_in_every_way_with_positions_and_after_batches_that_are_void() -> None:
    ways: list[Way] = []
    positions = inside = claimed = 0
    for seed in range(4):
        for inside_a_round in (False, True):
            town = frozen_town(busy(seed), inside_a_round)
            inside += not town.registry.proven.at_rest
            claimed += len(town.registry.paid)
            for call in every_way_out(town):
                paid = called(ValidityContract(town.registry), town, call)[1]
                ways += [event.way for event in paid]
                positions += bool(paid) and isinstance(call, Escape) and bool(call.markets)
    assert set(ways) == set(Way)
    assert positions > 8
    assert inside > 2
    assert claimed > 2


@pytest.mark.parametrize("seed", range(4))
def test_before_a_freeze_the_vault_holds_what_the_state_says(seed: int) -> None:
    town = busy(seed)
    town.advance(12)
    state, registry = town.session.state, town.registry
    out = sum(registry.paid.values())
    assert registry.vault.balance == state.vault - out
    assert registry.deposited == state.vault
    assert all(way is Way.CLAIM for way, _ in registry.paid)


def test_money_that_was_claimed_before_the_freeze_does_not_escape_too() -> None:
    town = Town().funded({1: 100, 2: 100})
    town.force(1)
    town.advance(6)
    town.claim(0)
    town.advance()
    assert town.wallet(1) == WALLET
    town = frozen_town(town, inside_a_round=False)
    paid = [called(ValidityContract(town.registry), town, call)[1] for call in every_way_out(town)]
    mine = [event for events in paid for event in events if event.key == SIGNER.key(1)]
    # Only the deposit that came too late.
    assert mine == [Paid(Way.REFUND, 3, SIGNER.key(1), 7)]


def test_a_withdrawal_that_no_exit_root_has_is_void_and_its_money_escapes() -> None:
    town = Town(settings=Settings(EACH_BLOCK)).funded({1: 100, 2: 100})
    town.advance(6)
    town.round()
    void = town.withdraw(1, 40)
    town.tick()
    town.submit(next(town.session.clearing_round({1: 10})))
    town.chain.seal()
    town.advance(9)
    # The batch with the withdrawal is proven, but it ended inside a round.
    assert town.registry.proven.number > town.registry.exit.number
    withdrawal = claim_call(town.chain.points[town.registry.proven.number].tree, town.registry.proven.number, 0)
    assert withdrawal is not None
    frozen_town(town, inside_a_round=True)
    kept, paid = called(ValidityContract(town.registry), town, withdrawal)
    assert paid == []
    call = escape_call(town.exit_tree(), 1)
    assert call is not None
    assert called(kept, town, call)[1] == [Paid(Way.ESCAPE, 1, SIGNER.key(1), 100)]
    town.advance(TINY.finality_depth)
    assert town.status(void) is Status.REVERTED


def other_names(name: int) -> Iterator[int]:
    """Numbers that a careless contract might take for this one."""
    for shift in (2**32, 2**64, 2**96, 2**104, 2**128, 2**168, 2**176, 2**256):
        yield from (name + shift, name - shift, -name - shift)


def renamed(call: Call, name: int) -> Call:
    """The same call about something of another name."""
    if isinstance(call, Escape):
        return evolve(call, account=name)
    assert isinstance(call, ClaimMoney | Refund)
    return evolve(call, index=name)


def test_no_other_name_pays_the_same_money_again() -> None:
    town = Town().funded({1: 100, 2: 100})
    town.force(2, 30)
    town.advance(8)
    town = frozen_town(town, inside_a_round=False)
    tried = 0
    for call in every_way_out(town):
        kept, paid = called(ValidityContract(town.registry), town, call)
        for event in paid:
            for other in other_names(event.name):
                tried += 1
                assert called(kept, town, renamed(call, other)) == (kept, [])
            if isinstance(call, ClaimMoney):
                for batch in kept.registry.exits:
                    assert called(kept, town, evolve(call, batch=batch)) == (kept, [])
    assert tried > 60


def test_no_spoiled_byte_of_a_leaf_or_a_proof_pays_before_or_after_the_honest_one() -> None:
    town = Town().funded({1: 100, 2: 100})
    town.force(2, 30)
    town.advance()
    town.round({1: 10})
    town.trade(1, 2, 2, 10)
    town.advance(8)
    town = frozen_town(town, inside_a_round=False)
    tree = town.exit_tree()
    claimed, left = claim_call(tree, town.registry.exit.number, 0), escape_call(tree, 1)
    assert claimed is not None
    assert left is not None
    assert len(left.markets) == 1
    hostile: list[ClaimMoney | Escape] = []
    hostile += [evolve(claimed, leaf=other) for other in spoiled(claimed.leaf) if other != claimed.leaf]
    hostile += [evolve(claimed, proof=other) for other in spoiled(claimed.proof) if other != claimed.proof]
    hostile += [evolve(left, holdings=other) for other in spoiled(left.holdings) if other != left.holdings]
    hostile += [evolve(left, markets=(other,)) for other in spoiled(left.markets[0]) if other != left.markets[0]]
    hostile += [evolve(left, proof=other) for other in spoiled(left.proof) if other != left.proof]
    hostile += [evolve(left, markets=markets) for markets in ((), left.markets * 2, (b"", *left.markets))]
    fresh = ValidityContract(town.registry)
    after = called(called(fresh, town, claimed)[0], town, left)[0]
    assert len(after.registry.paid) == 2
    for call in hostile:
        assert called(fresh, town, call) == (fresh, [])
        assert called(after, town, call) == (after, [])
    assert len(hostile) > 5_000


class Believes:
    """A broken proof system: it believes whatever it is told."""

    name = "believes"

    def prove(self, batch: Batch, last: Header) -> bytes:
        return b""

    def verify(self, statement: Statement, proof: bytes) -> bool:
        return True


def test_even_with_a_broken_proof_system_no_more_leaves_than_is_there() -> None:
    """The operator proves a state in which it has a claim on ten times the vault; the vault refuses, and honest claims go on."""
    town = Town()
    believing = contract(proofs=Believes())
    town.layer = first_layer({ROLLUP: believing}, TINY, Constant())
    town.proofs = Believes()
    town.funded({1: 100, 2: 100})
    town.round()
    town.withdraw(1, 10)
    claims = town.session.state.outbox.claims
    false = Claim(1, 5, SIGNER.key(5), 2_000, claims[0].cause)
    town.session.state = evolve(
        town.session.state, outbox=evolve(town.session.state.outbox, claims=claims.set(1, false), next_index=2)
    )
    town.chain.sealer.now = town.session.state
    town.chain.seal()
    town.advance(5)
    tree = town.chain.points[town.registry.exit.number].tree
    bad, good = claim_call(tree, town.registry.exit.number, 1), claim_call(tree, town.registry.exit.number, 0)
    assert bad is not None
    assert good is not None
    kept, paid = called(ValidityContract(town.registry), town, bad)
    assert paid == []
    assert called(kept, town, good)[1] == [Paid(Way.CLAIM, 0, SIGNER.key(1), 10)]


def test_the_ledger_of_the_token_makes_no_money_and_owes_none() -> None:
    vault = Vault(Map({b"a": 10}))
    assert vault.taken(b"a", 11) is None
    assert vault.taken(b"b", 1) is None
    full = vault.taken(b"a", 10)
    assert full == Vault(Map(), 10)
    assert full.paid(b"b", 11) is None
    assert full.paid(b"b", 10) == Vault(Map({b"b": 10}), 0)
    assert PARAMETERS.operator not in {key.hex() for key in vault.wallets}
    assert Published() == NOTHING_PUBLISHED
