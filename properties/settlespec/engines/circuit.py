"""Integers and conditions that are wires of a circuit: a rule that runs on them leaves its constraints behind.

A wire is a sum of the circuit's numbered wires with the interval in which it lies. Sums cost nothing; everything else is a gadget.
Nothing here depends on a value: what a gadget needs of them is kept as a way to solve for it, so one circuit serves all inputs.
Like the symbolic integers, wires are no subclasses of int, and whatever would make one concrete raises.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, cast

from attrs import frozen

from settlespec.arithmetic import choose
from settlespec.engines import gadgets
from settlespec.engines.constraints import ONE, Combination
from settlespec.engines.gadgets import Solve
from settlespec.engines.intervals import HALF, LARGEST_RANGE, MODULUS, product_bounds, quotient_bounds
from settlespec.engines.merging import Unreadable, is_never_a_number, merged

MOST_WIRES: Final = 2_000_000
"""Wires of one circuit: a rule needs some thousands, more is a loop that nobody meant."""

WIDEST_PRODUCT: Final = 2**249
"""Beyond this a quotient is multiplied by its divisor in parts; an eighth of HALF, so that their sum has room."""


class WouldWrap(Exception):
    """A value could leave the interval in which the field and the integers agree, so nothing is emitted."""

    def __init__(self, bits: int) -> None:
        super().__init__(
            f"a value of up to {bits} bits could wrap: below {HALF.bit_length()} bits a field element is an integer"
        )
        self.bits = bits
        """The width that it could have, without its sign."""


class TooManyWires(Exception):
    """A circuit grows beyond `MOST_WIRES`."""


@frozen
class Recorded:
    """One constraint as gadgets demand it."""

    first: "Wire"
    second: "Wire"
    product: "Wire"


class Circuit:
    """Records what the gadgets ask for; wires are numbered in the order in which they are made, the 1 first."""

    def __init__(self) -> None:
        self.solvers: list[Solve | None] = [None]
        """How each wire is computed from those before it; None of the 1 and of the inputs."""
        self.constraints: list[Recorded] = []
        self.widest = 1
        """Bits of the widest interval that a value had, without the sign."""

    def input(self, low: int, high: int) -> "Wire":
        """Give a wire whose value comes from outside; `require_inputs_between` holds it to its bounds."""
        return self._wire(None, low, high)

    def constant(self, value: int) -> "Wire":
        """Give an integer as a multiple of the wire that is 1."""
        return Wire(self, {ONE: value} if value else {}, value, value)

    def auxiliary(self, solve: Solve, low: int, high: int) -> Any:
        """Give a wire that whoever asks for it holds to these bounds."""
        return self._wire(solve, low, high)

    def inverse(self, value: Any) -> Any:
        """Give a wire with the inverse; it may be any field element, so that nothing may be added to it."""
        return self._wire(lambda value_of: pow(value_of(value), -1, MODULUS) if value_of(value) else 0, -HALF, HALF)

    def require(self, first: Any, second: Any, product: Any) -> None:
        """Record a constraint."""
        self.constraints.append(Recorded(self.lifted(first), self.lifted(second), self.lifted(product)))

    def require_range(self, value: Any, limit: int) -> Any:
        """Decompose into bits."""
        if limit > LARGEST_RANGE:
            raise WouldWrap(limit.bit_length() - 1)
        gadgets.decompose(self, value, limit)
        return self.lifted(value).narrowed(0, limit - 1)

    def lifted(self, value: object) -> "Wire":
        """Give the wire of an integer of either reading."""
        if isinstance(value, Wire):
            if value.circuit is not self:
                raise Unreadable("wires of two circuits in one expression")
            return value
        if isinstance(value, int):
            return self.constant(int(value))
        raise Unreadable(f"{type(value).__name__} is no integer of a circuit")

    def _wire(self, solve: Solve | None, low: int, high: int) -> "Wire":
        if len(self.solvers) >= MOST_WIRES:
            raise TooManyWires(f"more than {MOST_WIRES} wires")
        self.solvers.append(solve)
        return Wire(self, {len(self.solvers) - 1: 1}, low, high)


def value_in(values: Sequence[int]) -> Callable[[Any], int]:
    """Give what evaluates a wire, or a plain integer, where the numbered wires have these values."""

    def value_of(wire: Any) -> int:
        if isinstance(wire, Wire):
            return sum(coefficient * values[place] for place, coefficient in wire.terms.items())
        return int(wire)

    return value_of


def limit_for(largest: int) -> int:
    """Give the least power of two above a value that is not negative."""
    return 1 << largest.bit_length()


def _pair(
    operate: Callable[["Wire", "Wire"], Any],
) -> tuple[Callable[[Any, object], Any], Callable[[Any, object], Any]]:
    """Give an operator and its reflection."""

    def forward(self: "Wire", other: object) -> Any:
        return operate(self, self.circuit.lifted(other)) if _is_integer(other) else NotImplemented

    def reflected(self: "Wire", other: object) -> Any:
        return operate(self.circuit.lifted(other), self) if _is_integer(other) else NotImplemented

    return forward, reflected


class Wire:
    """An integer of a circuit: a sum of numbered wires, and the interval in which it lies."""

    __slots__ = ("circuit", "high", "low", "terms")

    def __init__(self, circuit: Circuit, terms: dict[int, int], low: int, high: int) -> None:
        farthest = max(-low, high)
        if farthest > HALF:
            raise WouldWrap(farthest.bit_length())
        # An inverse may be any field element, and is no integer whose width means anything.
        if farthest < HALF:
            circuit.widest = max(circuit.widest, farthest.bit_length())
        self.circuit, self.terms, self.low, self.high = circuit, terms, low, high

    def narrowed(self, low: int, high: int) -> "Wire":
        """The same value, of which more is known."""
        return Wire(self.circuit, self.terms, max(self.low, low), min(self.high, high))

    def constant(self) -> int | None:
        """The value if it is the same for all inputs."""
        return self.terms.get(ONE, 0) if self.terms.keys() <= {ONE} else None

    def combination(self, numbers: Sequence[int]) -> Combination:
        """The sum in field elements, its wires renumbered."""
        terms = ((numbers[wire], coefficient % MODULUS) for wire, coefficient in self.terms.items())
        return tuple(sorted((wire, coefficient) for wire, coefficient in terms if coefficient))

    __add__, __radd__ = _pair(lambda first, second: _sum(first, second))
    __sub__, __rsub__ = _pair(lambda first, second: _sum(first, -second))
    __mul__, __rmul__ = _pair(lambda first, second: _product(first, second))
    __floordiv__, __rfloordiv__ = _pair(lambda first, second: _divided(first, second)[0])
    __mod__, __rmod__ = _pair(lambda first, second: first - second * _divided(first, second)[0])
    __ge__ = _pair(lambda first, second: _is_not_negative(first - second))[0]
    __le__ = _pair(lambda first, second: _is_not_negative(second - first))[0]
    __gt__ = _pair(lambda first, second: _is_not_negative(first - second - 1))[0]
    __lt__ = _pair(lambda first, second: _is_not_negative(second - first - 1))[0]

    def __eq__(self, other: object) -> Any:
        return _is_zero(self - _number(self.circuit, other)) if _may_equal(other) else NotImplemented

    def __ne__(self, other: object) -> Any:
        return _opposite(self == other) if _may_equal(other) else NotImplemented

    def __neg__(self) -> "Wire":
        return _scaled(self, -1)

    def __pos__(self) -> "Wire":
        return self

    def __abs__(self) -> "Wire":
        size: Wire = choose(self >= 0, self, -self)
        return size.narrowed(0, max(-self.low, self.high))

    def __bool__(self) -> bool:
        raise Unreadable("the rule forks on a wire; a circuit has one shape for all inputs, so it must choose")

    def __hash__(self) -> int:
        raise Unreadable("a wire was hashed (key of a mapping or member of a set)")

    def _made_concrete(self, *_: object) -> NoReturn:
        raise Unreadable("a wire was made concrete (index, range, power, shift, conversion or true division)")

    __index__ = __int__ = __float__ = __complex__ = __round__ = __trunc__ = __floor__ = __ceil__ = _made_concrete
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __lshift__ = __rlshift__ = _made_concrete
    __rshift__ = __rrshift__ = _made_concrete

    def __repr__(self) -> str:
        return f"Wire({self.terms}, {self.low}..{self.high})"


class WireCondition:
    """A condition of a circuit: a wire that is 0 or 1."""

    __slots__ = ("wire",)

    def __init__(self, wire: Wire) -> None:
        self.wire = wire.narrowed(0, 1)

    def choose(self, first: Any, second: Any) -> Any:
        """Give the first where the condition holds, the second elsewhere; records merge by field."""
        return merged(first, second, self._picked)

    def _picked(self, first: Any, second: Any) -> Any:
        if _is_condition(first) and _is_condition(second):
            return WireCondition(_selected(self.wire, self._lifted(first), self._lifted(second)))
        if _merges(first) and _merges(second):
            return _selected(self.wire, self.wire.circuit.lifted(first), self.wire.circuit.lifted(second))
        return NotImplemented

    def _lifted(self, condition: Any) -> Wire:
        return condition.wire if isinstance(condition, WireCondition) else self.wire.circuit.constant(int(condition))

    def __and__(self, other: object) -> Any:
        return self.choose(other, False) if _is_condition(other) else NotImplemented

    def __or__(self, other: object) -> Any:
        return self.choose(True, other) if _is_condition(other) else NotImplemented

    def __xor__(self, other: object) -> Any:
        return choose(other, self.choose(False, True), self) if _is_condition(other) else NotImplemented  # type: ignore[arg-type]

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __eq__(self, other: object) -> Any:
        if _is_condition(other):
            return _opposite(self ^ other)
        return self.wire == other

    def __ne__(self, other: object) -> Any:
        return self ^ other if _is_condition(other) else self.wire != other

    def __invert__(self) -> NoReturn:
        # ~True is -2 in the plain reading, so a rule that writes ~ would be two different rules.
        raise Unreadable("~ of a condition: write negate(condition), which means the same in every reading")

    def __bool__(self) -> bool:
        raise Unreadable("the rule forks on a condition; a circuit has one shape for all inputs, so it must choose")

    def __hash__(self) -> int:
        raise Unreadable("a condition was hashed (key of a mapping or member of a set)")

    def __index__(self) -> int:
        raise Unreadable("a condition was used as an integer")

    __int__ = __index__

    def __repr__(self) -> str:
        return f"WireCondition({self.wire})"


def _is_condition(value: object) -> bool:
    return isinstance(value, bool | WireCondition)


def _is_integer(value: object) -> bool:
    return isinstance(value, Wire) or (isinstance(value, int) and not isinstance(value, bool))


def _may_equal(other: object) -> bool:
    """Whether a wire can equal this; what nobody knows of is refused."""
    if isinstance(other, Wire | WireCondition | int):
        return True
    if is_never_a_number(other):
        return False
    raise Unreadable(f"a wire was compared with a {type(other).__name__}")


def _number(circuit: Circuit, value: object) -> Wire:
    """A condition counts as 0 or 1."""
    return circuit.lifted(value.wire if isinstance(value, WireCondition) else value)


def _opposite(condition: Any) -> Any:
    return choose(condition, False, True)


def _merges(value: object) -> bool:
    # An IntEnum member is an integer that must stay a member, so it is not merged into a wire.
    return isinstance(value, Wire) or type(value) is int


def _sum(first: Wire, second: Wire) -> Wire:
    terms = dict(first.terms)
    for wire, coefficient in second.terms.items():
        terms[wire] = terms.get(wire, 0) + coefficient
        if not terms[wire]:
            del terms[wire]
    if terms.keys() <= {ONE}:
        return first.circuit.constant(terms.get(ONE, 0))
    return Wire(first.circuit, terms, first.low + second.low, first.high + second.high)


def _scaled(wire: Wire, factor: int) -> Wire:
    if factor == 0:
        return wire.circuit.constant(0)
    terms = {place: coefficient * factor for place, coefficient in wire.terms.items()}
    return Wire(wire.circuit, terms, *product_bounds(wire.low, wire.high, factor, factor))


def _product(first: Wire, second: Wire) -> Wire:
    for factor, other in ((first.constant(), second), (second.constant(), first)):
        if factor is not None:
            return _scaled(other, factor)
    low, high = product_bounds(first.low, first.high, second.low, second.high)
    return first.circuit.lifted(gadgets.product(first.circuit, _read(first), _read(second), low, high))


def _selected(condition: Wire, first: Wire, second: Wire) -> Wire:
    """A selection whose two sides differ by the same whatever the inputs costs nothing."""
    circuit, low, high = condition.circuit, min(first.low, second.low), max(first.high, second.high)
    difference = (first - second).constant()
    if difference is not None:
        return circuit.lifted(second + difference * condition).narrowed(low, high)
    return circuit.lifted(gadgets.selected(circuit, _read(condition), _read(first), _read(second), low, high))


def _is_not_negative(value: Wire) -> Any:
    """A comparison that the intervals decide is decided when the circuit is built."""
    if value.low >= 0 or value.high < 0:
        return value.low >= 0
    limit = limit_for(max(-value.low - 1, value.high))
    return WireCondition(value.circuit.lifted(gadgets.is_not_negative(value.circuit, _read(value), limit)))


def _is_zero(value: Wire) -> Any:
    if value.low > 0 or value.high < 0:
        return False
    if value.constant() == 0:
        return True
    return WireCondition(value.circuit.lifted(gadgets.is_zero(value.circuit, _read(value))))


def _divided(numerator: Wire, divisor: Wire) -> tuple[Wire, Wire]:
    if divisor.low == divisor.high == 0:
        raise ZeroDivisionError("integer division or modulo by zero")
    circuit, largest = numerator.circuit, max(-divisor.low, divisor.high)
    above, below = gadgets.facing_up(divisor >= 0, _read(numerator), _read(divisor))
    upper, lower = circuit.lifted(above), circuit.lifted(below)
    # A divisor of zero has no remainder and so no witness: from here on it is 1 at least.
    low, high = quotient_bounds(upper.low, upper.high, max(lower.low, 1), largest)
    if limit_for(high - low) * largest <= WIDEST_PRODUCT:
        quotient, remainder = gadgets.divided(circuit, above, below, low, limit_for(high - low), limit_for(largest - 1))
    else:
        part = WIDEST_PRODUCT // limit_for(largest)
        quotient, remainder = gadgets.divided_by_parts(
            circuit,
            above,
            below,
            low=low // part,
            upper_limit=limit_for(high // part - low // part),
            part=part,
            most=limit_for(max(-upper.low, upper.high) // part + 2 * largest + 1),
            remainder_limit=limit_for(largest - 1),
        )
    return circuit.lifted(quotient).narrowed(low, high), circuit.lifted(remainder).narrowed(0, largest - 1)


def _read(wire: Wire) -> int:
    """The wire as what gadgets and rules are written for: a reading of an integer; a constant as itself."""
    constant = wire.constant()
    return cast(int, wire) if constant is None else constant
