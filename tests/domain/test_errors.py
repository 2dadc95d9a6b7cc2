"""A refusal is one line, says where, and crosses process boundaries whole."""

import pickle
from typing import Any

import pytest

from settlespec.domain.errors import BadInput, Malformed


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "a negative size"),
        ({"file": "flow.csv"}, "flow.csv: a negative size"),
        ({"line": 7}, "line 7: a negative size"),
        ({"file": "flow.csv", "line": 7}, "flow.csv:7: a negative size"),
        ({"field": "size"}, "size: a negative size"),
        ({"remedy": "drop the row"}, "a negative size; drop the row"),
        (
            {"file": "flow.csv", "line": 7, "field": "size", "remedy": "drop the row"},
            "flow.csv:7: size: a negative size; drop the row",
        ),
    ],
)
def test_bad_input_says_what_is_known_of_the_place(fields: dict[str, Any], sentence: str) -> None:
    assert str(BadInput("a negative size", **fields)) == sentence


def test_bad_input_stays_on_one_line_whatever_the_file_held() -> None:
    assert str(BadInput("an unknown type\n'A\r\nB'")) == "an unknown type 'A B'"


def test_bad_input_crosses_a_process_boundary_whole() -> None:
    error = BadInput("a negative size", file="flow.csv", line=7, field="size", remedy="drop the row")
    copied = pickle.loads(pickle.dumps(error))
    assert vars(copied) == vars(error)
    assert str(copied) == str(error)


def test_a_malformed_operation_names_its_field_and_crosses_a_process_boundary_whole() -> None:
    copied = pickle.loads(pickle.dumps(Malformed("a market order has price 0", field="price")))
    assert str(copied) == "price: a market order has price 0"
    assert (copied.problem, copied.field) == ("a market order has price 0", "price")
    assert str(Malformed("not an object")) == "not an object"


def test_a_malformed_field_is_named_from_the_outermost_record_inwards_with_its_remedy() -> None:
    inner = Malformed("a float", field="amount", remedy="write a decimal string")
    copied = pickle.loads(pickle.dumps(inner.within("message").within("operation")))
    assert str(copied) == "operation.message.amount: a float; write a decimal string"
    assert str(Malformed("not an object").within("message")) == "message: not an object"
    assert str(Malformed("a float", field="mark").within("[0]").within("quotes")) == "quotes[0].mark: a float"
