"""The zip archives that PyTorch writes, byte for byte, from records of one's own.

PyTorch's writer leaves the version fields and the sizes of local headers at 0, pads every record
to 64 bytes with an extra field "FB", puts a data descriptor after it, and ends with zip64 records
in files of any size. zipfile can read that and cannot write it.
"""

import io
import json
import struct
import zipfile
import zlib

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def records(data):
    """[(name, method, CRC-32, bytes as stored, length when inflated)] in the directory's order."""
    found = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for item in archive.infolist():
            name_length, extra_length = struct.unpack_from("<HH", data, item.header_offset + 26)
            start = item.header_offset + 30 + name_length + extra_length
            stored = data[start : start + item.compress_size]
            found.append((item.filename, item.compress_type, item.CRC, stored, item.file_size))
    return found


def stored(name, content):
    return name, STORED, zlib.crc32(content), content, len(content)


def write(entries, alignment=64):
    """The archive of these records, as PyTorch's writer would make it."""
    out, directory = bytearray(), bytearray()
    for name, method, crc, content, length in entries:
        offset, encoded = len(out), name.encode()
        flags = 0x0808 if content else 0x0800
        needed = 20 if method == DEFLATED else 0
        padding = -(offset + 30 + len(encoded) + 4) % alignment
        extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
        out += struct.pack("<4s5H3I2H", b"PK\3\4", needed, flags, method, 0, 0, 0, 0, 0, len(encoded), len(extra))
        out += encoded + extra + content
        if content:
            out += struct.pack("<4s3I", b"PK\7\10", crc, len(content), length)
        directory += struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", 0, needed, flags, method, 0, 0, crc, len(content), length, len(encoded), 0, 0, 0, 0, 0, offset
        )  # fmt: skip
        directory += encoded
    start, size, count = len(out), len(directory), len(entries)
    out += directory
    out += struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 0x031E, 0x2D, 0, 0, count, count, size, start)
    out += struct.pack("<4sIQI", b"PK\6\7", 0, start + size, 1)
    out += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, size, start, 0)
    return bytes(out)


def without_sources(data):
    """A TorchScript or torch.export archive without the paths of the sources it was made from.

    They stand in the optional *.debug_pkl records of TorchScript and in the stack traces of
    torch.export's graphs; on another machine they would be other bytes, and so would the digest of
    all records, .data/serialization_id.
    """
    kept = []
    for name, method, crc, content, length in records(data):
        if name.endswith(".debug_pkl"):
            continue
        if name.endswith("/.data/serialization_id"):
            kept.append(stored(name, b"0" * len(content)))
        elif "/models/" in name and name.endswith(".json"):
            kept.append(stored(name, json.dumps(untraced(json.loads(content))).encode()))
        else:
            kept.append((name, method, crc, content, length))
    return write(kept)


def untraced(value):
    """The same JSON without `stack_trace` entries."""
    if isinstance(value, dict):
        return {key: untraced(item) for key, item in value.items() if key != "stack_trace"}
    if isinstance(value, list):
        return [untraced(item) for item in value]
    return value
