"""Operations on the wire."""

from typing import Final

from settlespec.domain.operations import Operation
from settlespec.wire.codec import Codec

MAX_OPERATION_BYTES: Final = 2**20
"""One mebibyte: a statement on ten thousand instruments fits; everything else is below one kibibyte."""

OPERATIONS: Final[Codec[Operation]] = Codec(Operation, name="an operation", max_bytes=MAX_OPERATION_BYTES)


def encode_operation(operation: Operation) -> bytes:
    """WIRE-1: the canonical JSON of an operation, without a line feed.

    Raises:
        ValueError: an integer has more than 100 digits.
    """
    return OPERATIONS.encode(operation)


def decode_operation(text: bytes) -> Operation:
    """WIRE-1.2: the operation of canonical JSON. A number outside its range is well-formed: the machine answers OUT_OF_RANGE.

    Raises:
        Malformed: anything else than the one encoding of an operation, with the path of the field and a remedy.
    """
    return OPERATIONS.decode(text)
