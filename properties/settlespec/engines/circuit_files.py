"""Constraint systems and witnesses as iden3 files: ``.r1cs`` version 1 and ``.wtns`` version 2, as snarkjs and arkworks read them.

The readers take what the writers write and nothing else: sections in their order, every number in its canonical form, no byte to spare.
So a file has one meaning, and bytes from elsewhere are refused with the place of the first that is wrong.

Format: https://github.com/iden3/r1csfile (doc/r1cs_bin_format.md) and snarkjs, src/wtns_utils.js.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from settlespec.domain.errors import BadInput
from settlespec.engines.circuit import MOST_WIRES
from settlespec.engines.constraints import ONE, Combination, Constraint, ConstraintSystem, Witness
from settlespec.engines.intervals import MODULUS

FIELD_BYTES: Final = 32
"""Bytes of a field element, little-endian."""

MOST_CONSTRAINTS: Final = 2 * MOST_WIRES
"""Constraints that a file may claim to have."""

R1CS: Final = b"r1cs"
WTNS: Final = b"wtns"
R1CS_VERSION: Final = 1
WTNS_VERSION: Final = 2

HEADER, CONSTRAINTS, LABELS = 1, 2, 3
"""Sections of an .r1cs file."""

ELEMENTS: Final = 2
"""The section of a .wtns file after its header."""

REMEDY: Final = "have it written again by `settlespec circuit --out`"


def r1cs_bytes(system: ConstraintSystem) -> bytes:
    """Give a constraint system as an .r1cs file; each wire is its own label."""
    header = (
        _field_header()
        + _number(system.wires)
        + _number(system.outputs)
        + _number(system.inputs)
        + _number(0)
        + _number(system.wires, 8)
        + _number(len(system.constraints))
    )
    constraints = b"".join(
        _combination(side) for each in system.constraints for side in (each.first, each.second, each.product)
    )
    labels = b"".join(_number(wire, 8) for wire in range(system.wires))
    return _file(R1CS, R1CS_VERSION, ((HEADER, header), (CONSTRAINTS, constraints), (LABELS, labels)))


def wtns_bytes(witness: Witness) -> bytes:
    """Give a witness as a .wtns file."""
    elements = b"".join(_number(value, FIELD_BYTES) for value in witness)
    return _file(WTNS, WTNS_VERSION, ((HEADER, _field_header() + _number(len(witness))), (ELEMENTS, elements)))


def _file(magic: bytes, version: int, sections: Sequence[tuple[int, bytes]]) -> bytes:
    parts = [magic, _number(version), _number(len(sections))]
    for kind, content in sections:
        parts += [_number(kind), _number(len(content), 8), content]
    return b"".join(parts)


def _field_header() -> bytes:
    return _number(FIELD_BYTES) + _number(MODULUS, FIELD_BYTES)


def _combination(side: Combination) -> bytes:
    return _number(len(side)) + b"".join(
        _number(wire) + _number(coefficient, FIELD_BYTES) for wire, coefficient in side
    )


def _number(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "little")


def read_r1cs(content: bytes, file: str | None = None) -> ConstraintSystem:
    """Read an .r1cs file.

    Args:
        content: its bytes.
        file: its name, for the message.

    Raises:
        BadInput: the bytes are not those of a constraint system of this field, written canonically.
    """
    cursor = _Cursor(content, file)
    cursor.begin(R1CS, R1CS_VERSION, sections=3)
    cursor.section(HEADER, "the header")
    cursor.field()
    wires = cursor.bounded("the number of wires", 1, MOST_WIRES)
    outputs = cursor.bounded("the number of public outputs", 0, wires - 1)
    inputs = cursor.bounded("the number of public inputs", 0, wires - 1 - outputs)
    cursor.expect("the number of private inputs", 0)
    cursor.expect("the number of labels", wires, 8)
    count = cursor.bounded("the number of constraints", 0, MOST_CONSTRAINTS)
    cursor.end_section("the header")
    cursor.section(CONSTRAINTS, "the constraints")
    constraints = tuple(
        Constraint(*(cursor.combination(f"constraint {place}, {side}", wires) for side in ("A", "B", "C")))
        for place in range(count)
    )
    cursor.end_section("the constraints")
    cursor.section(LABELS, "the labels")
    for wire in range(wires):
        cursor.expect(f"the label of wire {wire}", wire, 8)
    cursor.end_section("the labels")
    cursor.end()
    return ConstraintSystem(outputs, inputs, wires, constraints)


def read_wtns(content: bytes, file: str | None = None) -> Witness:
    """Read a .wtns file.

    Raises:
        BadInput: the bytes are not those of a witness of this field, written canonically.
    """
    cursor = _Cursor(content, file)
    cursor.begin(WTNS, WTNS_VERSION, sections=2)
    cursor.section(HEADER, "the header")
    cursor.field()
    wires = cursor.bounded("the number of wires", 1, MOST_WIRES)
    cursor.end_section("the header")
    cursor.section(ELEMENTS, "the elements")
    witness = tuple(cursor.element(f"wire {wire}") for wire in range(wires))
    cursor.end_section("the elements")
    cursor.end()
    if witness[ONE] != 1:
        raise BadInput("the first wire is not 1", file=file, field="wire 0", remedy=REMEDY)
    return witness


class _Cursor:
    """Reads bytes from the front; whatever is not there or not as it must be is refused."""

    def __init__(self, content: bytes, file: str | None) -> None:
        self._content = content
        self._file = file
        self._place = 0
        self._end_of_section = 0

    def begin(self, magic: bytes, version: int, sections: int) -> None:
        """Read what a file begins with."""
        if self._take(len(magic), "the first four bytes") != magic:
            raise self._refusal("the first four bytes", f"it does not begin with {magic.decode()}")
        self.expect("the version", version)
        self.expect("the number of sections", sections)

    def section(self, kind: int, name: str) -> None:
        """Read the head of a section, which must not be longer than what is left."""
        self.expect(f"the kind of {name}", kind)
        length = self._number(8, f"the length of {name}")
        if length > len(self._content) - self._place:
            raise self._refusal(f"the length of {name}", f"{length} bytes are more than the file has left")
        self._end_of_section = self._place + length

    def end_section(self, name: str) -> None:
        """A section is as long as it says."""
        if self._place != self._end_of_section:
            raise self._refusal(f"the length of {name}", "it is not what the section holds")

    def end(self) -> None:
        """Nothing may follow."""
        if self._place != len(self._content):
            raise self._refusal("the end", f"{len(self._content) - self._place} bytes follow that mean nothing")

    def field(self) -> None:
        """Read which field it is: only the scalar field of BN254."""
        self.expect("the bytes of a field element", FIELD_BYTES)
        self.expect("the order of the field", MODULUS, FIELD_BYTES)

    def combination(self, name: str, wires: int) -> Combination:
        """Read a sum of wires: wires in rising order, no coefficient 0."""
        terms: list[tuple[int, int]] = []
        for _ in range(self.bounded(f"the number of terms of {name}", 0, wires)):
            least = terms[-1][0] + 1 if terms else 0
            wire = self.bounded(f"a wire of {name}", least, wires - 1)
            coefficient = self.element(f"a coefficient of {name}")
            if coefficient == 0:
                raise self._refusal(f"a coefficient of {name}", "0 is left out")
            terms.append((wire, coefficient))
        return tuple(terms)

    def element(self, name: str) -> int:
        """Read a field element, reduced."""
        value = self._number(FIELD_BYTES, name)
        if value >= MODULUS:
            raise self._refusal(name, "it is no field element: it is not below the order of the field")
        return value

    def bounded(self, name: str, low: int, high: int) -> int:
        """Read a number of four bytes between two bounds."""
        value = self._number(4, name)
        if not low <= value <= high:
            raise self._refusal(name, f"{value} is not from {low} to {high}")
        return value

    def expect(self, name: str, expected: int, size: int = 4) -> None:
        """Read a number that can only be one."""
        value = self._number(size, name)
        if value != expected:
            raise self._refusal(name, f"it is {value} and must be {expected}")

    def _number(self, size: int, name: str) -> int:
        return int.from_bytes(self._take(size, name), "little")

    def _take(self, size: int, name: str) -> bytes:
        taken = self._content[self._place : self._place + size]
        if len(taken) < size:
            raise self._refusal(name, "the file ends before it")
        self._place += size
        return taken

    def _refusal(self, name: str, problem: str) -> BadInput:
        return BadInput(f"{problem} (before byte {self._place})", file=self._file, field=name, remedy=REMEDY)


def unsatisfied(system: ConstraintSystem, witness: Witness) -> Iterable[int]:
    """Give the constraints that a witness breaks.

    Raises:
        BadInput: it is not a witness of this system, as it has another number of wires.
    """
    if len(witness) != system.wires:
        raise BadInput(f"the witness has {len(witness)} wires, the constraint system {system.wires}", remedy=REMEDY)
    return system.broken_by(witness)
