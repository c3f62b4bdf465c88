"""``cronctl rotate``: give a secret a new value, or its previous one back, without a moment in which a job fails."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import typer
from psycopg import sql

from components.catalogue.secret_spec import SecretSpec
from components.catalogue.stack_config import Config
from components.database.transaction import Transaction
from components.errors import ConnectionFailed, Error, InvalidConfiguration, ProbeRefused, StatementFailed
from components.objects.object_kind import execute
from components.objects.secret_rotation import Rotation, advance_rotation, await_rotation, start_rotation
from components.objects.secret_store import STAGES
from components.runs.secret_use import SecretUse, secret_use, use_of_earlier
from components.values.duration import in_words
from components.values.suggestion import nearest
from cronctl.declared_target import DeclaredTarget
from cronctl.new_value import given, made_up, show, value_problems, write
from cronctl.output import interrupted, print_json, say

REFUSED = 1
"""Exit status: the new value did not pass its probe, or has not the form of its secret, and nothing has changed."""

CHANGED = ("current", "undone")
"""States in which another value is current than before."""

INSUFFICIENT_PRIVILEGE = "42501"
INVALID_VALUE = "22023"
NO_SUCH_OBJECT = ("42883", "3F000", "42P01")


class Outcome(NamedTuple):
    """How it ended; ``detail`` says why a value was refused, ``uses`` which runs were sent with which value."""

    key: str
    state: Literal["current", "unchanged", "refused", "undone"]
    detail: str | None = None
    uses: Sequence[SecretUse] = ()


def rotate(target: DeclaredTarget, key: str, *, generate: bool, save: Path | None, undo: bool) -> Outcome:
    """Give a key its new value, or its previous one. Raises Error."""
    with _explained_refusals(target.schema):
        outcome = _undo(target, key) if undo else _rotate(target, key, generate=generate, save=save)
        if outcome.state in CHANGED:
            outcome = outcome._replace(uses=_uses(target, key))
    return outcome


def tell(outcome: Outcome, config: Config | None, *, as_json: bool) -> None:
    """Print how it ended; ends with REFUSED where the value was."""
    if as_json:
        print_json({**outcome._asdict(), "uses": [use._asdict() for use in outcome.uses]})
    _say_outcome(outcome, config)
    if outcome.state == "refused":
        raise typer.Exit(REFUSED)


def _uses(target: DeclaredTarget, key: str) -> Sequence[SecretUse]:
    """Which runs were sent with which value; none where that takes too long or fails, since the value is current."""
    try:
        return secret_use(target.database, target.schema, key)
    except (KeyboardInterrupt, Error):
        say("which run was the last with the previous value cannot be told now; see cronctl history --secret", "yellow")
        return ()


def _undo(target: DeclaredTarget, key: str) -> Outcome:
    _declared(target.config, key)
    with target.database.transaction() as transaction:
        call = sql.SQL("SELECT {}.undo_cron_secret(%(key)s)").format(sql.Identifier(target.schema))
        transaction.execute(call, {"key": key})
    return Outcome(key, "undone")


def _rotate(target: DeclaredTarget, key: str, *, generate: bool, save: Path | None) -> Outcome:
    spec = _declared(target.config, key)
    with target.database.transaction() as transaction:  # who cannot rotate it is told before a value is asked for
        advance_rotation(transaction, target.schema, key)
    try:
        value = made_up(key, spec) if generate else given(key)
    except UnicodeError:
        return Outcome(key, "refused", f"the new value of secret {key!r} is no UTF-8 text")
    if problems := value_problems(target.config, key, spec, value):
        return Outcome(key, "refused", "; ".join(problems))
    if save:
        write(save, value)
    elif generate:
        show(key, value)
    try:
        return _tried(target, key, value, save)
    except (StatementFailed, ProbeRefused) as exc:  # the server said no; after other errors the value may be in use
        if save:
            save.unlink(missing_ok=True)
        elif generate:
            say("the value that is shown above is not in use; forget it", "yellow")
        if isinstance(exc, ProbeRefused) or exc.sqlstate == INVALID_VALUE:
            return Outcome(key, "refused", str(exc))
        raise


def _declared(config: Config | None, key: str) -> SecretSpec | None:
    """What the stack says of a key; without a stack the database decides."""
    if config is None:
        return None
    if (spec := config.catalogue.secrets.get(key)) is None:
        missing = f"secret {key!r} is not declared in {config.settings.catalogue}"
        raise InvalidConfiguration([f"{missing}{nearest(key, config.catalogue.secrets)}"])
    return spec


def _tried(target: DeclaredTarget, key: str, value: str, save: Path | None) -> Outcome:
    """Hand the value over and wait for its end. Raises StatementFailed or ProbeRefused where nothing has changed."""
    again = f"cronctl rotate {key} < {save}" if save else "the same value once more"
    goes_on = f"a rotation that has started goes on, and the sweep job ends it; to see how, give {again}"
    with interrupted(goes_on):
        try:
            started = _start(target, key, value)
        except ConnectionFailed as exc:
            raise Error(f"{exc}; {goes_on}") from exc
        if started is None:
            return Outcome(key, "unchanged")
        if started.state == "waiting":
            say(f"trying the new value of {key!r} against its probe …")
        try:
            await_rotation(target.database, target.schema, key, started.rotation)
        except (ConnectionFailed, StatementFailed) as exc:
            raise Error(f"{exc}; {goes_on}") from exc
    return Outcome(key, "current")


def _start(target: DeclaredTarget, key: str, value: str) -> Rotation | None:
    """Begin a rotation, or take up one to the same value; None where it is the current one already."""
    with target.database.transaction() as transaction:
        before = advance_rotation(transaction, target.schema, key)
        _give(transaction, target.schema, key, value)
        after = advance_rotation(transaction, target.schema, key)
    had_ended = before is not None and before.state != "waiting"
    if before is not None and after is not None and before.rotation == after.rotation and had_ended:
        return None
    return after


def _give(transaction: Transaction, schema: str, key: str, value: str) -> None:
    """As the owner of the store by COPY, which is never logged; otherwise by the function that may be called."""
    table = sql.Identifier(schema, STAGES).as_string()
    ask = sql.SQL("SELECT coalesce(has_table_privilege(to_regclass(%(table)s), 'INSERT'), false) AS owns")
    if transaction.fetch(ask, {"table": table})[0]["owns"]:
        execute(transaction, start_rotation(schema, key, value))
    else:
        call = sql.SQL("SELECT {}.rotate_cron_secret(%(key)s, %(value)s)").format(sql.Identifier(schema))
        transaction.execute(call, {"key": key, "value": value})


@contextmanager
def _explained_refusals(schema: str) -> Iterator[None]:
    """What the server says of a store that is not there or a role that may not, as a sentence that says what to do."""
    try:
        yield
    except StatementFailed as exc:
        if exc.sqlstate == INSUFFICIENT_PRIVILEGE:
            raise Error(
                f"this role may not rotate secrets in schema {schema!r}; let the stack's owner add it to 'rotators' "
                "(or to the operators' members) and run pulumi up"
            ) from exc
        if exc.sqlstate in NO_SUCH_OBJECT:
            raise Error(
                f"there is no secret store of this version in schema {schema!r} of the database; run pulumi up, or "
                "name another schema with --schema"
            ) from exc
        raise


def _say_outcome(outcome: Outcome, config: Config | None) -> None:
    name = f"secret {outcome.key!r}"
    match outcome.state:
        case "unchanged":
            say(f"{name} has that value already; nothing has changed")
        case "refused":
            reason = outcome.detail or ""
            say(f"cronctl: {reason}" if repr(outcome.key) in reason else f"{name}: {reason}", "red")
        case "undone":
            say(f"{name} has its previous value again", "green")
        case "current":
            grace = in_words(config.catalogue.secrets[outcome.key].grace) if config else "its grace time"
            say(
                f"{name} is rotated; the previous value is kept for {grace} (cronctl rotate {outcome.key} --undo)",
                "green",
            )
    for sentence in use_of_earlier(outcome.key, outcome.uses):
        say(sentence)
    if config is not None and outcome.state in CHANGED:
        say(
            "the stack's configuration may still hold another value, of which each preview tells: "
            f"pulumi config set --secret --path secrets.{outcome.key} --stack {config.stack.name}"
        )
