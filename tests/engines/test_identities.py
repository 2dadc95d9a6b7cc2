"""What a text asks that no symbol is asked for."""

import pytest

from settlespec.engines.identities import unasked


@pytest.mark.parametrize(
    "text",
    [
        "a is True", "a is not False", "a is 7", "a is -1", "(a > 0) is b", "b is not (a < 2)", "type(a) is int", "type(a) == bool",
        "type(a) in (str, int)", "type(a) is not int", "a.__class__ is int", "id(a)", "match a:\n  case True: pass",
    ],
)  # fmt: skip
def test_a_question_that_python_answers_by_itself_is_noticed(text: str):
    (question,) = unasked(f"first = 1\n{text}")
    assert question.line in (2, 3)


@pytest.mark.parametrize(
    "text",
    [
        "a is None", "a is not b", "a == True", "isinstance(a, int)", "type(a) is type(b)", "type(a) is Place", "kind is Side.BUY",
        "match a:\n  case None: pass", "match a:\n  case int(): pass",
    ],
)  # fmt: skip
def test_any_other_question_is_left_alone(text: str):
    assert list(unasked(text)) == []
