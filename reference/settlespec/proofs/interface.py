"""What every proof system proves (rules PROVE-1, PROVE-2).

The statement is a header after the header before it, with the published body. The relation: there are operations, bound by the header,
which the machine accepts one after another from the state of the previous root; the header is the only one that follows; and the
published body is theirs.
"""

from typing import Protocol

from attrs import frozen

from settlespec.commitment.batch import Batch, Body
from settlespec.commitment.encoding import Refused
from settlespec.commitment.hashes import HashFunction
from settlespec.commitment.header import Header, decode_header, encode_header
from settlespec.domain.genesis import Genesis
from settlespec.machine.signatures import Signatures


@frozen
class Deployment:
    """What a verifier is made for: the hash function, genesis, the signature scheme, and which body is published."""

    hashing: HashFunction
    genesis: Genesis
    signatures: Signatures
    body: Body


@frozen
class Statement:
    """PROVE-1: what is claimed: this header follows that one, and this body was published for it."""

    last: Header
    header: Header
    published: bytes


def canonical(statement: Statement) -> bool:
    """PROVE-1.2: whether both headers have encodings and the body is bytes, so that no two statements have one digest."""
    try:
        encoded = [encode_header(header) for header in (statement.last, statement.header)]
        return type(statement.published) is bytes and list(map(decode_header, encoded)) == [
            statement.last,
            statement.header,
        ]
    except (Refused, ValueError):
        return False


class ProofSystem(Protocol):
    """A prover and a verifier for one deployment."""

    @property
    def name(self) -> str:
        """How people choose it."""

    def prove(self, batch: Batch, last: Header) -> bytes:
        """A proof for a sealed batch after the header `last`."""
        ...

    def verify(self, statement: Statement, proof: bytes) -> bool:
        """Whether the proof shows the statement; never an exception, whatever both are made of."""
        ...
