"""docs/signatures.md: its example is recomputed by its own words, and the machine verifies it."""

import json
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from settlespec.domain.instruments import Quote, RoundStatement
from settlespec.domain.operations import SIGNED_TYPES
from settlespec.machine.signatures import Ed25519
from settlespec.wire.operations import decode_operation
from settlespec.wire.signing import signed_bytes
from tests.documentation.pages import page, section, table

PAGE: Final = page("signatures.md")
EXAMPLE: Final = {row[0]: row[1] for row in table(section(PAGE, "An example"))}
FIELDS: Final = {row[0]: row[1].split() for row in table(section(PAGE, "What is signed"))}


def word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_bytes_of_the_example_follow_from_its_operation_by_the_words_of_the_page() -> None:
    operation = json.loads(EXAMPLE["operation"])
    fields = [word(operation[name]) for name in FIELDS[operation["type"]]]
    array = [*EXAMPLE["chain, rollup"].split(), operation["type"], *fields]
    assert json.dumps(array, separators=(",", ":")) == EXAMPLE["signed bytes"]


def test_the_signature_of_the_example_is_that_of_its_key() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(EXAMPLE["private key"]))
    assert key.public_key().public_bytes_raw().hex() == EXAMPLE["public key"]
    assert key.sign(EXAMPLE["signed bytes"].encode()).hex() == EXAMPLE["signature"]


@pytest.mark.parametrize("name", ["statement", "settlement"])
def test_the_oracles_sign_what_the_words_of_the_page_say(name: str) -> None:
    rows = {row[0]: row[1] for row in table(section(PAGE, f"A {name}"))}
    operation = json.loads(rows["operation"])
    statement = operation["statement"]
    quotes = [
        ":".join([quote["instrument"], quote["mark"], quote["funding_rate"], *quote["losses"]])
        for quote in statement.get("quotes", ())
    ]
    fields = [",".join(quotes) if field == "quotes" else statement[field] for field in FIELDS[name]]
    array = [statement["chain"], statement["rollup"], name, *fields]
    assert json.dumps(array, separators=(",", ":")) == rows["signed bytes"]
    (signed,) = operation["signatures"]
    assert signed == {"oracle": "0", "signature": rows["signature"]}
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(EXAMPLE["private key"]))
    assert key.sign(rows["signed bytes"].encode()).hex() == rows["signature"]
    decoded: Any = decode_operation(rows["operation"].encode())
    assert signed_bytes(1, 1, decoded.statement) == rows["signed bytes"].encode()


def test_the_machine_signs_these_bytes_and_verifies_this_signature() -> None:
    operation: Any = decode_operation(EXAMPLE["operation"].encode())
    chain, rollup = map(int, EXAMPLE["chain, rollup"].split())
    content = signed_bytes(chain, rollup, operation)
    assert content == EXAMPLE["signed bytes"].encode()
    assert operation.signature.hex() == EXAMPLE["signature"]
    assert Ed25519().verify(bytes.fromhex(EXAMPLE["public key"]), content, operation.signature)
    assert not Ed25519().verify(
        bytes.fromhex(EXAMPLE["public key"]), signed_bytes(chain, rollup + 1, operation), operation.signature
    )


def test_every_type_that_is_signed_stands_in_the_table_with_its_fields_in_order() -> None:
    assert list(FIELDS) == list(SIGNED_TYPES.values())
    for kind, name in SIGNED_TYPES.items():
        left_out = {"signature", "chain", "rollup"}
        assert FIELDS[name] == sorted(set(kind.__annotations__) - left_out)


def test_a_statement_is_signed_as_the_page_says() -> None:
    statement = RoundStatement(3, 4, 5, 6, (Quote(1, 100, -7), Quote(2, 200, 8)))
    assert signed_bytes(3, 4, statement) == b'["3","4","statement","5","1:100:-7,2:200:8","6"]'
    option = RoundStatement(3, 4, 5, 6, (Quote(1, 100, 0), Quote(2, 7, 0, (1, -2, *(0,) * 14))))
    losses = b":1:-2" + b":0" * 14
    assert signed_bytes(3, 4, option) == b'["3","4","statement","5","1:100:0,2:7:0' + losses + b'","6"]'
