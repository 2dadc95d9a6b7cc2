"""Every refusal of the contract by its own test, and their precedence."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from immutables import Map

from settlespec.commitment.batch import Body
from settlespec.commitment.encoding import Reader
from settlespec.commitment.header import Header, data_link, encode_header
from settlespec.domain.errors import BadInput, Malformed
from settlespec.domain.orders import Side
from settlespec.rules.base_fees import GAS_PER_BLOB
from settlespec.settlement.chain import NOTHING_PUBLISHED, Published
from settlespec.settlement.rollup import Delays, Settings
from settlespec.settlement.validity import ValidityContract
from settlespec.settlement.validity_batches import blobs_of, published_body
from settlespec.settlement.validity_calls import (
    Call,
    ClaimMoney,
    Commit,
    Escape,
    ForceOrder,
    ForceWithdrawal,
    Freeze,
    MakeDeposit,
    Prove,
    Refund,
    Revert,
    key_of,
    sender_of,
)
from settlespec.settlement.validity_refusals import Paid, Refusal, Way
from settlespec.settlement.validity_registry import ValidityParameters
from settlespec.settlement.ways_out import claim_call, escape_call
from tests.settlement.rollup_town import (
    EACH_BLOCK,
    OPERATOR,
    PARAMETERS,
    SIGNER,
    SLOT,
    WALLET,
    WINDOW,
    Town,
    contract,
    deployment,
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


def header() -> Header:
    return sealed().chain.sealed[1].header


def body() -> bytes:
    return sealed().chain.sealed[1].batch.bodies[Body.LOG]


def why_not(changed: Header, published: Published | None = None, later: int = 0) -> Refusal | None:
    carried = published or Published(calldata=body())
    return sealed().reason(OPERATOR, Commit(encode_header(changed)), carried, later)


def test_an_honest_batch_is_committed_in_calldata_or_in_a_blob() -> None:
    assert why_not(header()) is None
    assert why_not(header(), Published(blobs=(body(),))) is None


BREACHES: tuple[tuple[Refusal, Callable[[Header], Header]], ...] = (
    (Refusal.FOREIGN_BATCH, lambda at: evolve(at, chain=at.chain + 1)),
    (Refusal.WRONG_NUMBER, lambda at: evolve(at, number=at.number + 1)),
    (Refusal.WRONG_PREVIOUS_ROOT, lambda at: evolve(at, previous_root=at.new_root)),
    (Refusal.CLOCK_BROKEN, lambda at: evolve(at, time_before=at.time_before + 1)),
    (Refusal.INBOX_BROKEN, lambda at: evolve(at, received_before=at.received_before + 1)),
    (Refusal.TAKEN_BROKEN, lambda at: evolve(at, taken_after=at.received_after + 1)),
    (Refusal.OUTBOX_BROKEN, lambda at: evolve(at, outbox_before=at.outbox_before[::-1][:-1] + b"\1")),
    (Refusal.DATA_BROKEN, lambda at: evolve(at, data_before=bytes(31) + b"\1")),
    (Refusal.CLOCK_AHEAD, lambda at: evolve(at, time_after=at.time_after + 10**6)),
    (Refusal.INBOX_UNKNOWN, lambda at: evolve(at, inbox_after=bytes(32))),
    (Refusal.BODY_UNPUBLISHED, lambda at: evolve(at, data_after=bytes(32))),
)
"""What a header says wrongly, in precedence order."""


@pytest.mark.parametrize(("refusal", "breach"), BREACHES, ids=[refusal.name for refusal, _ in BREACHES])
def test_each_link_of_the_chain_of_batches_has_its_own_refusal(
    refusal: Refusal, breach: Callable[[Header], Header]
) -> None:
    assert why_not(breach(header())) is refusal


@pytest.mark.parametrize("first", range(len(BREACHES)))
def test_when_several_links_are_broken_the_first_is_the_answer(first: int) -> None:
    broken = header()
    for _, breach in BREACHES[first:]:
        broken = breach(broken)
    assert why_not(broken) is BREACHES[first][0]


def test_each_before_of_a_header_is_the_after_of_the_last_one() -> None:
    last, here = sealed().registry.last, header()
    others: dict[str, Any] = {
        "rollup": here.rollup + 1,
        "time_before": here.time_before + 1,
        "received_before": 1,
        "inbox_before": here.inbox_after,
        "outbox_before": here.new_root,
        "data_before": here.data_after,
        "previous_root": bytes(32),
        "number": 0,
    }
    for name, value in others.items():
        assert why_not(evolve(here, **{name: value})) is not None, name
    assert (here.number, here.previous_root) == (last.number + 1, last.new_root)


def test_a_clock_that_runs_backwards_is_refused() -> None:
    assert why_not(evolve(header(), time_before=5, time_after=4)) is Refusal.CLOCK_BROKEN
    town = Town().funded({1: 100})
    town.advance(3)
    later = town.registry.last
    backwards = evolve(later, number=later.number + 1, previous_root=later.new_root, time_before=later.time_after)
    backwards = evolve(backwards, time_after=later.time_after - 1)
    assert town.reason(OPERATOR, Commit(encode_header(backwards))) is Refusal.CLOCK_BROKEN


def test_the_clock_of_a_batch_may_lead_and_lag_its_block_by_exactly_the_bounds() -> None:
    now = sealed().layer.clock
    ahead = now + PARAMETERS.max_ahead
    assert why_not(evolve(header(), time_after=ahead)) is None
    assert why_not(evolve(header(), time_after=ahead + 1)) is Refusal.CLOCK_AHEAD
    limit = header().time_after + PARAMETERS.max_behind - now
    assert why_not(header(), later=limit) is None
    assert why_not(header(), later=limit + 1) is Refusal.CLOCK_BEHIND


def test_a_batch_cannot_receive_what_the_inbox_does_not_have() -> None:
    here = header()
    assert here.received_after == 2
    assert why_not(evolve(here, received_after=3)) is Refusal.INBOX_UNKNOWN
    assert why_not(evolve(here, received_after=1, taken_after=1)) is Refusal.INBOX_UNKNOWN
    assert why_not(evolve(here, received_after=2 + 2**64)) is Refusal.INBOX_UNKNOWN


def test_a_batch_cannot_give_back_messages_that_the_last_one_received() -> None:
    town = sealed()
    registry = town.registry
    received = evolve(registry.proven, received_after=2, inbox_after=registry.inbox[2], taken_after=0)
    held = ValidityContract(evolve(registry, proven=received))
    opening = town.layer.last_block.opening

    def asked(after: int) -> list[object]:
        follows = evolve(
            header(),
            received_before=2,
            inbox_before=registry.inbox[2],
            received_after=after,
            inbox_after=registry.inbox[after],
            taken_after=1,
        )
        called = held.call(opening, OPERATOR, Commit(encode_header(follows)), Published(calldata=body()))
        return [getattr(event, "reason", None) for event in called.events]

    assert asked(2) == [None]
    assert asked(1) == [Refusal.INBOX_BROKEN]


def test_a_batch_cannot_take_messages_back_nor_some_that_it_did_not_receive() -> None:
    town = Town().funded({1: 100})
    town.advance(3)
    last = town.registry.last
    assert last.taken_after == 1
    follows = evolve(
        last,
        number=last.number + 1,
        previous_root=last.new_root,
        time_before=last.time_after,
        received_before=1,
        inbox_before=last.inbox_after,
        taken_after=0,
    )
    assert town.reason(OPERATOR, Commit(encode_header(follows))) is Refusal.TAKEN_BROKEN
    assert why_not(evolve(header(), taken_after=3)) is Refusal.TAKEN_BROKEN


def test_a_body_that_is_not_really_published_is_refused() -> None:
    assert why_not(header(), Published()) is Refusal.BODY_UNPUBLISHED
    assert why_not(header(), Published(calldata=body()[:-1])) is Refusal.BODY_UNPUBLISHED
    assert why_not(header(), Published(calldata=body() + b"\0")) is Refusal.BODY_UNPUBLISHED
    assert why_not(header(), Published(blobs=(body() + b"\0",))) is Refusal.BODY_UNPUBLISHED
    other = sealed().chain.sealed[1].batch.bodies[Body.STATE_DIFF]
    assert why_not(header(), Published(calldata=other)) is Refusal.BODY_UNPUBLISHED


def test_a_body_in_more_than_one_place_is_refused() -> None:
    content = body()
    assert why_not(header(), Published(content, (content,))) is Refusal.BODY_SPREAD
    assert why_not(header(), Published(content[:5], (content[5:],))) is Refusal.BODY_SPREAD
    assert why_not(header(), Published(blobs=(content[:5], content[5:]))) is Refusal.BODY_SPREAD
    assert why_not(header(), Published(blobs=(content, b""))) is Refusal.BODY_SPREAD
    assert why_not(header(), Published(blobs=(b"",))) is Refusal.BODY_SPREAD


@pytest.mark.parametrize("size", [1, GAS_PER_BLOB - 1, GAS_PER_BLOB, GAS_PER_BLOB + 1, 2 * GAS_PER_BLOB, 300_000])
def test_a_body_of_any_size_has_one_way_into_blobs(size: int) -> None:
    content = bytes(index * 7 % 251 for index in range(size))
    blobs = blobs_of(content)
    assert published_body(Published(blobs=blobs)) == content
    assert len(blobs) == -(-size // GAS_PER_BLOB)


def test_only_so_many_batches_may_wait_for_a_proof() -> None:
    town = Town(settings=Settings(EACH_BLOCK, Delays(prove=NEVER, commit=NEVER)))
    town.funded({1: 100})
    town.advance(2)
    ready = town.chain.sealed[1]
    call, carried = Commit(encode_header(ready.header)), Published(calldata=ready.batch.bodies[Body.LOG])
    registry = town.registry
    full = evolve(registry, waiting=committed().registry.waiting * PARAMETERS.max_unproven)
    # The last of the waiting ones is the one before.
    last = evolve(full.waiting[-1], header=registry.proven)
    full = evolve(full, waiting=(*full.waiting[:-1], last))
    room = evolve(full, waiting=full.waiting[1:])
    opening = town.layer.last_block.opening
    refused = ValidityContract(full).call(opening, OPERATOR, call, carried)
    assert [event.reason for event in refused.events] == [Refusal.TOO_MANY_UNPROVEN]  # type: ignore[attr-defined]
    assert not ValidityContract(room).call(opening, OPERATOR, call, carried).reverted


def test_bytes_that_are_no_header_are_refused() -> None:
    good = encode_header(header())
    for spoiled in (b"", good[:-1], good + b"\0", good[:-1] + b"\2", b"\xff" * 300):
        assert sealed().reason(OPERATOR, Commit(spoiled), Published(calldata=body())) is Refusal.MALFORMED_HEADER
    assert Reader(good).left() == len(good)


def test_every_flipped_byte_of_a_header_is_refused_or_can_only_be_a_claim_that_no_proof_shows() -> None:
    good = encode_header(header())
    let_in = []
    for place in range(len(good)):
        spoiled = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        if sealed().reason(OPERATOR, Commit(spoiled), Published(calldata=body())) is None:
            let_in.append(spoiled)
    # The new root, the outbox, the operations, the clock within its bounds, what was taken, and whether it is at rest.
    assert 32 * 3 <= len(let_in) <= 32 * 3 + 8
    proof = sealed().proofs.prove(sealed().chain.sealed[1].batch, sealed().registry.last)
    opening = sealed().layer.last_block.opening
    for spoiled in (good, *let_in):
        called = ValidityContract(sealed().registry).call(opening, OPERATOR, Commit(spoiled), Published(body()))
        proven = called.contract.call(opening, OWNER, Prove(1, proof), NOTHING_PUBLISHED)
        assert proven.reverted == (spoiled != good)


def test_only_the_operator_commits_and_takes_back() -> None:
    assert sealed().reason(OWNER, Commit(encode_header(header())), Published(calldata=body())) is (
        Refusal.NOT_THE_OPERATOR
    )
    assert committed().reason(OWNER, Revert(1)) is Refusal.NOT_THE_OPERATOR
    assert committed().reason(OPERATOR, Revert(1)) is None


def test_what_does_not_wait_is_neither_proven_nor_taken_back() -> None:
    town = committed()
    proof = town.proofs.prove(town.chain.sealed[1].batch, town.chain.sealed[1].last)
    assert town.reason(OWNER, Prove(1, proof)) is None
    for number in (0, 2, -1, 1 + 2**64):
        assert town.reason(OWNER, Prove(number, proof)) is Refusal.NOT_COMMITTED
    for number in (0, 2, -1, 1 + 2**64):
        assert town.reason(OPERATOR, Revert(number)) is Refusal.NOT_COMMITTED
    assert sealed().reason(OWNER, Prove(1, proof)) is Refusal.NOT_COMMITTED


def test_batches_are_proven_in_order() -> None:
    town = Town(settings=Settings(EACH_BLOCK, Delays(prove=NEVER)))
    town.funded({1: 100, 2: 100})
    town.advance(2)
    town.deposit(3, 5)
    town.advance(3)
    assert len(town.registry.waiting) == 2
    second = town.chain.sealed[2]
    assert town.reason(OWNER, Prove(2, town.proofs.prove(second.batch, second.last))) is Refusal.NOT_COMMITTED


def test_what_is_proven_is_not_taken_back() -> None:
    town = Town().funded({1: 100})
    town.advance(4)
    assert town.registry.proven.number == 1
    assert town.reason(OPERATOR, Revert(1)) is Refusal.NOT_COMMITTED


def test_a_proof_of_another_batch_is_refused() -> None:
    town = committed()
    other = sealed().chain.sealed[1]
    assert other.header == town.chain.sealed[1].header
    for proof in (b"", bytes(32), b"x" * 300):
        assert town.reason(OWNER, Prove(1, proof)) is Refusal.NOT_PROVEN


def test_a_sender_whose_name_is_no_key_cannot_ask_for_anything() -> None:
    named = OWNER
    strangers = ("", "ada", named.upper().replace("0", "A"), named + "00", named[:-2], f" {named}", named[:-1] + " ")
    for stranger in strangers:
        for call in (MakeDeposit(1, 5), ForceWithdrawal(1, 5), ForceOrder(1, 1, Side.BUY, 1, 1)):
            assert sealed().reason(stranger, call) is Refusal.NOT_AN_OWNER
    assert key_of(named) == SIGNER.key(1)
    assert key_of("AB" * 32) is None


@pytest.mark.parametrize(
    "call",
    [
        MakeDeposit(1, 0),
        MakeDeposit(1, -5),
        MakeDeposit(1, 2**96),
        MakeDeposit(2**64, 5),
        MakeDeposit(-1, 5),
        ForceWithdrawal(1, 0),
        ForceWithdrawal(2**64, 5),
        ForceOrder(1, 1, Side.BUY, 0, 5),
        ForceOrder(1, 1, Side.BUY, 2**40, 5),
        ForceOrder(1, 1, Side.BUY, 5, 0),
        ForceOrder(1, 2**64, Side.BUY, 5, 5),
    ],
)
def test_a_message_that_the_machine_would_not_receive_is_not_let_in(call: Call) -> None:
    assert sealed().reason(OWNER, call) is Refusal.OUT_OF_RANGE


def test_a_deposit_without_money_is_refused() -> None:
    assert sealed().reason(OWNER, MakeDeposit(1, WALLET - 100)) is None
    assert sealed().reason(OWNER, MakeDeposit(1, WALLET - 99)) is Refusal.NO_MONEY
    assert sealed().reason(sender_of(SIGNER.key(77)), MakeDeposit(1, 1)) is Refusal.NO_MONEY


def test_the_inbox_ends_somewhere() -> None:
    town = Town(parameters=evolve(PARAMETERS, max_messages=1))
    assert town.reason(OWNER, MakeDeposit(1, 5)) is None
    town.funded({1: 5})
    assert town.reason(OWNER, MakeDeposit(1, 5)) is Refusal.INBOX_CLOSED
    assert town.reason(OWNER, ForceWithdrawal(1, 5)) is Refusal.INBOX_CLOSED


def test_what_no_message_is_about_cannot_freeze_and_is_not_refunded() -> None:
    for index in (5, -1, 2**64, 4 + 2**64):
        assert living().reason(OWNER, Freeze(index), later=10**9) is Refusal.UNKNOWN_MESSAGE
        assert icy().reason(OWNER, Refund(index)) is Refusal.UNKNOWN_MESSAGE


def test_a_deposit_has_no_deadline() -> None:
    assert living().reason(OWNER, Freeze(3), later=10**9) is Refusal.NOT_FORCED


def test_a_request_that_was_taken_freezes_nothing() -> None:
    assert living().reason(OWNER, Freeze(2), later=10**9) is Refusal.TAKEN


def test_a_request_freezes_from_the_first_block_after_its_deadline() -> None:
    deadline = living().registry.requests[4].deadline
    assert deadline is not None
    left = deadline - living().layer.clock
    assert left == WINDOW
    assert living().reason(OWNER, Freeze(4), later=left) is Refusal.BEFORE_DEADLINE
    assert living().reason(OWNER, Freeze(4), later=left + 1) is None


def test_a_frozen_rollup_asks_commits_proves_takes_back_and_freezes_nothing_more() -> None:
    calls: tuple[Call, ...] = (
        MakeDeposit(1, 5),
        ForceWithdrawal(1, 5),
        ForceOrder(1, 1, Side.BUY, 1, 1),
        Commit(encode_header(icy().registry.last)),
        Prove(2, b""),
        Revert(2),
        Freeze(4),
    )
    for call in calls:
        assert icy().reason(OPERATOR, call) is Refusal.FROZEN


def test_nobody_escapes_and_nothing_is_refunded_while_the_rollup_lives() -> None:
    call = escape_call(living().exit_tree(), 1)
    assert call is not None
    assert living().reason(OWNER, call) is Refusal.NOT_FROZEN
    assert living().reason(OWNER, Refund(3)) is Refusal.NOT_FROZEN
    assert icy().reason(OWNER, call) is None
    assert icy().reason(OWNER, Refund(3)) is None


def test_a_forced_request_is_no_deposit_and_a_taken_deposit_is_not_refunded() -> None:
    assert icy().reason(OWNER, Refund(4)) is Refusal.NOT_A_DEPOSIT
    assert icy().reason(OWNER, Refund(2)) is Refusal.NOT_A_DEPOSIT
    assert icy().reason(OWNER, Refund(0)) is Refusal.TAKEN


def test_a_claim_and_an_account_outside_their_range_are_refused_before_anything_is_hashed() -> None:
    claimed, left = claim_call(icy().exit_tree(), icy().registry.exit.number, 0), escape_call(icy().exit_tree(), 1)
    assert claimed is not None
    assert left is not None
    for shift in (2**64, 2**104, 2**168, -(2**168), 2**200):
        assert icy().reason(OWNER, evolve(claimed, index=shift)) is Refusal.OUT_OF_RANGE
        assert icy().reason(OWNER, evolve(left, account=1 + shift)) is Refusal.OUT_OF_RANGE


def test_a_claim_is_shown_under_an_exit_root_and_no_other_root() -> None:
    claimed = claim_call(icy().exit_tree(), icy().registry.exit.number, 0)
    assert claimed is not None
    for batch in (-1, claimed.batch + 1, claimed.batch + 2**64):
        assert icy().reason(OWNER, evolve(claimed, batch=batch)) is Refusal.NOT_AN_EXIT_ROOT
    assert icy().reason(OWNER, evolve(claimed, batch=0)) is Refusal.NOT_UNDER_EXIT_ROOT
    assert icy().reason(OWNER, claimed) is None


def test_what_does_not_stand_under_the_exit_root_is_not_paid() -> None:
    tree = icy().exit_tree()
    claimed, left = claim_call(tree, icy().registry.exit.number, 0), escape_call(tree, 1)
    assert claimed is not None
    assert left is not None
    hostile: tuple[Call, ...] = (
        evolve(claimed, index=1),
        evolve(claimed, leaf=b""),
        evolve(claimed, leaf=left.holdings),
        evolve(claimed, proof=b""),
        evolve(claimed, proof=left.proof),
        evolve(left, account=2),
        evolve(left, account=5),
        evolve(left, holdings=claimed.leaf),
        evolve(left, holdings=b""),
        evolve(left, markets=(b"",)),
        evolve(left, proof=claimed.proof),
    )
    for call in hostile:
        assert icy().reason(OWNER, call) is Refusal.NOT_UNDER_EXIT_ROOT


def test_an_account_that_is_worth_nothing_is_not_paid() -> None:
    town = Town().funded({1: 100})
    town.force(1)
    town.advance(7)
    town.stop()
    town.force(1)
    town.advance(WINDOW // SLOT + 2)
    town.freeze(2)
    town.advance()
    call = escape_call(town.exit_tree(), 1)
    assert call is not None
    assert town.reason(OWNER, call) is Refusal.NOTHING_TO_PAY


def test_what_was_paid_is_not_paid_again() -> None:
    tree = icy().exit_tree()
    claimed, left = claim_call(tree, icy().registry.exit.number, 0), escape_call(tree, 1)
    assert claimed is not None
    assert left is not None
    for call in (claimed, left, Refund(3)):
        paid = icy().try_call(OWNER, call)
        assert [type(event) for event in paid.events] == [Paid]
        again = paid.contract.call(icy().layer.last_block.opening, OWNER, call, NOTHING_PUBLISHED)
        assert [event.reason for event in again.events] == [Refusal.PAID_BEFORE]  # type: ignore[attr-defined]
        assert again.contract == paid.contract


def test_a_vault_that_has_less_pays_nothing_and_uses_nothing_up() -> None:
    registry = icy().registry
    poor = ValidityContract(evolve(registry, vault=evolve(registry.vault, balance=1)))
    claimed = claim_call(icy().exit_tree(), icy().registry.exit.number, 0)
    assert claimed is not None
    for call in (claimed, Refund(3)):
        refused = poor.call(icy().layer.last_block.opening, OWNER, call, NOTHING_PUBLISHED)
        assert [event.reason for event in refused.events] == [Refusal.NOT_ENOUGH]  # type: ignore[attr-defined]
        assert refused.contract == poor


@pytest.mark.parametrize("payload", [None, 5, b"", "commit", {}, object(), Refusal.FROZEN, Commit])
def test_a_payload_that_is_no_call_is_not_understood(payload: object) -> None:
    assert sealed().reason(OWNER, payload) is Refusal.NOT_UNDERSTOOD


def test_a_call_cannot_be_made_of_anything_but_its_types() -> None:
    with pytest.raises(Malformed, match="account"):
        MakeDeposit(True, 5)
    with pytest.raises(Malformed, match="amount"):
        MakeDeposit(1, 5.0)  # type: ignore[arg-type]
    with pytest.raises(Malformed, match="side"):
        ForceOrder(1, 1, 1, 5, 5)  # type: ignore[arg-type]
    with pytest.raises(Malformed, match="header"):
        Commit("00")  # type: ignore[arg-type]
    with pytest.raises(Malformed, match="markets"):
        Escape(1, b"", [b""], b"")  # type: ignore[arg-type]
    with pytest.raises(Malformed, match="markets"):
        Escape(1, b"", (b"", 5), b"")  # type: ignore[arg-type]
    with pytest.raises(Malformed, match="leaf"):
        ClaimMoney(1, 1, bytearray(b""), b"")  # type: ignore[arg-type]


def paid_already(call: ClaimMoney) -> Refusal | None:
    """Why a claim is refused that was paid before."""
    town = living_again()
    paid = ValidityContract(evolve(town.registry, paid=Map({(Way.CLAIM, call.index): 1})))
    head = town.layer.snapshots[town.layer.head]
    head = evolve(head, contracts=head.contracts.set(town.address, paid))
    town.layer = evolve(town.layer, snapshots=town.layer.snapshots.set(town.layer.head, head))
    return town.reason(OWNER, call)


PRECEDENCE: tuple[tuple[str, Callable[[], Refusal | None], Refusal], ...] = (
    ("frozen before not the operator", lambda: icy().reason(OWNER, Commit(b"")), Refusal.FROZEN),
    ("frozen before no owner", lambda: icy().reason("ada", MakeDeposit(1, 0)), Refusal.FROZEN),
    ("frozen before not committed", lambda: icy().reason(OWNER, Prove(99, b"")), Refusal.FROZEN),
    ("frozen before unknown message", lambda: icy().reason(OWNER, Freeze(99)), Refusal.FROZEN),
    ("not frozen before out of range", lambda: living().reason(OWNER, Escape(-1, b"", (), b"")), Refusal.NOT_FROZEN),
    ("not frozen before unknown message", lambda: living().reason(OWNER, Refund(99)), Refusal.NOT_FROZEN),
    ("not the operator before malformed", lambda: sealed().reason(OWNER, Commit(b"")), Refusal.NOT_THE_OPERATOR),
    ("not the operator before not committed", lambda: sealed().reason(OWNER, Revert(9)), Refusal.NOT_THE_OPERATOR),
    ("no owner before out of range", lambda: sealed().reason("ada", MakeDeposit(-1, 0)), Refusal.NOT_AN_OWNER),
    ("out of range before no money", lambda: sealed().reason(OWNER, MakeDeposit(-1, 2**90)), Refusal.OUT_OF_RANGE),
    ("not committed before not proven", lambda: committed().reason(OWNER, Prove(2, b"")), Refusal.NOT_COMMITTED),
    ("not forced before before deadline", lambda: living().reason(OWNER, Freeze(3)), Refusal.NOT_FORCED),
    ("taken before before deadline", lambda: living().reason(OWNER, Freeze(2)), Refusal.TAKEN),
    (
        "paid before before no exit root",
        lambda: paid_already(ClaimMoney(99, 0, b"", b"")),
        Refusal.PAID_BEFORE,
    ),
    (
        "no exit root before not under it",
        lambda: icy().reason(OWNER, ClaimMoney(99, 0, b"", b"")),
        Refusal.NOT_AN_EXIT_ROOT,
    ),
    (
        "out of range before no exit root",
        lambda: icy().reason(OWNER, ClaimMoney(9, -1, b"", b"")),
        Refusal.OUT_OF_RANGE,
    ),
    ("no deposit before taken", lambda: icy().reason(OWNER, Refund(2)), Refusal.NOT_A_DEPOSIT),
)


@pytest.mark.parametrize(("asked", "expected"), [row[1:] for row in PRECEDENCE], ids=[row[0] for row in PRECEDENCE])
def test_of_two_reasons_the_first_is_the_answer(asked: Callable[[], Refusal | None], expected: Refusal) -> None:
    assert asked() is expected


def test_the_refusals_stand_in_the_order_in_which_they_are_found() -> None:
    order = list(Refusal)
    found = [order.index(refusal) for refusal, _ in BREACHES]
    assert found == sorted(found)


def test_every_refusal_is_met_in_this_file() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [refusal for refusal in Refusal if text.count(f"Refusal.{refusal.name}") == 0] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"operator": ""},
        {"window": -1},
        {"max_ahead": -1},
        {"max_behind": 2**53},
        {"max_unproven": 0},
        {"max_messages": 2**64},
        {"max_messages": -1},
    ],
)
def test_parameters_that_no_rollup_could_live_under_are_bad_input(changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=next(iter(changes))):
        evolve(ValidityParameters(OPERATOR), **changes)


def test_a_rollup_that_publishes_exit_diffs_only_is_bad_input() -> None:
    with pytest.raises(BadInput, match="exit diff"):
        contract(Body.EXIT_DIFF)


def test_a_new_contract_has_the_root_of_genesis_and_nothing_else() -> None:
    registry = contract().registry
    assert registry.exit == registry.proven == registry.last
    assert (registry.exit.number, registry.vault.balance, registry.paid) == (0, 0, Map())
    assert registry.exit.chain == deployment().genesis.parameters.chain
    assert data_link(registry.exit.data_after, b"") != registry.exit.data_after


def test_contracts_compare_by_what_they_keep() -> None:
    one, other = contract(), contract()
    assert evolve(one.registry, deployment=other.registry.deployment, proofs=other.registry.proofs) == other.registry
    paid = one.call(sealed().layer.last_block.opening, OWNER, MakeDeposit(1, 5), NOTHING_PUBLISHED)
    assert paid.contract != one
