"""The knobs of a camera without the camera."""


class Camera:
    """A driver that keeps what it is told, refuses some of it, and clamps some of it."""

    def __init__(self, refuses: frozenset[int] = frozenset(), clamps: dict[int, float] | None = None) -> None:
        self.values: dict[int, float] = {}
        self.order: list[int] = []
        self._refuses = refuses
        self._clamps = clamps or {}

    def set(self, propId: int, value: float) -> bool:  # OpenCV's name
        self.order.append(propId)
        if propId in self._refuses:
            return False
        self.values[propId] = min(value, self._clamps.get(propId, value))
        return True

    def get(self, propId: int) -> float:  # OpenCV's name
        return self.values.get(propId, -1.0)
