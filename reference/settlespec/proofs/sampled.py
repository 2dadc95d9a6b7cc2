"""A proof system for long runs: every so many batches by witness, the others on the sealer's word (rule PROVE-8)."""

from attrs import frozen

from settlespec.commitment.batch import Batch
from settlespec.commitment.header import Header
from settlespec.domain.errors import BadInput
from settlespec.proofs.ideal import IdealProofs
from settlespec.proofs.interface import Deployment, Statement, canonical
from settlespec.proofs.witnessed import WitnessProofs


@frozen
class SampledProofs:
    """PROVE-8: the number of a batch says which proof counts for it; whoever uses this says how many were by witness.

    A batch on the sealer's word is not checked at all. So this stands for a real system only as far as sealer and rules agree on the
    batches in between, which the witnesses of the others do not show.
    """

    deployment: Deployment
    secret: bytes
    every: int
    """The first batch and each so many after it are proven by witness; 1 means all."""
    name: str = "sampled"

    def __attrs_post_init__(self) -> None:
        """Refuse a share that is none.

        Raises:
            BadInput: naming it.
        """
        if type(self.every) is not int or self.every < 1:
            raise BadInput("no batch would be proven by witness", field="every", remedy="give 1 or more; 1 means all")

    def by_witness(self, number: int) -> bool:
        """Whether the batch of this number needs a witness."""
        return (number - 1) % self.every == 0

    def prove(self, batch: Batch, last: Header) -> bytes:
        """A proof by witness or a token, as the number of the batch says."""
        if self.by_witness(batch.header.number):
            return WitnessProofs(self.deployment).prove(batch, last)
        return self._ideal().vouch(Statement(last, batch.header, batch.bodies[self.deployment.body]))

    def verify(self, statement: Statement, proof: bytes) -> bool:
        """Whether the proof is of the kind that this batch needs, and shows it."""
        if not canonical(statement):
            return False
        system = WitnessProofs(self.deployment) if self.by_witness(statement.header.number) else self._ideal()
        return system.verify(statement, proof)

    def _ideal(self) -> IdealProofs:
        return IdealProofs(self.deployment, self.secret)
