"""Rules for errors of a job's statement, by the first line of PostgreSQL's message. Pure."""

from components.runs.cause_rule import statement_error, unanswered

STATEMENTS = (
    statement_error(
        "pg_net background worker must be up",
        "The worker of pg_net does not run, and this version of pg_net takes no request without it.",
        "Run SELECT net.worker_restart(), or restart the server (Supabase: Project Settings, General).",
    ),
    statement_error(
        "invalid ciphertext|pgsodium|could not decrypt",
        "Vault cannot decrypt a secret's value, as after a restore into another project, whose key is another.",
        "Set the values again: `cronctl rotate <KEY>`, or `pulumi config set --secret` and `pulumi up`.",
    ),
    statement_error(
        "unrecognized configuration parameter",
        "The statement reads a setting that is not there; on Supabase nobody may make one for a database.",
        "Declare the value under secrets in jobs.yaml, read it with get_secret('<key>') and run `pulumi up`.",
    ),
    statement_error(
        "is not permitted to log in",
        "The job's role may not log in (NOLOGIN), so pg_cron cannot run anything as it.",
        "Deploy with a login, or let a superuser run ALTER ROLE … LOGIN.",
    ),
    statement_error(
        "cron secret '.*' is unknown",
        "The job reads a secret that is not declared.",
        "Declare it under secrets in jobs.yaml and run `pulumi up`.",
    ),
    statement_error(
        "cron secret '.*' is not set",
        "The job reads a secret that is declared, but has no value yet or has lost it in Vault.",
        "Set it with `pulumi config set --secret --path secrets.<KEY>` and run `pulumi up`.",
    ),
    statement_error(
        "a key to sign with is missing or shorter",
        "The key that the job signs with is shorter than 32 bytes.",
        "Make a new one with `cronctl rotate <KEY> --generate --save <FILE>` and give the file to the function.",
    ),
    statement_error(
        "of a request to sign\\b",
        "The address that the job signs may change on its way, or is no web address.",
        "Correct http.url in jobs.yaml and run `pulumi up`, or the secret in it with `cronctl rotate <KEY>`.",
    ),
    statement_error(
        'schema "net" does not exist|function net\\..* does not exist',
        "The extension pg_net is not installed in this database, or is older than the job's call of it.",
        "Run `pulumi up`, which creates it or says who has to.",
    ),
    statement_error(
        r"(?:get_secret|sign_cron_|guard_cron_|record_cron_run|settle_cron_|cron_run|cron_secret|cron_job_runs)\w*.*"
        "does not exist",
        "Something that this project made in the database is gone.",
        "Run `pulumi preview` to see what, and `pulumi up` to have it back.",
    ),
    statement_error(
        "Content-Type header must be",
        "Only JSON can be posted with pg_net, and the job names another Content-Type.",
        "Make it application/json, or write the job under http in jobs.yaml.",
    ),
    statement_error(
        'column "(?:url|timeout_milliseconds|headers)" of relation "http_request_queue"|'
        "invalid URL|Unsupported URL scheme",
        "The request was refused by pg_net at once, since its address or timeout is empty or not valid.",
        "Correct http.url in jobs.yaml and run `pulumi up`, or the secret in it with `cronctl rotate <KEY>`.",
    ),
    statement_error(
        "permission denied|must be owner|row-level security",
        "The role that the job runs as may not do what its statement does.",
        "Grant it to the role in cron.job.username, or run `pulumi up` if it is an object of this project.",
    ),
    statement_error(
        "does not exist|syntax error",
        "The statement does not fit this database: it has a mistake, or names what does not exist here.",
        "Correct sql in jobs.yaml and run `pulumi up`, or make the object with its migration (`supabase db push`).",
    ),
    statement_error(
        "due to (?:statement|lock) timeout|deadlock detected|could not obtain lock",
        "The statement waited or worked for longer than it may, and was rolled back.",
        "Let one run do less, or move it away from the minute that other jobs share.",
    ),
    statement_error(
        "due to user request|terminating connection",
        "Somebody, or a stop of the server, ended the statement before it was done.",
        "Wait for the next run, or run it again with `cronctl trigger <job>`.",
    ),
    unanswered(
        "transaction control statements are not allowed",
        "Jobs run in a transaction of pg_cron here (cron.use_background_workers), so BEGIN and COMMIT are refused.",
        "Take them out of sql in jobs.yaml and run `pulumi up`.",
    ),
    statement_error(
        "",
        "The job's own statement failed in the database.",
        "Run it by hand in the SQL Editor for the whole error, then correct it in jobs.yaml and run `pulumi up`.",
    ),
)
