"""A machine of one's own to develop against: PostgreSQL as Supabase lays it out, pg_cron, pg_net and Vault or their
stand-ins, and a receiver that plays the Edge Functions. For development and tests only; see README.md.
"""

from devstack.errors import DevstackError
from devstack.functions import Function
from devstack.part_status import PartStatus
from devstack.stack import Stack

__all__ = ["DevstackError", "Function", "PartStatus", "Stack"]
