"""What the proof shows of a request: everything but its credentials."""

from devstack.proof import describe, mask


def test_credentials_are_masked_and_the_rest_is_shown() -> None:
    text = describe(
        {
            "time": "2026-11-25T01:25:00+00:00",
            "method": "POST",
            "path": "/functions/v1/notification-worker",
            "status": 200,
            "headers": {"authorization": "Bearer planted-key", "apikey": "planted-key", "user-agent": "pg_net/x"},
            "json": {"limit": 5, "runs": 1},
        }
    )
    assert text.splitlines() == [
        "2026-11-25T01:25:00+00:00  POST /functions/v1/notification-worker  ->  200",
        "  authorization: Bearer (11 characters)",
        "  apikey: (11 characters)",
        "  user-agent: pg_net/x",
        '  {"limit": 5, "runs": 1}',
    ]


def test_a_value_without_a_scheme_is_masked_whole() -> None:
    assert mask("planted") == "(7 characters)"
