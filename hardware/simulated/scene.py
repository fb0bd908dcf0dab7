"""The words behind `synthetic:`, such as `glare?version=14&fps=25&trouble=freezes`: what a drawn camera films."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from hardware.camera.settings import ANTIGLARE, SWITCH
from hardware.errors import UnsupportedSource
from hardware.sheet_codes import VERSIONS
from hardware.simulated.camera import CONDITIONS, ShootingConditions
from hardware.simulated.troubles import CameraTrouble

SCENES: Final[Mapping[str, ShootingConditions]] = MappingProxyType(
    {**CONDITIONS, "lamp": replace(CONDITIONS["clean"], glare=4.0, glare_wander=0.1)}
)
"""A mirrored lamp drowns so much of the code that it is read only when the camera takes light away."""
_MAX_FPS: Final = 60
_MAX_SEED: Final = 999_999


@dataclass(frozen=True, slots=True)
class Scene:
    """What is filmed.

    Attributes:
        condition: one of SCENES.
        version: of the test sheet's code.
        fps: pictures a second; fewer if the machine draws them more slowly.
        seed: of the randomness.
        antiglare: whether light may be taken away.
        trouble: what happens to it each time, some seconds after it was opened.
    """

    condition: str
    version: int = 14
    fps: int = 25
    seed: int = 1
    antiglare: bool = True
    trouble: CameraTrouble | None = None

    @property
    def name(self) -> str:
        """For pages: nobody takes it for a camera."""
        return f"模拟 synthetic {self.condition}"


def parse_scene(words: str) -> Scene:
    """Takes the words apart.

    Raises:
        UnsupportedSource: no such condition, or an option is unknown, there twice or wrong.
    """
    spec = f"synthetic:{words}"
    condition, _, query = words.partition("?")
    if condition not in SCENES:
        raise UnsupportedSource(spec, f"the conditions are {', '.join(SCENES)}")
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    if len(options) < len(pairs):
        raise UnsupportedSource(spec, "an option is there twice")
    antiglare = options.pop(ANTIGLARE, "on")
    if antiglare not in SWITCH:
        raise UnsupportedSource(spec, f"antiglare={antiglare} is neither on nor off")
    trouble = options.pop("trouble", None)
    troubles = [each.value for each in CameraTrouble]
    if trouble is not None and trouble not in troubles:
        raise UnsupportedSource(spec, f"trouble={trouble} is none of {', '.join(troubles)}")
    allowed = {"version": VERSIONS, "fps": range(1, _MAX_FPS + 1), "seed": range(_MAX_SEED + 1)}
    numbers: dict[str, int] = {}
    for name, value in options.items():
        if name not in allowed:
            known = ", ".join((*allowed, ANTIGLARE, "trouble"))
            raise UnsupportedSource(spec, f"the option {name} is not known; there are {known}")
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(_MAX_SEED))):
            raise UnsupportedSource(spec, f"{name}={value} is no number")
        numbers[name] = int(value)
        if numbers[name] not in allowed[name]:
            raise UnsupportedSource(spec, f"{name}={value} is not possible")
    return Scene(
        condition,
        **numbers,
        antiglare=SWITCH[antiglare],
        trouble=None if trouble is None else CameraTrouble(trouble),
    )
