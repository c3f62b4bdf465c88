"""curl's own table of options, held against the curl that is installed, and command lines read by it."""

import re
import shutil
import subprocess

import pytest

from components.workflows.curl_options import SHORT, WITH_VALUE, WITHOUT_VALUE, long_name, read_options
from components.workflows.outcome import Refused
from components.workflows.value import known

WRITTEN_OTHERWISE = {"proxy", "preproxy"}
"""Options that take a value which ``--help`` does not write as ``<…>`` in all versions."""


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_table_is_that_of_the_installed_curl() -> None:
    told = subprocess.run(["curl", "--help", "all"], capture_output=True, text=True, check=True).stdout
    lines = re.findall(r"^ *(?:-(\S), )?\s*--([\w.-]+)( <[^>]*>| \[protocol:\S+)?", told, re.MULTILINE)
    assert len(lines) > 200
    for letter, name, value in lines:
        takes_one = bool(value) or name in WRITTEN_OTHERWISE
        assert name in (WITH_VALUE if takes_one else WITHOUT_VALUE), name
        if letter:
            assert SHORT[letter] == name


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("spelling", ["--proxy", "--preproxy", "-x"])
def test_three_spellings_take_a_value_that_help_writes_otherwise(spelling: str) -> None:
    done = subprocess.run(["curl", spelling], capture_output=True, text=True, check=False)
    assert "requires parameter" in done.stderr


def names(*words: str) -> list[tuple[str, str]]:
    options = read_options([known(word) for word in words], 1)
    return [(option.name, "".join(piece.text for piece in option.value)) for option in options]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["-sSf", "u"], [("silent", ""), ("show-error", ""), ("fail", ""), ("url", "u")]),
        (["-XPOST", "u"], [("request", "POST"), ("url", "u")]),
        (["-sXPOST", "-H", "-a: b"], [("silent", ""), ("request", "POST"), ("header", "-a: b")]),
        (["--silen", "u"], [("silent", ""), ("url", "u")]),
        (["--no-progress-meter", "--no-silent"], [("no-progress-meter", ""), ("no-silent", "")]),
        (["--", "-s", "u"], [("url", "-s"), ("url", "u")]),
        (["-d", "", "u"], [("data", ""), ("url", "u")]),
        (["-"], [("url", "-")]),
    ],
)
def test_a_command_line_is_read_as_curl_reads_it(words: list[str], read: list[tuple[str, str]]) -> None:
    assert names(*words) == read


@pytest.mark.parametrize("words", [["--request=POST"], ["-E"], ["--fai"], ["--nope"], ["-X"], ["-s~"]])
def test_what_curl_would_not_take_is_refused(words: list[str]) -> None:
    with pytest.raises(Refused):
        read_options([known(word) for word in words], 1)


def test_a_shortened_name_needs_one_meaning() -> None:
    assert (long_name("silen"), long_name("fai"), long_name("data")) == ("silent", None, "data")
