"""Constraint systems and witnesses as files: bytes as iden3 says, one meaning each, and everything else refused with its place."""

import struct
from collections.abc import Callable, Iterator

import pytest

from settlespec.domain.errors import BadInput
from settlespec.engines.circuit_files import r1cs_bytes, read_r1cs, read_wtns, unsatisfied, wtns_bytes
from settlespec.engines.circuit_inputs import drawn_inputs
from settlespec.engines.constraints import Constraint, ConstraintSystem
from settlespec.engines.intervals import MODULUS
from tests.engines.circuits import emitted, named

SQUARE = ConstraintSystem(1, 1, 4, (Constraint(((3, 1),), ((3, 1),), ((1, 1), (2, MODULUS - 2))),))
"""auxiliary * auxiliary == output - 2 * input."""

WITNESS = (1, 11, 1, 3)

ORDER = MODULUS.to_bytes(32, "little")


def element(value: int) -> bytes:
    return value.to_bytes(32, "little")


def term(wire: int, coefficient: int) -> bytes:
    return struct.pack("<I", wire) + element(coefficient)


def test_a_constraint_system_has_the_bytes_of_the_format():
    header = struct.pack("<I", 32) + ORDER + struct.pack("<IIIIQI", 4, 1, 1, 0, 4, 1)
    one, two = struct.pack("<I", 1), struct.pack("<I", 2)
    body = one + term(3, 1) + one + term(3, 1) + two + term(1, 1) + term(2, MODULUS - 2)
    labels = struct.pack("<4Q", 0, 1, 2, 3)
    sections = [(1, header), (2, body), (3, labels)]
    expected = b"r1cs" + struct.pack("<II", 1, 3)
    expected += b"".join(struct.pack("<IQ", kind, len(content)) + content for kind, content in sections)
    assert r1cs_bytes(SQUARE) == expected


def test_a_witness_has_the_bytes_of_the_format():
    header = struct.pack("<I", 32) + ORDER + struct.pack("<I", 4)
    elements = b"".join(map(element, WITNESS))
    expected = b"wtns" + struct.pack("<II", 2, 2)
    expected += struct.pack("<IQ", 1, len(header)) + header + struct.pack("<IQ", 2, len(elements)) + elements
    assert wtns_bytes(WITNESS) == expected


@pytest.mark.parametrize("name", ["trade_position", "forced_amount", "payment"])
def test_a_rule_reads_back_as_it_was_written_and_its_witness_satisfies_it(name: str):
    circuit = emitted(named(name))
    witness = circuit.witness(drawn_inputs(circuit.structures, 5))
    system, read = read_r1cs(r1cs_bytes(circuit.system)), read_wtns(wtns_bytes(witness))
    assert (system, read) == (circuit.system, witness)
    assert list(unsatisfied(system, read)) == []


def test_a_witness_that_does_not_satisfy_is_told_by_the_constraint():
    assert list(unsatisfied(SQUARE, WITNESS)) == []
    assert list(unsatisfied(SQUARE, (1, 11, 1, MODULUS - 3))) == []
    assert list(unsatisfied(SQUARE, (1, 12, 1, 3))) == [0]
    with pytest.raises(BadInput, match="3 wires, the constraint system 4"):
        unsatisfied(SQUARE, (1, 2, 3))


@pytest.mark.parametrize(
    ("witness", "satisfies"),
    [
        (WITNESS, True),
        ((1, 12, 1, 3), False),
        ((2, 11, 1, 3), False),
        ((1, 11, 1), False),
        ((1, 11 + MODULUS, 1, 3), False),
        ((1, 11, 1, -3), False),
    ],
)
def test_a_witness_is_one_reduced_element_for_each_wire(witness: tuple[int, ...], satisfies: bool):
    assert SQUARE.satisfied_by(witness) is satisfies


def replaced(content: bytes, place: int, by: bytes) -> bytes:
    return content[:place] + by + content[place + len(by) :]


COUNTS = 12 + 12 + 36
"""Where the counts of a header begin: behind the file's and the section's heads and the field."""

BODY = COUNTS + 28 + 12
"""Where the first constraint begins."""

R1CS_FAULTS: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda _: b"", "first four bytes: the file ends before it"),
    (lambda file: b"wtns" + file[4:], "does not begin with r1cs"),
    (lambda file: replaced(file, 4, b"\2"), "the version: it is 2 and must be 1"),
    (lambda file: replaced(file, 8, b"\4"), "number of sections: it is 4"),
    (lambda file: replaced(file, 12, b"\3"), "kind of the header"),
    (lambda file: replaced(file, 16, b"\xff" * 8), "more than the file has left"),
    (lambda file: replaced(file, 24, b"\x08"), "bytes of a field element"),
    (lambda file: replaced(file, 28, b"\x03"), "order of the field"),
    (lambda file: replaced(file, COUNTS, b"\xff" * 4), "number of wires: 4294967295 is not from 1 to"),
    (lambda file: replaced(file, COUNTS, b"\0"), "number of wires: 0"),
    (lambda file: replaced(file, COUNTS + 4, b"\4"), "public outputs: 4 is not from 0 to 3"),
    (lambda file: replaced(file, COUNTS + 8, b"\3"), "public inputs: 3 is not from 0 to 2"),
    (lambda file: replaced(file, COUNTS + 12, b"\1"), "private inputs"),
    (lambda file: replaced(file, COUNTS + 16, b"\5"), "number of labels"),
    (lambda file: replaced(file, COUNTS + 24, b"\xff" * 4), "number of constraints"),
    (lambda file: replaced(file, COUNTS + 24, b"\2"), "constraint 1, A"),
    (lambda file: replaced(file, COUNTS + 24, b"\0"), "the length of the constraints"),
    (lambda file: replaced(file, BODY, b"\xff" * 4), "number of terms of constraint 0, A"),
    (lambda file: replaced(file, BODY + 4, b"\4"), "a wire of constraint 0, A: 4 is not from 0 to 3"),
    (lambda file: replaced(file, BODY + 8, ORDER), "no field element"),
    (lambda file: replaced(file, BODY + 8, b"\0"), "0 is left out"),
    (lambda file: replaced(file, BODY + 84 + 36, b"\1"), "a wire of constraint 0, C: 1 is not from 2 to 3"),
    (lambda file: replaced(file, len(file) - 8, b"\7"), "label of wire 3"),
    (lambda file: file[:-1], "the length of the labels"),
    (lambda file: file + b"\0", "1 bytes follow"),
]


@pytest.mark.parametrize(("spoil", "message"), R1CS_FAULTS, ids=[message for _, message in R1CS_FAULTS])
def test_what_is_no_constraint_system_is_refused_with_its_place(spoil: Callable[[bytes], bytes], message: str):
    with pytest.raises(BadInput) as refusal:
        read_r1cs(spoil(r1cs_bytes(SQUARE)), "square.r1cs")
    assert message in str(refusal.value)
    assert str(refusal.value).startswith("square.r1cs: ")


WTNS_FAULTS: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda file: b"r1cs" + file[4:], "does not begin with wtns"),
    (lambda file: replaced(file, 4, b"\1"), "the version: it is 1 and must be 2"),
    (lambda file: replaced(file, COUNTS, b"\5"), "wire 4"),
    (lambda file: replaced(file, COUNTS, b"\3"), "the length of the elements"),
    (lambda file: replaced(file, COUNTS, b"\xff" * 4), "number of wires"),
    (lambda file: replaced(file, len(file) - 32, ORDER), "wire 3: it is no field element"),
    (lambda file: replaced(file, COUNTS + 4 + 12, b"\2"), "the first wire is not 1"),
    (lambda file: file + b"\0", "1 bytes follow"),
]


@pytest.mark.parametrize(("spoil", "message"), WTNS_FAULTS, ids=[message for _, message in WTNS_FAULTS])
def test_what_is_no_witness_is_refused_with_its_place(spoil: Callable[[bytes], bytes], message: str):
    with pytest.raises(BadInput) as refusal:
        read_wtns(spoil(wtns_bytes(WITNESS)), "square.wtns")
    assert message in str(refusal.value)


def spoilt(content: bytes) -> Iterator[bytes]:
    for place in range(len(content)):
        yield content[:place]
        for change in (1, 0x80):
            yield replaced(content, place, bytes([content[place] ^ change]))


def test_bytes_that_are_spoilt_anywhere_are_refused_or_say_something_else():
    for content in spoilt(r1cs_bytes(SQUARE)):
        try:
            read = read_r1cs(content)
        except BadInput:
            continue
        assert read != SQUARE
        assert r1cs_bytes(read) == content
    for content in spoilt(wtns_bytes(WITNESS)):
        try:
            witness = read_wtns(content)
        except BadInput:
            continue
        assert wtns_bytes(witness) == content != wtns_bytes(WITNESS)
