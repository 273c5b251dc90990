"""Decompression that is bounded and whose every failure is a damaged file with a name."""

import zlib

from paribus.errors import DamagedDataError

MAGIC = b"\x1f\x8b"


def gunzip(raw: bytes, limit: int, name: str) -> bytes:
    """The content of one gzip member of at most `limit` bytes.

    Never takes more than `limit` + 1 bytes, whatever the file would expand to. Raises
    `DamagedDataError` naming the file where it is no gzip file, is truncated, fails its own
    checksum, holds more than `limit` bytes or goes on after its end.
    """
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = stream.decompress(raw, limit + 1)
    except zlib.error as error:
        raise DamagedDataError(
            f"{name}: not a sound gzip file ({error}); fetch it again"
        ) from None
    if len(content) > limit:
        problem = f"expands to more than the {limit:,} bytes that it may hold"
    elif not stream.eof:
        problem = f"is truncated: the gzip stream stops after {len(content):,} bytes of content"
    elif stream.unused_data:
        problem = f"has {len(stream.unused_data):,} bytes after the end of its gzip stream"
    else:
        return content
    raise DamagedDataError(f"{name}: {problem}; fetch it again")
