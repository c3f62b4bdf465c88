"""GitHub's expressions under a schedule: known, unknown, and never guessed."""

from typing import Any

import pytest

from components.workflows.expression import Context
from components.workflows.expression_value import NoExpression
from components.workflows.outcome import Place, Reason
from components.workflows.value import Known, Opaque, known


def context(**changes: Any) -> Context:
    return Context("0 6 * * *", env={"A": known("x")}, matrix={"size": "2", "deep": {"a": "b"}}, **changes)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'it''s'", "it's"),
        ("inputs.limit || 10", 10),
        ("github.event.inputs.limit", None),
        ("inputs.dry == 'true'", False),
        ("inputs.dry != ''", False),
        ("github.event_name", "schedule"),
        ("github.event.schedule == '0 6 * * *'", True),
        ("github.event_name == 'push' && 'a' || 'b'", "b"),
        ("!cancelled()", True),
        ("always() && failure()", False),
        ("'ABC' == 'abc'", True),
        ("1 == '1'", True),
        ("null == 0", True),
        ("'' == 0", True),
        ("'x' == 0", False),
        ("1 < 2 && 2 >= 2", True),
        ("contains('Hello', 'ell')", True),
        ("contains(fromJSON('[\"a\", \"B\"]'), 'b')", True),
        ("startsWith('abc', 'AB') && endsWith('abc', 'c')", True),
        ("format('{0}-{1}', 'a', 2)", "a-2"),
        ("env.A", "x"),
        ("matrix.deep.a", "b"),
        ("matrix['size']", "2"),
        ("needs.a.result == 'success'", True),
        ("contains(needs.*.result, 'failure')", False),
        ("(true || vars.X) && 'yes'", "yes"),
        ("false && vars.X", False),
        ("vars.X && false", False),
        ("steps.gone.outcome", ""),
        ("0xff", 255),
    ],
)
def test_a_value_that_is_known(source: str, value: Any) -> None:
    result = context().evaluate(source)
    assert (result.piece, result.value) == (None, value)


def test_inputs_are_remembered() -> None:
    assert context().evaluate("inputs.limit || 10").inputs == {"limit"}
    assert context().evaluate("github.event.inputs.a && 'x' || 'y'").inputs == {"a"}


@pytest.mark.parametrize(
    "source",
    [
        "vars.X == 'true'",
        "vars.X && 'a'",
        "needs.a.outputs.b",
        "steps.a.outputs.b == '1'",
        "github.run_id",
        "github.repository == 'a/b'",
        "vars.X == 'a' || vars.Y",
    ],
)
def test_what_nobody_knows_stays_unknown(source: str) -> None:
    result = context().evaluate(source)
    assert isinstance(result.piece, Opaque)
    assert result.truth is None


def test_a_default_goes_with_its_place() -> None:
    (place,) = context().evaluate("vars.Api_Url || 'https://a.example.com'").as_value()
    assert place == Place("", "variable", "API_URL", "'https://a.example.com'")
    (either,) = context().evaluate("secrets.A || secrets.B").as_value()
    assert either == Place("", "github_secret", "A", "the secret B")


def test_a_variable_of_several_parts_is_handed_on() -> None:
    made = context()
    made.env["BASE"] = made.text("${{ secrets.HOST }}/v1")
    assert made.text("${{ env.BASE }}/x") == (Place("", "github_secret", "HOST"), Known("/v1"), Known("/x"))


@pytest.mark.parametrize(
    "source", ["", "a b", "secrets", "hashFiles('x')", "'open", "1 +", "secrets[steps.a.outputs.b]", "unknown.x"]
)
def test_what_is_not_read_is_told(source: str) -> None:
    with pytest.raises(NoExpression):
        context().evaluate(source)


def test_a_failed_job_runs_only_what_asks_for_failures() -> None:
    failed = context(failed=True)
    assert failed.condition("github.event_name == 'schedule'").truth is False
    assert failed.condition("failure() && github.event_name == 'schedule'").truth is True
    assert failed.condition("${{ always() }}").truth is True


def test_a_text_with_an_expression_in_it_is_true_as_a_condition() -> None:
    assert context().condition("${{ false }} == 'true'").truth is True


def test_the_reasons_of_unknown_values() -> None:
    piece = context().evaluate("github.run_number").piece
    assert isinstance(piece, Opaque)
    assert piece.reason is Reason.RUN_NUMBER
