"""What light does between a phone's screen and a camera's picture, as a chain of physical models in linear light.

Order of the chain: emission of the screen (with what lies on it: cracks, a finger) → pinhole projection, two samples
a pixel → lamps mirrored in the glass with their bloom → lens and defocus → motion during the exposure → photons,
read noise and saturation → the camera's tone curve → its JPEG. Moire is no formula: the screen's red, green and blue
stripes are sampled through a Bayer sensor, and whatever beats, beats. Distances are in pixels of the sensor, light as a
share of the sensor's full scale. Frozen with the corpus (corpus.py): figures of different months stay comparable.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Light = NDArray[np.float32]

WIDTH, HEIGHT = 1280, 720
_GAMMA = 2.2
_LENS_SIGMA = 0.45


@dataclass(frozen=True, slots=True)
class Lamp:
    """A light mirrored in the glass: its core saturates, its bloom veils the surroundings.

    Attributes:
        x, y: where, in code sides from the code's centre.
        length, breadth: half axes in code sides; a tube lamp is long.
        angle: of the long axis in radians.
        strength: in full scales of the sensor.
        bloom: share of it that the lens scatters around.
    """

    x: float
    y: float
    length: float
    breadth: float
    angle: float
    strength: float
    bloom: float


@dataclass(frozen=True, slots=True)
class Shot:
    """One exposure.

    Attributes:
        pixels_per_module: root of the code's area in the picture, by modules.
        tilt, turn, roll: degrees; leaning back, sideways, in the plane.
        x, y: the code's centre.
        white: light of the screen's white.
        black: light of the screen's black, reflections of the room included, as a share of white.
        defocus: radius of the disc of confusion.
        smear: movement during the exposure, x and y, and how much its path bends.
        electrons: that fill a pixel; few of them are noise.
        read_noise: electrons.
        jpeg: quality of the camera's compression.
        lamps: mirrored lights.
        grid: screen pixels a module for a sampled sub-pixel grid; 0 where the grid is too fine to matter.
    """

    pixels_per_module: float
    tilt: float = 0.0
    turn: float = 0.0
    roll: float = 0.0
    x: float = WIDTH / 2
    y: float = HEIGHT / 2
    white: float = 0.6
    black: float = 0.02
    defocus: float = 0.0
    smear: tuple[float, float, float] = (0.0, 0.0, 0.0)
    electrons: float = 6_000.0
    read_noise: float = 4.0
    jpeg: int = 88
    lamps: tuple[Lamp, ...] = ()
    grid: float = 0.0


def homography(shot: Shot, texture: tuple[int, int], modules: int, texels: int) -> NDArray[np.float64]:
    """From the texture's pixels to the sensor's, so that the code has the wanted mean size.

    Args:
        shot: how it is held.
        texture: height and width of the texture; its centre is the code's.
        modules: side of the code with its quiet zone.
        texels: texture pixels a module.
    """
    tilt, turn, roll = (math.radians(angle) for angle in (shot.tilt, shot.turn, shot.roll))
    about_x = np.array([[1, 0, 0], [0, math.cos(tilt), -math.sin(tilt)], [0, math.sin(tilt), math.cos(tilt)]])
    about_y = np.array([[math.cos(turn), 0, math.sin(turn)], [0, 1, 0], [-math.sin(turn), 0, math.cos(turn)]])
    about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    rotation = about_y @ about_x @ about_z
    height, width = texture
    half = modules * texels / 2
    centred = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1.0]])
    corners = np.array([[sx * half, sy * half, 1.0] for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
    # A webcam of 60 degrees sees 1280 pixels at a distance of 1,108 of them.
    distance, scale = 1_108.0, shot.pixels_per_module / texels
    camera = np.array([[distance, 0, shot.x], [0, distance, shot.y], [0, 0, 1.0]])
    for _ in range(6):
        plane = camera @ np.column_stack([rotation[:, 0] * scale, rotation[:, 1] * scale, [0.0, 0.0, distance]])
        seen = corners @ plane.T
        x, y = seen[:, 0] / seen[:, 2], seen[:, 1] / seen[:, 2]
        area = 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))
        scale *= shot.pixels_per_module * modules / math.sqrt(area)
    return np.asarray(plane @ centred, dtype=np.float64)


def expose(
    emission: Light, modules: int, texels: int, shot: Shot, desk: Light, randomness: np.random.Generator
) -> Grey:
    """The picture that the camera gives.

    Args:
        emission: the flat screen and the desk around it, 0 to 1; its centre is the code's.
        modules: side of the code with its quiet zone.
        texels: pixels of `emission` a module.
        shot: the exposure.
        desk: what lies behind, as large as the sensor.
        randomness: of photons and electrons.
    """
    height, width = emission.shape
    plane = homography(shot, (height, width), modules, texels)
    twice = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1.0]])
    warped = cv2.warpPerspective(
        emission, twice @ plane, (2 * WIDTH, 2 * HEIGHT), flags=cv2.INTER_LINEAR, borderValue=-1.0
    )
    light = cv2.resize(warped, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    light = np.where(light < 0, desk, shot.white * (shot.black + (1 - shot.black) * np.maximum(light, 0)))
    for lamp in shot.lamps:
        light += mirrored(lamp, shot)
    light = cv2.GaussianBlur(light.astype(np.float32), (0, 0), _LENS_SIGMA).astype(np.float32)
    if shot.defocus > 0.3:
        light = cv2.filter2D(light, -1, disc(shot.defocus)).astype(np.float32)
    if math.hypot(*shot.smear[:2]) > 0.3:
        light = cv2.filter2D(light, -1, path(*shot.smear)).astype(np.float32)
    if shot.grid:
        light = through_bayer(emission, plane, texels, shot, light)
    return developed(light, shot, randomness)


def mirrored(lamp: Lamp, shot: Shot) -> Light:
    """The lamp's mirror image: an evenly bright ellipse with a soft rim, and what the lens scatters of it."""
    side = shot.pixels_per_module * 80
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    dx, dy = columns - (shot.x + lamp.x * side), rows - (shot.y + lamp.y * side)
    along = dx * math.cos(lamp.angle) + dy * math.sin(lamp.angle)
    across = -dx * math.sin(lamp.angle) + dy * math.cos(lamp.angle)
    radius = np.sqrt((along / (lamp.length * side)) ** 2 + (across / (lamp.breadth * side)) ** 2)
    core = 1 / (1 + np.exp(np.minimum(radius - 1, 4) * 9))
    bloom = lamp.bloom / (1 + (radius / 1.6) ** 2)
    return (lamp.strength * (core + bloom)).astype(np.float32)


def disc(radius: float) -> Light:
    """The disc of confusion, its rim weighted by how much of each pixel it covers."""
    reach = math.ceil(radius)
    fine = (np.arange((2 * reach + 1) * 8) + 0.5) / 8 - reach - 0.5
    inside = (fine[:, None] ** 2 + fine[None, :] ** 2 <= radius**2).astype(np.float32)
    kernel = inside.reshape(2 * reach + 1, 8, 2 * reach + 1, 8).mean(axis=(1, 3))
    return (kernel / kernel.sum()).astype(np.float32)


def path(dx: float, dy: float, bend: float) -> Light:
    """Where a point wanders during the exposure: a bow from -d/2 to d/2."""
    reach = math.ceil(math.hypot(dx, dy) / 2 + abs(bend)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    length = math.hypot(dx, dy)
    for at in np.linspace(-0.5, 0.5, 65):
        aside = bend * (0.25 - float(at) ** 2) * 4 - bend * 2 / 3
        x, y = dx * float(at) - dy / length * aside + reach, dy * float(at) + dx / length * aside + reach
        left, top = math.floor(x), math.floor(y)
        for column, row in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
            kernel[row, column] += (1 - abs(x - column)) * (1 - abs(y - row))
    return (kernel / kernel.sum()).astype(np.float32)


def through_bayer(emission: Light, plane: NDArray[np.float64], texels: int, shot: Shot, light: Light) -> Light:
    """Samples the screen's colour stripes with the sensor's colour pixels, and interpolates colours as cameras do.

    Each sensor pixel collects through its colour filter at 12 points of the lens's spread; the rest of the picture,
    where no emitting screen is, stays as it was.
    """
    back = np.linalg.inv(plane)
    height, width = emission.shape
    corners = plane @ np.array([[0, width, width, 0], [0, 0, height, height], [1, 1, 1, 1.0]])
    xs, ys = corners[0] / corners[2], corners[1] / corners[2]
    left, right = max(0, int(xs.min())) // 2 * 2, min(WIDTH, int(xs.max()) // 2 * 2)
    top, bottom = max(0, int(ys.min())) // 2 * 2, min(HEIGHT, int(ys.max()) // 2 * 2)
    rows, columns = np.mgrid[top:bottom, left:right].astype(np.float32)
    # Filters let some of the neighbouring colours through; rows and columns are even where blue is.
    passes = np.array([[0.05, 0.15, 0.8], [0.15, 0.7, 0.15], [0.8, 0.15, 0.05]], np.float32)
    colour = ((rows.astype(np.int32) & 1) + (columns.astype(np.int32) & 1)).astype(np.int32)
    spread = np.random.default_rng(20_260).normal(0, 0.33, (12, 2)).astype(np.float32)
    collected = np.zeros_like(rows)
    pixel = texels / shot.grid
    for dx, dy in spread:
        x, y = columns + dx, rows + dy
        depth = back[2, 0] * x + back[2, 1] * y + back[2, 2]
        u = ((back[0, 0] * x + back[0, 1] * y + back[0, 2]) / depth).astype(np.float32)
        v = ((back[1, 0] * x + back[1, 1] * y + back[1, 2]) / depth).astype(np.float32)
        shown = cv2.remap(emission, u, v, cv2.INTER_NEAREST, borderValue=0.0)
        across, down = (u / pixel) % 1.0, (v / pixel) % 1.0
        stripe = np.minimum((across * 3).astype(np.int32), 2)
        lit = ((across * 3) % 1.0 < 0.78) & (down < 0.82)
        collected += shown * lit * passes[colour, stripe]
    # An even white screen comes out as bright as without a grid.
    collected *= shot.white * (1 - shot.black) / (len(spread) * 0.78 * 0.82 / 3)
    mosaic = np.clip((collected + shot.white * shot.black) * 40_000, 0, 65_535).astype(np.uint16)
    coloured = cv2.cvtColor(mosaic, cv2.COLOR_BayerRG2BGR)
    grey = cv2.cvtColor(coloured, cv2.COLOR_BGR2GRAY).astype(np.float32) / 40_000
    outside = cv2.remap(
        np.ones_like(emission),
        *_sources(back, rows, columns),
        cv2.INTER_NEAREST,
        borderValue=0.0,
    )
    seen = light.copy()
    seen[top:bottom, left:right] = np.where(outside > 0, grey, light[top:bottom, left:right])
    return seen


def _sources(back: NDArray[np.float64], rows: Light, columns: Light) -> tuple[Light, Light]:
    depth = back[2, 0] * columns + back[2, 1] * rows + back[2, 2]
    u = (back[0, 0] * columns + back[0, 1] * rows + back[0, 2]) / depth
    v = (back[1, 0] * columns + back[1, 1] * rows + back[1, 2]) / depth
    return u.astype(np.float32), v.astype(np.float32)


def developed(light: Light, shot: Shot, randomness: np.random.Generator) -> Grey:
    """Photons are counted, electrons are read, the rest is saturated; then the tone curve and the compression."""
    photons = np.maximum(light, 0) * shot.electrons
    if shot.electrons < 500:
        counted = randomness.poisson(photons).astype(np.float32)
    else:
        counted = photons + np.sqrt(photons) * randomness.standard_normal(light.shape, dtype=np.float32)
    counted += shot.read_noise * randomness.standard_normal(light.shape, dtype=np.float32)
    tone = np.clip(counted / shot.electrons, 0, 1) ** (1 / _GAMMA)
    picture = (tone * 255 + 0.5).astype(np.uint8)
    packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, shot.jpeg])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
