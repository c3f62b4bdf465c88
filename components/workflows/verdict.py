"""What a workflow's job calls, and which answers keep it green, found by running it in all worlds that matter. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from components.workflows.curl_request import Request
from components.workflows.jq_filter import NoFilter, equals, negated, predicate
from components.workflows.outcome import Note, Reason, Refused
from components.workflows.shell_state import ABOUT_ANSWERS, Call, Fact, Trace, World

MAX_LEAVES = 200
STATUSES = range(100, 600)
_GOOD = frozenset(range(200, 300))
_FAILURES = (500, 404, 0)
_MEMBER = re.compile(
    r'\\?"(?P<name>[\w-]+)\\?"(?:\\s|\[\[:space:\]\]|\s|\\ )?[*+?]?(?:\\ )?:(?:\\s|\[\[:space:\]\]|\s|\\ )?[*+?]?'
    r'(?P<value>true|false|null|-?\d+|\\?"(?:[^"\\]|\\-)*\\?")(?:\\b|,)?'
)

Run = Callable[[World], Trace]


@dataclass
class Judged:
    """A call with its rule: ``status`` are the accepted ones, None for 200 to 299; ``backoff`` is in seconds."""

    call: Call
    status: frozenset[int] | None = None
    body: str | None = None
    attempts: int = 1
    backoff: float = 0
    notes: list[tuple[Note, int, tuple[object, ...]]] = field(default_factory=list)
    reasons: list[Refused] = field(default_factory=list)
    on_last_day: bool = False


@dataclass(frozen=True)
class _Leaf:
    facts: tuple[tuple[Fact, bool], ...]
    trace: Trace

    @property
    def signature(self) -> tuple[object, ...]:
        return tuple((call.site, call.request) for call in self.trace.calls), self.trace.red


class _Explorer:
    """All worlds that differ in what a job asks, for given statuses; facts that change nothing are dropped."""

    def __init__(self, run: Run, status: dict[str, int]) -> None:
        self.run, self.status, self.runs = run, status, 0

    def leaves(self, assigned: tuple[tuple[Fact, bool], ...] = ()) -> list[_Leaf]:
        self.runs += 1
        if self.runs > MAX_LEAVES:
            raise Refused(Reason.RULE, 1, ": it asks too much")
        trace = self.run(World(self.status, dict(assigned)))
        asked = dict(assigned)
        new = next((fact for fact in trace.asked if fact not in asked), None)
        if new is None:
            return [_Leaf(assigned, trace)]
        usual = self.leaves((*assigned, (new, new.usual)))
        other = self.leaves((*assigned, (new, not new.usual)))
        if {leaf.signature for leaf in usual} == {leaf.signature for leaf in other}:
            return [_Leaf(tuple(pair for pair in leaf.facts if pair[0] != new), leaf.trace) for leaf in usual]
        return usual + other


def judge(run: Run) -> tuple[list[Judged], Trace]:
    """The calls of a job with their rules, and the trace of its usual run. Raises Refused."""
    leaves = _Explorer(run, {}).leaves()
    base = next((leaf for leaf in leaves if leaf.trace.calls and not leaf.trace.red), None)
    base = base or next((leaf for leaf in leaves if leaf.trace.calls), leaves[0])
    calls = list(dict.fromkeys((call.site, call.request or call.refused) for call in base.trace.calls))
    judged = [
        Judged(next(call for call in base.trace.calls if (call.site, call.request or call.refused) == each))
        for each in calls
    ]
    for each in judged:
        if sum(call.site == each.call.site and call.request == each.call.request for call in base.trace.calls) > 1:
            each.reasons.append(Refused(Reason.LOOP, each.call.line, ", which sends it several times a run"))
        if each.call.refused:
            each.reasons.append(each.call.refused)
        if any(each.call.site in leaf.trace.handed for leaf in leaves):
            each.reasons.append(Refused(Reason.FEEDS, each.call.line))
    judged += _elsewhere(leaves, judged)
    _conditions(leaves, base, judged)
    for each in judged:
        if not each.reasons:
            _rule(run, base, leaves, each, judged)
    return judged, base.trace


def _elsewhere(leaves: list[_Leaf], judged: list[Judged]) -> list[Judged]:
    """Calls that are made in other green worlds alone."""
    known = {(each.call.site, each.call.request) for each in judged}
    more: list[Judged] = []
    for leaf in leaves:
        if leaf.trace.red:
            continue
        for call in leaf.trace.calls:
            if (call.site, call.request) not in known:
                known.add((call.site, call.request))
                more.append(Judged(call))
    return more


def _conditions(leaves: list[_Leaf], base: _Leaf, judged: list[Judged]) -> None:
    """Say of each call on what it depends."""
    for fact in dict.fromkeys(fact for leaf in leaves for fact, _ in leaf.facts):
        with_it = [leaf for leaf in leaves if dict(leaf.facts).get(fact) is fact.usual]
        without = [leaf for leaf in leaves if dict(leaf.facts).get(fact) is (not fact.usual)]
        for each in judged:
            one, other = (_made(each, part) for part in (with_it, without))
            _condition(fact, each, one=one, other=other, without=without)
        if fact.kind in ABOUT_ANSWERS and _decides(fact, with_it, without):
            for each in judged:
                if each.call.site == fact.subject:
                    each.reasons.append(Refused(Reason.FEEDS, each.call.line))


def _made(each: Judged, leaves: list[_Leaf]) -> bool:
    return any(
        (call.site, call.request) == (each.call.site, each.call.request) for leaf in leaves for call in leaf.trace.calls
    )


def _condition(fact: Fact, each: Judged, *, one: bool, other: bool, without: list[_Leaf]) -> None:
    all_red = all(leaf.trace.red for leaf in without)
    match fact.kind:
        case "unknown" if one is not other or not all_red:
            each.reasons.append(Refused(fact.reason or Reason.CONDITION, fact.line, fact.detail))
        case "unknown" if one:
            each.reasons.append(Refused(Reason.RULE, fact.line, ""))
        case "unset" if one and not other and not all_red:
            each.notes.append((Note.GUARD, fact.line, (fact.subject,)))
        case "unset" if other and not one:
            each.reasons.append(Refused(Reason.CONDITION, fact.line, f"{fact.subject} is set"))
        case "last_day" if one and not other and not any(leaf.trace.red for leaf in without):
            each.on_last_day = True
            each.notes.append((Note.LAST_DAY, fact.line, ()))
        case "last_day":
            each.reasons.append(Refused(Reason.CLOCK, fact.line, ""))
        case _ if fact.kind in ABOUT_ANSWERS and fact.subject != each.call.site and one is not other and not all_red:
            each.reasons.append(Refused(Reason.CONDITION, fact.line, "the answer of another call lets it be sent"))


def _decides(fact: Fact, with_it: list[_Leaf], without: list[_Leaf]) -> bool:
    """Whether an answer decides about another call, in worlds that stay green."""
    sets = [
        {
            (call.site, call.request)
            for leaf in part
            if not leaf.trace.red
            for call in leaf.trace.calls
            if call.site != fact.subject
        }
        for part in (with_it, without)
    ]
    greens = [any(not leaf.trace.red for leaf in part) for part in (with_it, without)]
    return all(greens) and sets[0] != sets[1]


def _rule(run: Run, base: _Leaf, leaves: list[_Leaf], each: Judged, judged: list[Judged]) -> None:
    site, line = each.call.site, each.call.line
    try:
        each.body = _body_rule(site, leaves, each)
        worlds = _Worlds(run, base, site)
        accepted = worlds.accepted()
    except Refused as refused:
        each.reasons.append(Refused(refused.what, line, *refused.details))
        return
    if not accepted:
        each.reasons.append(Refused(Reason.NEVER_GREEN, line))
    elif len(accepted) == len(STATUSES):
        each.notes.append((Note.SWALLOWED, line, ()))
    elif (worlds.reads_status and accepted != _GOOD) or not accepted >= _GOOD:
        each.status = accepted
    _attempts(worlds, each, judged)


class _Worlds:
    """A job in the worlds in which one call answers otherwise."""

    def __init__(self, run: Run, base: _Leaf, site: str) -> None:
        self.run, self.base, self.site = run, base, site
        self.facts = {fact: value for fact, value in base.facts if fact.subject != site or fact.kind in ABOUT_ANSWERS}
        self.reads_status = bool(base.trace.constants) or base.trace.by_pattern

    def with_status(self, status: int) -> Trace:
        return self.run(World({self.site: status}, self.facts))

    def is_green(self, status: int) -> bool:
        leaves = _Explorer(self.run, {self.site: status}).leaves(tuple(self.facts.items()))
        colours = {leaf.trace.red for leaf in leaves}
        if len(colours) > 1 and any(
            fact.kind in {"jq", "equals", "text"} for leaf in leaves for fact, _ in leaf.facts if fact not in self.facts
        ):
            raise Refused(Reason.RULE, 1, ": status and body decide together")
        return not leaves[0].trace.red

    def accepted(self) -> frozenset[int]:
        for status in _FAILURES:  # what is asked only where it fails
            trace = self.with_status(status)
            self.reads_status |= bool(trace.constants) or trace.by_pattern
            self.base.trace.constants.update(trace.constants)
            self.base.trace.by_pattern |= trace.by_pattern
        if self.base.trace.by_pattern:
            return frozenset(status for status in STATUSES if not self.with_status(status).red)
        bounds = sorted(
            {100, 200, 299, 300, 399, 400, 500, 599}
            | {
                near
                for number in self.base.trace.constants
                for near in (number - 1, number, number + 1)
                if near in STATUSES
            }
        )
        accepted: set[int] = set()
        for at, bound in enumerate(bounds):
            if self.is_green(bound):
                until = bounds[at + 1] if at + 1 < len(bounds) else bound + 1
                accepted.update(range(bound, until))
        return frozenset(accepted)


def _attempts(worlds: _Worlds, each: Judged, judged: list[Judged]) -> None:
    """Count how often a call is tried where it fails, and find what else is called then."""
    known = {(one.call.site, one.call.request) for one in judged}
    for status in _FAILURES:
        trace = worlds.with_status(status)
        same = [call for call in trace.calls if call.site == each.call.site and call.request == each.call.request]
        if len(same) > each.attempts:
            each.attempts, each.backoff = len(same), same[1].slept
        for call in trace.calls:
            if (call.site, call.request) not in known and not any(note[0] is Note.FAILURE_CALL for note in each.notes):
                if call.site == each.call.site:
                    each.reasons.append(Refused(Reason.LOOP, call.line, ", which changes the call"))
                    return
                each.notes.append((Note.FAILURE_CALL, call.line, (call.line,)))


def _body_rule(site: str, leaves: list[_Leaf], each: Judged) -> str | None:
    """The predicate over a call's answer that keeps the job green. Raises Refused where there is none."""
    asked = {fact for leaf in leaves for fact, _ in leaf.facts if fact.subject == site and fact.kind in ABOUT_ANSWERS}
    green = [leaf for leaf in leaves if not leaf.trace.red]
    paths = {tuple(pair for pair in leaf.facts if pair[0] in asked) for leaf in green}
    if not asked:
        return None
    json_alone = {fact for fact in asked if fact.kind == "json"}
    for fact in json_alone:
        each.notes.append((Note.NO_JSON_RED, fact.line, ()))
    paths = {tuple(pair for pair in path if pair[0] not in json_alone) for path in paths}
    if len(paths) != 1:
        raise Refused(Reason.RULE, 1, ": it has several ways to be good" if paths else "")
    rules = []
    for fact, holds in next(iter(paths)):
        if fact.kind == "text":
            each.notes.append((Note.TEXT_MATCH, fact.line, (fact.detail.replace("\\", ""),)))
        rules.append(_translated(fact, holds=holds))
    if len(rules) == 1:
        return rules[0]
    return " && ".join(f"({rule})" for rule in rules) or None


def _translated(fact: Fact, *, holds: bool) -> str:
    try:
        match fact.kind:
            case "jq":
                rule = predicate(fact.detail)
            case "equals":
                path, _, text = fact.detail.partition("\0")
                rule = equals(path, text)
            case "text":
                rule = _member(fact.detail)
            case _:
                raise NoFilter(fact.detail)  # noqa: TRY301
    except NoFilter:
        raise Refused(Reason.RULE, fact.line, "") from None
    return rule if holds else negated(rule)


def _member(pattern: str) -> str:
    found = _MEMBER.fullmatch(pattern.strip("*"))
    if found is None:
        raise NoFilter(pattern)
    value = found["value"].replace("\\", "")
    name = found["name"]
    return f"$.{name} == {value}" if name.isidentifier() else f'$."{name}" == {value}'


def calls_of(judged: Iterable[Judged]) -> Iterator[Request]:
    """The requests of calls that were read."""
    return (each.call.request for each in judged if each.call.request is not None)
