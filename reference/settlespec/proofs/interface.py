"""What every proof system proves (rules PROVE-1, PROVE-2).

The statement is a header after the header before it, with the published body. The relation: there are operations, bound by the header,
which the machine accepts one after another from the state of the previous root; the header is the only one that follows; and the
published body is theirs.
"""

from typing import Protocol

from attrs import frozen

from settlespec.commitment.batch import Batch, Body
from settlespec.commitment.hashes import HashFunction
from settlespec.commitment.header import Header
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


class ProofSystem(Protocol):
    """A prover and a verifier for one deployment."""

    @property
    def name(self) -> str:
        """How people choose it."""

    def prove(self, batch: Batch, last: Header) -> bytes:
        """A proof for a sealed batch after the header `last`."""
        ...

    def verify(self, statement: Statement, proof: bytes) -> bool:
        """Whether the proof shows the statement; never an exception, whatever the bytes are."""
        ...
