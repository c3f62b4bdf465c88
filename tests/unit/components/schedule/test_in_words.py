"""Schedules in words."""

import pytest

from components.schedule.grammar import parse_schedule
from components.schedule.in_words import schedule_in_words


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("0,30 * * * *", "every 30 minutes"),
        ("0 * * * *", "every hour at minute 0"),
        ("5,10,40 * * * *", "every hour at minutes 5, 10 and 40"),
        ("5 */6 * * *", "every day at 00:05, 06:05, 12:05 and 18:05"),
        ("5 */2 * * *", "every 2 hours at minute 5"),
        ("0 1 * * *", "every day at 01:00"),
        ("30 6,18 * * *", "every day at 06:30 and 18:30"),
        ("0 16 * * 1-5", "at 16:00, Monday to Friday"),
        ("0 16 * * sun", "at 16:00, Sunday"),
        ("0 16 * * 0,6", "at 16:00, Saturday and Sunday"),
        ("*/15 9-17 * * 1-5", "every 15 minutes of hours 9 to 17, Monday to Friday"),
        ("* 9 * * *", "every minute of hour 9"),
        ("0 3 1 * *", "at 03:00, on the 1st of the month"),
        ("0 3 1,2,15,22-24 * *", "at 03:00, on the 1st, 2nd, 15th and 22nd to 24th of the month"),
        ("0 3 $ * *", "at 03:00, on the last day of the month"),
        ("0 3 1 1,6 *", "at 03:00, on the 1st of the month, in January and June"),
        ("0 9 1-7 * 1", "at 09:00, Monday and on the 1st to 7th of the month"),
        ("0 9 */10 * 1", "at 09:00, on the 1st, 11th, 21st and 31st of the month where that is Monday"),
        ("0 9 1-31 * 1", "every day at 09:00"),
        ("0 9 $ 6 0-6", "every day at 09:00, in June"),
        ("0 9 1-31 * */2", "at 09:00, Tuesday, Thursday, Saturday and Sunday"),
        ("0 22-4 * * *", "at minute 0 of hours 0 to 4, 22 and 23"),
        ("# nightly\n0 1 * * *\n", "every day at 01:00"),
        ("@hourly", "every hour at minute 0"),
        ("@daily", "every day at 00:00"),
        ("@monthly", "at 00:00, on the 1st of the month"),
        ("@reboot", "when the server starts"),
        ("30 seconds", "every 30 seconds"),
        ("1 second", "every second"),
        ("1,8,13,21 1,7 * * *", "at minutes 1, 8, 13 and 21 of hours 1 and 7"),
    ],
)
def test_in_words(schedule: str, words: str) -> None:
    assert schedule_in_words(parse_schedule(schedule)) == words


def test_a_paused_job_that_would_not_run_as_it_says_is_told_so() -> None:
    assert schedule_in_words(parse_schedule("0 0 30 2 *", paused=True)).startswith("never runs, since no month")
