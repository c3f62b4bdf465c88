"""Rules for runs without an answer: errors of pg_net and libcurl, and runs that were lost. Pure."""

from components.runs.cause_rule import FAILED, LOGS, RETRY, Explanation, unanswered
from components.values.limits import PLATFORM_TIMEOUT

_TIMED_OUT = Explanation(
    "Only the wait of pg_net ended, not the function, which may still be running or have done its work.",
    f"See in {LOGS} whether it finished, then let one run do less or raise http.timeout in jobs.yaml, to at most "
    f"{PLATFORM_TIMEOUT} s.",
)

UNANSWERED = (
    unanswered(
        "^was never sent: timeout_milliseconds must be",
        "This pg_net refuses the job's timeout (pg_net.max_timeout_ms), so nothing was sent.",
        "Lower http.timeout in jobs.yaml and run `pulumi up`.",
    ),
    unanswered("", *_TIMED_OUT, states=("timed_out",)),
    unanswered("^no answer within ", *_TIMED_OUT, states=("exhausted",)),
    unanswered(
        "^(?:Couldn't|Could not) resolve (?:host|proxy)",
        "The host in the address has no entry in the DNS.",
        "Correct the address in jobs.yaml and run `pulumi up`, or the secret it is read from with "
        "`cronctl rotate <KEY>`.",
    ),
    unanswered(
        "^(?:Couldn't|Could not) connect to server",
        "The host was found, but nothing accepts connections at that port.",
        "Check host and port of http.url, and that the server runs and lets the database in.",
    ),
    unanswered(
        r"^(?:(?:SSL|TLS)\b|Problem with the (?:local )?(?:SSL|CA))|\bcertificate\b",
        "The encrypted connection failed: the server's certificate is not valid for that host, or not trusted.",
        "Correct the host in the address, or give the server a certificate of a public authority.",
    ),
    unanswered(
        "^Server returned nothing",
        "The server closed the connection without an answer, and what it did is not known.",
        f"Read {LOGS}, which show whether the request arrived.",
    ),
    unanswered(
        "^Weird server reply|^Received HTTP/0.9|^Unsupported protocol|framing layer",
        "What answered does not speak HTTP as expected.",
        "Check scheme, host and port of http.url in jobs.yaml.",
    ),
    unanswered(
        "^(?:Failure when receiving|Failed sending|Transferred a partial)",
        "The connection broke off before the answer was complete, and what the function did is not known.",
        f"Read {LOGS}, and wait for the next run, or {RETRY}.",
    ),
    unanswered(
        "redirects",
        "The endpoint redirects without end.",
        "Write the address that answers itself as http.url in jobs.yaml and run `pulumi up`.",
    ),
    unanswered(
        "^URL using bad",
        "The address is no valid URL.",
        "Correct http.url in jobs.yaml and run `pulumi up`, or the secret in it with `cronctl rotate <KEY>`.",
    ),
)


LOST = (
    unanswered(
        "^the server crashed",
        "The server crashed, and with it went pg_net's queue, so whether the request arrived is not known.",
        f"See in {LOGS} whether it arrived, and wait for the next run, or {RETRY}.",
        states=("lost",),
    ),
    unanswered(
        "^pg_net was made anew",
        "The extension was dropped and made again while the request was on its way, and what came of it is not known.",
        f"See in {LOGS} whether it arrived, and wait for the next run, or {RETRY}.",
        states=("lost",),
    ),
    unanswered(
        "^pg_net dropped",
        "The request or its answer is gone from pg_net: its tables were emptied, or the answer expired (pg_net.ttl, "
        "6 hours by default) before it was looked at.",
        "Check with `cronctl verify` that the job cron-runs-sweep-<schema> runs, and restart a worker of pg_net that "
        "stands still with SELECT net.worker_restart().",
        states=("lost",),
    ),
    unanswered(
        "^queued by a command that keeps no account",
        "The job's command sends a request past the run ledger, so what came of it is written down nowhere.",
        "Write it into jobs.yaml under http, with adopt: true if no stack manages it yet, and run `pulumi up`.",
        states=("lost",),
    ),
    unanswered(
        "^(?:server restarted|connection lost)",
        "The server stopped or the connection broke while the statement ran, so how it ended is not known.",
        "Check what the statement did, and run it again with `cronctl trigger <job>` or wait for the next run.",
        states=("lost", *FAILED),
    ),
)
