"""By what two pictures are told to be the same: the hash of their bytes, and the look of their pixels."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from labelround.errors import Failed

LOOK_SIDE = 128
"""Decoding to so many pixels a side is enough for a look at 32 x 32."""
LOOK_BITS = 64
LOOK_DISTANCE = 6
"""A picture scaled, encoded anew or cut by a fiftieth at each edge stays within; other things lie beyond 15."""
FARTHEST_LOOK = 10
"""Beyond it most pictures would have to be compared with most."""


class MissingExtra(Failed):
    """What compares the look of pictures is not installed."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`digest` is the SHA-256 of a picture's bytes, `look` the perceptual hash of its stored raster in 64 bits.

    `look` is None when it was not asked for.
    """

    digest: bytes
    look: int | None = None


def require_extra() -> None:
    """Raises MissingExtra without the packages that the look takes."""
    try:
        import imagehash  # noqa: F401 only whether it is there
    except ModuleNotFoundError as error:
        what = f"comparing the look of pictures needs {error.name}"
        raise MissingExtra(f"{what}; install it: pip install 'labelround[quality]'") from None


def fingerprint(content: bytes, *, look: bool) -> Fingerprint:
    """The fingerprint of a picture. Raises BadImage for one whose look is asked for and that cannot be decoded."""
    return Fingerprint(sha256(content).digest(), _look(content) if look else None)


def _look(content: bytes) -> int:
    """pHash: which of the lowest 8 x 8 frequencies of a 32 x 32 picture lie above their median."""
    import imagehash

    from labelround.images.raster import in_color, load_raster

    hashed = imagehash.phash(in_color(load_raster(content, about=LOOK_SIDE)).convert("RGB"))
    return int(str(hashed), 16)
