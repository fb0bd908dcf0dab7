"""What may be set about the window page, with its bounds checked once, when the terminal starts."""

import re
from dataclasses import dataclass, field
from typing import Final

MIN_SECONDS: Final = 5
MAX_SECONDS: Final = 300
_ORIGIN: Final = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")


class SettingRefused(ValueError):
    """A setting that would weaken the page or make no sense; the message says which and what is allowed."""


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """How the page behaves.

    Attributes:
        csrf_token: drawn at random by the caller for each run; every POST must repeat it.
        personal_seconds: how long personal data stay on the screen without a key.
        word_seconds: how long the verdict's word stays.
        join_seconds: for how long the next code belongs to the act to which a second licence is to be added.
        stream_cap: how many live pages there may be at once.
        heartbeat_seconds: after how much silence a stream says that it lives.
        frame_ancestors: origins that may embed the page; empty: nobody.
        asked_kinds: slugs of the licences that a page which always asks begins with; empty: the first that may be.
        trusted_hosts: Host names that are ours; anything else is DNS rebinding.
    """

    csrf_token: str = field(repr=False)
    personal_seconds: int = 20
    word_seconds: int = 60
    join_seconds: int = 60
    stream_cap: int = 8
    heartbeat_seconds: float = 10.0
    frame_ancestors: tuple[str, ...] = ()
    asked_kinds: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")

    def __post_init__(self) -> None:
        if len(self.csrf_token) < 32:
            raise SettingRefused("csrf_token: at least 32 random characters")
        if not MIN_SECONDS <= self.personal_seconds <= MAX_SECONDS:
            raise SettingRefused(f"personal_seconds: {MIN_SECONDS} to {MAX_SECONDS}")
        if not self.personal_seconds <= self.word_seconds <= MAX_SECONDS:
            raise SettingRefused(f"word_seconds: not less than personal_seconds, at most {MAX_SECONDS}")
        if not MIN_SECONDS <= self.join_seconds <= MAX_SECONDS:
            raise SettingRefused(f"join_seconds: {MIN_SECONDS} to {MAX_SECONDS}")
        if not 1 <= self.stream_cap <= 256:
            raise SettingRefused("stream_cap: 1 to 256, because each live page holds one thread")
        if not self.heartbeat_seconds > 0:
            raise SettingRefused("heartbeat_seconds: more than 0")
        if not self.trusted_hosts:
            raise SettingRefused("trusted_hosts: an empty list would trust every Host header")
        for origin in self.frame_ancestors:
            if not _ORIGIN.fullmatch(origin):
                raise SettingRefused("frame_ancestors: origins such as http://127.0.0.1:8000")
