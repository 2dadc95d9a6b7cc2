"""SIGN-1 to SIGN-4, ORACLE-1: what is signed is bound to chain, rollup, type, account, nonce, validity and content."""

from typing import Any

import pytest
from attrs import evolve, fields

from settlespec.domain.operations import BeginRound, Cancel, OracleSignature, Place, Replace, Signed, Transfer, Withdraw
from settlespec.domain.orders import OrderKind, Side, TimeInForce
from settlespec.domain.reasons import Reason
from settlespec.machine.genesis import ORACLE_SEED
from settlespec.machine.signatures import Ed25519, Ideal, Signer
from settlespec.wire.signing import signed_bytes
from tests.machine.driver import FOREVER, Machine


@pytest.fixture(params=[Ideal, Ed25519], ids=lambda scheme: scheme.name)
def machine(request: pytest.FixtureRequest) -> Machine:
    signer: Signer = request.param()
    return Machine(signer).deposit("ada", 1_000).deposit("bob", 1_000).rests("ada", +1, 99, client_id=4)


def operations(machine: Machine) -> list[Signed]:
    """One of each type, all for Ada and all acceptable once signed."""
    envelope = machine.envelope("ada")
    return [
        machine.order("ada", +1, 99, client_id=5),
        Cancel(*envelope, 1, 4, b""),
        Replace(*envelope, 1, 4, 2, 98, FOREVER, b""),
        Withdraw(*envelope, 1, b""),
        Transfer(*envelope, machine.number("bob"), 1, b""),
    ]


@pytest.mark.parametrize("place", range(5))
def test_the_owners_signature_counts_and_nobody_elses(machine: Machine, place: int) -> None:
    operation = operations(machine)[place]
    assert machine.submit(machine.sign(operation, by="bob")).reason is Reason.BAD_SIGNATURE
    assert machine.submit(evolve(operation, signature=b"")).reason is Reason.BAD_SIGNATURE
    assert machine.submit(machine.sign(operation)).accepted


@pytest.mark.parametrize("place", range(5))
def test_a_signature_for_another_chain_or_rollup_is_none_here(machine: Machine, place: int) -> None:
    operation = operations(machine)[place]
    assert machine.submit(machine.sign(operation, chain=8)).reason is Reason.BAD_SIGNATURE
    assert machine.submit(machine.sign(operation, rollup=10)).reason is Reason.BAD_SIGNATURE


def changed(value: Any) -> Any:
    """Another value of the same field."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, Side):
        return value.opposite
    if isinstance(value, int):
        return value + 1 if value < FOREVER else value - 1
    return {
        OrderKind.LIMIT: OrderKind.MARKET,
        TimeInForce.GOOD_TILL_TIME: TimeInForce.FILL_OR_KILL,
    }[value]


@pytest.mark.parametrize("place", range(5))
def test_every_field_is_covered_by_the_signature(machine: Machine, place: int) -> None:
    operation = operations(machine)[place]
    kind: Any = type(operation)
    content = signed_bytes(1, 1, operation)
    covered = 0
    for field in fields(kind):
        if field.name != "signature":
            other = object.__new__(kind)
            for name in (each.name for each in fields(kind)):
                value = getattr(operation, name)
                object.__setattr__(other, name, changed(value) if name == field.name else value)
            assert signed_bytes(1, 1, other) != content, field.name
            covered += 1
    assert covered == len(fields(kind)) - 1


def test_every_type_is_told_apart_by_its_signed_bytes(machine: Machine) -> None:
    words = [signed_bytes(1, 1, operation).split(b'","')[2] for operation in operations(machine)]
    statement = signed_bytes(1, 1, machine.statement()).split(b'","')[2]
    assert sorted([*words, statement]) == [b"cancel", b"place", b"replace", b"statement", b"transfer", b"withdraw"]


def test_a_message_takes_effect_once(machine: Machine) -> None:
    operation = machine.sign(Withdraw(*machine.envelope("ada"), 1, b""))
    assert machine.submit(operation).accepted
    assert machine.submit(operation).reason is Reason.WRONG_NONCE


@pytest.mark.parametrize("step", [-1, 0, 2, 10])
def test_only_the_next_nonce_is_taken(machine: Machine, step: int) -> None:
    nonce = machine.account("ada").nonce + step
    operation = Withdraw(machine.number("ada"), nonce, FOREVER, 1, b"")
    assert machine.submit(machine.sign(operation)).reason is Reason.WRONG_NONCE


def test_a_rejected_message_uses_no_nonce(machine: Machine) -> None:
    nonce = machine.account("ada").nonce
    assert machine.withdraw("ada", 10**6).reason is Reason.UNDERCOLLATERALISED
    assert machine.account("ada").nonce == nonce
    assert machine.withdraw("ada", 1).accepted
    assert machine.account("ada").nonce == nonce + 1


def test_a_message_cannot_be_kept_for_a_better_moment(machine: Machine) -> None:
    operation = machine.order("ada", +1, 99)
    machine.wait(1)
    assert machine.submit(operation).reason is Reason.EXPIRED
    assert machine.submit(machine.order("ada", +1, 99)).accepted


def test_more_than_half_of_the_oracles_must_sign_alike(machine: Machine) -> None:
    machine.wait(1_000)
    assert machine.begin(machine.statement(), ()).reason is Reason.NO_QUORUM
    assert machine.begin(machine.statement(), (2,)).reason is Reason.NO_QUORUM
    assert machine.begin(machine.statement(), (1, 1)).reason is Reason.NO_QUORUM
    assert machine.begin(machine.statement(), (1, 2)).accepted


def test_an_oracle_that_does_not_exist_or_signed_something_else_does_not_count(machine: Machine) -> None:
    machine.wait(1_000)
    assert machine.begin(machine.statement(), (0, 3)).reason is Reason.NO_QUORUM
    other = signed_bytes(7, 9, machine.statement({1: 101}))
    foreign = signed_bytes(7, 10, machine.statement())
    for content in (other, foreign):
        begin = _begin(machine, content)
        assert machine.submit(begin).reason is Reason.NO_QUORUM


def _begin(machine: Machine, second_signs: bytes) -> Any:
    statement = machine.statement()
    first = machine.signer.sign(ORACLE_SEED, signed_bytes(7, 9, statement))
    second = machine.signer.sign(ORACLE_SEED + 1, second_signs)
    return BeginRound(statement, (OracleSignature(0, first), OracleSignature(1, second)))


def test_a_key_that_is_no_point_of_the_curve_has_signed_nothing() -> None:
    assert not Ed25519().verify(b"\xff" * 32, b"content", b"\x00" * 64)
    assert not Ed25519().verify(b"short", b"content", b"\x00" * 64)


def test_a_placed_order_under_ed25519_is_the_same_as_under_the_ideal_scheme(signed_machine: Machine) -> None:
    ideal = Machine()
    for exchange in (signed_machine, ideal):
        exchange.deposit("ada", 1_000).opens("ada", +2).round({1: 110})
    assert isinstance(signed_machine.order("ada", +1), Place)
    assert signed_machine.equity("ada") == ideal.equity("ada") == 1_020
