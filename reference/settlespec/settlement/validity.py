"""The contract of a ZK rollup on the base layer: it holds the money and believes nothing but proofs (rules VALID-1 to VALID-15)."""

from attrs import evolve, frozen
from immutables import Map

from settlespec.domain.declared import fits
from settlespec.proofs.interface import Deployment, ProofSystem
from settlespec.settlement import validity_batches as batches
from settlespec.settlement import validity_exits as exits
from settlespec.settlement.chain import Opening, Published, Sender
from settlespec.settlement.contract import Called
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
from settlespec.settlement.validity_gas import STORE_GAS, call_gas, call_tokens
from settlespec.settlement.validity_refusals import Refusal, Refused
from settlespec.settlement.validity_registry import Registry, ValidityParameters, first_registry


@frozen
class ValidityContract:
    """VALID-16: a settlement contract as the base layer calls it; immutable, and equal to another that keeps the same."""

    registry: Registry

    @classmethod
    def deployed(
        cls,
        parameters: ValidityParameters,
        deployment: Deployment,
        proofs: ProofSystem,
        wallets: Map[bytes, int],
    ) -> "ValidityContract":
        """A contract that has not been called.

        Args:
            parameters: what it fixes on the base layer.
            deployment: what its batches are sealed and proven for.
            proofs: whose verifier it asks.
            wallets: quantums of the collateral token that each owner's key has.

        Raises:
            BadInput: the published body would not let everybody leave.
        """
        return cls(first_registry(parameters, deployment, proofs, wallets))

    def call(self, block: Opening, sender: Sender, payload: object, published: Published) -> Called:
        """VALID-16.2: do what is asked or refuse it, with its reason as the only event; a refusal changes nothing."""
        if not (isinstance(payload, Call) and fits(payload, Call)):
            return Called(self, STORE_GAS, 0, (Refused(Refusal.NOT_UNDERSTOOD),), reverted=True)
        gas, tokens = call_gas(payload, len(published.blobs)), call_tokens(payload)
        answer = self._answer(block, sender, payload, published)
        if isinstance(answer, Refusal):
            return Called(self, gas, tokens, (Refused(answer),), reverted=True)
        registry, event = answer
        return Called(evolve(self, registry=registry), gas, tokens, (event,))

    def _answer(self, block: Opening, sender: Sender, call: Call, published: Published) -> batches.Answer:
        registry = self.registry
        match call:
            case MakeDeposit() | ForceWithdrawal() | ForceOrder():
                return exits.enqueue(registry, block, sender, call)
            case Commit():
                return batches.commit(registry, block, sender, call, published)
            case Prove():
                return batches.prove(registry, call)
            case Revert():
                return batches.revert(registry, sender, call)
            case ClaimMoney():
                return exits.claim(registry, call)
            case Freeze():
                return exits.freeze(registry, block, call)
            case Escape():
                return exits.escape(registry, call)
            case Refund():
                return exits.refund(registry, call)
