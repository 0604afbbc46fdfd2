"""Writes picture files byte by byte, as their specifications say, and not as Pillow understands them."""

import struct
import zlib

import numpy as np


def png(values, transparent=None):
    """Returns a PNG file of uint8 or uint16 `(height, width, channels)`, with 1 to 4 channels."""
    height, width, channels = values.shape
    depth = 8 * values.dtype.itemsize
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = values.astype(values.dtype.newbyteorder(">")).reshape(height, -1)
    content = b"".join(b"\0" + row.tobytes() for row in rows)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))]
    if transparent is not None:
        chunks.append((b"tRNS", struct.pack(f">{len(transparent)}H", *transparent)))
    chunks += [(b"IDAT", zlib.compress(content)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def tiff(values, bits=None, photometric=1):
    """Returns an uncompressed TIFF file of numbers `(height, width, channels)` of any type."""
    height, width, channels = values.shape
    bits = bits or 8 * values.dtype.itemsize
    data = _packed(values[..., 0], bits) if bits == 12 else values.tobytes()
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    fields = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [bits] * channels),
        259: (3, [1]),  # not compressed
        262: (3, [photometric]),
        273: (4, None),  # where the data begin, filled in below
        277: (3, [channels]),
        278: (4, [height]),
        279: (4, [len(data)]),
        339: (3, [kind] * channels),
    }
    start = 8 + 2 + 12 * len(fields) + 4
    entries, further = b"", b""
    for tag, (code, numbers) in fields.items():
        if numbers is None:
            numbers = [start + 2 * 8]  # behind two fields of at most four numbers of 16 bits
        packed = struct.pack(f"<{len(numbers)}{'HI'[code - 3]}", *numbers)
        if len(packed) > 4:
            offset = struct.pack("<I", start + len(further))
            further += packed.ljust(8, b"\0")
            packed = offset
        entries += struct.pack("<HHI", tag, code, len(numbers)) + packed.ljust(4, b"\0")
    directory = struct.pack("<H", len(fields)) + entries + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8) + directory + further.ljust(16, b"\0") + data


def _packed(values, bits):
    """Rows of 12 bits, each row from a byte of its own."""
    places = 1 << np.arange(bits - 1, -1, -1)
    return b"".join(
        np.packbits(((row[:, None] & places) > 0).astype("uint8").ravel()).tobytes()
        for row in values
    )
