"""What a visitor of the page may ask of the machine."""

from typing import NamedTuple


class Limits(NamedTuple):
    """Bounds of what is accepted and kept.

    Attributes:
        upload (int): Bytes of a file.
        pixels (int): Pixels of an image, before anything is decoded.
        side (int): Rows or columns of an image; memory grows with its width.
        block (int): Bytes that a decoded block of a file takes.
        jobs (int): Images that are uploaded, wait or are worked on; as many finished maps are kept.
        keep (float): Seconds for which what nobody asks after is kept.
        stall (float): Seconds without a byte after which an upload is given up, and in which the
            head of a request has to come.
    """

    upload: int = 500_000_000
    pixels: int = 150_000_000
    side: int = 65_000
    block: int = 512 << 20
    jobs: int = 8
    keep: float = 900.0
    stall: float = 30.0
