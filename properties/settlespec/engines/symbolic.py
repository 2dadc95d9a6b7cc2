"""Integers and conditions that stand for all values at once: terms of Z3 with Python's operators.

They are no subclasses of int, though `isinstance` is told that they are, and whatever would make one concrete (hashing, indexing,
converting, dividing to a float, writing as text) raises: a rule is never silently read as something that it is not. The path on which
a term lives decides branches and names quotients.
"""

import operator
from collections.abc import Callable
from contextvars import ContextVar
from numbers import Number
from typing import Any, NoReturn, Protocol

import z3

from settlespec.engines.merging import Unreadable, is_never_a_number, merged


class Path(Protocol):
    """One way through the code: what has been decided so far."""

    def branch(self, condition: z3.BoolRef) -> bool:
        """Decide a condition, leaving the other side for another run."""

    def quotient(self, numerator: z3.ArithRef, denominator: z3.ArithRef) -> z3.ArithRef:
        """Name the quotient of a division by something that is not zero, rounded towards minus infinity."""

    def text(self, term: z3.ExprRef) -> str:
        """Give a term as text, where that is allowed: the digits of a number that stands for all are known to nobody."""


PATH: ContextVar[Path | None] = ContextVar("PATH", default=None)
"""The path that is being followed."""


def current_path() -> Path:
    """Give the path that is being followed; a symbolic term outside of one cannot be decided."""
    path = PATH.get()
    if path is None:
        raise Unreadable("a symbolic term was decided or divided outside of any path")
    return path


def _text(symbol: Any, *_: str) -> str:
    """Give a symbol as text; outside of any path it is read by people only."""
    path = PATH.get()
    return f"{type(symbol).__name__}({symbol.term})" if path is None else path.text(symbol.term)


def _attribute(symbol: object, name: str) -> NoReturn:
    """What an integer has and a symbol has not is refused, where Python would say that it is not there."""
    if hasattr(int, name):
        raise Unreadable(f"the attribute {name} of an integer was asked for")
    raise AttributeError(f"'int' object has no attribute '{name}'", name=name, obj=symbol)


def integer_term(value: object) -> Any:
    """Give the term of an integer of either reading, a condition counting as 0 or 1, or NotImplemented for what is no number."""
    if isinstance(value, SymbolicInteger):
        return value.term
    if isinstance(value, SymbolicCondition):
        return z3.If(value.term, z3.IntVal(1), z3.IntVal(0))
    if isinstance(value, int):
        return z3.IntVal(int(value))
    if isinstance(value, Number):
        raise Unreadable(f"an integer and a {type(value).__name__} in one expression")
    return NotImplemented


def condition_term(value: object) -> Any:
    """Give the term of a condition of either reading, or NotImplemented for anything else."""
    if isinstance(value, SymbolicCondition):
        return value.term
    if isinstance(value, bool):
        return z3.BoolVal(value)
    return NotImplemented


def _binary(
    lift: Callable[[object], Any], wrap: Callable[[Any], Any], operate: Callable[[Any, Any], Any]
) -> tuple[Callable[[Any, object], Any], Callable[[Any, object], Any]]:
    """Give an operator and its reflection."""

    def forward(self: Any, other: object) -> Any:
        lifted = lift(other)
        return lifted if lifted is NotImplemented else wrap(operate(self.term, lifted))

    def reflected(self: Any, other: object) -> Any:
        lifted = lift(other)
        return lifted if lifted is NotImplemented else wrap(operate(lifted, self.term))

    return forward, reflected


def _counting(operate: Callable[[Any, Any], Any]) -> tuple[Callable[[Any, object], Any], Callable[[Any, object], Any]]:
    """Give an operator, and its reflection, that takes a condition for the 0 or 1 that it is in Python."""

    def forward(self: Any, other: object) -> Any:
        return operate(self.as_integer(), other)

    def reflected(self: Any, other: object) -> Any:
        return operate(other, self.as_integer())

    return forward, reflected


def _compared(operate: Callable[[Any, Any], Any]) -> Callable[[Any, object], Any]:
    """Give `==` or `!=` of an integer, or of a condition, with anything."""

    def compare(self: Any, other: object) -> Any:
        if _is_condition(self) and _is_condition(other):
            return SymbolicCondition(operate(self.term, condition_term(other)))
        lifted = integer_term(other)
        if lifted is not NotImplemented:
            return SymbolicCondition(operate(integer_term(self), lifted))
        if is_never_a_number(other):
            return NotImplemented
        raise Unreadable(f"an integer or a condition was compared with a {type(other).__name__}")

    return compare


def _floor_div(numerator: z3.ArithRef, denominator: z3.ArithRef) -> z3.ArithRef:
    if current_path().branch(denominator == 0):
        raise ZeroDivisionError("integer division or modulo by zero")
    return current_path().quotient(numerator, denominator)


def _modulo(numerator: z3.ArithRef, denominator: z3.ArithRef) -> z3.ArithRef:
    return numerator - denominator * _floor_div(numerator, denominator)


class SymbolicCondition:
    """A condition on symbolic integers."""

    __slots__ = ("term",)

    def __init__(self, term: z3.BoolRef) -> None:
        self.term = term

    def choose(self, first: Any, second: Any) -> Any:
        """Give the first where the condition holds, the second elsewhere, without a fork; records merge by field."""
        return merge(self, first, second)

    def __bool__(self) -> bool:
        return current_path().branch(self.term)

    __and__, __rand__ = _binary(condition_term, lambda term: SymbolicCondition(term), lambda a, b: z3.And(a, b))
    __or__, __ror__ = _binary(condition_term, lambda term: SymbolicCondition(term), lambda a, b: z3.Or(a, b))
    __xor__, __rxor__ = _binary(condition_term, lambda term: SymbolicCondition(term), lambda a, b: z3.Xor(a, b))
    __eq__ = _compared(lambda a, b: a == b)
    __ne__ = _compared(lambda a, b: a != b)

    def as_integer(self) -> "SymbolicInteger":
        """1 where it holds and 0 elsewhere, as a Python bool counts in a sum."""
        return SymbolicInteger(z3.If(self.term, z3.IntVal(1), z3.IntVal(0)))

    __add__, __radd__ = _counting(operator.add)
    __sub__, __rsub__ = _counting(operator.sub)
    __mul__, __rmul__ = _counting(operator.mul)
    __floordiv__, __rfloordiv__ = _counting(operator.floordiv)
    __mod__, __rmod__ = _counting(operator.mod)
    __lt__, __le__ = _counting(operator.lt)[0], _counting(operator.le)[0]
    __gt__, __ge__ = _counting(operator.gt)[0], _counting(operator.ge)[0]

    def __neg__(self) -> "SymbolicInteger":
        return -self.as_integer()

    def __pos__(self) -> "SymbolicInteger":
        return self.as_integer()

    __abs__ = __pos__

    def __invert__(self) -> "SymbolicCondition":
        # ~True is -2 in the plain reading, so a rule that writes ~ would be two different rules.
        raise Unreadable("~ of a condition: write negate(condition), which means the same in every reading")

    def __hash__(self) -> int:
        raise Unreadable("a symbolic condition was hashed (key of a mapping or member of a set)")

    def __index__(self) -> int:
        raise Unreadable("a symbolic condition was used as an integer")

    __int__ = __index__

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What `isinstance` is told, as it is of a Python bool; `type` tells the truth."""
        return bool

    __repr__ = __str__ = __format__ = _text
    __getattr__ = _attribute


class SymbolicInteger:
    """An integer of which only constraints are known."""

    __slots__ = ("term",)

    def __init__(self, term: z3.ArithRef) -> None:
        self.term = term

    __add__, __radd__ = _binary(integer_term, lambda term: SymbolicInteger(term), lambda a, b: a + b)
    __sub__, __rsub__ = _binary(integer_term, lambda term: SymbolicInteger(term), lambda a, b: a - b)
    __mul__, __rmul__ = _binary(integer_term, lambda term: SymbolicInteger(term), lambda a, b: a * b)
    __floordiv__, __rfloordiv__ = _binary(integer_term, lambda term: SymbolicInteger(term), _floor_div)
    __mod__, __rmod__ = _binary(integer_term, lambda term: SymbolicInteger(term), _modulo)
    __lt__ = _binary(integer_term, lambda term: SymbolicCondition(term), lambda a, b: a < b)[0]
    __le__ = _binary(integer_term, lambda term: SymbolicCondition(term), lambda a, b: a <= b)[0]
    __gt__ = _binary(integer_term, lambda term: SymbolicCondition(term), lambda a, b: a > b)[0]
    __ge__ = _binary(integer_term, lambda term: SymbolicCondition(term), lambda a, b: a >= b)[0]
    __eq__ = _compared(lambda a, b: a == b)
    __ne__ = _compared(lambda a, b: a != b)

    def __divmod__(self, other: object) -> tuple["SymbolicInteger", "SymbolicInteger"]:
        return _quotient_and_remainder(self, other)

    def __rdivmod__(self, other: object) -> tuple["SymbolicInteger", "SymbolicInteger"]:
        return _quotient_and_remainder(other, self)

    def __neg__(self) -> "SymbolicInteger":
        return SymbolicInteger(-self.term)

    def __pos__(self) -> "SymbolicInteger":
        return self

    def __abs__(self) -> "SymbolicInteger":
        return SymbolicInteger(z3.If(self.term >= 0, self.term, -self.term))

    def __pow__(self, exponent: object) -> "SymbolicInteger":
        if type(exponent) is not int or exponent < 0:
            raise Unreadable("a power whose exponent is not a concrete integer >= 0")
        power = SymbolicInteger(z3.IntVal(1))
        for _ in range(exponent):
            power = power * self
        return power

    def __lshift__(self, places: object) -> "SymbolicInteger":
        return SymbolicInteger(self.term * _power_of_two(places))

    def __rshift__(self, places: object) -> "SymbolicInteger":
        return SymbolicInteger(_floor_div(self.term, z3.IntVal(_power_of_two(places))))

    def __bool__(self) -> bool:
        return current_path().branch(self.term != 0)

    def __hash__(self) -> int:
        raise Unreadable("a symbolic integer was hashed (key of a mapping or member of a set)")

    def _made_concrete(self, *_: object) -> NoReturn:
        raise Unreadable("a symbolic integer was made concrete (index, range, bits, conversion or true division)")

    __index__ = __int__ = __float__ = __complex__ = __round__ = __trunc__ = __floor__ = __ceil__ = _made_concrete
    __truediv__ = __rtruediv__ = __rpow__ = __rlshift__ = __rrshift__ = _made_concrete

    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __invert__ = _made_concrete

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What `isinstance` is told, as it is of a Python int; `type` tells the truth."""
        return int

    __repr__ = __str__ = __format__ = _text
    __getattr__ = _attribute


def _power_of_two(places: object) -> int:
    if type(places) is not int or places < 0:
        raise Unreadable("a shift by something else than a concrete integer >= 0")
    return 1 << places


def _quotient_and_remainder(numerator: Any, denominator: Any) -> tuple[SymbolicInteger, SymbolicInteger]:
    return numerator // denominator, numerator % denominator


def merge(condition: SymbolicCondition, first: Any, second: Any) -> Any:
    """Give the value that is `first` where the condition holds and `second` elsewhere.

    Integers and conditions become one term, what holds them is merged by field.
    """
    return merged(first, second, lambda one, other: _picked(condition, one, other))


def _picked(condition: SymbolicCondition, first: Any, second: Any) -> Any:
    if _is_condition(first) and _is_condition(second):
        return SymbolicCondition(z3.If(condition.term, condition_term(first), condition_term(second)))
    if _is_integer(first) and _is_integer(second):
        return SymbolicInteger(z3.If(condition.term, integer_term(first), integer_term(second)))
    return NotImplemented


def _is_condition(value: object) -> bool:
    return isinstance(value, bool | SymbolicCondition)


def _is_integer(value: object) -> bool:
    # An IntEnum member is an integer that must stay a member, so it is not merged into a term.
    return type(value) is int or isinstance(value, SymbolicInteger)
