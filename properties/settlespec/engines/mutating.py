"""Mutants: a rule with one small fault in it, made from its syntax tree.

Four operators, at every site of every rule: another comparison (of `minimum` and `maximum` the other one), the other direction of
rounding, a term left out, a constant one more or one less. A site has a number within its function and not a line, so that a mutant
keeps its name while the lines around it move.
"""

import ast
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from enum import StrEnum
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

from attrs import field, frozen

RULES: Final = "settlespec.rules"
"""The package whose functions are mutated."""

WIDTH: Final = 130
"""Characters of a difference: one line that a person reads."""

Constant: TypeAlias = int | tuple[int, ...]


class Operator(StrEnum):
    """What kind of fault it is."""

    COMPARISON = "comparison"
    ROUNDING = "rounding"
    DROPPED = "dropped"
    """A summand, a factor, a condition, or one side of a minimum, a maximum or a clamp is left out."""
    CONSTANT = "constant"


@frozen
class Mutant:
    """One fault in one rule."""

    id: str
    """``margin.initial/rounding/1/floor_div``: function, operator, number of the site, what stands there instead."""
    module: str
    function: str
    operator: Operator
    difference: str
    """The changed line; ``{before => after}`` marks what changed in it."""
    text: str = field(repr=False)
    """The whole module with the fault in it."""

    @property
    def digest(self) -> str:
        """SHA-256 of the module's text."""
        return sha256(self.text.encode()).hexdigest()


@frozen
class _Change:
    """What may stand in place of one node."""

    operator: Operator
    name: str
    replacement: ast.expr


Step: TypeAlias = tuple[str, int | None]
"""From a node to its child: the field, and the place in it where the field is a list."""

Way: TypeAlias = tuple[Step, ...]


def rule_modules() -> tuple[str, ...]:
    """Give the modules of the rules, by name."""
    package = import_module(RULES)
    return tuple(f"{RULES}.{module.name}" for module in sorted(pkgutil.iter_modules(package.__path__), key=str))


def source_of(module: str) -> str:
    """Give the text of a module."""
    specification = find_spec(module)
    if specification is None or specification.origin is None:
        raise ModuleNotFoundError(f"{module} has no source", name=module)
    return Path(specification.origin).read_text(encoding="utf-8")


def all_mutants() -> tuple[Mutant, ...]:
    """Give every mutant of every rule, by id."""
    return tuple(
        mutant
        for module in rule_modules()
        for mutant in mutants_in(source_of(module), module, _constants(vars(import_module(module))))
    )


def _constants(names: Mapping[str, object]) -> dict[str, Constant]:
    """The named integers of a module, and its tables of integers."""
    return {name: value for name, value in names.items() if name.isupper() and _is_constant(value)}  # type: ignore[misc]


def _is_constant(value: object) -> bool:
    return type(value) is int or (isinstance(value, tuple) and all(type(item) is int for item in value))


def mutants_in(source: str, module: str, constants: Mapping[str, Constant]) -> tuple[Mutant, ...]:
    """Give the mutants of the functions of one module, by id.

    Args:
        source: the text of the module.
        module: its full name.
        constants: what its capital names stand for; a table is changed element by element.
    """
    tree = ast.parse(source)
    # In front of what the module itself imports or defines, which counts; every name that a fault may use is there.
    tree.body.insert(
        1 if ast.get_docstring(tree) else 0,
        ast.ImportFrom("settlespec.arithmetic", [ast.alias(name) for name in NAMES], 0),
    )
    texts = [ast.unparse(statement) for statement in tree.body]
    made = []
    for place, statement in enumerate(tree.body):
        if isinstance(statement, ast.FunctionDef):
            for fault in _faults_of(statement, constants):
                text = "\n".join([*texts[:place], fault.text, *texts[place + 1 :]])
                name = f"{module.rpartition('.')[2]}.{statement.name}/{fault.name}"
                made.append(Mutant(name, module, statement.name, fault.operator, fault.difference, text))
    return tuple(sorted(made, key=lambda mutant: mutant.id))


@frozen
class _Fault:
    """One function with one fault in it."""

    name: str
    operator: Operator
    difference: str
    text: str


def _faults_of(function: ast.FunctionDef, constants: Mapping[str, Constant]) -> Iterator[_Fault]:
    sites: Counter[Operator] = Counter()
    for way, node in _expressions(function, ()):
        changes = tuple(_changes(node, constants))
        sites.update({change.operator for change in changes})
        for change in changes:
            mutated = _with(function, way, change.replacement)
            yield _Fault(
                name=f"{change.operator}/{sites[change.operator]}/{change.name}",
                operator=change.operator,
                difference=difference(*(ast.unparse(_statement(whole, way)) for whole in (function, mutated))),
                text=ast.unparse(mutated),
            )


def _expressions(node: ast.AST, way: Way) -> Iterator[tuple[Way, ast.expr]]:
    """Every expression of a function's body with the way to it, in the order of the text."""
    for name, value in ast.iter_fields(node):
        # Of a function and of an annotated name: no part of what a rule computes.
        if name in ("annotation", "args", "decorator_list", "returns") and not isinstance(node, ast.Call):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(child, ast.AST):
                step = (*way, (name, index))
                if isinstance(child, ast.expr):
                    yield step, child
                yield from _expressions(child, step)


def _at(node: ast.AST, way: Way) -> ast.AST:
    for name, index in way:
        value = getattr(node, name)
        node = value if index is None else value[index]
    return node


def _statement(function: ast.FunctionDef, way: Way) -> ast.AST:
    """The innermost statement on this way."""
    nodes = [_at(function, way[: steps + 1]) for steps in range(len(way))]
    return [node for node in nodes if isinstance(node, ast.stmt)][-1]


def _with(function: ast.FunctionDef, way: Way, replacement: ast.expr) -> ast.FunctionDef:
    """The function with another expression there."""
    mutated = deepcopy(function)
    parent, (name, index) = _at(mutated, way[:-1]), way[-1]
    if index is None:
        setattr(parent, name, replacement)
    else:
        getattr(parent, name)[index] = replacement
    return ast.fix_missing_locations(mutated)


_COMPARISONS: Final[dict[type[ast.cmpop], dict[str, type[ast.cmpop]]]] = {
    ast.Lt: {"<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE},
    ast.LtE: {"<": ast.Lt, ">": ast.Gt, ">=": ast.GtE},
    ast.Gt: {"<": ast.Lt, "<=": ast.LtE, ">=": ast.GtE},
    ast.GtE: {"<": ast.Lt, "<=": ast.LtE, ">": ast.Gt},
    ast.Eq: {"!=": ast.NotEq, "<=": ast.LtE, ">=": ast.GtE},
    ast.NotEq: {"==": ast.Eq, "<": ast.Lt, ">": ast.Gt},
}

_CHOICES: Final = {"minimum": "maximum", "maximum": "minimum"}

_ROUNDINGS: Final = {"floor_div": "ceil_div", "ceil_div": "floor_div"}

NAMES: Final = (*_CHOICES, *_ROUNDINGS)
"""What a fault may call."""

_TERMS: Final = (ast.Add, ast.Sub, ast.Mult, ast.BitAnd, ast.BitOr)


def _changes(node: ast.expr, constants: Mapping[str, Constant]) -> Iterator[_Change]:
    """What may stand in place of this expression."""
    match node:
        case ast.Compare(left, [compared], [right]):
            for symbol, other in _COMPARISONS.get(type(compared), {}).items():
                yield _Change(Operator.COMPARISON, symbol, ast.Compare(left, [other()], [right]))
        case ast.Call(ast.Name(name), arguments):
            yield from _changes_of_call(name, arguments)
        case ast.BinOp(left, operator, right) if isinstance(operator, _TERMS):
            yield from _dropped_terms(left, operator, right)
        case ast.Constant(int() as number) if not isinstance(number, bool):
            for name, by in (("+1", 1), ("-1", -1)):
                yield _Change(Operator.CONSTANT, name, _number(number + by))
        case ast.Name(name, ast.Load()) if name in constants:
            yield from _changes_of_constant(name, constants[name])


def _changes_of_call(name: str, arguments: list[ast.expr]) -> Iterator[_Change]:
    if name in _ROUNDINGS:
        yield _Change(Operator.ROUNDING, _ROUNDINGS[name], _call(_ROUNDINGS[name], *arguments))
    if name in _CHOICES:
        yield _Change(Operator.COMPARISON, _CHOICES[name], _call(_CHOICES[name], *arguments))
        yield _Change(Operator.DROPPED, "first", arguments[1])
        yield _Change(Operator.DROPPED, "second", arguments[0])
    if name == "clamp":
        value, low, high = arguments
        yield _Change(Operator.DROPPED, "low", _call("minimum", value, high))
        yield _Change(Operator.DROPPED, "high", _call("maximum", value, low))


def _dropped_terms(left: ast.expr, operator: ast.operator, right: ast.expr) -> Iterator[_Change]:
    """Of a chain each term is dropped where it stands on the right, and its first where the chain begins."""
    yield _Change(Operator.DROPPED, "right", left)
    chained = (ast.Add, ast.Sub) if isinstance(operator, ast.Add | ast.Sub) else (type(operator),)
    if not (isinstance(left, ast.BinOp) and isinstance(left.op, chained)):
        yield _Change(
            Operator.DROPPED, "left", ast.UnaryOp(ast.USub(), right) if isinstance(operator, ast.Sub) else right
        )


def _changes_of_constant(name: str, value: Constant) -> Iterator[_Change]:
    for sign, operator in (("+1", ast.Add()), ("-1", ast.Sub())):
        if isinstance(value, int):
            yield _Change(Operator.CONSTANT, sign, ast.BinOp(ast.Name(name), operator, ast.Constant(1)))
        else:
            for place, item in enumerate(value):
                items = [*value[:place], item + int(sign), *value[place + 1 :]]
                yield _Change(
                    Operator.CONSTANT, f"[{place}]{sign}", ast.Tuple([_number(item) for item in items], ast.Load())
                )


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name), list(arguments), [])


def _number(number: int) -> ast.expr:
    return ast.Constant(number) if number >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-number))


def difference(before: str, after: str) -> str:
    """Give the one line that differs, with what differs in it between braces.

    >>> difference("return floor_div(risk, 3 * scale)", "return floor_div(risk, 4 * scale)")
    'return floor_div(risk, {3 => 4} * scale)'
    """
    one, other = next(pair for pair in zip(before.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1])
    old, new = _TOKEN.findall(one.strip()), _TOKEN.findall(other.strip())
    start = _common(old, new)
    end = min(_common(old[::-1], new[::-1]), len(old) - start, len(new) - start)
    # A person reads whole parentheses.
    while end and any(_depth(line[start : len(line) - end]) > 0 for line in (old, new)):
        end -= 1
    while start and any(_depth(line[start : len(line) - end][::-1]) < 0 for line in (old, new)):
        start -= 1
    changed = " => ".join("".join(line[start : len(line) - end]).strip() for line in (old, new))
    return _shortened("".join(old[:start]), f"{{{changed}}}", "".join(old[len(old) - end :]))


_TOKEN: Final = re.compile(r"\w+|[<>=!]=|\s*[-+*&|]\s+|\W")


def _depth(tokens: Sequence[str]) -> int:
    """How many parentheses are left open, or closed that were not opened."""
    return sum((token == "(") - (token == ")") for token in tokens)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many tokens the two begin with."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _shortened(left: str, changed: str, right: str) -> str:
    if len(left) + len(changed) + len(right) <= WIDTH:
        return left + changed + right
    room = max(WIDTH - len(changed), 40) // 2
    before = left if len(left) <= room else f"... {left[-room:]}"
    return before + changed + (right if len(right) <= room else f"{right[:room]} ...")
