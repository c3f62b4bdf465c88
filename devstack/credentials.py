"""The dev stack's credentials of the Edge Functions: fake, published, worth nothing outside of a dev stack.

The same values stand encrypted in ``Pulumi.dev.yaml``, whose passphrase is published as well.
"""

from typing import Final

SERVICE_ROLE_KEY: Final = (
    # {"alg":"HS256","typ":"JWT"} . {"iss":"supabase-demo","role":"service_role","iat":1735689600,"exp":2082758400}
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6InNlcnZpY2Vfcm9sZSIsImlhdCI6MTczNTY4OTYwMCwiZXhwIjoyMDgyNzU4NDAwfQ"
    ".5RYCuHk1ygEyzN3Dq7Yk6p3V82qw-cGC62rJS7x3y4s"
)
"""A JWT of role service_role, valid until 2036, signed with a key that nobody trusts."""

CRON_SECRET: Final = "dev_cron_secret_4f1c9a7be2d80356"  # noqa: S105 - fake by design
"""What run-escalation-orchestration expects as its bearer."""

SCHEDULER_SECRET_TOKEN: Final = "dev_scheduler_token_b83e6d15fa09c724"  # noqa: S105 - fake by design
"""What schedule-create-zoom expects as its bearer."""
