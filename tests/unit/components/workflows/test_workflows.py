"""Whole workflows: schedules, conditions, secrets, matrices, several calls, and what is never guessed."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.workflows.call_outcome import Reading
from components.workflows.catalogue_check import checked
from components.workflows.outcome import Note, Outcome, Reason
from components.workflows.reading import read
from components.workflows.workflow import read_workflow

CALL = "curl -sf -m 30 https://app.example.com/tick"


def reading(*texts: str) -> Reading:
    workflows = [
        (read_workflow(text, f"w{at or ''}.yml", f".github/workflows/w{at or ''}.yml"), text)
        for at, text in enumerate(texts)
    ]
    found = read(workflows)
    return Reading(checked(found), found.left_out, found.secrets, found.places)


def flow(jobs: str, schedule: str = "[{cron: '0 6 * * *'}]", top: str = "") -> str:
    return f"name: nightly\non:\n  schedule: {schedule}\n{top}jobs:\n{jobs}"


def job(*steps: str, more: str = "", name: str = "work") -> str:
    listed = "".join(f"      - {step}\n" for step in steps)
    return f"  {name}:\n    runs-on: ubuntu-latest\n{more}    steps:\n{listed}"


def script(text: str) -> str:
    return f"run: |\n          {text}"


def one(text: str) -> Outcome:
    (outcome,) = reading(text).outcomes
    return outcome


def notes(outcome: Outcome) -> set[Any]:
    return {told.what for told in outcome.notes}


def reasons(outcome: Outcome) -> set[Any]:
    return {told.what for told in outcome.reason}


def test_an_exact_call_has_no_note() -> None:
    outcome = one(flow(job(script(f"{CALL} -H 'x-key: ${{{{ secrets.APP_KEY }}}}'"))))
    assert (outcome.kind, outcome.notes, outcome.reason) == ("exact", (), ())
    assert outcome.job == {
        "description": "nightly",
        "replaces": ".github/workflows/w.yml",
        "schedule": "0 6 * * *",
        "http": {
            "method": "GET",
            "url": "https://app.example.com/tick",
            "headers": {"x-key": "{app_key}"},
            "timeout": 30,
        },
    }


@pytest.mark.parametrize(
    ("schedules", "written"),
    [
        (["15 14-20 * * 1-5", "15 22 * * 1-5"], ["15 14-20,22 * * 1-5"]),
        (["0 6 * * *", "30 6 * * *"], ["0,30 6 * * *"]),
        (["0 6 * * *", "30 7 * * *"], ["0 6 * * *", "30 7 * * *"]),
        (["0 6 * * 1", "0 6 * * 3"], ["0 6 * * 1", "0 6 * * 3"]),
        (["0 6 1 * *", "0 6 15 * *"], ["0 6 1 * *", "0 6 15 * *"]),
        (["0 6,7 * * *", "0 7 * * *"], ["0 6,7 * * *", "0 7 * * *"]),
    ],
)
def test_schedules_are_one_where_minutes_or_hours_alone_differ(schedules: list[str], written: list[str]) -> None:
    crons = "[" + ", ".join(f"{{cron: '{each}'}}" for each in schedules) + "]"
    outcomes = reading(flow(job(f"run: {CALL}"), crons)).outcomes
    assert [(outcome.job or {})["schedule"] for outcome in outcomes] == written
    assert all((Note.MERGED in notes(outcome)) is (len(written) < len(schedules)) for outcome in outcomes)


@pytest.mark.parametrize(
    ("cron", "zone", "refused"),
    [
        ("0 * * * *", "Europe/Berlin", None),
        ("*/15 * * * *", "Asia/Kolkata", None),
        ("0 * * * *", "Asia/Kolkata", Reason.ZONE),
        ("0 6 * * *", "UTC", None),
        ("0 6 * * *", "Etc/UTC", None),
        ("0 6 * * *", "Asia/Tokyo", Reason.ZONE),
        ("0 * * * 1", "Europe/Berlin", Reason.ZONE),
        ("0 6 * * *", "Nowhere/Else", Reason.SCHEDULE),
    ],
)
def test_a_zone_is_left_out_only_where_it_changes_nothing(cron: str, zone: str, refused: Reason | None) -> None:
    outcome = one(flow(job(f"run: {CALL}"), f"[{{cron: '{cron}', timezone: '{zone}'}}]"))
    assert reasons(outcome) == ({refused} if refused else set())
    assert (outcome.kind == "refused") is (refused is not None)


@pytest.mark.parametrize(
    ("cron", "reason"),
    [
        ("0 0 */2 * 1", Reason.DAY_RULE),
        ("0 0 1 * *", None),
        ("0 0 1 * 1", None),
        ("0 0 31 2 *", Reason.SCHEDULE),
        ("@daily", Reason.SCHEDULE),
        ("0 0 * *", Reason.SCHEDULE),
        ("0 0 L * *", Reason.SCHEDULE),
    ],
)
def test_days_mean_the_same_or_are_refused(cron: str, reason: Reason | None) -> None:
    assert reasons(one(flow(job(f"run: {CALL}"), f"[{{cron: '{cron}'}}]"))) == ({reason} if reason else set())


def test_a_schedule_below_the_floor_says_how_often_it_will_run() -> None:
    outcome = one(flow(job(f"run: {CALL}"), "[{cron: '* * * * *'}]"))
    (told,) = (told for told in outcome.notes if told.what is Note.FLOOR)
    assert told.sentence.endswith("43200 runs in 30 days, 8640 at most there")


def test_what_runs_by_another_schedule_event_or_never_is_left_out() -> None:
    text = flow(
        job(f"run: {CALL}/one", more="    if: github.event.schedule == '0 6 * * *'\n", name="one")
        + job(f"run: {CALL}/two", more="    if: ${{ github.event_name == 'workflow_dispatch' }}\n", name="two")
        + job(f"run: {CALL}/three", more="    if: github.ref == 'refs/heads/main' && false\n", name="three")
        + job(f"run: {CALL}/four", more="    needs: [one]\n    if: failure()\n", name="four")
        + job(f"run: {CALL}/five", more="    needs: [one]\n    if: contains(needs.*.result, 'failure')\n", name="five"),
        "\n    - cron: '0 6 * * *'\n    - cron: '0 18 * * *'\n    # - cron: '*/5 * * * *'",
    )
    found = reading(text)
    assert [(outcome.job or {})["http"]["url"] for outcome in found.outcomes] == ["https://app.example.com/tick/one"]
    assert [(subject, told.what) for subject, told in found.left_out] == [
        ("the schedule '*/5 * * * *'", Reason.COMMENTED_OUT),
        ("the schedule '0 18 * * *'", Reason.NOT_THIS_SCHEDULE),
        ("the job two", Reason.SWITCHED_OFF),
        ("the job three", Reason.SWITCHED_OFF),
        ("the job four", Reason.ALERT),
        ("the job five", Reason.ALERT),
    ]


def test_a_workflow_for_dispatch_alone_is_left_out() -> None:
    found = reading("on: [push, workflow_dispatch]\njobs:\n" + job(f"run: {CALL}"))
    assert (found.outcomes, [told.what for _, told in found.left_out]) == ([], [Reason.NOT_SCHEDULED])


@pytest.mark.parametrize(
    "condition",
    [
        "vars.ENABLED == 'true'",
        "needs.check.outputs.paused != 'true'",
        "github.repository == 'me/mine'",
        "github.run_number % 2 == 0",
        "env.SWITCH == 'on'",
        "hashFiles('x') != ''",
    ],
)
@pytest.mark.parametrize("of_the_job", [True, False])
def test_a_condition_that_nobody_knows_is_never_guessed(condition: str, of_the_job: bool) -> None:
    top = "env: {SWITCH: '${{ vars.SWITCH }}'}\n"
    steps = [f"run: {CALL}"] if of_the_job else [f"{{if: \"{condition}\", run: '{CALL}'}}"]
    outcome = one(flow(job(*steps, more=f"    if: {condition}\n" if of_the_job else ""), top=top))
    assert outcome.kind == "undecided"
    assert reasons(outcome) <= {Reason.CONDITION, Reason.STEP_OUTPUT}
    assert outcome.job is not None


def test_a_step_after_a_failure_is_no_job() -> None:
    outcome = one(
        flow(
            job(
                f"run: {CALL}",
                "{if: failure(), run: 'curl -X POST https://chat.example.com/alarm'}",
                "{if: always(), run: 'echo done'}",
            )
        )
    )
    assert outcome.kind == "noted"
    assert notes(outcome) == {Note.FAILURE_CALL}


def test_variables_of_three_levels_and_of_earlier_steps() -> None:
    outcome = one(
        flow(
            job(
                'run: echo "PART=late" >> "$GITHUB_ENV"',
                "{id: made, run: 'echo \"id=seven\" >> $GITHUB_OUTPUT'}",
                "{env: {C: '${{ steps.made.outputs.id }}'}, run: 'curl -m 9 -f \"$A/$B/$C/$PART\"'}",
                more="    env: {B: job}\n",
            ),
            top="env: {A: '${{ secrets.APP_URL }}', B: workflow}\n",
        )
    )
    assert (outcome.job or {})["http"]["url"] == "{app_url}/job/seven/late"


def test_an_answer_that_another_step_uses_is_no_job() -> None:
    outcomes = reading(
        flow(
            job(
                "{id: ask, run: 'echo \"go=$(curl -sf https://app.example.com/switch | jq -r .go)\" >> $GITHUB_OUTPUT'}",
                "{if: \"steps.ask.outputs.go == 'yes'\", run: 'curl -f https://app.example.com/do'}",
            )
        )
    ).outcomes
    assert all(outcome.kind in {"undecided", "refused"} for outcome in outcomes)


def test_a_switch_that_another_job_asks_is_no_job() -> None:
    ask = "{id: p, run: 'echo \"paused=$(curl -sf https://app.example.com/paused | jq -r .paused)\" >> $GITHUB_OUTPUT'}"
    check = job(ask, more="    outputs: {paused: '${{ steps.p.outputs.paused }}'}\n", name="check")
    work = job(f"run: {CALL}", more="    needs: check\n    if: needs.check.outputs.paused != 'true'\n", name="work")
    helper, real = reading(flow(check + work)).outcomes
    assert (helper.kind, reasons(helper)) == ("refused", {Reason.FEEDS})
    assert (real.kind, reasons(real)) == ("undecided", {Reason.STEP_OUTPUT})


def test_a_matrix_is_a_job_for_each_combination() -> None:
    matrix = "    strategy: {matrix: {region: [eu, us], size: [1], exclude: [{region: us}], include: [{region: asia, size: 2}]}}\n"
    outcomes = reading(
        flow(job("run: curl -m 5 -f https://app.example.com/${{ matrix.region }}/${{ matrix.size }}", more=matrix))
    ).outcomes
    assert [(outcome.name, (outcome.job or {})["http"]["url"][-6:]) for outcome in outcomes] == [
        ("w-eu-1", "m/eu/1"),
        ("w-asia-2", "asia/2"),
    ]
    assert all(told.sentence.startswith("is one of the 2") for outcome in outcomes for told in outcome.notes)


def test_a_matrix_that_is_made_at_run_time_is_refused() -> None:
    matrix = "    strategy: {matrix: '${{ fromJSON(needs.plan.outputs.all) }}'}\n"
    assert reasons(one(flow(job(f"run: {CALL}", more=matrix)))) == {Reason.MATRIX}


def test_a_secret_whose_name_is_made_of_the_matrix() -> None:
    matrix = "    strategy: {matrix: {key: [ONE_KEY, TWO_KEY]}}\n"
    step = "{env: {K: '${{ secrets[matrix.key] }}'}, run: 'curl -m 5 -f -H \"x-key: $K\" https://app.example.com/tick'}"
    outcomes = reading(flow(job(step, more=matrix))).outcomes
    assert [(outcome.job or {})["http"]["headers"] for outcome in outcomes] == [
        {"x-key": "{one_key}"},
        {"x-key": "{two_key}"},
    ]


def test_a_secret_whose_name_nobody_knows_is_refused() -> None:
    step = "{env: {K: '${{ secrets[steps.a.outputs.b] }}'}, run: 'curl -m 5 -f -H \"x-key: $K\" https://app.example.com/tick'}"
    assert one(flow(job(step))).kind == "refused"


def test_one_name_in_two_environments_is_two_secrets() -> None:
    run = "run: curl -m 5 -f ${{ secrets.APP_URL }}/tick"
    found = reading(
        flow(
            job(run, more="    environment: live\n", name="live")
            + job(run, more="    environment: {name: test}\n", name="test")
        )
    )
    assert sorted(found.secrets) == ["live_app_url", "test_app_url"]
    assert sorted(reading(flow(job(run, more="    environment: live\n"))).secrets) == ["app_url"]


def test_two_defaults_are_two_secrets_and_both_are_told() -> None:
    found = reading(
        flow(
            job(
                "run: curl -m 5 -f ${{ vars.APP_URL || 'https://one.example.com' }}/tick",
                "run: curl -m 5 -f ${{ vars.APP_URL || 'https://two.example.com' }}/tick",
            )
        )
    )
    assert sorted(found.secrets) == ["app_url", "app_url_2"]
    assert all(Note.DEFAULT in notes(outcome) for outcome in found.outcomes)
    assert found.secrets["app_url"]["description"].endswith("or 'https://one.example.com' where it is not set")


def test_a_secret_and_a_variable_of_one_name_are_two() -> None:
    found = reading(flow(job(script("curl -m 5 -f ${{ vars.APP }}/tick -H 'x-key: ${{ secrets.APP }}'"))))
    assert sorted(found.secrets) == ["app", "app_variable"]


def test_inputs_are_empty_under_a_schedule_and_set_a_manual_run() -> None:
    top = ""
    text = flow(
        job(
            """{env: {DRY: '${{ inputs.dry }}'}, run: 'curl -m 5 -f --json "{\\"size\\": ${{ inputs.size || 3 }}, \\"dry\\": ${DRY:-false}, \\"who\\": \\"${{ github.event.inputs.name }}\\"}" https://app.example.com/tick'}"""
        ),
        top=top,
    ).replace(
        "on:\n",
        "on:\n  workflow_dispatch: {inputs: {size: {default: '10', description: how many}, dry: {type: boolean, default: 'true'}, name: {}}}\n",
    )
    outcome = one(text)
    assert (outcome.job or {})["http"]["body"] == {"size": 3, "dry": False, "who": ""}
    assert (outcome.job or {})["inputs"] == {
        "size": {"type": "integer", "default": 10, "description": "how many"},
        "dry": {"type": "boolean", "default": True},
        "who": {"type": "string"},
    }
    assert Note.INPUT_RENAMED in notes(outcome)


@pytest.mark.parametrize(
    ("concurrency", "overlap", "note"),
    [
        ("one", None, None),
        ("{group: one, cancel-in-progress: true}", None, Note.CANCELLED),
    ],
)
def test_concurrency_where_runs_never_overlap(concurrency: str, overlap: str | None, note: Note | None) -> None:
    outcome = one(flow(job(f"run: {CALL}"), top=f"concurrency: {concurrency}\n"))
    assert (outcome.job or {})["http"].get("overlap") == overlap
    assert notes(outcome) == ({note} if note else set())


def test_concurrency_where_a_run_may_take_longer_than_the_period() -> None:
    outcome = one(
        flow(job("run: curl -f -m 100 https://app.example.com/tick"), "[{cron: '* * * * *'}]", "concurrency: one\n")
    )
    assert (outcome.job or {})["http"]["overlap"] == "skip"
    assert (outcome.job or {})["http"]["timeout"] == 100
    assert Note.QUEUE in notes(outcome)


def test_a_timeout_longer_than_the_period_is_cut_and_told() -> None:
    outcome = one(flow(job("run: curl -f https://app.example.com/tick"), "[{cron: '* * * * *'}]"))
    assert (outcome.job or {})["http"]["timeout"] == 60
    assert {Note.SHORT_PERIOD, Note.NO_TIMEOUT} <= notes(outcome)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("run: node scripts/prepare.js", Reason.PROGRAM),
        ("run: python -m app", Reason.PROGRAM),
        ("run: psql -c 'select 1'", Reason.PROGRAM),
        ("uses: someone/their-action@v1", Reason.ACTION),
        ("{shell: pwsh, run: 'Write-Host x'}", Reason.SHELL),
        ("{shell: python, run: 'print(1)'}", Reason.SHELL),
    ],
)
def test_other_work_of_the_job_makes_its_calls_undecided(step: str, reason: Reason) -> None:
    outcome = one(flow(job("uses: actions/checkout@v4", step, f"run: {CALL}")))
    assert outcome.kind == "undecided"
    assert reasons(outcome) == {Reason.OTHER_WORK, reason}
    alone = one(flow(job(step)))
    assert (alone.kind, reasons(alone), alone.job) == ("refused", {reason}, None)


def test_a_checkout_alone_is_a_note() -> None:
    outcome = one(flow(job("uses: actions/checkout@v4", f"run: {CALL}")))
    assert (outcome.kind, notes(outcome)) == ("noted", {Note.CHECKOUT})


def test_windows_a_container_and_a_called_workflow_are_refused() -> None:
    windows = one(flow(job(f"run: {CALL}").replace("ubuntu", "windows")))
    assert reasons(windows) == {Reason.SHELL}
    container = one(flow(job(f"run: {CALL}", more="    container: alpine\n")))
    assert Reason.CONTAINER in reasons(container)
    assert container.kind == "undecided"
    called = one(flow("  work:\n    uses: me/mine/.github/workflows/x.yml@main\n"))
    assert reasons(called) == {Reason.REUSED}


def test_the_runner_s_own_address_is_refused() -> None:
    assert reasons(one(flow(job("run: curl -f http://localhost:8080/tick")))) == {Reason.ADDRESS}


def test_a_key_in_clear_is_lifted_and_shown_nowhere() -> None:
    key = "planted" + "Q7x2Lm9Vt4Rk8Zs1"
    text = flow(
        job(
            f"run: 'curl -m 5 -f -H \"Authorization: Bearer {key}\" https://app.example.com/one'",
            f"run: 'curl -m 5 -f -H \"x-api-key: {key}\" https://app.example.com/two'",
            f"run: 'curl -m 5 -f \"https://app.example.com/three?token={key}\"'",
        )
    )
    found = reading(text)
    assert [outcome.kind for outcome in found.outcomes] == ["noted"] * 3
    assert next((outcome.job or {})["http"].get("auth") for outcome in found.outcomes) == {
        "bearer": "app_example_com_authorization"
    }
    assert list(found.secrets) == ["app_example_com_authorization"]  # the same value is one secret
    assert "planted" not in repr(found)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("curl -f -H 'x-api-key: YOUR_API_KEY' https://app.example.com/tick", Reason.PLACEHOLDER),
        ("curl -f -H 'Authorization: Bearer <your key>' https://app.example.com/tick", Reason.PLACEHOLDER),
        ('curl -f --json \'{"apiKey": "plantedQ7x2Lm9Vt4Rk8Zs1"}\' https://app.example.com/tick', Reason.KEY_IN_BODY),
    ],
)
def test_a_placeholder_or_a_key_in_a_body_is_refused(script: str, reason: Reason) -> None:
    found = reading(flow(job(f"run: |\n          {script}")))
    assert reasons(found.outcomes[0]) == {reason}
    assert "planted" not in repr(found)


def test_a_key_in_a_refused_job_is_still_reported() -> None:
    key = "eyJ" + "hbGciOiJIUzI1NiJ9" + "." + "eyJyb2xlIjoicGxhbnRlZCJ9" + "." + "c2lnbmF0dXJl"
    found = reading(flow(job(f"run: node x.js {key}")))
    assert [told.what for _, told in found.left_out] == [Reason.KEY_IN_CLEAR]
    assert key not in repr(found)


def test_only_bearer_and_the_key_become_auth() -> None:
    def http(header: str) -> Any:
        return (one(flow(job(script(f"curl -m 5 -f -H '{header}' https://app.example.com/tick")))).job or {})["http"]

    assert http("Authorization: Bearer ${{ secrets.K }}")["auth"] == {"bearer": "k"}
    assert http("authorization: ${{ secrets.K }}")["headers"] == {"authorization": "{k}"}
    assert http("Authorization: Bearer x-${{ secrets.K }}")["headers"] == {"Authorization": "Bearer x-{k}"}
    assert http("x: {a} ${{ secrets.K }}")["headers"] == {"x": "{{a}} {k}"}


def test_several_calls_lose_their_order_and_say_so() -> None:
    outcomes = reading(
        flow(job(f"{{name: First one, run: '{CALL}/1'}}", f"{{name: Second, run: '{CALL}/2'}}"))
    ).outcomes
    assert [outcome.name for outcome in outcomes] == ["w-first-one", "w-second"]
    assert [Note.ORDER_LOST in notes(outcome) for outcome in outcomes] == [False, True]


def test_one_name_in_two_repositories_is_two_secrets() -> None:
    text = flow(job("run: curl -m 5 -f ${{ secrets.APP_URL }}/tick"))
    path = ".github/workflows/w.yml"
    found = read([(read_workflow(text, f"{name}/{path}", path), text) for name in ("one", "two")])
    assert sorted(found.secrets) == ["one_app_url", "two_app_url"]


def test_two_files_with_one_name_have_jobs_of_two_names() -> None:
    text = flow(job(f"run: {CALL}"))
    found = read([(read_workflow(text, f"{at}/w.yml", f"{at}/w.yml"), text) for at in "ab"])
    assert [outcome.name for outcome in found.outcomes] == ["w", "w-2"]


CASES = Path(__file__).parent / "cases"


def test_the_cases_of_the_project_are_right() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(CASES.glob("*.yml"))}
    found = {name: reading(text) for name, text in texts.items()}
    month = found["more-than-http"].outcomes
    assert [outcome.kind for outcome in month] == ["undecided"] * 2
    assert {(outcome.job or {})["schedule"] for outcome in month} == {"17 4 $ * *"}
    assert {str((outcome.job or {})["http"]["retry"]) for outcome in month} == {"{'attempts': 3, 'backoff': 5}"}
    assert all({Note.SECRET_IN_QUERY, Note.MATRIX, Note.LAST_DAY} <= notes(outcome) for outcome in month)
    assert all(reasons(outcome) == {Reason.OTHER_WORK, Reason.PROGRAM} for outcome in month)
    (queue,) = found["multi-line"].outcomes
    assert (queue.job or {})["http"]["body"] == {"limit": 10}
    assert (queue.job or {})["http"]["timeout"] == 20
    assert (queue.job or {})["http"]["success"] == {"body": "$.success == true"}
    assert (queue.job or {})["inputs"]["limit"]["type"] == "integer"
    (morning,) = found["swallowed"].outcomes
    assert (morning.job or {})["schedule"] == "0 6 * * *"
    assert Note.SWALLOWED in notes(morning)
    assert len(found["swallowed"].left_out) == 3
    (bill,) = found["time-zone"].outcomes
    assert (bill.job or {})["http"]["success"] == {"status": ["200-399"]}
    assert reasons(bill) == {Reason.ZONE}


@pytest.mark.parametrize(
    "step",
    [
        """curl -f -H "x-key: ${{ secrets.APP_KEY || 'plantedQ7x2Lm9Vt4Rk8Zs1' }}" https://app.example.com/tick""",
        """curl -f -H "x-key: ${KEY:-plantedQ7x2Lm9Vt4Rk8Zs1}" https://app.example.com/tick""",
        "curl -f https://me:plantedQ7x2Lm9Vt4Rk8Zs1@${{ vars.APP }}.example.com/tick",
        "curl -f -u me:plantedQ7x2Lm9Vt4Rk8Zs1 https://app.example.com/tick",
        """curl -f "https://app.example.com/${{ hashFiles('plantedQ7x2Lm9Vt4Rk8Zs1') }}\"""",
    ],
)
def test_no_text_shows_what_may_be_a_key(step: str) -> None:
    found = reading(flow(job(f"{{name: call, env: {{KEY: '${{{{ secrets.APP_KEY }}}}'}}, run: {json.dumps(step)}}}")))
    assert [outcome.kind for outcome in found.outcomes] == ["refused"]
    shown = [told.sentence for outcome in found.outcomes for told in (*outcome.notes, *outcome.reason)]
    assert "planted" not in repr((shown, found.secrets, [outcome.job for outcome in found.outcomes]))
