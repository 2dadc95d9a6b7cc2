"""What a deployment fixes before its first operation."""

from attrs import frozen

from settlespec.domain.instruments import Instrument
from settlespec.domain.parameters import Parameters
from settlespec.domain.quantities import MAX_PRICE, Milliseconds, Price


@frozen
class Genesis:
    """GENESIS-1: everything that a deployment fixes: parameters, instruments and their first marks."""

    parameters: Parameters
    instruments: tuple[Instrument, ...]
    """In rising order of their ids."""
    marks: tuple[Price, ...]
    """Quantums per lot, one for each instrument."""
    time: Milliseconds = 0
    """The clock, and the age of the first marks, start here."""

    def __attrs_post_init__(self) -> None:
        names = [instrument.id for instrument in self.instruments]
        if names != sorted(set(names)):
            raise ValueError("the instruments do not stand in rising order of their ids, each once")
        if len(self.marks) != len(names):
            raise ValueError(f"{len(self.marks)} marks for {len(names)} instruments")
        for instrument in self.instruments:
            if not 0 <= instrument.surcharge_from < instrument.surcharge_to:
                raise ValueError(f"instrument {instrument.id}: surcharge_to is not above surcharge_from")
            if instrument.band_steps < 0 or instrument.basis_ppm == 0:
                raise ValueError(f"instrument {instrument.id}: band_steps is negative or basis_ppm is 0")
            if instrument.band_steps > MAX_PRICE:
                raise ValueError(f"instrument {instrument.id}: band_steps is more than any price has")
            if instrument.maker_fee_ppm + instrument.taker_fee_ppm < 0:
                raise ValueError(f"instrument {instrument.id}: the rebate is more than the taker's fee")
