"""What went wrong with a run of the ledger, and what to do about it, in plain sentences. Pure.

A table of rules is read from top to bottom, the particular before the general, and the first that fits speaks. Its
sentences are fixed: nothing of an answer or an error, which may quote a secret, is ever repeated.
"""

import re
from collections.abc import Container
from typing import NamedTuple

from components.values.limits import EARLY_DROP, PLATFORM_TIMEOUT

_LOGS = "the function's logs (Dashboard, Edge Functions, Logs)"
_RETRY = "let it be tried again with http.retry in jobs.yaml"


class Explanation(NamedTuple):
    """One sentence on why, and one on what to do."""

    cause: str
    next_step: str


class _Rule(NamedTuple):
    explanation: Explanation
    states: Container[str]
    status: Container[int | None]
    detail: str
    response: str

    def fits(self, state: str, status_code: int | None, detail: str, response: str) -> bool:
        return (
            state in self.states
            and status_code in self.status
            and re.search(self.detail, detail) is not None
            and re.search(self.response, response) is not None
        )


_FAILED = ("failed", "exhausted")  # an exhausted run keeps what its last attempt ended with
_NO_ANSWER = (None,)


def _answered(status: Container[int | None], cause: str, next_step: str, *, body: str = "", detail: str = "") -> _Rule:
    """A rule for an answer that the endpoint gave; ``body`` is looked for in the piece of it that is kept."""
    return _Rule(Explanation(cause, next_step), _FAILED, status, detail, body)


def _told(
    detail: str,
    cause: str,
    next_step: str,
    *,
    states: Container[str] = _FAILED,
    status: Container[int | None] = _NO_ANSWER,
) -> _Rule:
    """A rule for a run without an answer: what pg_net, pg_cron or the ledger itself tells of it."""
    return _Rule(Explanation(cause, next_step), states, status, f"(?i:{detail})", "")


def _statement(message: str, cause: str, next_step: str) -> _Rule:
    """A rule for an error of PostgreSQL, told by its first line: those below quote the job's own statement."""
    return _told(rf"^(?:ERROR|FATAL):.*(?:{message})", cause, next_step)


_UNSUCCESSFUL = (
    _answered(
        range(100, 600),
        "The request was redirected, so another address answered, and whether the function did its work is not known.",
        "Write the address that answers itself as http.url in jobs.yaml, or success: {redirects: follow} if that one "
        "may answer, and run `pulumi up`.",
        detail="but by another address, to which it was redirected$",
    ),
    _answered(
        range(100, 600),
        "The status is accepted, but the body is nothing that jsonb can hold, such as bytes of another encoding, an "
        "escaped NUL or a number beyond all bounds, so http.success.body cannot be held against it.",
        "Let the function answer with JSON in UTF-8, or take http.success.body out of jobs.yaml and run `pulumi up`.",
        detail="^the answer is no text",
    ),
    _answered(
        range(100, 600),
        "The status is accepted, but http.success.body compares what cannot be compared in this answer, such as a time "
        "with a zone and one without.",
        "Correct http.success.body in jobs.yaml, or what the function answers, and run `pulumi up`.",
        detail="that its predicate cannot be held against",
    ),
    _answered(
        range(100, 600),
        "The status is accepted, but the answer has no body that http.success could be held against.",
        "Let the function answer with JSON, or take http.success.body out of jobs.yaml and run `pulumi up`.",
        detail="a body that is no success$",
        body=r"\A\s*\Z",
    ),
    _answered(
        range(100, 600),
        "The status is accepted, but the body is a web page where http.success expects JSON.",
        "Check that http.url in jobs.yaml names the function itself, such as {supabase_url}/functions/v1/<name>.",
        detail="a body that is no success$",
        body=r"\A\s*<",
    ),
    _answered(
        range(100, 600),
        "The function answered with an accepted status, but its body says that the work did not succeed.",
        f"Read the response and {_LOGS}, and correct http.success.body in jobs.yaml if that answer is a success.",
        detail="a body that is no success$",
    ),
    _answered(
        range(200, 300),
        "The function answered with a 2xx status that http.success.status does not accept.",
        "Add the status to http.success.status in jobs.yaml and run `pulumi up`, or let the function answer otherwise.",
    ),
    _answered(
        range(300, 400),
        "The endpoint answered with a redirect that names no place to go, since pg_net follows the others.",
        "Write the address that answers itself as http.url in jobs.yaml and run `pulumi up`.",
    ),
)

_REFUSED = (
    _answered(
        (401,),
        "The gateway asks for a JWT before the function runs, and the request has no Authorization header.",
        "Give the job auth: {bearer: <KEY>} with a legacy key, or deploy a function that checks an apikey or a "
        "signature itself with verify_jwt = false.",
        body="UNAUTHORIZED_NO_AUTH_HEADER|Missing authorization header",
    ),
    _answered(
        (401,),
        "The bearer is no JWT, as a new key (sb_…) or a token of your own is none, and the gateway asks for one.",
        "Send a new key with auth: {api_key: <KEY>}, and deploy a function that checks keys itself with "
        "verify_jwt = false.",
        body="UNAUTHORIZED_INVALID_JWT_FORMAT|Invalid Token or Protected Header|Expected 3 parts in JWT|"
        "Auth header is not 'Bearer",
    ),
    _answered(
        (401,),
        "The legacy JWT keys are switched off or revoked for this project.",
        "Give the job a new key with auth: {api_key: <KEY>}, deploy the function with verify_jwt = false and let it "
        "check the key.",
        body="Legacy API keys are disabled",
    ),
    _answered(
        (401,),
        "The JWT that the job sends has expired.",
        "Store a valid key with `cronctl rotate <KEY>`.",
        body="JWT ?expired|token (?:has|is) expired",
    ),
    _answered(
        (401,),
        "The gateway did not accept the legacy JWT: it is expired, revoked or of another project, or Supabase has an "
        "incident, in which valid ones were refused, too.",
        "Look at status.supabase.com, store the current key with `cronctl rotate <KEY>`, or move to a new key with "
        "auth: {api_key: <KEY>} and verify_jwt = false.",
        body="UNAUTHORIZED_LEGACY_JWT",
    ),
    _answered(
        (401, 500),
        "The API behind the address has no secret to check a JWT with (PGRST300), which is a setting of the project.",
        "Restart the project (Dashboard, Project Settings, General), and ask Supabase's support if it stays so.",
        body="PGRST300",
    ),
    _answered(
        (401,),
        "The gateway did not accept the job's JWT: it is expired, revoked or signed for another project.",
        "Store the project's current legacy key with `cronctl rotate <KEY>`, or move to a new key with "
        "auth: {api_key: <KEY>} and verify_jwt = false.",
        body="UNAUTHORIZED_(?:ASYMMETRIC_JWT|UNSUPPORTED_TOKEN_ALGORITHM)",
    ),
    _answered(
        (401,),
        "The gateway did not accept what stands in Authorization: a new key (sb_…) or a token is no JWT there, and a "
        "legacy key may be expired or revoked.",
        "Send a new key with auth: {api_key: <KEY>} to a function with verify_jwt = false, or store a valid legacy "
        "key with `cronctl rotate <KEY>`.",
        body="Invalid JWT",
    ),
    _answered(
        (401,),
        "The API got no key in the header 'apikey'.",
        "Give the job auth: {api_key: <KEY>} with a new key, or the header apikey beside the bearer with a legacy one.",
        body="No API key found",
    ),
    _answered(
        (401,),
        "The API does not know the key in the header 'apikey': it is revoked, mistyped or of another project.",
        "Store the current key with `cronctl rotate <KEY>`.",
        body="Invalid API key|Unregistered API key",
    ),
    _answered(
        (401,),
        "A secret key (sb_secret_…) is refused where the request carries the User-Agent of a browser.",
        "Take User-Agent out of http.headers in jobs.yaml and run `pulumi up`.",
        body="secret API key in (?:the )?browser",
    ),
    _answered(
        (401, 403),
        "The function refused the job's signature.",
        "Compare the reason in the response with docs/signing.md, and let both sides hold the same key, here by "
        "`cronctl rotate <KEY>`.",
        body=r"the signature (?:is|fits)\b|the request is a replay",
    ),
    _answered(
        (401,),
        "The endpoint itself refused the key: it expects another value, or expects it in another header.",
        "Compare the job's auth in jobs.yaml with what the function checks, then store its key with "
        "`cronctl rotate <KEY>`, or the previous one again with --undo.",
    ),
    _answered(
        (403,),
        "The endpoint knows who asks, but does not allow it to that role or key.",
        "Check in the function and its policies which role it expects, and store a key of that role with "
        "`cronctl rotate <KEY>`.",
    ),
    _answered(
        (404,),
        "No function of this name is deployed in the project.",
        "Deploy it with `supabase functions deploy <name>`, or correct the name in http.url in jobs.yaml and run "
        "`pulumi up`.",
        body="Requested function was not found",
    ),
    _answered(
        (404,),
        "Nothing answers under this address, because of its path or because the function itself says so.",
        "Check that http.url in jobs.yaml reads {supabase_url}/functions/v1/<name>, and that the secrets in it hold "
        "what it expects.",
    ),
    _answered(
        (405,),
        "The function does not take this method, or a redirect turned the POST into a GET on its way.",
        "Correct http.method, or write the final address as http.url, in jobs.yaml and run `pulumi up`.",
    ),
    _answered(
        (400, 422),
        "The function did not accept what it was sent.",
        "Compare http.body in jobs.yaml with what the function expects, correct it and run `pulumi up`.",
    ),
    _answered(
        (429,),
        "Supabase throttles Edge Functions that call each other, or themselves, too often.",
        "Let the function queue its work or do it in batches instead of calling other functions.",
        body="RATE_LIMIT_EXCEEDED",
    ),
    _answered(
        (429,),
        "The endpoint was called too often.",
        f"Run the job less often in jobs.yaml, move it away from the minute that other jobs share, or {_RETRY}.",
    ),
)

_BROKEN = (
    _answered(
        range(500, 600),
        f"The function was shut down early (EarlyDrop), as happens when it runs longer than about {EARLY_DROP} s.",
        "Let one run do less, with runs: 1, a small limit and no sleep or poll loop.",
        body="EarlyDrop",
    ),
    _answered(
        range(500, 600),
        "The function used more than it may: 256 MB of memory, 2 s of CPU a request, or its wall clock time.",
        f"See in {_LOGS} which limit it was, and let one run do less.",
        body="WORKER_(?:RESOURCE_)?LIMIT|not having enough compute resources|WorkerRequestCancelled",
    ),
    _answered(
        (546,),
        "The function was stopped at a limit of its worker: memory, CPU or wall clock time.",
        f"See in {_LOGS} which limit it was, and let one run do less.",
    ),
    _answered(
        range(500, 600),
        "The function could not start: its code does not load, or something that it imports is missing.",
        f"Read {_LOGS}, try it with `supabase functions serve`, then `supabase functions deploy <name>`.",
        body="BOOT_ERROR|Function failed to start|InvalidWorkerCreation|worker boot error",
    ),
    _answered(
        range(500, 600),
        "Supabase could not load what is deployed of the function.",
        "Deploy it again with `supabase functions deploy <name>`.",
        body="LOAD_FUNCTION_",
    ),
    _answered(
        (500,),
        "The function ended with an error that it did not catch (WORKER_ERROR).",
        f"Find the error in {_LOGS}, mend it and deploy it with `supabase functions deploy <name>`.",
        body="WORKER_ERROR|Function exited due to an error|InvalidWorkerResponse",
    ),
    _answered(
        (500,),
        "The function answered with a status that HTTP does not know.",
        "Let it answer with a status from 200 to 599, and deploy it with `supabase functions deploy <name>`.",
        body="INVALID_RESPONSE_STATUS_CODE|invalid HTTP status code",
    ),
    _answered(
        (500,),
        "The function threw an error, or answered with status 500 itself.",
        f"Find the error in {_LOGS}, mend it and deploy it with `supabase functions deploy <name>`.",
    ),
    _answered(
        (502, 503),
        "The edge runtime was reached, but the function's worker ended before it answered, or never started.",
        f"Read {_LOGS}, and deploy it again with `supabase functions deploy <name>` if it did not start.",
        detail=" by the edge runtime$",
    ),
    _answered(
        (502,),
        "The gateway before the function answered itself, since it got no valid answer from there.",
        f"Read {_LOGS}, whether it started at all; if they show nothing, wait for the next run, or {_RETRY}.",
    ),
    _answered(
        (503,),
        "The function or the service behind it was not available.",
        f"Read {_LOGS}; if they show nothing, wait for the next run, or {_RETRY}.",
    ),
    _answered(
        (504,),
        f"The function did not answer within the {PLATFORM_TIMEOUT} s that Supabase waits for a first response.",
        "Let one run do less, or let the function answer first and work on afterwards.",
    ),
)

_TIMED_OUT = Explanation(
    "Only the wait of pg_net ended, not the function, which may still be running or have done its work.",
    f"See in {_LOGS} whether it finished, then let one run do less or raise http.timeout in jobs.yaml, to at most "
    f"{PLATFORM_TIMEOUT} s.",
)

_UNANSWERED = (
    _told(
        "^was never sent: timeout_milliseconds must be",
        "This pg_net refuses the job's timeout (pg_net.max_timeout_ms), so nothing was sent.",
        "Lower http.timeout in jobs.yaml and run `pulumi up`.",
    ),
    _told("", *_TIMED_OUT, states=("timed_out",)),
    _told("^no answer within ", *_TIMED_OUT, states=("exhausted",)),
    _told(
        "^(?:Couldn't|Could not) resolve (?:host|proxy)",
        "The host in the address has no entry in the DNS.",
        "Correct the address in jobs.yaml and run `pulumi up`, or the secret it is read from with "
        "`cronctl rotate <KEY>`.",
    ),
    _told(
        "^(?:Couldn't|Could not) connect to server",
        "The host was found, but nothing accepts connections at that port.",
        "Check host and port of http.url, and that the server runs and lets the database in.",
    ),
    _told(
        r"^(?:(?:SSL|TLS)\b|Problem with the (?:local )?(?:SSL|CA))|\bcertificate\b",
        "The encrypted connection failed: the server's certificate is not valid for that host, or not trusted.",
        "Correct the host in the address, or give the server a certificate of a public authority.",
    ),
    _told(
        "^Server returned nothing",
        "The server closed the connection without an answer, and what it did is not known.",
        f"Read {_LOGS}, which show whether the request arrived.",
    ),
    _told(
        "^Weird server reply|^Received HTTP/0.9|^Unsupported protocol|framing layer",
        "What answered does not speak HTTP as expected.",
        "Check scheme, host and port of http.url in jobs.yaml.",
    ),
    _told(
        "^(?:Failure when receiving|Failed sending|Transferred a partial)",
        "The connection broke off before the answer was complete, and what the function did is not known.",
        f"Read {_LOGS}, and wait for the next run, or {_RETRY}.",
    ),
    _told(
        "redirects",
        "The endpoint redirects without end.",
        "Write the address that answers itself as http.url in jobs.yaml and run `pulumi up`.",
    ),
    _told(
        "^URL using bad",
        "The address is no valid URL.",
        "Correct http.url in jobs.yaml and run `pulumi up`, or the secret in it with `cronctl rotate <KEY>`.",
    ),
)

_LOST = (
    _told(
        "^the server crashed",
        "The server crashed, and with it went pg_net's queue, so whether the request arrived is not known.",
        f"See in {_LOGS} whether it arrived, and wait for the next run, or {_RETRY}.",
        states=("lost",),
    ),
    _told(
        "^pg_net was made anew",
        "The extension was dropped and made again while the request was on its way, and what came of it is not known.",
        f"See in {_LOGS} whether it arrived, and wait for the next run, or {_RETRY}.",
        states=("lost",),
    ),
    _told(
        "^pg_net dropped",
        "The request or its answer is gone from pg_net: its tables were emptied, or the answer expired (pg_net.ttl, "
        "6 hours by default) before it was looked at.",
        "Check with `cronctl verify` that the job cron-runs-sweep-<schema> runs, and restart a worker of pg_net that "
        "stands still with SELECT net.worker_restart().",
        states=("lost",),
    ),
    _told(
        "^queued by a command that keeps no account",
        "The job's command sends a request past the run ledger, so what came of it is written down nowhere.",
        "Write it into jobs.yaml under http, with adopt: true if no stack manages it yet, and run `pulumi up`.",
        states=("lost",),
    ),
    _told(
        "^(?:server restarted|connection lost)",
        "The server stopped or the connection broke while the statement ran, so how it ended is not known.",
        "Check what the statement did, and run it again with `cronctl trigger <job>` or wait for the next run.",
        states=("lost", *_FAILED),
    ),
)

_NOT_RUN = (
    _told(
        "^connection failed",
        "The job did not run, since pg_cron could not log in to the database.",
        "Compare nodename, nodeport, database and username in cron.job with the server, and its pg_hba.conf with the "
        "role.",
    ),
    _told(
        "^job startup timeout",
        "The job could not start within 10 s, as happens when too many run at once (cron.max_running_jobs).",
        "Spread the schedules in jobs.yaml, since Supabase advises at most 8 jobs at a time, each under 10 minutes.",
    ),
    _told(
        "^could not start background process",
        "The server had no process left to run the job in.",
        "Spread the schedules in jobs.yaml, or raise max_worker_processes.",
    ),
    _told(
        "^job canceled",
        "The job was unscheduled or paused while it ran.",
        "If nobody meant to, see with `cronctl verify` whether it is still there, and run `pulumi up`.",
    ),
)

_STATEMENTS = (
    _statement(
        "pg_net background worker must be up",
        "The worker of pg_net does not run, and this version of pg_net takes no request without it.",
        "Run SELECT net.worker_restart(), or restart the server (Supabase: Project Settings, General).",
    ),
    _statement(
        "invalid ciphertext|pgsodium|could not decrypt",
        "Vault cannot decrypt a secret's value, as after a restore into another project, whose key is another.",
        "Set the values again: `cronctl rotate <KEY>`, or `pulumi config set --secret` and `pulumi up`.",
    ),
    _statement(
        "unrecognized configuration parameter",
        "The statement reads a setting that is not there; on Supabase nobody may make one for a database.",
        "Declare the value under secrets in jobs.yaml, read it with get_secret('<key>') and run `pulumi up`.",
    ),
    _statement(
        "is not permitted to log in",
        "The job's role may not log in (NOLOGIN), so pg_cron cannot run anything as it.",
        "Deploy with a login, or let a superuser run ALTER ROLE … LOGIN.",
    ),
    _statement(
        "cron secret '.*' is unknown",
        "The job reads a secret that is not declared.",
        "Declare it under secrets in jobs.yaml and run `pulumi up`.",
    ),
    _statement(
        "cron secret '.*' is not set",
        "The job reads a secret that is declared, but has no value yet or has lost it in Vault.",
        "Set it with `pulumi config set --secret --path secrets.<KEY>` and run `pulumi up`.",
    ),
    _statement(
        "a key to sign with is missing or shorter",
        "The key that the job signs with is shorter than 32 bytes.",
        "Make a new one with `cronctl rotate <KEY> --generate --save <FILE>` and give the file to the function.",
    ),
    _statement(
        "of a request to sign\\b",
        "The address that the job signs may change on its way, or is no web address.",
        "Correct http.url in jobs.yaml and run `pulumi up`, or the secret in it with `cronctl rotate <KEY>`.",
    ),
    _statement(
        'schema "net" does not exist|function net\\..* does not exist',
        "The extension pg_net is not installed in this database, or is older than the job's call of it.",
        "Run `pulumi up`, which creates it or says who has to.",
    ),
    _statement(
        r"(?:get_secret|sign_cron_|guard_cron_|record_cron_run|settle_cron_|cron_run|cron_secret|cron_job_runs)\w*.*"
        "does not exist",
        "Something that this project made in the database is gone.",
        "Run `pulumi preview` to see what, and `pulumi up` to have it back.",
    ),
    _statement(
        "Content-Type header must be",
        "Only JSON can be posted with pg_net, and the job names another Content-Type.",
        "Make it application/json, or write the job under http in jobs.yaml.",
    ),
    _statement(
        'column "(?:url|timeout_milliseconds|headers)" of relation "http_request_queue"|'
        "invalid URL|Unsupported URL scheme",
        "The request was refused by pg_net at once, since its address or timeout is empty or not valid.",
        "Correct http.url in jobs.yaml and run `pulumi up`, or the secret in it with `cronctl rotate <KEY>`.",
    ),
    _statement(
        "permission denied|must be owner|row-level security",
        "The role that the job runs as may not do what its statement does.",
        "Grant it to the role in cron.job.username, or run `pulumi up` if it is an object of this project.",
    ),
    _statement(
        "does not exist|syntax error",
        "The statement does not fit this database: it has a mistake, or names what does not exist here.",
        "Correct sql in jobs.yaml and run `pulumi up`, or make the object with its migration (`supabase db push`).",
    ),
    _statement(
        "due to (?:statement|lock) timeout|deadlock detected|could not obtain lock",
        "The statement waited or worked for longer than it may, and was rolled back.",
        "Let one run do less, or move it away from the minute that other jobs share.",
    ),
    _statement(
        "due to user request|terminating connection",
        "Somebody, or a stop of the server, ended the statement before it was done.",
        "Wait for the next run, or run it again with `cronctl trigger <job>`.",
    ),
    _told(
        "transaction control statements are not allowed",
        "Jobs run in a transaction of pg_cron here (cron.use_background_workers), so BEGIN and COMMIT are refused.",
        "Take them out of sql in jobs.yaml and run `pulumi up`.",
    ),
    _statement(
        "",
        "The job's own statement failed in the database.",
        "Run it by hand in the SQL Editor for the whole error, then correct it in jobs.yaml and run `pulumi up`.",
    ),
)

_FOR_WANT_OF_BETTER = (
    _told(
        "",
        "The run was left out, so nothing was sent.",
        "Its detail says why, and the next run comes with the schedule.",
        states=("skipped",),
    ),
    _told(
        "",
        "Every attempt of this run failed, and no more are made.",
        "Mend what its detail and response tell, and wait for the next run.",
        states=("exhausted",),
        status=(None, *range(100, 600)),
    ),
)

_RULES = (
    *_UNSUCCESSFUL,
    *_REFUSED,
    *_BROKEN,
    *_STATEMENTS,
    *_UNANSWERED,
    *_LOST,
    *_NOT_RUN,
    *_FOR_WANT_OF_BETTER,
)


def explain(state: str, status_code: int | None, detail: str | None, response: str | None) -> Explanation | None:
    """Why a run ended as the ledger says and what to do; None where it went well, goes on, or nothing is known."""
    told, body = detail or "", response or ""
    return next((rule.explanation for rule in _RULES if rule.fits(state, status_code, told, body)), None)
