"""Another implementation's command line as something that answers vectors; the contract is in tests/vectors/README.md.

For each vector the command runs once: placeholders in its arguments, the code's text on standard input, the class in
the exit code, details as the last line of standard output. Who crashes, hangs or speaks otherwise has no answer.
"""

import json
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from liangzheng.errors import ProgramUnusable
from liangzheng.vectors.acts import Act
from liangzheng.vectors.checking import NOT_READ, READ, REFUSE, Answer
from liangzheng.vectors.folder import Format, Given, Vector
from protocol import unixtime

CLASS_OF_EXIT: Final[Mapping[int, str]] = {0: READ, 3: READ, 1: REFUSE, 4: NOT_READ}
"""As `terminal appraise` exits: 0 accept, 3 check, 1 refuse, 4 not read."""
_WORD_OF_EXIT: Final[Mapping[int, str]] = {0: "accept", 3: "check", 1: REFUSE, 4: NOT_READ}


class Program:
    """A command; nothing of it goes through a shell."""

    def __init__(self, command: str, directory: Path, *, seconds: float) -> None:
        """Splits the command as a shell would.

        Raises:
            ProgramUnusable: There is no command in it.
        """
        try:
            self._arguments = shlex.split(command)
        except ValueError as failure:
            raise ProgramUnusable(f"--command cannot be split into words: {failure}") from failure
        if not self._arguments:
            raise ProgramUnusable("--command is empty; name the program that answers the vectors")
        self._directory = directory
        self._seconds = seconds

    def answer(self, vector: Vector) -> Answer:
        """The program's answer.

        Raises:
            ProgramUnusable: It cannot be started.
        """
        ran = self._run(vector)
        return Answer(broken=ran) if isinstance(ran, str) else parsed(CLASS_OF_EXIT[ran[0]], ran[1])

    def _run(self, vector: Vector) -> tuple[int, bytes] | str:
        """Exit code and standard output; a text says why there is no answer."""
        arguments = [self._filled(each, vector) for each in self._arguments]
        try:
            ran = subprocess.run(  # noqa: S603 - the user's own command, without a shell
                arguments, input=standard_input(vector), capture_output=True, timeout=self._seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return f"no answer within {self._seconds:g} s"
        except (OSError, ValueError) as failure:
            raise ProgramUnusable(f"{arguments[0]} cannot be started ({failure}); look at --command") from failure
        if ran.returncode not in CLASS_OF_EXIT:
            return f"exit code {ran.returncode}, which is no answer"
        return ran.returncode, ran.stdout

    def answer_act(self, act: Act) -> Mapping[str, Any] | str:
        """The program's verdict on an act, in our own words for it; a text says why there is none.

        Raises:
            ProgramUnusable: It cannot be started.
        """
        given = json.dumps({"at": act.at, "given": act.given}, ensure_ascii=True)
        stand_in = Vector(act.file, Format.PRESENTATION, act.at, Given((given,)), {"class": READ})
        ran = self._run(stand_in)
        if isinstance(ran, str):
            return ran
        code, output = ran
        lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
        try:
            said = json.loads(lines[-1]) if lines else None
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or said.get("class") != _WORD_OF_EXIT[code]:
            return "the last line of standard output is no JSON object with the class of the exit code"
        if isinstance(said.get("codes"), list):
            said["codes"] = {each.get("code"): each.get("tier") for each in said["codes"] if isinstance(each, dict)}
        return said

    def _filled(self, argument: str, vector: Vector) -> str:
        key = vector.given.private_key
        values = {
            "{dir}": str(self._directory),
            "{file}": str(self._directory / vector.file),
            "{format}": vector.format.value,
            "{at}": str(int(vector.at)),
            "{iso}": unixtime.iso_utc(vector.at),
            "{key}": key.hex() if key is not None else "-",
        }
        for name, value in values.items():
            argument = argument.replace(name, value)
        return argument


def standard_input(vector: Vector) -> bytes:
    """What the program reads: each text and a line end, or bytes in hexadecimal and a line end."""
    given = vector.given
    lines = given.texts if given.content is None else (given.content.hex(),)
    # A lone surrogate is the point of one vector; it goes out as the bytes that UTF-8 would have for it.
    return b"".join(line.encode("utf-8", "surrogatepass") + b"\n" for line in lines)


def parsed(verdict: str, output: bytes) -> Answer:
    """The answer in the program's last line, of this class by its exit code."""
    lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    if not lines:
        return Answer(broken="nothing on standard output") if verdict != READ else Answer(verdict)
    try:
        said = json.loads(lines[-1])
    except (ValueError, RecursionError):
        return Answer(broken="the last line of standard output is no JSON")
    if not isinstance(said, dict):
        return Answer(broken="the last line of standard output is no JSON object")
    codes = _codes(said)
    return Answer(verdict, codes[0] if codes else None, _members(said, "read"), _members(said, "bytes"), also=codes[1:])


def _codes(said: Mapping[str, Any]) -> tuple[str, ...]:
    """`code`, or the refusing ones of `codes` as `terminal appraise --json` has them."""
    code = said.get("code")
    if isinstance(code, str):
        return (code,)
    several = said.get("codes")
    found = [each.get("code") for each in several if isinstance(each, dict)] if isinstance(several, list) else []
    return tuple(each for each in found if isinstance(each, str) and each.startswith("E_"))


def _members(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    members = said.get(name)
    return members if isinstance(members, dict) else {}
