"""What a process sees in which a fault was planted after the rules were imported."""

from settlespec.engines.mutating import Mutant
from settlespec.engines.planting import plant
from settlespec.rules import fees, funding
from settlespec.rules.fees import taker_fee


def fee_with(mutant: Mutant) -> tuple[int, int]:
    """The fee by the name of the function and by that of its module."""
    plant(mutant)
    return taker_fee(1, 1), fees.taker_fee(1, 1)


def payment_with(mutant: Mutant) -> int:
    plant(mutant)
    return funding.payment(1)
