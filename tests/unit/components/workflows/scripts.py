"""Scripts of workflows in many forms, of own wording: what bash does with each, the reading has to say or to refuse."""

from typing import NamedTuple

OK = '{"success": true, "state": "done", "count": 3, "data": {"ok": true}}'
BAD = '{"success": false, "state": "stuck", "count": 0, "error": "no", "data": {"ok": false}}'


class Script(NamedTuple):
    """A script; ``refused`` is the reason that is expected, ``rule`` the predicate over the answer."""

    name: str
    text: str
    env: dict[str, str] = {}  # noqa: RUF012 - never changed
    expressions: dict[str, str] = {}  # noqa: RUF012
    refused: str = ""
    rule: str | None = None
    shell: str = ""


SCRIPTS = [
    Script("plain get", "curl https://app.example.com/tick"),
    Script("post without data", "curl -X POST https://app.example.com/tick"),
    Script("clustered letters", "curl -sSfXPOST https://app.example.com/tick -H'X-A: b'"),
    Script("a shortened option", "curl --silen --request POST https://app.example.com/tick --fail-w"),
    Script(
        "data makes a post",
        """curl -sf https://app.example.com/tick -d '{"a":1}' -H 'Content-Type: application/json'""",
    ),
    Script("json", """curl --json '{"a": [1, 2, {"b": null}]}' https://app.example.com/tick"""),
    Script("json twice", """curl --json '{"a": 1' --json ', "b": 2}' https://app.example.com/tick"""),
    Script(
        "json with a type of its own",
        """curl --json '{}' -H 'content-type: application/json' https://app.example.com/tick""",
    ),
    Script("data as a form", """curl -X POST -d '{"deep": {"x": "ä✓"}}' https://app.example.com/tick"""),
    Script("raw data with an at sign", """curl --data-raw '"@no-file"' https://app.example.com/tick"""),
    Script(
        "a delete with a body",
        """curl -X DELETE https://app.example.com/old -H 'Content-Type: application/json' -d '{"days": 30}'""",
    ),
    Script("a delete without one", "curl --request DELETE --url https://app.example.com/old"),
    Script(
        "numbers as they are",
        """curl --json '{"big": 12345678901234567890, "f": 1.50, "e": 1e3, "n": -0.25}' https://app.example.com/tick""",
    ),
    Script("a list as body", """curl --json '[1, "two", {"three": 3}]' https://app.example.com/tick"""),
    Script("a body with braces", """curl --json '{"text": "{not} a {{place}}"}' https://app.example.com/tick"""),
    Script(
        "names of several lengths",
        """curl --json '{"zz": 1, "a": 2, "b": {"yyy": 1, "x": 2}}' https://app.example.com/tick""",
    ),
    Script("a name twice in JSON", """curl --json '{"a": 1, "a": 2}' https://app.example.com/tick"""),
    Script(
        "continued lines",
        'curl -fsS \\\n  -X POST \\\n  "https://app.example.com/tick" \\\n  -H "Authorization: Bearer ${{ secrets.CRON_KEY }}"',
    ),
    Script("a continued word", "curl https://app.exam\\\nple.com/ti\\\nck"),
    Script("a continued line and an empty one", "curl -X POST https://app.example.com/tick \\\n\necho done"),
    Script(
        "a continued line in single quotes",
        "curl --json '{\"a\": \\\n1}' https://app.example.com/tick",
        refused="no_json",
    ),
    Script("a comment behind", "curl https://app.example.com/tick # -X DELETE \\\necho x"),
    Script("a hash in a word", "curl https://app.example.com/tick?a=b#c", refused="catalogue"),
    Script("quotes within a word", """curl "https://app.example.com"/tick'?a=b'\\&c=d"""),
    Script("joined quotes before a question mark", 'H=app.example.com\ncurl "https://$H/tick"\\?x=1'),
    Script("an unquoted and", "curl https://app.example.com/tick?a=b&c=d", refused="background"),
    Script("options behind a redirection", "curl https://app.example.com/tick > out.txt -X DELETE -H 'X-A: b' 2>&1"),
    Script("output to nowhere", "curl -s -o /dev/null -X POST https://app.example.com/tick >/dev/null 2>&1"),
    Script(
        "a variable of the environment",
        'curl -f "$BASE/tick" -H "x-key: $KEY"',
        {"BASE": "${{ secrets.APP_URL }}", "KEY": "${{ secrets.APP_KEY }}"},
    ),
    Script(
        "a variable of a variable",
        'curl -f "$FULL/tick"',
        {"BASE": "${{ vars.APP_URL }}", "FULL": "${{ env.BASE }}/v1"},
    ),
    Script("a variable without quotes", "curl -f $BASE/tick", {"BASE": "${{ secrets.APP_URL }}"}),
    Script("several words of a variable", "OPTS='-X POST -f'\ncurl $OPTS https://app.example.com/tick"),
    Script("a variable that nobody set", 'curl "https://app.example.com/$UNKNOWN_PART"', refused="variable"),
    Script("a default that is used", 'curl "https://app.example.com/${PART:-tick}"'),
    Script(
        "a default of an empty input",
        'curl "https://app.example.com/${PART:-tick}"',
        {"PART": "${{ inputs.part }}"},
        {"inputs.part": ""},
    ),
    Script("a cut slash", 'curl "${BASE%/}/tick"', {"BASE": "${{ secrets.APP_URL }}"}),
    Script(
        "a required variable",
        ': "${KEY:?is missing}"\ncurl -H "x-key: $KEY" https://app.example.com/tick',
        {"KEY": "${{ secrets.APP_KEY }}"},
    ),
    Script(
        "a guard that fails",
        '[ -n "$KEY" ] || { echo missing; exit 1; }\ncurl -H "x-key: $KEY" https://app.example.com/tick',
        {"KEY": "${{ secrets.APP_KEY }}"},
    ),
    Script(
        "a guard that skips",
        'if [ -z "$KEY" ]; then echo skipped; exit 0; fi\ncurl -H "x-key: $KEY" https://app.example.com/tick',
        {"KEY": "${{ secrets.APP_KEY }}"},
    ),
    Script("a part of the host", "curl https://${{ secrets.PROJECT }}.example.com/tick"),
    Script("a key in the query", "curl 'https://app.example.com/tick?key=${{ secrets.APP_KEY }}'"),
    Script(
        "an expression in JSON",
        """curl --json '{"limit": ${{ github.event.inputs.limit || 10 }}}' https://app.example.com/tick""",
        {},
        {"github.event.inputs.limit || 10": "10"},
    ),
    Script(
        "an expression in single quotes", """curl -H 'x-key: ${{ secrets.APP_KEY }}' https://app.example.com/tick"""
    ),
    Script("an empty expression", "curl ${{ inputs.flags }} https://app.example.com/tick", {}, {"inputs.flags": ""}),
    Script(
        "a secret in the body",
        """curl --json '{"key": "${{ secrets.APP_KEY }}"}' https://app.example.com/tick""",
        refused="secret_in_body",
    ),
    Script(
        "a here-document",
        'curl -d @- -H "Content-Type: application/json" https://app.example.com/tick <<EOF\n{"a": "$A", "q": "say \\"x\\" \\\\\\\\ ok"}\nEOF',
        {"A": "b"},
    ),
    Script("a quoted here-document", 'curl --json @- https://app.example.com/tick <<\'EOF\'\n{"a": "$HOME `x`"}\nEOF'),
    Script(
        "a here-document with tabs", 'curl --json @- https://app.example.com/tick <<-EOF\n\t{"a":\n\t1}\n\tEOF\necho ok'
    ),
    Script("a here-document into a pipe", 'curl -f --json @- https://app.example.com/tick <<EOF | cat\n{"a": 1}\nEOF'),
    Script(
        "two here-documents",
        'cat > one.json <<A\n{"a": 1}\nA\ncat > two.json <<\'B\'\n{"b": 2}\nB\ncurl --json @one.json https://app.example.com/one\ncurl --json @two.json https://app.example.com/two',
    ),
    Script(
        "a here-document with a command",
        'curl --json @- https://app.example.com/tick <<EOF\n{"a": "$(echo "b c")"}\nEOF',
    ),
    Script(
        "a here-string", 'curl -d @- -H "Content-Type: application/json" https://app.example.com/tick <<< \'{"a": 1}\''
    ),
    Script("a pipe into curl", """echo '{"a": 1}' | curl --json @- https://app.example.com/tick"""),
    Script("a file that is there already", "curl --json @body.json https://app.example.com/tick", refused="file"),
    Script(
        "printf",
        """BODY=$(printf '{"a": "%s", "n": %d}' "$A" 3)\ncurl --json "$BODY" https://app.example.com/tick""",
        {"A": "b"},
    ),
    Script(
        "jq makes a constant",
        """BODY=$(jq -n --arg a "$A" --argjson n 3 '{a: $a, n: $n, list: [1, "x"], "k-y": null}')\ncurl --json "$BODY" https://app.example.com/tick""",
        {"A": "b c"},
    ),
    Script(
        "jq makes it of the clock",
        """curl --json "$(jq -n --arg t "$(date)" '{t: $t}')" https://app.example.com/tick""",
        refused="run_time",
    ),
    Script(
        "the date in the body",
        """curl --json "{\\"t\\": \\"$(date +%F)\\"}" https://app.example.com/tick""",
        refused="run_time",
    ),
    Script(
        "an array of options",
        'args=(-X POST -H "x-a: b c")\nargs+=(--fail)\ncurl "${args[@]}" https://app.example.com/tick',
    ),
    Script(
        "a function",
        'call() {\n  local path="$1"; shift\n  curl -sf -X "$1" "https://app.example.com/$path" || return 1\n}\ncall one POST\ncall two DELETE',
    ),
    Script("words in ansi quotes", "curl -H $'x-a: b\\'c' https://app.example.com/tick"),
    Script("a long timeout", "curl -m 600 --connect-timeout 10 https://app.example.com/tick"),
    Script("timeout around it", "timeout 30 curl -f https://app.example.com/tick"),
    Script("retries of curl", "curl -f --retry 2 --retry-delay 5 --max-time 20 https://app.example.com/tick"),
    Script(
        "a code that must be 200",
        """code=$(curl -s -o /dev/null -w '%{http_code}' https://app.example.com/tick)\nif [ "$code" != "200" ]; then exit 1; fi""",
    ),
    Script(
        "a code by numbers",
        """code=$(curl -s -o /dev/null -w "%{http_code}" https://app.example.com/tick)\n[ "$code" -ge 200 ] && [ "$code" -lt 300 ]""",
    ),
    Script(
        "a code of the servers alone",
        """code=$(curl -s -o /dev/null -w "%{http_code}" https://app.example.com/tick)\nif [ "$code" -ge 500 ]; then exit 1; fi""",
    ),
    Script(
        "a code by case",
        """code=$(curl -s -o /dev/null -w "%{http_code}" https://app.example.com/tick)\ncase "$code" in\n  200|201|304) echo fine ;;\n  2??) echo fine too ;;\n  *) exit 1 ;;\nesac""",
    ),
    Script(
        "a code by pattern",
        """code=$(curl -s -o /dev/null -w "%{http_code}" https://app.example.com/tick)\n[[ "$code" =~ ^20[01]$ ]] || exit 1""",
    ),
    Script(
        "a code by glob",
        """code=$(curl -s -o /dev/null -w "%{http_code}" https://app.example.com/tick)\nif [[ $code != 2* ]]; then exit 1; fi""",
    ),
    Script(
        "a code in arithmetic",
        """code=$(curl -s -o /dev/null -w "%{http_code}" https://app.example.com/tick)\nif (( code >= 400 )); then exit 1; fi""",
    ),
    Script(
        "a code behind the answer",
        """all=$(curl -s -w "\\n%{http_code}" https://app.example.com/tick)\ncode=$(echo "$all" | tail -n1)\nbody=$(echo "$all" | sed '$d')\necho "$body"\n[ "$code" = 200 ] || exit 1""",
    ),
    Script(
        "a code at the end of the answer",
        """all=$(curl -s -w "%{http_code}" https://app.example.com/tick)\ncode="${all: -3}"\n[ "$code" -eq 200 ] || exit 1""",
    ),
    Script(
        "a code behind a line break",
        """all=$(curl -s -w "\\n%{http_code}" https://app.example.com/tick)\ncode="${all##*$'\\n'}"\n[ "$code" = 200 ]""",
    ),
    Script(
        "an exit status that is kept",
        "set +e\ncurl -f https://app.example.com/tick\nstatus=$?\nif [ $status -ne 0 ]; then exit 1; fi",
    ),
    Script("swallowed by or true", "curl -f https://app.example.com/tick || true"),
    Script("swallowed by echo", 'echo "$(curl -f https://app.example.com/tick)"'),
    Script("swallowed by export", "export OUT=$(curl -f https://app.example.com/tick)"),
    Script("red by assignment", 'OUT=$(curl -f https://app.example.com/tick)\necho "$OUT"'),
    Script("swallowed by a pipe", "curl -f https://app.example.com/tick | cat"),
    Script("red in a pipe of bash", "curl -f https://app.example.com/tick | cat", shell="bash"),  # noqa: S604
    Script("red by pipefail", "set -euo pipefail\ncurl -f https://app.example.com/tick | cat"),
    Script("an if around it", "if curl -f https://app.example.com/tick; then\n  echo fine\nelse\n  exit 1\nfi"),
    Script("an if not around it", "if ! out=$(curl -fsS https://app.example.com/tick); then exit 1; fi"),
    Script("a substitution ends not", "x=$(curl -f https://app.example.com/tick; echo more)\necho $x"),
    Script(
        "jq asks for true",
        "set -o pipefail\ncurl -sf https://app.example.com/tick | jq -e '.success == true'",
        rule="$.success == true",
    ),
    Script(
        "jq asks for two",
        """out=$(curl -sf https://app.example.com/tick)\necho "$out" | jq -e '.success == true and .count > 0' > /dev/null""",
        rule="$.success == true && $.count > 0",
    ),
    Script(
        "jq asks deeper",
        "curl -sf -o a.json https://app.example.com/tick\njq -e '.data.ok' a.json",
        rule='exists($.data.ok ? (@.type() != "null" && !(@.type() == "boolean" && @ == false)))',
    ),
    Script(
        "jq prints what is compared",
        """ok=$(curl -sf https://app.example.com/tick | jq -r '.success')\n[ "$ok" = "true" ] || exit 1""",
        rule='$.success == true || $.success == "true"',
    ),
    Script(
        "jq prints what must not be",
        """state=$(curl -sf https://app.example.com/tick | jq -r .state)\nif [ "$state" = "stuck" ]; then exit 1; fi""",
        rule='!($.state == "stuck") || ($.state == "stuck") is unknown',
    ),
    Script(
        "jq prints an error",
        """err=$(curl -sf https://app.example.com/tick | jq -r '.error // empty')\nif [ -n "$err" ]; then exit 1; fi""",
        rule='!exists($.error) || $.error == null || $.error == false || $.error == ""',
    ),
    Script(
        "grep asks for a text",
        """curl -sf https://app.example.com/tick | grep -q '"success": *true'""",
        rule="$.success == true",
    ),
    Script(
        "grep asks of a variable",
        """out=$(curl -sf https://app.example.com/tick)\nif ! grep -q '"state": "done"' <<< "$out"; then exit 1; fi""",
        rule='$.state == "done"',
    ),
    Script("grep asks for any word", "curl -sf https://app.example.com/tick | grep -q done", refused="rule"),
    Script(
        "an answer that feeds",
        """id=$(curl -sf https://app.example.com/next | jq -r .id)\ncurl -X POST "https://app.example.com/do/$id\"""",
        refused="feeds",
    ),
    Script(
        "an answer that decides",
        """if curl -sf https://app.example.com/switch | jq -e '.success == true'; then\n  curl -X POST https://app.example.com/do\nfi""",
        refused="feeds",
    ),
    Script(
        "a loop that tries again",
        "for i in 1 2 3; do\n  curl -f -X POST https://app.example.com/tick && break\n  sleep 5\ndone",
    ),
    Script(
        "a loop that ends red",
        "n=0\nuntil curl -f https://app.example.com/tick; do\n  n=$((n+1))\n  if [ $n -ge 3 ]; then exit 1; fi\n  sleep 2\ndone",
    ),
    Script("a loop over names", 'for name in one two; do\n  curl -f "https://app.example.com/$name"\ndone'),
    Script("a loop over a range", 'for n in {1..2}; do curl -f "https://app.example.com/$n"; done'),
    Script("a loop that counts", 'for ((n=1; n<=2; n++)); do curl -f "https://app.example.com/page/$n"; done'),
    Script("a loop that sends the same", "for n in 1 2; do curl https://app.example.com/tick; done", refused="loop"),
    Script(
        "the clock decides", """if [ "$(date +%u)" = 1 ]; then curl https://app.example.com/tick; fi""", refused="clock"
    ),
    Script("another program", "node prepare.js || true\ncurl https://app.example.com/tick", refused="other_work"),
    Script("a number of the run", "curl https://app.example.com/tick/$GITHUB_RUN_ID", refused="run_number"),
    Script("a put", "curl -X PUT --json '{}' https://app.example.com/tick", refused="method"),
    Script("a get with a body", "curl -X GET --json '{}' https://app.example.com/tick", refused="get_body"),
    Script("a form", "curl -d 'a=b&c=d' https://app.example.com/tick", refused="no_json"),
    Script("a multipart form", "curl -F a=b https://app.example.com/tick", refused="option"),
    Script("a user and a password", "curl -u me:secret https://app.example.com/tick", refused="option"),
    Script("data into the query", "curl -G -d a=b https://app.example.com/tick", refused="option"),
    Script("two addresses", "curl https://app.example.com/one https://app.example.com/two", refused="address"),
    Script("braces in an address", "curl 'https://app.example.com/{one,two}'", refused="address"),
    Script("braces of the shell", "curl https://app.example.com/{one,two}", refused="syntax"),
    Script(
        "a test with parentheses",
        "[[ $A = b* && ( -n $A ) ]] || exit 1\ncurl https://app.example.com/tick",
        {"A": "bc"},
        refused="syntax",
    ),
    Script("a mistake of syntax", "if curl https://app.example.com/tick; then echo", refused="syntax"),
    Script("the background", "curl https://app.example.com/tick &\nwait", refused="background"),
    Script(
        "jq with another value for nothing",
        """set -o pipefail\nok=$(curl -sf https://app.example.com/tick | jq -r '.success // false')\n[[ "$ok" == "true" ]] || exit 1""",
        rule='$.success == true || $.success == "true"',
    ),
    Script(
        "jq counts",
        """n=$(curl -sf https://app.example.com/tick | jq '.data | length')\n[ "$n" -gt 0 ] || exit 1""",
        refused="rule",
    ),
    Script(
        "a document into a pipe into curl",
        'cat <<EOF | curl -f --json @- https://app.example.com/tick\n{"when": "${WHEN:-now}"}\nEOF',
    ),
    Script(
        "a loop that remembers failures",
        'for name in one two; do\n  curl -fsS "https://app.example.com/$name" || FAILED=1\ndone\nif [ "${FAILED:-0}" = 1 ]; then exit 1; fi',
    ),
    Script(
        "a folded block that falls apart",
        "curl -X POST\n  -d '{}' https://app.example.com/tick",
        refused="syntax",
    ),
    Script(
        "variables of a function alone",
        'set_it() {\n  local name=inner other\n  name="$name-$other"\n}\nname=outer\nset_it\ncurl "https://app.example.com/$name"',
    ),
    Script(
        "an assignment in front of a command",
        'name=old\nname=new curl "https://app.example.com/$name"\ncurl "https://app.example.com/again/$name"',
    ),
    Script("echo with line breaks", """curl --json "$(echo -e '{"a":\\n1}')" https://app.example.com/tick"""),
    Script(
        "echo with other escapes",
        """curl --json "$(echo -e '{"a":\\t1}')" https://app.example.com/tick""",
        refused="run_time",
    ),
    Script(
        "a message that is no output",
        'say() {\n  echo "calls" >&2\n  echo "$1"\n}\npart=$(say tick)\ncurl "https://app.example.com/$part"',
    ),
    Script(
        "a default in a default",
        'curl "https://app.example.com/${ONE:-${TWO:-"a-b"}}" -H "x-a: ${HEAD:-"two words"}"',
    ),
    Script("another separator", 'IFS=,\nWORDS="-X,POST"\ncurl $WORDS https://app.example.com/tick', refused="syntax"),
    Script(
        "escapes of printf",
        """curl --json "$(printf '{"a": "\\x41"}')" https://app.example.com/tick""",
        refused="run_time",
    ),
    Script(
        "quoted words in a pattern",
        'name="a/b/c"\ncurl "https://app.example.com/${name##*/}/${name%%/*}/${name/a/x}/${#name}/${name:2:3}"',
    ),
    Script("an escape in a pattern", 'name="a/b"\ncurl "https://app.example.com/${name//\\//-}"', refused="run_time"),
    Script("upper and lower case", 'name=aBc\ncurl "https://app.example.com/${name^^}/${name,,}/${name^}"'),
    Script("a subshell keeps its variables", '(name=inner)\ncurl "https://app.example.com/${name:-outer}"'),
    Script("a pipe keeps its variables", 'echo x | name=inner\ncurl "https://app.example.com/${name:-outer}"'),
    Script("positional words", 'set -- one two\ncurl "https://app.example.com/$1"', refused="syntax"),
    Script("a command that is a variable", "TOOL=curl\n$TOOL -X POST https://app.example.com/tick"),
    Script("a command in quotes", '"curl" https://app.example.com/tick'),
    Script("a curl of another place", "/usr/bin/curl https://app.example.com/tick", refused="program"),
    Script("wget", "wget -qO- https://app.example.com/tick", refused="program"),
    Script("a test with and", '[ "$A" = b -a -n "$A" ] || exit 1\ncurl https://app.example.com/tick', {"A": "b"}),
    Script("a test that is not", '[ ! -z "$A" ] && curl https://app.example.com/tick', {"A": "b"}),
    Script("a chain of both", "true && curl -f https://app.example.com/tick || exit 1"),
    Script("two ways to fail", "curl -f --fail-with-body https://app.example.com/tick", refused="option"),
]
