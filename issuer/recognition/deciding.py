"""Decides what is recognised of another region: kinds and purposes by their words, published in the signed policy."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from issuer.errors import RecognitionRefused
from issuer.recognition import register as rows_of
from issuer.recognition.register import Recognised
from issuer.register import Register
from protocol.appraisal_policy import PolicyRow
from protocol.labels import Purpose
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime

_REGION: Final = re.compile(r"[0-9]{6}", re.ASCII)


class Recognition:
    """What one authority recognises. Its own region always is."""

    def __init__(
        self,
        register: Register,
        region: str,
        kinds: Mapping[int, Kind],
        rows: Mapping[tuple[int, Purpose], PolicyRow],
        publish_change: Callable[[UnixTime], None],
    ) -> None:
        self._register, self._region, self._kinds, self._rows = register, region, kinds, rows
        self._publish_change = publish_change

    def add(self, region: str, *, kinds: frozenset[str], purposes: frozenset[Purpose], actor: str, at: UnixTime) -> int:
        """Recognise a region's licences of these kinds for these purposes (all if none is named), and publish that.

        Returns:
            How many pairs of kind and purpose are new.

        Raises:
            RecognitionRefused: It is no other region, a kind is unknown, or policy has no row for any of the pairs.
            RegisterUnavailable: Nothing was recorded.
            PublishingFailed: It is recorded and not published yet.
        """
        new = rows_of.add(self._register, self._wanted(region, kinds, purposes), actor=actor, at=at)
        self._publish_change(at)
        return new

    def remove(
        self, region: str, *, kinds: frozenset[str], purposes: frozenset[Purpose], actor: str, at: UnixTime
    ) -> int:
        """Recognise these no more (all of the region if none is named), and publish that; how many there were.

        Raises:
            RecognitionRefused: As `add`.
            RegisterUnavailable: Nothing was changed.
            PublishingFailed: It is changed and not published yet.
        """
        removed = rows_of.remove(self._register, self._wanted(region, kinds, purposes), actor=actor, at=at)
        self._publish_change(at)
        return removed

    def listed(self) -> tuple[Recognised, ...]:
        """Everything that is recognised besides the own region, in order. Raises: RegisterUnavailable."""
        return rows_of.rows(self._register)

    def _wanted(self, region: str, kinds: frozenset[str], purposes: frozenset[Purpose]) -> frozenset[Recognised]:
        if not _REGION.fullmatch(region) or region == self._region:
            raise RecognitionRefused(f"{region} is no other region's six digits")
        unknown = sorted(kinds - {kind.slug for kind in self._kinds.values()})
        if unknown:
            raise RecognitionRefused(f"no kind is called {', '.join(unknown)}")
        wanted = frozenset(
            Recognised(region, vct, purpose)
            for vct, purpose in self._rows
            if (not kinds or self._kinds[vct].slug in kinds) and (not purposes or purpose in purposes)
        )
        if not wanted:
            raise RecognitionRefused("the policy has no row for these kinds and purposes, so nothing is accepted there")
        return wanted
