"""Refusals of everything but batches, the precedence of refusals, and what a contract begins with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from immutables import Map

from settlespec.commitment.batch import Body
from settlespec.commitment.header import data_link, encode_header, header_digest
from settlespec.domain.errors import BadInput, Malformed
from settlespec.domain.operations import Receive
from settlespec.domain.orders import Side
from settlespec.domain.outcomes import Accepted
from settlespec.domain.quantities import MAX_AMOUNT
from settlespec.machine.exchange import step
from settlespec.machine.genesis import initial_state
from settlespec.proofs.ideal import IdealProofs
from settlespec.settlement.chain import NOTHING_PUBLISHED
from settlespec.settlement.contract import Called
from settlespec.settlement.rollup import Delays
from settlespec.settlement.validity import ValidityContract
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
from settlespec.settlement.validity_refusals import Paid, Refusal, Refused, Way
from settlespec.settlement.validity_registry import ValidityParameters
from settlespec.settlement.ways_out import claim_call, escape_call
from tests.settlement.rollup_town import (
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
from tests.settlement.standing_towns import OWNER, committed, icy, living, living_again, sealed


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


def rich() -> ValidityContract:
    """A contract whose one owner has more money than any vault may hold."""
    made_for = deployment()
    proofs = IdealProofs(made_for, b"secret")
    return ValidityContract.deployed(PARAMETERS, made_for, proofs, Map({SIGNER.key(1): 2 * MAX_AMOUNT}))


def asked(kept: ValidityContract, call: Call) -> Called:
    return kept.call(sealed().layer.last_block.opening, OWNER, call, NOTHING_PUBLISHED)


def kept_after(kept: ValidityContract, *calls: Call) -> ValidityContract:
    """The contract after calls that it does not refuse."""
    for call in calls:
        called = asked(kept, call)
        assert isinstance(called.contract, ValidityContract)
        assert not called.reverted
        kept = called.contract
    return kept


def test_deposits_fill_the_range_of_the_vault_and_one_quantum_more_is_refused() -> None:
    kept = kept_after(rich(), MakeDeposit(1, MAX_AMOUNT - 5))
    assert asked(kept, MakeDeposit(1, 6)).events == (Refused(Refusal.VAULT_FULL),)
    full = kept_after(kept, MakeDeposit(1, 5))
    assert asked(full, MakeDeposit(1, 1)).events == (Refused(Refusal.VAULT_FULL),)
    # A forced request brings no money.
    assert not asked(full, ForceWithdrawal(1, MAX_AMOUNT)).reverted


def test_what_was_paid_out_since_makes_no_room_as_the_machines_vault_never_falls() -> None:
    full = kept_after(rich(), MakeDeposit(1, MAX_AMOUNT))
    paid_out = ValidityContract(evolve(full.registry, vault=evolve(full.registry.vault, balance=0)))
    assert asked(paid_out, MakeDeposit(1, 1)).events == (Refused(Refusal.VAULT_FULL),)


def test_the_machine_receives_every_deposit_that_the_contract_let_in() -> None:
    calls = (MakeDeposit(1, MAX_AMOUNT - 5), ForceWithdrawal(1, MAX_AMOUNT), MakeDeposit(1, 5))
    registry = kept_after(rich(), *calls).registry
    state = initial_state(registry.deployment.genesis)
    for _, request in sorted(registry.requests.items()):
        outcome = step(state, Receive(request.received.time, request.received.message), SIGNER)
        assert isinstance(outcome, Accepted)
        state = outcome.state
    assert state.vault == registry.deposited == MAX_AMOUNT


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
        Revert(2, header_digest(icy().registry.last)),
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


def test_a_call_of_a_kind_that_only_looks_like_one_is_not_understood() -> None:
    class Untyped(ClaimMoney):
        def __attrs_post_init__(self) -> None:
            """Nothing is looked at."""

    assert sealed().reason(OWNER, Untyped(0, 1.5, b"", b"")) is Refusal.NOT_UNDERSTOOD  # type: ignore[arg-type]
    assert sealed().reason(OWNER, Untyped(0, 1, b"", b"")) is Refusal.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("window", 1.5),
        ("window", True),
        ("max_ahead", "1"),
        ("max_behind", None),
        ("max_unproven", 1.5),
        ("max_messages", float("nan")),
        ("operator", 5),
    ],
)
def test_parameters_of_another_type_are_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(BadInput, match="is not what this takes") as refused:
        ValidityParameters(**{"operator": "operator", name: value})
    assert refused.value.field == name


@pytest.mark.parametrize("name", ["confirmations", "commit", "prove"])
@pytest.mark.parametrize("value", [-5, 1.5, True, None])
def test_what_is_no_delay_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(BadInput) as refused:
        Delays(**{name: value})
    assert refused.value.field == name


def paid_already(call: ClaimMoney) -> Refusal | None:
    """Why a claim is refused that was paid before."""
    town = living_again()
    paid = ValidityContract(evolve(town.registry, paid=Map({(Way.CLAIM, call.index): 1})))
    head = town.layer.snapshots[town.layer.head]
    head = evolve(head, contracts=head.contracts.set(town.address, paid))
    town.layer = evolve(town.layer, snapshots=town.layer.snapshots.set(town.layer.head, head))
    return town.reason(OWNER, call)


def poor_and_full() -> Refusal | None:
    """Why a deposit is refused for which there is neither room nor money."""
    full = kept_after(rich(), MakeDeposit(1, MAX_AMOUNT))
    (refused,) = asked(full, MakeDeposit(1, MAX_AMOUNT)).events
    kept_poor = ValidityContract(evolve(full.registry, vault=evolve(full.registry.vault, wallets=Map())))
    assert asked(kept_poor, MakeDeposit(1, MAX_AMOUNT)).events == (refused,)
    assert isinstance(refused, Refused)
    return refused.reason


PRECEDENCE: tuple[tuple[str, Callable[[], Refusal | None], Refusal], ...] = (
    ("frozen before not the operator", lambda: icy().reason(OWNER, Commit(b"")), Refusal.FROZEN),
    ("frozen before no owner", lambda: icy().reason("ada", MakeDeposit(1, 0)), Refusal.FROZEN),
    ("frozen before not committed", lambda: icy().reason(OWNER, Prove(99, b"")), Refusal.FROZEN),
    ("frozen before unknown message", lambda: icy().reason(OWNER, Freeze(99)), Refusal.FROZEN),
    ("not frozen before out of range", lambda: living().reason(OWNER, Escape(-1, b"", (), b"")), Refusal.NOT_FROZEN),
    ("not frozen before unknown message", lambda: living().reason(OWNER, Refund(99)), Refusal.NOT_FROZEN),
    ("not the operator before malformed", lambda: sealed().reason(OWNER, Commit(b"")), Refusal.NOT_THE_OPERATOR),
    ("not the operator before not committed", lambda: sealed().reason(OWNER, Revert(9, b"")), Refusal.NOT_THE_OPERATOR),
    ("no owner before out of range", lambda: sealed().reason("ada", MakeDeposit(-1, 0)), Refusal.NOT_AN_OWNER),
    ("out of range before no money", lambda: sealed().reason(OWNER, MakeDeposit(-1, 2**90)), Refusal.OUT_OF_RANGE),
    ("vault full before no money", poor_and_full, Refusal.VAULT_FULL),
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


@pytest.mark.parametrize(("ask", "expected"), [row[1:] for row in PRECEDENCE], ids=[row[0] for row in PRECEDENCE])
def test_of_two_reasons_the_first_is_the_answer(ask: Callable[[], Refusal | None], expected: Refusal) -> None:
    assert ask() is expected


def test_every_refusal_is_met_here_or_in_the_tests_of_batches() -> None:
    files = (Path(__file__), Path(__file__).with_name("test_validity_commits.py"))
    text = "".join(file.read_text(encoding="utf-8") for file in files)
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
