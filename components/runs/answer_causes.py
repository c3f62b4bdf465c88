"""Rules for answers that are no success, from the function or from the gateway before it. Pure."""

from components.runs.cause_rule import LOGS, RETRY, answered
from components.values.limits import EARLY_DROP, PLATFORM_TIMEOUT

UNSUCCESSFUL = (
    answered(
        range(100, 600),
        "The request was redirected, so another address answered, and whether the function did its work is not known.",
        "Write the address that answers itself as http.url in jobs.yaml, or success: {redirects: follow} if that one "
        "may answer, and run `pulumi up`.",
        detail="but by another address, to which it was redirected$",
    ),
    answered(
        range(100, 600),
        "The status is accepted, but the body is nothing that jsonb can hold, such as bytes of another encoding, an "
        "escaped NUL or a number beyond all bounds, so http.success.body cannot be held against it.",
        "Let the function answer with JSON in UTF-8, or take http.success.body out of jobs.yaml and run `pulumi up`.",
        detail="^the answer is no text",
    ),
    answered(
        range(100, 600),
        "The status is accepted, but http.success.body compares what cannot be compared in this answer, such as a time "
        "with a zone and one without.",
        "Correct http.success.body in jobs.yaml, or what the function answers, and run `pulumi up`.",
        detail="that its predicate cannot be held against",
    ),
    answered(
        range(100, 600),
        "The status is accepted, but the answer has no body that http.success could be held against.",
        "Let the function answer with JSON, or take http.success.body out of jobs.yaml and run `pulumi up`.",
        detail="a body that is no success$",
        body=r"\A\s*\Z",
    ),
    answered(
        range(100, 600),
        "The status is accepted, but the body is a web page where http.success expects JSON.",
        "Check that http.url in jobs.yaml names the function itself, such as {supabase_url}/functions/v1/<name>.",
        detail="a body that is no success$",
        body=r"\A\s*<",
    ),
    answered(
        range(100, 600),
        "The function answered with an accepted status, but its body says that the work did not succeed.",
        f"Read the response and {LOGS}, and correct http.success.body in jobs.yaml if that answer is a success.",
        detail="a body that is no success$",
    ),
    answered(
        range(200, 300),
        "The function answered with a 2xx status that http.success.status does not accept.",
        "Add the status to http.success.status in jobs.yaml and run `pulumi up`, or let the function answer otherwise.",
    ),
    answered(
        range(300, 400),
        "The endpoint answered with a redirect that names no place to go, since pg_net follows the others.",
        "Write the address that answers itself as http.url in jobs.yaml and run `pulumi up`.",
    ),
)


REFUSED = (
    answered(
        (401,),
        "The gateway asks for a JWT before the function runs, and the request has no Authorization header.",
        "Give the job auth: {bearer: <KEY>} with a legacy key, or deploy a function that checks an apikey or a "
        "signature itself with verify_jwt = false.",
        body="UNAUTHORIZED_NO_AUTH_HEADER|Missing authorization header",
    ),
    answered(
        (401,),
        "The bearer is no JWT, as a new key (sb_…) or a token of your own is none, and the gateway asks for one.",
        "Send a new key with auth: {api_key: <KEY>}, and deploy a function that checks keys itself with "
        "verify_jwt = false.",
        body="UNAUTHORIZED_INVALID_JWT_FORMAT|Invalid Token or Protected Header|Expected 3 parts in JWT|"
        "Auth header is not 'Bearer",
    ),
    answered(
        (401,),
        "The legacy JWT keys are switched off or revoked for this project.",
        "Give the job a new key with auth: {api_key: <KEY>}, deploy the function with verify_jwt = false and let it "
        "check the key.",
        body="Legacy API keys are disabled",
    ),
    answered(
        (401,),
        "The JWT that the job sends has expired.",
        "Store a valid key with `cronctl rotate <KEY>`.",
        body="JWT ?expired|token (?:has|is) expired",
    ),
    answered(
        (401,),
        "The gateway did not accept the legacy JWT: it is expired, revoked or of another project, or Supabase has an "
        "incident, in which valid ones were refused, too.",
        "Look at status.supabase.com, store the current key with `cronctl rotate <KEY>`, or move to a new key with "
        "auth: {api_key: <KEY>} and verify_jwt = false.",
        body="UNAUTHORIZED_LEGACY_JWT",
    ),
    answered(
        (401, 500),
        "The API behind the address has no secret to check a JWT with (PGRST300), which is a setting of the project.",
        "Restart the project (Dashboard, Project Settings, General), and ask Supabase's support if it stays so.",
        body="PGRST300",
    ),
    answered(
        (401,),
        "The gateway did not accept the job's JWT: it is expired, revoked or signed for another project.",
        "Store the project's current legacy key with `cronctl rotate <KEY>`, or move to a new key with "
        "auth: {api_key: <KEY>} and verify_jwt = false.",
        body="UNAUTHORIZED_(?:ASYMMETRIC_JWT|UNSUPPORTED_TOKEN_ALGORITHM)",
    ),
    answered(
        (401,),
        "The gateway did not accept what stands in Authorization: a new key (sb_…) or a token is no JWT there, and a "
        "legacy key may be expired or revoked.",
        "Send a new key with auth: {api_key: <KEY>} to a function with verify_jwt = false, or store a valid legacy "
        "key with `cronctl rotate <KEY>`.",
        body="Invalid JWT",
    ),
    answered(
        (401,),
        "The API got no key in the header 'apikey'.",
        "Give the job auth: {api_key: <KEY>} with a new key, or the header apikey beside the bearer with a legacy one.",
        body="No API key found",
    ),
    answered(
        (401,),
        "The API does not know the key in the header 'apikey': it is revoked, mistyped or of another project.",
        "Store the current key with `cronctl rotate <KEY>`.",
        body="Invalid API key|Unregistered API key",
    ),
    answered(
        (401,),
        "A secret key (sb_secret_…) is refused where the request carries the User-Agent of a browser.",
        "Take User-Agent out of http.headers in jobs.yaml and run `pulumi up`.",
        body="secret API key in (?:the )?browser",
    ),
    answered(
        (401, 403),
        "The function refused the job's signature.",
        "Compare the reason in the response with docs/signing.md, and let both sides hold the same key, here by "
        "`cronctl rotate <KEY>`.",
        body=r"the signature (?:is|fits)\b|the request is a replay",
    ),
    answered(
        (401,),
        "The endpoint itself refused the key: it expects another value, or expects it in another header.",
        "Compare the job's auth in jobs.yaml with what the function checks, then store its key with "
        "`cronctl rotate <KEY>`, or the previous one again with --undo.",
    ),
    answered(
        (403,),
        "The endpoint knows who asks, but does not allow it to that role or key.",
        "Check in the function and its policies which role it expects, and store a key of that role with "
        "`cronctl rotate <KEY>`.",
    ),
    answered(
        (404,),
        "No function of this name is deployed in the project.",
        "Deploy it with `supabase functions deploy <name>`, or correct the name in http.url in jobs.yaml and run "
        "`pulumi up`.",
        body="Requested function was not found",
    ),
    answered(
        (404,),
        "Nothing answers under this address, because of its path or because the function itself says so.",
        "Check that http.url in jobs.yaml reads {supabase_url}/functions/v1/<name>, and that the secrets in it hold "
        "what it expects.",
    ),
    answered(
        (405,),
        "The function does not take this method, or a redirect turned the POST into a GET on its way.",
        "Correct http.method, or write the final address as http.url, in jobs.yaml and run `pulumi up`.",
    ),
    answered(
        (400, 422),
        "The function did not accept what it was sent.",
        "Compare http.body in jobs.yaml with what the function expects, correct it and run `pulumi up`.",
    ),
    answered(
        (429,),
        "Supabase throttles Edge Functions that call each other, or themselves, too often.",
        "Let the function queue its work or do it in batches instead of calling other functions.",
        body="RATE_LIMIT_EXCEEDED",
    ),
    answered(
        (429,),
        "The endpoint was called too often.",
        f"Run the job less often in jobs.yaml, move it away from the minute that other jobs share, or {RETRY}.",
    ),
)


BROKEN = (
    answered(
        range(500, 600),
        f"The function was shut down early (EarlyDrop), as happens when it runs longer than about {EARLY_DROP} s.",
        "Let one run do less, with runs: 1, a small limit and no sleep or poll loop.",
        body="EarlyDrop",
    ),
    answered(
        range(500, 600),
        "The function used more than it may: 256 MB of memory, 2 s of CPU a request, or its wall clock time.",
        f"See in {LOGS} which limit it was, and let one run do less.",
        body="WORKER_(?:RESOURCE_)?LIMIT|not having enough compute resources|WorkerRequestCancelled",
    ),
    answered(
        (546,),
        "The function was stopped at a limit of its worker: memory, CPU or wall clock time.",
        f"See in {LOGS} which limit it was, and let one run do less.",
    ),
    answered(
        range(500, 600),
        "The function could not start: its code does not load, or something that it imports is missing.",
        f"Read {LOGS}, try it with `supabase functions serve`, then `supabase functions deploy <name>`.",
        body="BOOT_ERROR|Function failed to start|InvalidWorkerCreation|worker boot error",
    ),
    answered(
        range(500, 600),
        "Supabase could not load what is deployed of the function.",
        "Deploy it again with `supabase functions deploy <name>`.",
        body="LOAD_FUNCTION_",
    ),
    answered(
        (500,),
        "The function ended with an error that it did not catch (WORKER_ERROR).",
        f"Find the error in {LOGS}, mend it and deploy it with `supabase functions deploy <name>`.",
        body="WORKER_ERROR|Function exited due to an error|InvalidWorkerResponse",
    ),
    answered(
        (500,),
        "The function answered with a status that HTTP does not know.",
        "Let it answer with a status from 200 to 599, and deploy it with `supabase functions deploy <name>`.",
        body="INVALID_RESPONSE_STATUS_CODE|invalid HTTP status code",
    ),
    answered(
        (500,),
        "The function threw an error, or answered with status 500 itself.",
        f"Find the error in {LOGS}, mend it and deploy it with `supabase functions deploy <name>`.",
    ),
    answered(
        (502, 503),
        "The edge runtime was reached, but the function's worker ended before it answered, or never started.",
        f"Read {LOGS}, and deploy it again with `supabase functions deploy <name>` if it did not start.",
        detail=" by the edge runtime$",
    ),
    answered(
        (502,),
        "The gateway before the function answered itself, since it got no valid answer from there.",
        f"Read {LOGS}, whether it started at all; if they show nothing, wait for the next run, or {RETRY}.",
    ),
    answered(
        (503,),
        "The function or the service behind it was not available.",
        f"Read {LOGS}; if they show nothing, wait for the next run, or {RETRY}.",
    ),
    answered(
        (504,),
        f"The function did not answer within the {PLATFORM_TIMEOUT} s that Supabase waits for a first response.",
        "Let one run do less, or let the function answer first and work on afterwards.",
    ),
)
