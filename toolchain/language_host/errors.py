"""The failures people can mend, said in one sentence."""


class HostError(Exception):
    """A program cannot be run or set up; the text is the sentence the terminal shows."""
