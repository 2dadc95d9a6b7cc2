"""docs/validity.md and docs/base-layer.md say what the contract and the base layer do."""

import re
from typing import Any, Final

import pytest
from attrs import fields

from settlespec.domain.orders import Side
from settlespec.rules.base_fees import GAS_PER_BLOB
from settlespec.settlement.chain import BLOB_BYTES, SLOT_TIME, BaseLayerParameters
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
)
from settlespec.settlement.validity_gas import LENGTH_BYTES, call_gas, call_tokens
from settlespec.settlement.validity_refusals import Refusal
from settlespec.settlement.validity_registry import ValidityParameters
from tests.documentation.pages import page, section, table

VALIDITY: Final = page("validity.md")
BASE_LAYER: Final = page("base-layer.md")

CALLS: Final[dict[str, Call]] = {
    type(call).__name__: call
    for call in (
        MakeDeposit(1, 1),
        ForceWithdrawal(1, 1),
        ForceOrder(1, 1, Side.BUY, 1, 1),
        Commit(b"\1" * 7),
        Prove(1, b"\1" * 7),
        Revert(1, b"\1" * 32),
        ClaimMoney(1, 1, b"\1" * 40, b"\1" * 7),
        Freeze(1),
        Escape(1, b"\1" * 40, (b"\1" * 7,), b"\1" * 7),
        Refund(1),
    )
}
OWN_BYTES: Final = {"Commit": 7, "Prove": 7, "Revert": 32, "ClaimMoney": 47, "Escape": 54}
"""Bytes of each of them that are no integers."""

STRINGS_READ: Final = {"ClaimMoney": (40, 7), "Escape": (40, 7, 7)}


def number(text: str) -> int:
    """The first number of a cell; 2^64 - 1 is written so."""
    if text.startswith("2^64 - 1"):
        return 2**64 - 1
    found = re.search(r"[\d,]+", text)
    assert found is not None, text
    return int(found[0].replace(",", ""))


def test_the_refusals_of_the_page_are_those_of_the_contract_in_their_order() -> None:
    assert table(section(VALIDITY, "Refusals")) == [[refusal.name, refusal.value] for refusal in Refusal]


def test_the_calls_of_the_page_have_the_arguments_of_the_contract() -> None:
    told = {row[0]: row[1].split(", ") for row in table(section(VALIDITY, "Calls"))}
    assert told == {name: [place.name for place in fields(type(call))] for name, call in CALLS.items()}


@pytest.mark.parametrize(
    ("text", "heading", "parameters"),
    [
        (VALIDITY, "What a deployment fixes", ValidityParameters("operator")),
        (BASE_LAYER, "What a base layer fixes", BaseLayerParameters()),
    ],
)
def test_the_parameters_of_the_page_have_the_defaults_of_the_code(text: str, heading: str, parameters: Any) -> None:
    told = {row[0]: number(row[1]) for row in table(section(text, heading))}
    left_out = {"operator", "blobs"}
    assert told == {
        place.name: getattr(parameters, place.name) for place in fields(type(parameters)) if place.name not in left_out
    }


def test_the_times_of_the_page_are_those_of_blocks() -> None:
    told = section(BASE_LAYER, "What a base layer fixes")
    depth = BaseLayerParameters().finality_depth
    assert f"every {SLOT_TIME:,} ms, so what is in one is final after {depth * SLOT_TIME // 1000} s" in told


def test_the_page_says_what_a_blob_holds_and_what_it_pays_for() -> None:
    elements, bits_of_the_modulus = 4_096, 255
    assert elements * ((bits_of_the_modulus - 1) // 8) == BLOB_BYTES
    assert f"A blob holds {BLOB_BYTES:,} bytes and pays for {GAS_PER_BLOB:,} gas" in BASE_LAYER


@pytest.mark.parametrize("name", CALLS)
def test_gas_and_bytes_of_a_call_can_be_worked_out_from_the_page(name: str) -> None:
    executes, own = {row[0]: (row[1], row[2]) for row in table(section(VALIDITY, "Gas"))}[name]
    read = STRINGS_READ.get(name, ())
    per_node = number(section(VALIDITY, "Gas").partition("takes ")[2])
    assert call_gas(CALLS[name], 0) == number(executes) + per_node * (len(read) + sum(read) // 32)
    if name == "Commit":
        per_blob = number(executes.partition(" and ")[2])
        assert call_gas(CALLS[name], 3) == call_gas(CALLS[name], 0) + 3 * per_blob
    integers = 0 if name == "Commit" else 1 if own.startswith("an integer") else number(own)
    assert call_tokens(CALLS[name]) == 4 * (integers * LENGTH_BYTES + OWN_BYTES.get(name, 0))
