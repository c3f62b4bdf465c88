"""``cronctl init``: a small catalogue to begin with."""

from pathlib import Path

from components.errors import Error
from cronctl.command_line.options import CATALOGUE
from cronctl.output import say

START = """\
# yaml-language-server: $schema=./jobs.schema.json
#
# What runs when. {key} in a url or header is a secret, read by the database when the job runs. Schedules are pg_cron's,
# in UTC. docs/catalogue.md has all that can be said of a job.

secrets:
  supabase_url:
    description: The project's address, https://<ref>.supabase.co (Dashboard, Settings, API)
    format: url
  service_role_key:
    description: The legacy service_role key (Dashboard, Settings, API)
    format: jwt
    role: service_role

jobs:
  hello:
    description: Calls the Edge Function hello every five minutes.
    schedule: "*/5 * * * *"
    http:
      url: "{supabase_url}/functions/v1/hello"
      auth: {bearer: service_role_key} # {hmac: …} is safer: it signs, and never sends the key
      body:
        from: pg_cron
      timeout: 15
"""


def init(catalogue: Path, project: Path) -> None:
    """Write a small catalogue to begin with, where no file stands. Raises Error."""
    path = project / catalogue
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(START)
    except FileExistsError:
        raise Error(f"{path} exists already; name another file, such as: cronctl init my-jobs.yaml") from None
    except OSError as exc:
        raise Error(f"{path} cannot be written: {exc.strerror}") from None
    say(f"{path} is written; change it, and check it with: cronctl lint{_named(catalogue)}", "green")
    if catalogue != CATALOGUE:
        say(f"let the selected stack use it: pulumi config set catalogue {catalogue}")


def _named(catalogue: Path) -> str:
    return "" if catalogue == CATALOGUE else f" {catalogue}"
