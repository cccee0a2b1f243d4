"""Checksums of FFV1 pictures, which FFmpeg compares but then hides the damage instead of reporting it.

Source: RFC 9043, section 4.9 (slice footer): 3 bytes of size, 1 byte of status, 4 bytes that bring the CRC-32 of the
whole slice to its start value.
"""

import zlib

FOOTER = 8
ALL_ONES = 0xFFFFFFFF
# zlib works on mirrored bits: each byte is mirrored, and so is the register it starts from.
MIRRORED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
STARTS = (0x00000000, 0x5E31029E)  # error correction 1; FFmpeg's 2, which starts from 0x7A8C4079, as zlib holds it


def slices_intact(packet: bytes) -> bool | None:
    """Return whether every slice of an FFV1 packet agrees with its checksum; None if it holds no slice footers."""
    slices, end = [], len(packet)
    while end > 0:
        size = int.from_bytes(packet[end - FOOTER : end - FOOTER + 3], "big")
        start = end - FOOTER - size
        if start < 0:
            return None
        slices.append(packet[start:end].translate(MIRRORED))
        end = start
    return any(all(zlib.crc32(data, begin ^ ALL_ONES) ^ ALL_ONES == begin for data in slices) for begin in STARTS)
