"""Why a device gets nothing."""

from typing import Final

from issuer.errors import IssuerError


class DeviceLost(IssuerError):
    """The key is that of a device that was reported lost, and of which nobody has said that it was found."""

    code = "device_lost"
    hint = "If it is in its holder's hands again: `liangzheng issuer found DIR LICENCE`. Else use a new device."


class TooManyDevices(IssuerError):
    """The holder has as many devices as anybody may have."""

    code = "too_many_devices"
    hint = "Look at them with `liangzheng issuer devices DIR LICENCE`; report one that is not used any more lost."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = ((DeviceLost, 409), (TooManyDevices, 409))
