"""One hierarchy for what can go wrong with a stack; each text is a sentence for the user that says what to do."""


class DevstackError(Exception):
    """Root of the dev stack's errors; ``str(error)`` is the sentence for the user."""


class PackagesMissing(DevstackError):
    """No PostgreSQL with pg_cron on this machine, or it cannot be installed by this user."""


class ServerFailed(DevstackError):
    """PostgreSQL did not start, stop or accept what it was given; its log says more."""


class ProcessFailed(DevstackError):
    """The worker or the receiver did not start or stop; its log says more."""


class StackConflict(DevstackError):
    """The stack that exists is not the one that was asked for."""


class InvalidArgument(DevstackError):
    """A name, option or function that the stack cannot use."""
