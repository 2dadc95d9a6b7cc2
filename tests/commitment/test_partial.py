"""The machine on a part of a state says and does what it does on the whole, and reads only what the operation is about."""

from collections import defaultdict
from collections.abc import Callable, Iterable

import pytest
from attrs import evolve

from settlespec.commitment.changes import Changes
from settlespec.commitment.encoding import Refusal, Refused
from settlespec.commitment.leaves import Activity, LeafKey, Part, decode_activity, encode_activity
from settlespec.commitment.measuring_witnesses import kind_of
from settlespec.commitment.partial import partial_state
from settlespec.commitment.parts import leaves_of
from settlespec.commitment.reads import LAST_KEY, Reads, leaf_of, next_in
from settlespec.domain.genesis import Genesis
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import (
    Cancel,
    ContinueRound,
    Operation,
    Place,
    Receive,
    Replace,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.orders import Side
from settlespec.domain.outcomes import Accepted, Outcome, Rejected
from settlespec.domain.reasons import Reason
from settlespec.domain.state import State
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.flows.session import Session
from settlespec.machine.exchange import step
from settlespec.machine.genesis import standard
from tests.commitment.dated_walks import PUT, dated_genesis, dated_states, dated_walk
from tests.commitment.walks import SIGNER, Walked, mid_round_states, minimal_walk, resting_state, small_genesis, walk

LOCAL = (Place, Cancel, Replace, Withdraw, Transfer, Receive, Take, Tick)
"""What is about one owner, one message or the clock; the others are steps of a round."""


class Known:
    """Leaves that were noted, and nothing else: whoever asks for another gets an error."""

    def __init__(self, reads: Reads) -> None:
        self.values = {leaf: leaf_of(reads.state, leaf) for leaf in reads.asked}
        self.order = sorted(leaf for leaf in reads.asked if self.values[leaf] is not None or leaf.key == LAST_KEY)
        self.asked = reads.asked

    def value(self, leaf: LeafKey) -> bytes | None:
        return self.values[leaf]

    def after(self, part: Part, book: int, key: int) -> int | None:
        if LeafKey(part, book, max(key, 0)) not in self.asked:
            raise KeyError(part, book, key)
        keys = [leaf.key for leaf in self.order if (leaf.part, leaf.book) == (part, book)]
        found = next_in(keys, key)
        return None if found == LAST_KEY else found


def on_a_part(before: State, operation: Operation, genesis: Genesis) -> tuple[Outcome, Changes, Reads]:
    """The operation on a partial state: the answer, what it touched, and what was read."""
    reads = Reads(before)
    part = partial_state(reads, genesis)
    outcome = step(part, operation, SIGNER)
    changes = Changes(part)
    if isinstance(outcome, Accepted):
        changes.add(outcome)
    return outcome, changes, reads


def assert_same(each: Walked, genesis: Genesis) -> Reads:
    """The same answer, the same events and the same changed leaves; what was read is given back."""
    outcome, on_part, reads = on_a_part(each.before, each.operation, genesis)
    assert type(outcome) is type(each.outcome)
    if not isinstance(outcome, Accepted) or not isinstance(each.outcome, Accepted):
        assert outcome == each.outcome
        return reads
    assert outcome.events == each.outcome.events
    assert outcome.touched == each.outcome.touched
    on_whole = Changes(each.before)
    on_whole.add(each.outcome)
    assert on_part.changed(outcome.state) == on_whole.changed(each.after)
    return reads


@pytest.mark.parametrize("seed", range(4))
def test_any_operation_on_a_part_of_the_state_does_what_it_does_on_the_whole(seed: int) -> None:
    genesis = small_genesis()
    kinds: dict[str, int] = defaultdict(int)
    for each in minimal_walk(seed, 1_200):
        assert_same(each, genesis)
        kinds[type(each.operation).__name__] += isinstance(each.outcome, Accepted)
    assert len([kind for kind, accepted in kinds.items() if accepted]) == 10


def micro_steps(state: State) -> Iterable[Walked]:
    """The rest of an open round, one micro-step at a time."""
    while state.round is not None:
        operation = ContinueRound(1)
        outcome = step(state, operation, SIGNER)
        assert isinstance(outcome, Accepted)
        yield Walked(state, operation, outcome, outcome.state)
        state = outcome.state


@pytest.mark.parametrize("seed", range(2))
def test_any_operation_about_what_expires_does_on_a_part_what_it_does_on_the_whole(seed: int) -> None:
    genesis = dated_genesis()
    kinds: dict[str, int] = defaultdict(int)
    refused: set[Reason] = set()
    for each in dated_walk(seed, 1_000):
        assert_same(each, genesis)
        kinds[type(each.operation).__name__] += isinstance(each.outcome, Accepted)
        if isinstance(each.outcome, Rejected):
            refused.add(each.outcome.reason)
    assert kinds["FixSettlement"] == 3
    assert len([kind for kind, accepted in kinds.items() if accepted]) == 10
    assert refused >= {Reason.SETTLEMENT_EARLY, Reason.SETTLEMENT_FIXED, Reason.INSTRUMENT_EXPIRED}


def test_every_micro_step_of_a_pay_out_on_a_part_of_the_state_does_what_it_does_on_the_whole() -> None:
    genesis = dated_genesis()
    deeds: dict[str, int] = defaultdict(int)
    rounds = adopted = 0
    for seed in range(4):
        for each in dated_walk(seed, 700):
            if each.before.round is None and each.after.round is not None:
                rounds += 1
                due = [market for market in each.after.markets.values() if market.settlement and not market.expired]
                # Every third round, and every one that pays something out.
                if rounds % 3 and not due:
                    continue
                for micro_step in micro_steps(each.after):
                    assert_same(micro_step, genesis)
                    deeds[kind_of(micro_step.before, micro_step.operation)] += 1
                    adopted += micro_step.before.markets[PUT].risk != micro_step.after.markets[PUT].risk
    assert {"REVALUE visit", "REVALUE end", "EXPIRE Discard", "EXPIRE visit", "EXPIRE end"} <= set(deeds)
    assert {"ASSESS visit", "DEFAULT CloseAtMark", "DISCARD Discard", "LIQUIDATE account"} <= set(deeds)
    assert adopted > 10


def test_every_micro_step_on_a_part_of_the_state_does_what_it_does_on_the_whole() -> None:
    genesis = small_genesis()
    stages: dict[str, int] = defaultdict(int)
    for seed in range(10, 14):
        for each in minimal_walk(seed, 1_500):
            if each.before.round is None and each.after.round is not None:
                for micro_step in micro_steps(each.after):
                    assert_same(micro_step, genesis)
                    assert micro_step.before.round is not None
                    stages[micro_step.before.round.stage.name] += 1
    assert set(stages) >= {"REVALUE", "DEFAULT", "HAIRCUT", "ASSESS", "DISCARD", "LIQUIDATE"}
    assert sum(stages.values()) > 1_000


def test_a_piece_of_the_embedded_flow_on_parts_does_what_it_does_on_the_whole() -> None:
    flow = EmbeddedFlow(1, 120, 3_000)
    genesis = flow.genesis(SIGNER)
    compared = 0
    for place, each in enumerate(walk(flow, 3_000)):
        # Every third operation, and every step of a round.
        if place % 3 == 0 or each.before.round is not None:
            assert_same(each, genesis)
            compared += 1
    assert compared > 1_000


def test_micro_steps_of_the_crash_on_parts_do_what_they_do_on_the_whole() -> None:
    flow = EmbeddedFlow(1, 60, 2_000)
    genesis = flow.genesis(SIGNER)
    stages: set[str] = set()
    rounds = 0
    for each in walk(flow, 2_000):
        if each.before.round is None and each.after.round is not None:
            rounds += 1
            if rounds % 3 == 0 or 22 <= rounds <= 25:
                for micro_step in micro_steps(each.after):
                    assert_same(micro_step, genesis)
                    assert micro_step.before.round is not None
                    stages.add(micro_step.before.round.stage.name)
    assert stages >= {"REVALUE", "ASSESS", "DISCARD", "LIQUIDATE"}


@pytest.mark.parametrize(
    ("genesis", "steps"),
    [(small_genesis(), minimal_walk(21, 1_200)), (dated_genesis(), dated_walk(21, 700))],
    ids=["perpetuals", "instruments that expire"],
)
def test_the_leaves_that_were_noted_are_enough(genesis: Genesis, steps: Iterable[Walked]) -> None:
    for each in steps:
        known = Known(assert_same(each, genesis))
        part = partial_state(known, genesis)
        outcome = step(part, each.operation, SIGNER)
        assert type(outcome) is type(each.outcome)
        if isinstance(outcome, Accepted) and isinstance(each.outcome, Accepted):
            assert outcome.events == each.outcome.events
            changes, whole = Changes(part), Changes(each.before)
            changes.add(outcome)
            whole.add(each.outcome)
            assert changes.changed(outcome.state) == whole.changed(each.after)


@pytest.mark.parametrize(
    ("genesis", "walk_of", "length"),
    [(small_genesis(), minimal_walk, 5), (small_genesis(), minimal_walk, 60), (dated_genesis(), dated_walk, 20)],
    ids=["perpetuals, short", "perpetuals, long", "instruments that expire"],
)
def test_a_whole_batch_on_one_part_of_the_state_changes_the_same_leaves(
    genesis: Genesis, walk_of: Callable[[int, int], Iterable[Walked]], length: int
) -> None:
    batches = inside = 0
    for seed in range(30, 33):
        walked = list(walk_of(seed, 1_200))
        for start in range(0, len(walked), length):
            batch = walked[start : start + length]
            part = state = partial_state(Reads(batch[0].before), genesis)
            on_part, on_whole = Changes(part), Changes(batch[0].before)
            for each in batch:
                outcome = step(state, each.operation, SIGNER)
                assert type(outcome) is type(each.outcome)
                if isinstance(outcome, Accepted) and isinstance(each.outcome, Accepted):
                    assert outcome.events == each.outcome.events
                    on_part.add(outcome)
                    on_whole.add(each.outcome)
                    state = outcome.state
            assert on_part.changed(state) == on_whole.changed(batch[-1].after)
            batches, inside = batches + 1, inside + (batch[-1].after.round is not None)
    assert batches >= 60
    assert inside > 0


def reads_of_local_operations(accounts: int) -> dict[type, tuple[int, ...]]:
    """How many leaves each kind of accepted local operation read, of the same trading among more and more bystanders."""
    genesis = standard(SIGNER)
    session = Session(genesis, SIGNER)
    for account in range(accounts):
        for operation in session.deposit(account, 10**9):
            session.submit(operation)
    read: dict[type, list[int]] = defaultdict(list)

    def submit(operation: Operation) -> None:
        before = session.state
        outcome = session.submit(operation)
        assert isinstance(outcome, Accepted)
        read[type(operation)].append(len(assert_same(Walked(before, operation, outcome, session.state), genesis).asked))

    # Bystanders rest orders far from the mark and hold positions, outside of what is counted.
    for account in range(6, accounts):
        session.submit(session.limit(account, 1, 1, Side.BUY, 1, 96_000))
        session.submit(session.limit(account, 1, 2, Side.SELL, 1, 100_000))
        session.submit(session.market(0, 1, account, Side.BUY, 1))
    for maker in range(1, 5):
        submit(session.limit(maker, 1, 1, Side.SELL, 5, 100_100 + 10 * maker))
    submit(session.replace(1, 1, 1, 6, 100_150))
    submit(session.market(0, 1, 10**6, Side.BUY, 12))
    submit(session.cancel(4, 1, 1))
    submit(session.sign(Withdraw(2, session.next_nonce(2), session.state.clock, 5_000, b"")))
    submit(session.sign(Transfer(2, session.next_nonce(2), session.state.clock, 3, 5_000, b"")))
    submit(Receive(session.state.clock, Deposit(5, SIGNER.key(5), 70)))
    submit(Take())
    submit(Receive(session.state.clock, Deposit(10**7, SIGNER.key(10**7), 70)))
    submit(Take())
    submit(Tick(session.state.clock + 5))
    return {kind: tuple(counts) for kind, counts in read.items()}


def test_what_a_local_operation_reads_does_not_grow_with_the_number_of_accounts() -> None:
    few, more, many = (reads_of_local_operations(accounts) for accounts in (8, 60, 300))
    assert few == more == many
    assert set(many) == set(LOCAL)
    assert max(max(counts) for counts in many.values()) <= 30


def test_every_leaf_of_a_state_is_found_one_by_one() -> None:
    for state in (resting_state(), *mid_round_states(), *dated_states()):
        whole = dict(leaves_of(state))
        assert {leaf: leaf_of(state, leaf) for leaf in whole} == whole
        for part in Part:
            assert leaf_of(state, LeafKey(part, 0, 2**62)) is None


def test_an_order_is_found_at_its_own_place_only() -> None:
    state = resting_state()
    leaf = next(leaf for leaf in dict(leaves_of(state)) if leaf.part is Part.BIDS)
    assert leaf_of(state, leaf) is not None
    assert leaf_of(state, evolve(leaf, key=leaf.key + 2**64)) is None
    assert leaf_of(state, evolve(leaf, part=Part.ASKS)) is None
    assert leaf_of(state, evolve(leaf, book=77)) is None


def test_the_next_key_is_noted_from_both_sides() -> None:
    reads = Reads(resting_state())
    first = reads.after(Part.HOLDERS, 0, -1)
    assert first == resting_state().holders.first()
    assert reads.asked == {LeafKey(Part.HOLDERS, 0, 0), LeafKey(Part.HOLDERS, 0, first)}
    assert reads.after(Part.HOLDERS, 0, 2**50) is None
    assert LeafKey(Part.HOLDERS, 0, LAST_KEY) in reads.asked


@pytest.mark.parametrize("part", [Part.HOLDINGS, Part.INBOX, Part.OUTBOX, Part.TASKS])
def test_nobody_may_list_what_no_operation_lists(part: Part) -> None:
    with pytest.raises(KeyError, match=f"nothing asks for the next of {part.name}"):
        Reads(resting_state()).after(part, 0, 0)


def test_a_partial_state_at_rest_has_no_round_and_the_scalars_of_the_whole() -> None:
    state = resting_state()
    part = partial_state(Reads(state), small_genesis())
    assert part.round is None
    names = ("clock", "next_arrival", "insurance", "treasury", "vault", "funding_pool", "round_number", "marks_time")
    assert [getattr(part, name) for name in names] == [getattr(state, name) for name in names]
    assert len(part.accounts) == len(state.accounts)
    assert list(part.holders) == list(state.holders)
    assert len(part.holders) == len(state.holders)
    assert len(part.inbox.messages) == len(state.inbox.messages)
    assert dict(part.markets.items()) == dict(state.markets.items())


def test_every_container_of_a_partial_state_gives_what_the_whole_has() -> None:
    perpetuals = ((state, small_genesis()) for state in (resting_state(), *mid_round_states()))
    for state, genesis in (*perpetuals, *((state, dated_genesis()) for state in dated_states())):
        part = partial_state(Reads(state), genesis)
        assert dict(part.markets.items()) == dict(state.markets.items())
        for name in range(8):
            assert part.accounts.get(name) == state.accounts.get(name)
            assert part.breaches.get(name, 0) == state.breaches.get(name, 0)
        for name in (*state.books, 99):
            whole, mine = state.books.get(name), part.books.get(name)
            assert (whole is None) == (mine is None)
            if whole is not None and mine is not None:
                assert mine.open_interest == whole.open_interest
                assert (list(mine.bids), list(mine.asks)) == (list(whole.bids), list(whole.asks))
                assert (len(mine.bids), len(mine.asks)) == (len(whole.bids), len(whole.asks))
                assert (bool(mine.bids), bool(mine.asks)) == (bool(whole.bids), bool(whole.asks))
                assert (mine.best(Side.BUY), mine.best(Side.SELL)) == (whole.best(Side.BUY), whole.best(Side.SELL))
                assert len(mine.orders) == len(whole.orders)
        for index in (*state.outbox.claims, 10**6):
            assert part.outbox.claims.get(index) == state.outbox.claims.get(index)
        if state.round is not None and part.round is not None:
            assert list(part.round.tasks) == list(state.round.tasks)
            assert dict(part.round.quotes.items()) == dict(state.round.quotes.items())
            assert len(part.round.quotes) == len(state.round.quotes)
            assert dict(part.round.gains.items()) == dict(state.round.gains)
            assert list(part.round.defaulted) == list(state.round.defaulted)
            assert list(part.round.breaches) == list(state.round.breaches)


def test_what_no_leaf_says_is_an_error_and_not_a_guess() -> None:
    part = partial_state(Reads(resting_state()), small_genesis())
    for container in (part.breaches, part.books[1].orders):
        with pytest.raises(LookupError, match="which entries"):
            list(container)
    with pytest.raises(LookupError, match="how many"):
        len(part.breaches)


def test_an_account_whose_two_leaves_contradict_each_other_is_refused() -> None:
    state = resting_state()
    name = state.holders.first()

    class Liar(Reads):
        def value(self, leaf: LeafKey) -> bytes | None:
            if leaf == LeafKey(Part.ACCOUNTS, 0, name):
                return encode_activity(Activity(0, 0, (), ()))
            return super().value(leaf)

    part = partial_state(Liar(state), small_genesis())
    with pytest.raises(Refused) as caught:
        part.accounts.get(name)
    assert caught.value.refusal is Refusal.DISAGREES


def test_a_cost_without_a_position_is_refused_and_makes_no_collateral() -> None:
    state = resting_state()
    name = state.holders.first()

    class Liar(Reads):
        def value(self, leaf: LeafKey) -> bytes | None:
            found = super().value(leaf)
            if leaf != LeafKey(Part.ACCOUNTS, 0, name):
                return found
            activity = decode_activity(found or b"")
            return encode_activity(evolve(activity, costs=(*activity.costs, (2**30, 10**6))))

    part = partial_state(Liar(state), small_genesis())
    with pytest.raises(Refused) as caught:
        part.accounts.get(name)
    assert caught.value.refusal is Refusal.DISAGREES
