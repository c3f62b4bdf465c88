"""Explanations of failed runs, by the messages that Supabase, pg_net, pg_cron and the ledger really give."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from components.runs.cause_rule import Explanation
from components.runs.explanation import _RULES, explain

PLANTED = "planted-sb_secret_Zk3Jq8Vw2Xr7"
REDIRECTED = "answered with status 200, but by another address, to which it was redirected"
NO_SUCCESS = "answered with status 200 and a body that is no success"
SENTENCE = re.compile(r"[A-Z](?![^\n]*[.!?]\s)[^\n]*[^\s.!?]\.")


class Case(NamedTuple):
    """A run as the ledger shows it, and a word that its cause and its next step must hold."""

    cause: str
    next_step: str
    state: str = "failed"
    status: int | None = None
    detail: str | None = None
    response: str | None = None

    def explained(self, *, detail: str = "", response: str = "") -> Explanation | None:
        """Its explanation, with more text after its detail and response."""
        message = None if self.detail is None else self.detail + detail
        body = None if self.response is None else self.response + response
        return explain(self.state, self.status, message, body)


def answered(status: int, response: str | None, cause: str, next_step: str) -> Case:
    return Case(cause, next_step, "failed", status, f"answered with status {status}", response)


def failed(detail: str, cause: str, next_step: str) -> Case:
    return Case(cause, next_step, "failed", None, detail)


NO_HEADER = "no Authorization header"
NO_JWT = "The bearer is no JWT"
ROTATE = "`cronctl rotate <KEY>`"
DEPLOY = "`supabase functions deploy <name>`"
UP = "`pulumi up`"
LOGS = "Edge Functions, Logs"

REFUSED = [
    answered(
        401, '{"code":"UNAUTHORIZED_NO_AUTH_HEADER","message":"Missing authorization header"}', NO_HEADER, "bearer"
    ),
    answered(401, '{"code":401,"message":"Missing authorization header"}', NO_HEADER, "verify_jwt = false"),
    answered(401, '{"msg":"Error: Missing authorization header"}', NO_HEADER, "verify_jwt = false"),
    answered(
        401, '{"code":"UNAUTHORIZED_INVALID_JWT_FORMAT","message":"Invalid JWT"}', NO_JWT, "auth: {api_key: <KEY>}"
    ),
    answered(401, '{"code":401,"message":"Invalid Token or Protected Header formatting"}', NO_JWT, "api_key"),
    answered(401, '{"msg":"Error: Auth header is not \'Bearer {token}\'"}', NO_JWT, "api_key"),
    answered(401, '{"code":"PGRST301","message":"Expected 3 parts in JWT; got 1"}', NO_JWT, "api_key"),
    answered(401, '{"code":401,"message":"Invalid JWT"}', "a new key (sb_…)", ROTATE),
    answered(401, '{"code":"UNAUTHORIZED_LEGACY_JWT","message":"Invalid JWT"}', "expired, revoked", ROTATE),
    answered(401, '{"code":"UNAUTHORIZED_ASYMMETRIC_JWT","message":"Invalid JWT"}', "expired, revoked", ROTATE),
    answered(401, '{"code":"UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM","message":"x"}', "did not accept", "api_key"),
    answered(401, '{"code":"PGRST303","message":"JWT expired"}', "has expired", ROTATE),
    answered(401, '{"message":"Legacy API keys are disabled"}', "switched off", "auth: {api_key: <KEY>}"),
    answered(401, '{"message":"No API key found in request","hint":"No `apikey` found"}', "no key", "apikey"),
    answered(401, '{"message":"Invalid API key","hint":"Double check your anon key."}', "does not know", ROTATE),
    answered(401, '{"message":"Forbidden use of secret API key in browser"}', "User-Agent", "http.headers"),
    answered(401, "the signature fits no key", "signature", "docs/signing.md"),
    answered(403, "the request is a replay", "signature", "docs/signing.md"),
    answered(401, '{"error":"unauthorized"}', "itself refused", "--undo"),
    answered(401, None, "itself refused", ROTATE),
    answered(403, '{"error":"forbidden"}', "does not allow", ROTATE),
    answered(404, '{"code":"NOT_FOUND","message":"Requested function was not found"}', "deployed", DEPLOY),
    answered(404, '{"code":"not_found","error":"no such invoice"}', "Nothing answers", "http.url"),
    answered(405, "Method Not Allowed", "method", "http.method"),
    answered(400, '{"error":"limit is missing"}', "did not accept what", "http.body"),
    answered(429, '{"code":"RATE_LIMIT_EXCEEDED","message":"Rate limit exceeded"}', "call each other", "queue"),
    answered(429, "Too Many Requests", "too often", "less often"),
]

BROKEN = [
    answered(
        500,
        '{"code":"WORKER_ERROR","message":"Function exited due to an error (please check logs)"}',
        "WORKER_ERROR",
        LOGS,
    ),
    answered(500, '{"msg":"InvalidWorkerResponse: user worker failed to respond"}', "did not catch", LOGS),
    answered(500, '{"code":"INVALID_RESPONSE_STATUS_CODE","message":"x"}', "HTTP does not know", "200 to 599"),
    answered(500, "Internal Server Error", "threw", LOGS),
    answered(
        500,
        '{"msg":"InvalidWorkerCreation: worker boot error: failed to bootstrap runtime"}',
        "not start",
        DEPLOY[1:-1],
    ),
    answered(502, '{"message":"An invalid response was received from the upstream server"}', "no valid answer", LOGS),
    answered(502, '{"code":"BOOT_ERROR"}', "could not start", LOGS),
    *(
        Case(
            "edge runtime was reached", DEPLOY, state, status, f"answered with status {status} by the edge runtime", ""
        )
        for status in (502, 503)
        for state in ("failed", "exhausted")
    ),
    answered(
        503, '{"code":"BOOT_ERROR","message":"Function failed to start (please check logs)"}', "could not start", LOGS
    ),
    answered(503, '{"code":"LOAD_FUNCTION_UNBUNDLING_ERROR","message":"x"}', "could not load", DEPLOY),
    answered(500, '{"code":"PGRST300","message":"Server lacks JWT secret"}', "PGRST300", "Restart"),
    answered(503, "name resolution failed", "not available", "next run"),
    answered(504, '{"code":"IDLE_TIMEOUT","message":"Request idle timeout limit (150s) reached"}', "150 s", "do less"),
    answered(
        546,
        '{"code":"WORKER_LIMIT","message":"Function failed due to not having enough compute resources (please check logs)"}',
        "256 MB",
        LOGS,
    ),
    answered(546, '{"code":"WORKER_RESOURCE_LIMIT","message":"x"}', "2 s of CPU", "do less"),
    answered(
        500, '{"msg":"WorkerRequestCancelled: request has been cancelled by supervisor"}', "more than it may", LOGS
    ),
    answered(546, None, "limit of its worker", LOGS),
    answered(546, '{"msg":"shutdown: EarlyDrop"}', "15 s", "runs: 1"),
]

UNSUCCESSFUL = [
    Case("redirected", "redirects: follow", "failed", 200, REDIRECTED, "<html>"),
    Case("jsonb can hold", "UTF-8", "failed", 200, "the answer is no text that jsonb can hold", "?"),
    Case(
        *("cannot be compared", "http.success.body", "failed", 200),
        *("answered with status 200 and a body that its predicate cannot be held against (SQLSTATE 22008)", "{}"),
    ),
    Case("did not succeed", "http.success.body", "failed", 200, NO_SUCCESS, '{"success": false}'),
    Case("no body", "JSON", "failed", 204, "answered with status 204 and a body that is no success", None),
    Case("no body", "JSON", "failed", 200, NO_SUCCESS, " \n"),
    Case("web page", "http.url", "failed", 200, NO_SUCCESS, "<!DOCTYPE html><html>"),
    Case("did not succeed", "response", "failed", 404, "answered with status 404 and a body that is no success", "{}"),
    answered(202, "{}", "http.success.status", "http.success.status"),
    answered(304, None, "redirect", "http.url"),
]

UNANSWERED = [
    failed("was never sent: timeout_milliseconds must be between 1 and 300000", "nothing was sent", "http.timeout"),
    Case("may still be running", "http.timeout", "timed_out", None, "no answer within 15 s"),
    Case("may still be running", "150 s", "timed_out"),
    Case("may still be running", "http.timeout", "exhausted", None, "no answer within 0.5 s"),
    failed("Couldn't resolve host name", "DNS", ROTATE),
    failed("Could not resolve hostname", "DNS", UP),
    failed("Couldn't connect to server", "nothing accepts", "port"),
    failed("Could not connect to server", "nothing accepts", "port"),
    failed("SSL peer certificate or SSH remote key was not OK", "certificate", "public authority"),
    failed("SSL connect error", "encrypted", "host"),
    failed("Problem with the SSL CA cert (path? access rights?)", "encrypted", "host"),
    failed("Server returned nothing (no headers, no data)", "without an answer", LOGS),
    failed("Weird server reply", "speak HTTP", "port"),
    failed("Failure when receiving data from the peer", "broke off", "next run"),
    failed("Number of redirects hit maximum amount", "without end", "http.url"),
    failed("URL using bad/illegal format or missing URL", "no valid URL", ROTATE),
]

LOST = [
    Case("made again", "http.retry", "lost", None, "pg_net was made anew while the request was on its way; whether …"),
    Case(
        "crashed",
        "http.retry",
        "lost",
        None,
        "the server crashed while the request was on its way; whether it arrived is not known",
    ),
    Case(
        "pg_net.ttl",
        "net.worker_restart()",
        "lost",
        None,
        "pg_net dropped the request or forgot its answer before it was looked at",
    ),
    Case("past the run ledger", "adopt: true", "lost", None, "queued by a command that keeps no account of its answer"),
    Case("how it ended is not known", "next run", "lost", None, "server restarted"),
    Case("how it ended is not known", "next run", "lost", None, "connection lost"),
]

NOT_RUN = [
    failed("connection failed", "log in", "pg_hba.conf"),
    failed("job startup timeout", "10 s", "at most 8 jobs"),
    failed("could not start background process; more details may be available in the server log", "process", "Spread"),
    failed("job canceled", "unscheduled or paused", UP),
    Case("left out", "detail", "skipped", None, "the run before it has not ended"),
    Case("Every attempt", "next run", "exhausted"),
    Case("Every attempt", "next run", "exhausted", 418, "answered with status 418", "I'm a teapot"),
    Case("not start", LOGS, "exhausted", 503, "answered with status 503", '{"code":"BOOT_ERROR"}'),
]

STATEMENTS = [
    failed("ERROR:  the pg_net background worker must be up when doing requests", "worker", "net.worker_restart()"),
    failed("ERROR:  invalid ciphertext", "decrypt", "`cronctl rotate <KEY>`"),
    failed('ERROR:  unrecognized configuration parameter "app.settings.key"', "setting", "get_secret("),
    failed('FATAL:  role "jobs" is not permitted to log in', "NOLOGIN", "LOGIN"),
    failed(
        "ERROR:  cron secret 'cron_secret' is unknown\nHINT:  Declare it in jobs.yaml and run pulumi up.",
        "not declared",
        UP,
    ),
    failed(
        "ERROR:  cron secret 'it''s' is not set\nHINT:  Set it",
        "no value yet",
        "pulumi config set --secret --path secrets.<KEY>",
    ),
    failed("ERROR: cron secret 'cron_secret' is not set", "no value yet", UP),  # background workers write one blank
    failed("ERROR:  a key to sign with is missing or shorter than 32 bytes", "32 bytes", "--generate"),
    failed("ERROR:  the path of a request to sign has a . or .. step, which is taken out", "may change", "http.url"),
    failed('ERROR:  schema "net" does not exist\nLINE 1: SELECT net.http_post(', "pg_net is not installed", UP),
    failed("ERROR:  function net.http_post(url => text) does not exist", "pg_net is not installed", UP),
    failed("ERROR:  function public.get_secret(unknown) does not exist", "is gone", UP),
    failed('ERROR:  relation "public.cron_runs" does not exist', "is gone", UP),
    failed('ERROR:  Content-Type header must be "application/json"', "Only JSON", "application/json"),
    failed(
        'ERROR:  null value in column "url" of relation "http_request_queue" violates not-null constraint',
        "refused by pg_net",
        "http.url",
    ),
    failed('ERROR:  invalid URL "/x"', "refused by pg_net", ROTATE),
    failed("ERROR:  permission denied for table invoices", "may not do", "cron.job.username"),
    failed('ERROR:  new row violates row-level security policy for table "t"', "may not do", "Grant"),
    failed(
        'ERROR:  relation "invoices" does not exist\nLINE 1: SELECT get_secret FROM invoices',
        "does not fit",
        "supabase db push",
    ),
    failed('ERROR:  syntax error at or near "SELEC"', "does not fit", "sql in jobs.yaml"),
    failed("ERROR:  canceling statement due to statement timeout", "longer than it may", "do less"),
    failed("ERROR:  deadlock detected", "longer than it may", "minute"),
    failed("FATAL:  terminating connection due to administrator command", "ended the statement", "next run"),
    failed("transaction control statements are not allowed in pg_cron", "BEGIN and COMMIT", "Take them out"),
    failed("ERROR: transaction control statements are not allowed in pg_cron", "BEGIN and COMMIT", "Take them out"),
    failed("ERROR:  division by zero", "own statement", "SQL Editor"),
    failed('ERROR:  no certificate for "SSL"', "own statement", "SQL Editor"),
]

CASES = [*REFUSED, *BROKEN, *UNSUCCESSFUL, *UNANSWERED, *LOST, *NOT_RUN, *STATEMENTS]


def explained() -> Iterator[Explanation]:
    for rule in _RULES:
        yield rule.explanation


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.status or case.state}-{(case.response or case.detail or '')[:60]}"
)
def test_each_known_end_is_explained(case: Case) -> None:
    explanation = case.explained()
    assert explanation is not None
    assert case.cause in explanation.cause
    assert case.next_step in explanation.next_step


@pytest.mark.parametrize("state", ["ok", "queued", "sent", "retrying"])
@pytest.mark.parametrize("case", [Case("", ""), *CASES[:3], *UNSUCCESSFUL, *STATEMENTS[:2]])
def test_nothing_is_said_of_a_run_that_went_well_or_goes_on(state: str, case: Case) -> None:
    assert explain(state, case.status, case.detail, case.response) is None


@pytest.mark.parametrize(
    ("state", "status", "detail"),
    [
        ("failed", None, None),
        ("failed", None, "something that nobody has seen"),
        ("failed", 418, "answered with status 418"),
        ("lost", None, None),
        ("lost", None, "something that nobody has seen"),
        ("unheard-of", None, "ERROR:  x"),
    ],
)
def test_nothing_is_said_where_nothing_is_known(state: str, status: int | None, detail: str | None) -> None:
    assert explain(state, status, detail, "I'm a teapot" if status else None) is None


@pytest.mark.parametrize("case", CASES)
def test_an_explanation_repeats_nothing_of_detail_or_response(case: Case) -> None:
    for explanation in (
        case.explained(response=PLANTED),
        case.explained(detail=f"\nCONTEXT:  {PLANTED}"),
        explain(case.state, case.status, PLANTED, PLANTED),
    ):
        assert PLANTED not in "".join(explanation or ())
        assert explanation is None or explanation in set(explained())  # a sentence of the table, with nothing put in


def test_every_explanation_is_two_sentences() -> None:
    for explanation in explained():
        for sentence in explanation:
            assert SENTENCE.fullmatch(sentence), sentence
            assert len(sentence) <= 200, sentence


def test_every_rule_speaks_for_some_case() -> None:
    assert set(explained()) == {case.explained() for case in CASES}
