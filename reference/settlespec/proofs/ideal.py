"""The ideal functionality of a proof system: a token for a statement whose witness was checked (rules PROVE-5 to PROVE-7).

Fast and short, for hunts and for figures that are not about proving; whoever uses it says so. It stands for a real system as far as
that is sound and complete: nobody without the secret can make a token, and whatever has a witness gets one.
"""

from hashlib import blake2b, sha256
from hmac import compare_digest

from attrs import field, frozen

from settlespec.commitment.batch import Batch
from settlespec.commitment.header import Header, header_digest
from settlespec.proofs.interface import Deployment, Statement, canonical
from settlespec.proofs.witnessed import WitnessProofs
from settlespec.wire.states import encode_genesis

TOKEN_BYTES = 32


class NotShown(Exception):
    """The witness does not show the statement, so there is no token for it."""


@frozen
class IdealProofs:
    """PROVE-5: a token is a keyed hash of both headers and of the published body, under a key that is bound to the deployment."""

    deployment: Deployment
    secret: bytes = field(repr=False)
    """Known to this object only; whoever has it can make tokens for anything."""
    name: str = "ideal"

    def prove(self, batch: Batch, last: Header) -> bytes:
        """The token for a sealed batch after the header `last`.

        Raises:
            NotShown: the batch does not follow from that header.
        """
        published = batch.bodies[self.deployment.body]
        witness = WitnessProofs(self.deployment).prove(batch, last)
        return self.issue(Statement(last, batch.header, published), witness)

    def issue(self, statement: Statement, witness: bytes) -> bytes:
        """PROVE-6: whoever shows a witness of a statement, whatever both are, gets its token; nobody else does.

        Raises:
            NotShown: the witness does not show the statement.
        """
        if not (canonical(statement) and WitnessProofs(self.deployment).verify(statement, witness)):
            raise NotShown(f"no token for batch {statement.header.number}")
        return self._token(statement)

    def vouch(self, statement: Statement) -> bytes:
        """PROVE-6.2: the token on the word of who holds the secret, with no witness asked for: what it says of soundness is nothing."""
        return self._token(statement)

    def verify(self, statement: Statement, proof: bytes) -> bool:
        """PROVE-7: whether this is the token of this very statement."""
        return canonical(statement) and type(proof) is bytes and compare_digest(self._token(statement), proof)

    def _token(self, statement: Statement) -> bytes:
        bound = header_digest(statement.last) + header_digest(statement.header) + sha256(statement.published).digest()
        return blake2b(bound, key=self._key(), digest_size=TOKEN_BYTES).digest()

    def _key(self) -> bytes:
        """Another deployment has another key, as another relation has another verifier."""
        deployment = self.deployment
        parts = (deployment.hashing.name.encode(), deployment.body.encode(), encode_genesis(deployment.genesis))
        bound = blake2b(key=blake2b(self.secret, digest_size=64).digest(), digest_size=64)
        for part in parts:
            bound.update(sha256(part).digest())
        return bound.digest()
