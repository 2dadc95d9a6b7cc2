"""Questions that Python answers without asking a value: what is the very object, and of which exact type it is.

A symbol stands for every integer and answers whatever it is asked; of these it is never asked, so a text that puts them would be read
as another one.
"""

import ast
from collections.abc import Iterator
from typing import Final

from attrs import frozen

NUMBERS: Final = ("int", "bool")
"""The types whose values a symbol stands for."""


@frozen
class Unasked:
    """One such question."""

    line: int
    problem: str


def unasked(text: str) -> Iterator[Unasked]:
    """Give such questions of a module's text, in the order of its lines."""
    found = [question for node in ast.walk(ast.parse(text)) for question in _of(node)]
    yield from sorted(found, key=lambda question: question.line)


def _of(node: ast.AST) -> Iterator[Unasked]:
    if isinstance(node, ast.Compare):
        sides = (node.left, *node.comparators)
        if any(isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops) and any(map(_is_a_value, sides)):
            yield Unasked(node.lineno, "an identity with a number or a condition; compare by ==")
        elif any(map(_is_a_type_asked_for, sides)) and any(map(_names_a_number, sides)):
            yield Unasked(node.lineno, "the exact type of a number; ask isinstance")
    elif isinstance(node, ast.MatchSingleton) and node.value is not None:
        yield Unasked(node.lineno, "a pattern that matches a condition by identity; compare by ==")
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id":
        yield Unasked(node.lineno, "the identity of an object")


def _is_a_value(side: ast.expr) -> bool:
    """A comparison, or True, False or a number as it is written."""
    if isinstance(side, ast.Constant):
        return isinstance(side.value, int | float)
    return isinstance(side, ast.Compare) or (isinstance(side, ast.UnaryOp) and _is_a_value(side.operand))


def _is_a_type_asked_for(side: ast.expr) -> bool:
    if isinstance(side, ast.Call):
        return isinstance(side.func, ast.Name) and side.func.id == "type"
    return isinstance(side, ast.Attribute) and side.attr == "__class__"


def _names_a_number(side: ast.expr) -> bool:
    """``int``, or a tuple in which it stands."""
    return any(isinstance(inner, ast.Name) and inner.id in NUMBERS for inner in ast.walk(side))
