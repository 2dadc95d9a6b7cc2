"""Laws whose reading does not come back in time, or not at all; apart from the others, since of what reaches outside no answer is kept."""

import os
from threading import Event

from settlespec.laws.statement import claim, law


@law("TEST-SLEEPS", "It takes too long.")
def sleeping_law(number: int) -> None:
    """Not `time.sleep`, which CrossHair skips."""
    Event().wait(30)
    claim(number == number + 0)


@law("TEST-DIES", "Its process ends.")
def dying_law(number: int) -> None:
    os._exit(3)
