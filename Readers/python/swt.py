#!/usr/bin/env python3
"""Reads .swt weight files as specified in FORMAT.md. Needs only Python's standard library.

    with swt.open("resnet50.swt") as file:
        file["conv1.weight"].shape          # records by name or index; len(file), "fc.bias" in file
        file.bytes("conv1.weight")          # a memoryview of the mapped file
        file.numpy("conv1.weight")          # if numpy is installed

    swt.py list FILE...     every field of a file that passes all checks, or "error <rule>"
    swt.py check FILE...    the same checks, except that values with a digest are not checked by CRC32C
    swt.py show FILE        tensors and metadata, for people

Opening checks the whole index (levels 0, 1 and 1c). The values of a tensor are checked when they are first
requested, against their SHA-256 or, in a file without digests, their CRC32C.
"""

import argparse
import bisect
import hashlib
import math
import mmap
import os
import pathlib
import re
import stat
import struct
import sys
from collections import namedtuple

NONE = 0xFFFFFFFF
INDEX_LIMIT = 1 << 30  # maximum size of the index, which is copied to memory; 10,000 tensors need 1.4 MB
HEADER = struct.Struct("<8sHHIQQIIBBHIIQI")
ENTRY = struct.Struct("<4sIQQII")
TENSOR = struct.Struct("<IHBBQQ6IIIIBBH")
META = struct.Struct("<IHHIIQ")
QNTZ = struct.Struct("<BBBBIIIIIB7s")
SRCD = struct.Struct("<IHBBQ32s")
ERRS = struct.Struct("<BBHfff")
GSET = struct.Struct("<IHHIII12s")
GOLD = struct.Struct("<IHBBQ4IIIQfffI")

# kind: (critical, size of a record, whether there is one per tensor)
KINDS = {
    b"TENS": (1, 64, True), b"BYNM": (1, 4, True), b"STRS": (1, 1, False), b"META": (0, 24, False),
    b"QNTZ": (1, 32, False), b"DGST": (0, 32, True), b"SRCD": (0, 48, False), b"GSET": (1, 32, False),
    b"GOLD": (0, 64, False), b"ERRS": (0, 16, True)}

# code: (name, bits, numpy's name); types that numpy lacks are treated as bytes
DTYPES = {
    1: ("f32", 32, "<f4"), 2: ("f16", 16, "<f2"), 3: ("bf16", 16, "<u2"), 4: ("i8", 8, "i1"),
    5: ("u8", 8, "u1"), 6: ("i4", 4, "u1"), 7: ("f64", 64, "<f8"), 8: ("i64", 64, "<i8"),
    9: ("i32", 32, "<i4"), 10: ("i16", 16, "<i2"), 11: ("bool", 8, "u1"), 12: ("f8_e4m3fn", 8, "u1"),
    13: ("f8_e5m2", 8, "u1"), 14: ("u16", 16, "<u2"),
    15: ("u32", 32, "<u4"), 16: ("u64", 64, "<u8"), 17: ("c32", 32, "<f2"), 18: ("c64", 64, "<c8"),
    19: ("c128", 128, "<c16"), 20: ("f8_e4m3fnuz", 8, "u1"), 21: ("f8_e5m2fnuz", 8, "u1"),
    22: ("f8_e8m0fnu", 8, "u1"), 23: ("f4_e2m1fn_x2", 8, "u1"), 24: ("opaque", 8, "u1")}
F32, BF16, I4, F64, BOOL, C32 = 1, 3, 6, 7, 11, 17
ZERO_POINT_TYPES = {F32, F64, 4, 5, I4, 8, 9, 10, 14, 15, 16}
ROLES = ("parameter", "buffer", "scale", "zero point", "golden input", "golden output", "golden probe",
         "auxiliary")
ALIAS, QUANTIZED, SYMMETRIC = 1, 2, 1


class Error(Exception):
    """A file violates a rule: `rule` is its stable name, `offset` the byte where the violation was found."""

    def __init__(self, rule, offset, why):
        super().__init__(f"{rule} at byte {offset}: {why}")
        self.rule, self.offset = rule, offset


class Tensor(namedtuple("Tensor", "index name dtype shape dim_order role flags link offset length crc32c")):
    """A record of TENS. Bytes of a name that are not UTF-8 become lone surrogates."""

    @property
    def order(self):
        """The logical dimension at each physical position, outermost first."""
        return tuple(self.dim_order >> 4 * k & 15 for k in range(len(self.shape)))


# Records of QNTZ, GSET, GOLD, SRCD and ERRS, with fields as in FORMAT.md; tensors are given by index.
Quantization = namedtuple(
    "Quantization", "scheme axis bits flags block scale zero act_scale act_zero source_dtype")
GoldenSet = namedtuple("GoldenSet", "name first count input_tensor")
Golden = namedtuple("Golden", "name kind input input_seed input_shape input_tensor expected sample_seed "
                              "floor_rel_l2 floor_max k top1")
Source = namedtuple("Source", "name dtype sha256")
Receipt = namedtuple("Receipt", "source_dtype operations max_abs_error rel_l2_error max_abs_value")


def _crc_table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (value & 1) * 0x82F63B78  # 0x1EDC6F41, reflected
        yield value


_CRC = tuple(_crc_table())


def crc32c(data):
    """The Castagnoli CRC of bytes, at about 10 MB/s; SHA-256 is a faster check of values."""
    crc, table = NONE, _CRC
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ NONE


def align(value, step):
    """Rounds value up to a multiple of step."""
    return -(-value // step) * step


def need(condition, rule, offset, why):
    if not condition:
        raise Error(rule, offset, why)


def _zero(data):
    return bytes(data).count(0) == len(data)


def _text(data):
    return data.decode("utf-8", "surrogateescape")


def _encoded(name):
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")


class File:
    """An open file. Everything except the values has been copied to memory and checked."""

    def __init__(self, data):
        """Reads a file from its bytes, which may be a mapping."""
        self._data = memoryview(data)
        self._closed = False
        self._checked = set()
        self._read_header()
        self._read_table()
        self._read_tensors()
        self._read_names()
        self._read_metadata()
        self._read_quantizations()
        self._read_goldens()
        self._read_provenance()
        self._check_index()

    # Level 0

    def _read_header(self):
        size = len(self._data)
        need(size >= 64, "truncated", size, "shorter than a header")
        header = bytes(self._data[:64])
        (magic, major, self.minor, header_size, self.size, self.data_offset, self._count, self._section_count,
         tensor_align, data_align, reserved, required, _, more, self._header_crc) = HEADER.unpack(header)
        need(magic == b"\x89SWT\r\n\x1a\n", "magic", 0, "not a .swt file")
        need(major == 1, "version", 8, f"major version {major}")
        need(header_size == 64, "header-size", 12, f"header_size {header_size}")
        need(self.size <= size, "truncated", size, f"file_size is {self.size}")
        need(self.size >= size, "trailing-bytes", self.size, f"the file has {size} bytes")
        need(6 <= data_align <= 16, "alignment", 41, f"data_align_log2 {data_align}")
        need(6 <= tensor_align <= data_align, "alignment", 40, f"tensor_align_log2 {tensor_align}")
        self.newer = self.minor > 0  # additions of a newer minor version are ignored
        need(self.newer or reserved == more == 0, "reserved", 42, "not zero")
        need(required == 0, "required-feature", 44, f"features {required:#x}")
        need(self.data_offset <= size, "data-offset", 24, "data_offset is past the file")
        table_end = 64 + 32 * self._section_count
        need(self._section_count <= 64 and table_end <= self.data_offset, "section-count", 36,
             "the table does not fit")
        need(self.data_offset <= INDEX_LIMIT, "limit", 24, f"an index of more than {INDEX_LIMIT} bytes")
        self._index = header + bytes(self._data[64:self.data_offset])
        crc = crc32c(self._index[:60] + self._index[64:table_end])
        need(crc == self._header_crc, "header-checksum", 60, "the CRC32C of header and table does not match")
        self._tensor_step, self._data_step = 1 << tensor_align, 1 << data_align

    def _read_table(self):
        self._sections, self._extents = {}, []
        end = 64 + 32 * self._section_count
        gaps = []
        for at in range(64, end, 32):
            kind, flags, offset, size, count, crc = ENTRY.unpack_from(self._index, at)
            need(all(0x21 <= x <= 0x7E for x in kind), "section-kind", at, "not printable ASCII")
            need(kind not in self._sections, "section-twice", at, _text(kind))
            need(self.newer or flags < 2, "section-flags", at + 4, f"flags {flags:#x}")
            critical, record, for_each = KINDS.get(kind, (0, 0, False))
            if kind in KINDS:
                need(flags & 1 == critical, "section-flags", at + 4, f"the critical bit of {_text(kind)}")
            need(not flags & 1 or critical, "unknown-critical-section", at, _text(kind))
            need(offset == align(end, 64), "section-place", at + 8,
                 f"not after the previous section: {offset}")
            need(size <= self.data_offset - offset, "section-place", at + 16, "ends after data_offset")
            need(not record or count * record == size, "section-size", at + 24,
                 f"{count} records, {size} bytes")
            need(not for_each or count == self._count, "section-size", at + 24,
                 f"{count} for {self._count} tensors")
            gaps.append((end, offset))
            end = offset + size
            self._sections[kind] = offset, size, count
            self._extents.append((at, offset, size, crc))
        for kind in (b"TENS", b"BYNM", b"STRS"):
            need(kind in self._sections, "section-missing", 64, _text(kind))
        need(b"GOLD" not in self._sections or b"GSET" in self._sections, "section-missing", 64,
             "GOLD without GSET")
        need(self.data_offset == align(end, self._data_step), "data-offset", 24, "not after the last section")
        self._index_gaps = gaps + [(end, self.data_offset)]
        self._strings = self._index[slice(*self._range(b"STRS"))]

    def _range(self, kind):
        offset, size, _ = self._sections.get(kind, (0, 0, 0))
        return offset, offset + size

    def _each(self, kind, layout):
        """Offset and fields of each record of a section."""
        start, end = self._range(kind)
        return zip(range(start, end, layout.size), layout.iter_unpack(self._index[start:end]))

    def _string(self, offset, length, rule, at):
        need(offset + length <= len(self._strings), rule, at, "ends after STRS")
        return self._strings[offset:offset + length]

    # Level 1

    def _read_tensors(self):
        self.tensors, self._gaps = [], []  # _gaps: the range of zero padding before each tensor
        quantizations = self._sections.get(b"QNTZ", (0, 0, 0))[2]
        end = self.data_offset
        for at, fields in self._each(b"TENS", TENSOR):
            (name_off, name_len, dtype, rank, offset, length, *dims, dim_order, crc, link, role, flags,
             reserved) = fields
            need(1 <= name_len <= 4095, "name", at + 4, f"name_len {name_len}")
            name = self._string(name_off, name_len, "name", at)
            need(dtype != 0, "dtype", at + 6, "type 0 is invalid")
            need(rank <= 6, "rank", at + 7, f"rank {rank}")
            need(not any(dims[rank:]), "dimensions", at + 24 + 4 * rank, "an unused dimension is not 0")
            shape = tuple(dims[:rank])
            if dtype in DTYPES:
                bits = DTYPES[dtype][1]
                need(bits * math.prod(max(d, 1) for d in shape) < 1 << 63, "overflow", at + 24,
                     f"too large: {shape}")
                wanted = (bits * math.prod(shape) + 7) // 8
                need(length == wanted, "data-length", at + 16, f"{length} bytes, not {wanted}")
            nibbles = [dim_order >> 4 * k & 15 for k in range(8)]
            need(sorted(nibbles[:rank]) + nibbles[rank:] == list(range(8)), "dim-order", at + 48,
                 f"{dim_order:#010x}")
            need(self.newer or role < len(ROLES), "role", at + 60, f"role {role}")
            need(self.newer or flags < 8, "flags", at + 61, f"flags {flags:#x}")
            need(flags & 3 != ALIAS | QUANTIZED, "flags", at + 61, "both alias and quantized")
            need(self.newer or reserved == 0, "reserved", at + 62, "not zero")
            linked = self._count if flags & ALIAS else quantizations if flags & QUANTIZED else 0
            need(link < linked or not flags & 3 and link == NONE, "link", at + 56, f"link {link}")
            if flags & ALIAS:
                need(link < len(self.tensors), "alias", at + 56, "the target is not an earlier record")
                need(not self.tensors[link].flags & 3, "alias", at + 56, "of an alias or a quantized tensor")
                target = self._range(b"TENS")[0] + 64 * link
                same = self._index[at + 6:at + 56] == self._index[target + 6:target + 56]
                need(same, "alias", at + 6, "differs from its target")
                self._gaps.append((0, 0))
            else:
                need(self.data_offset <= offset <= self.size and length <= self.size - offset, "data-bounds",
                     at + 8, f"{length} bytes at {offset}")
                need(offset == align(end, self._tensor_step), "data-place", at + 8,
                     f"at {offset}, not packed")
                self._gaps.append((end, offset))
                end = offset + length
            self.tensors.append(Tensor(
                len(self.tensors), _text(name), dtype, shape, dim_order, role, flags, link, offset, length,
                crc))
        need(self.size == align(end, 64) + 64, "file-end", 16, f"the last tensor ends at {end}")
        self._data_end = end

    def _read_names(self):
        """Strictly ascending names prove that BYNM is a permutation and that names are unique."""
        start, end = self._range(b"BYNM")
        self._by_name = struct.unpack(f"<{self._count}I", self._index[start:end])
        self._sorted = []
        for at, number in zip(range(start, end, 4), self._by_name):
            need(number < self._count, "name-order", at, f"tensor {number}")
            name = _encoded(self.tensors[number].name)
            need(not self._sorted or self._sorted[-1] < name, "name-order", at, "names are not ascending")
            self._sorted.append(name)

    def _read_metadata(self):
        self._meta, before = [], b""  # (key, type, bytes, number)
        for at, (key_off, key_len, kind, val_off, val_len, number) in self._each(b"META", META):
            key = self._string(key_off, key_len, "metadata", at)
            need(re.fullmatch(rb"[a-z0-9_.]+", key), "metadata", at, "a key is empty or has other characters")
            need(before < key, "metadata", at, "keys are not ascending")
            value, before = b"", key
            if kind in (2, 3, 4):
                need(val_off == val_len == 0, "metadata", at + 8, "a number has no bytes")
                need(kind != 4 or number < 2, "metadata", at + 16, "neither 0 nor 1")
            elif 1 <= kind <= 8:
                value = self._string(val_off, val_len, "metadata", at + 8)
                need(kind not in (6, 7) or val_len % 8 == 0, "metadata", at + 12, "not a multiple of 8 bytes")
                need(number == 0, "metadata", at + 16, "num is not 0")
            else:
                need(self.newer, "metadata", at + 6, f"type {kind}")
            self._meta.append((key.decode(), kind, value, number))

    def _read_quantizations(self):
        self.quantizations, linked = [], {}
        for x in self.tensors:
            if x.flags & QUANTIZED:
                linked.setdefault(x.link, []).append(x)
        for at, (*fields, reserved) in self._each(b"QNTZ", QNTZ):
            q = Quantization(*fields)
            wants = lambda condition, offset, why: need(condition, "quantization", at + offset, why)
            wants(1 <= q.scheme <= 3, 0, f"scheme {q.scheme}")
            wants(1 <= q.bits <= 64, 2, f"{q.bits} bits")
            wants(self.newer or q.flags < 2 and not any(reserved), 3, "a flag or reserved byte is not zero")
            wants((q.block > 0) == (q.scheme == 3), 4, f"block {q.block}")
            wants((q.zero == NONE) == bool(q.flags & SYMMETRIC), 12, "zero points if and only if asymmetric")
            wants(q.scale < self._count, 8, "no such tensor")
            for offset, number in ((12, q.zero), (16, q.act_scale), (20, q.act_zero)):
                wants(number < self._count or number == NONE, offset, "no such tensor")
            scale = self.tensors[q.scale]
            wants(scale.dtype in (F32, F64), 8, "scales must be f32 or f64")
            wants(len(scale.shape) == 1 or q.scheme == 1 and not scale.shape, 8, "scales must be a vector")
            if q.zero != NONE:
                zero = self.tensors[q.zero]
                wants(zero.dtype in ZERO_POINT_TYPES, 12, "zero points must be integers, f32 or f64")
                wants(zero.shape == scale.shape, 12, "zero points and scales differ in shape")
            wants(q.scheme != 1 or math.prod(scale.shape) == 1, 8, "the per-tensor scheme has one scale")
            for x in linked.get(len(self.quantizations), []):
                wants(q.axis < max(len(x.shape), 1), 1, f"axis {q.axis} of tensor {x.index}")
                wants(q.scheme == 1 or scale.shape == (math.prod(self._scale_grid(q, x.shape)),), 8,
                      f"the scales do not match tensor {x.index}")
            self.quantizations.append(q)

    @staticmethod
    def _scale_grid(q, shape):
        """Shape of a tensor's scales as an array that broadcasts to the tensor after repeating blocks."""
        if q.scheme == 1 or not shape:
            return (1,) * len(shape)
        if q.scheme == 2:
            return tuple(d if k == q.axis else 1 for k, d in enumerate(shape))
        return tuple(-(-d // q.block) if k == q.axis else d for k, d in enumerate(shape))

    def _read_goldens(self):
        vectors = self._sections.get(b"GOLD", (0, 0, 0))[2]
        self.golden_sets, self.goldens, input_of, covered = [], [], [], 0
        for at, (name_off, name_len, reserved, first, count, tensor, more) in self._each(b"GSET", GSET):
            name = self._string(name_off, name_len, "golden", at)
            need(self.newer or not reserved and not any(more), "golden", at + 6,
                 "a reserved byte is not zero")
            need(first == covered and count <= vectors - covered, "golden", at + 8,
                 "the sets do not cover GOLD in order")
            need(tensor < self._count or tensor == NONE, "golden", at + 16, "no such tensor")
            covered += count
            input_of += [tensor] * count
            self.golden_sets.append(GoldenSet(_text(name), first, count, tensor))
        need(covered == vectors, "golden", self._range(b"GSET")[1],
             f"the sets cover {covered} of {vectors} vectors")
        for (at, fields), set_input in zip(self._each(b"GOLD", GOLD), input_of):
            name_off, name_len, kind, source, seed, n, c, h, w, tensor, expected, *rest = fields
            name = self._string(name_off, name_len, "golden", at)
            need(1 <= kind <= 3, "golden", at + 6, f"kind {kind}")
            need(source < 2, "golden", at + 7, f"input {source}")
            need(tensor == NONE if source else tensor == set_input != NONE, "golden", at + 32,
                 "not the input of its set")
            need(expected < self._count, "golden", at + 36, "no such tensor")
            need(self.tensors[expected].role in (5, 6), "golden", at + 36, "expected is not a golden output")
            self.goldens.append(
                Golden(_text(name), kind, source, seed, (n, c, h, w), tensor, expected, *rest))

    def _read_provenance(self):
        self.sources, self.receipts, before = [], [], b""
        for at, (name_off, name_len, dtype, reserved, reserved_too, digest) in self._each(b"SRCD", SRCD):
            name = self._string(name_off, name_len, "source-digest", at)
            need(before <= name, "source-digest", at, "names are not ascending")
            need(self.newer or reserved == reserved_too == 0, "source-digest", at + 7,
                 "a reserved byte is not zero")
            self.sources.append(Source(_text(name), dtype, digest))
            before = name
        for at, (dtype, operations, reserved, *errors) in self._each(b"ERRS", ERRS):
            need(self.newer or reserved == 0 and operations < 8, "receipt", at + 1,
                 "an unknown operation or reserved bit")
            self.receipts.append(Receipt(dtype, operations, *errors))

    def _check_index(self):
        """Level 1c."""
        for at, offset, size, crc in self._extents:
            need(crc32c(self._index[offset:offset + size]) == crc, "section-checksum", at + 28,
                 "the section's CRC32C does not match")
        for start, end in self._index_gaps:
            need(_zero(self._index[start:end]), "padding", start, "a byte between sections is not zero")

    # Levels 2 and 3

    def _digest(self, number):
        start, end = self._range(b"DGST")
        return self._index[start + 32 * number:start + 32 * number + 32] if end else None

    def _check_values(self, x, crc, sha):
        need(not self._closed, "unreadable", 0, "the file is closed")
        data, digest = self._data[x.offset:x.offset + x.length], self._digest(x.index)
        start, end = self._gaps[x.index]
        need(_zero(self._data[start:end]), "padding", start, f"a byte before {x.name!r} is not zero")
        if crc or not digest:
            need(crc32c(data) == x.crc32c, "data-checksum", x.offset,
                 f"the CRC32C of {x.name!r} does not match")
        if x.dtype == I4 and math.prod(x.shape) % 2:
            need(data[-1] < 16, "padding", x.offset + x.length - 1, "the last nibble is not zero")
        if sha and digest:
            need(hashlib.sha256(data).digest() == digest, "data-digest", x.offset,
                 f"the SHA-256 of {x.name!r} does not match")
        return data

    def check(self, crc=True):
        """Levels 2 and 3. Without `crc`, values with digests are checked only by SHA-256: much faster."""
        for x in self.tensors:
            self._check_values(x, crc, sha=False)
        need(_zero(self._data[self._data_end:]), "padding", self._data_end, "a byte at the end is not zero")
        need(b"DGST" in self._sections, "digest-missing", 64, "there is no section DGST")
        for x in self.tensors:
            self._check_values(x, crc=False, sha=True)
            self._checked.add(x.index)
            name, at = _encoded(x.name), self._range(b"TENS")[0] + 64 * x.index
            need(not re.search(rb"[\0-\x1f\x7f]", name), "utf8", at, "a control character in a name")
            self._check_text(name, at)
        for at, (key, kind, value, _) in zip(range(*self._range(b"META"), META.size), self._meta):
            if kind in (1, 8):
                self._check_text(value, at + 8)
        for kind, records in ((b"SRCD", self.sources), (b"GSET", self.golden_sets), (b"GOLD", self.goldens)):
            for x in records:
                self._check_text(_encoded(x.name), self._range(kind)[0])
        for at, q in zip(range(*self._range(b"QNTZ"), QNTZ.size), self.quantizations):
            for field, number in ((8, q.scale), (16, q.act_scale)):
                x = None if number == NONE else self.tensors[number]
                if x is None or x.dtype not in (F32, F64):
                    continue
                form = f"<{math.prod(x.shape)}{'f' if x.dtype == F32 else 'd'}"
                scales = struct.unpack(form, self._data[x.offset:x.offset + x.length])
                need(all(0 < s < math.inf for s in scales), "quantization", at + field,
                     "a scale is not finite and positive")

    @staticmethod
    def _check_text(data, at):
        try:
            data.decode()
        except UnicodeDecodeError as problem:
            raise Error("utf8", at, str(problem)) from None

    # Contents

    def __len__(self):
        return self._count

    def __iter__(self):
        return iter(self.tensors)

    def __contains__(self, name):
        return self._find(name) is not None

    def __getitem__(self, key):
        """The record of a tensor by index or name."""
        need(isinstance(key, (int, str, bytes)), "no-such-tensor", 0,
             f"{key!r} is neither an index nor a name")
        number = key if isinstance(key, int) else self._find(key)
        if number is None or not 0 <= number < self._count:
            raise Error("no-such-tensor", 0, repr(key))
        return self.tensors[number]

    def _find(self, name):
        name = _encoded(name)
        at = bisect.bisect_left(self._sorted, name)
        return self._by_name[at] if self._sorted[at:at + 1] == [name] else None

    @property
    def names(self):
        """All names, in data order."""
        return [x.name for x in self.tensors]

    @property
    def content_id(self):
        """The content id, 32 bytes that cover the whole file; None without digests."""
        return hashlib.sha256(self._index).digest() if b"DGST" in self._sections else None

    @property
    def metadata(self):
        """{key: str, int, float, bool, bytes or list}, without types of newer versions."""
        found = {}
        for key, kind, value, number in self._meta:
            if kind in (1, 8):
                found[key] = _text(value)
            elif kind in (6, 7):
                found[key] = list(struct.unpack(f"<{len(value) // 8}{'q' if kind == 6 else 'd'}", value))
            elif kind in (2, 3):
                found[key], = struct.unpack("<q" if kind == 2 else "<d", struct.pack("<Q", number))
            elif kind in (4, 5):
                found[key] = value if kind == 5 else bool(number)
        return found

    def bytes(self, key):
        """The stored bytes of a tensor, without copying; checked the first time."""
        need(not self._closed, "unreadable", 0, "the file is closed")
        x = self[key]
        if x.index in self._checked:
            return self._data[x.offset:x.offset + x.length]
        data = self._check_values(x, crc=False, sha=True)
        self._checked.add(x.index)
        return data

    def numpy(self, key, raw=False):
        """The values as a read-only array of the logical shape: a view, except for bf16, i4, bool and c32,
        which are converted to f32, int8, bool and c64; with `raw`, bf16 stays as its bits, in uint16. Types
        that numpy lacks are returned as bytes."""
        import numpy as np
        x = self[key]
        need(x.dtype in DTYPES, "dtype", x.offset, f"{x.name!r} has type {x.dtype}, unknown to this reader")
        array = np.frombuffer(self.bytes(key), DTYPES[x.dtype][2])
        if x.dtype == BF16 and not raw:
            array = (array.astype("<u4") << 16).view("<f4")
        elif x.dtype == I4:
            nibbles = np.stack([array & 15, array >> 4], 1).reshape(-1)[:math.prod(x.shape)].astype("i1")
            array = (nibbles ^ 8) - 8
        elif x.dtype == BOOL:
            array = array != 0
        elif x.dtype == C32:
            array = array.astype("<f4").view("<c8")
        array.flags.writeable = False
        array = array.reshape([x.shape[d] for d in x.order])
        return array.transpose([x.order.index(d) for d in range(len(x.shape))])

    def dequantized(self, key):
        """scale × (q − zero) in the type of the scales, computed in f64; tensors that are not quantized as by
        `numpy`."""
        import numpy as np
        x = self[key]
        values = self.numpy(key)
        if not x.flags & QUANTIZED:
            return values
        q = self.quantizations[x.link]
        grid = self._scale_grid(q, x.shape)

        def spread(number):
            array = self.numpy(number).reshape(grid).astype("f8")
            if q.scheme != 3:
                return array
            return np.repeat(array, q.block, q.axis).take(range(x.shape[q.axis]), q.axis)

        zero = 0 if q.zero == NONE else spread(q.zero)
        return (spread(q.scale) * (values - zero)).astype(self.numpy(q.scale).dtype)

    def weights(self, order="OIHW", raw=False):
        """{name: array} of the network's parameters and statistics: no goldens, no counters, and quantized
        tensors as real numbers. With order="OHWI", weights of four dimensions have their input channels last."""
        found = {}
        for x in self.tensors:
            if x.role > 1 or x.name.endswith("num_batches_tracked"):
                continue
            array = self.dequantized(x.index) if x.flags & QUANTIZED else self.numpy(x.index, raw)
            found[x.name] = array.transpose(0, 2, 3, 1) if order == "OHWI" and len(x.shape) == 4 else array
        return found

    def golden_input(self, name=None):
        """The input of a golden, [N, C, H, W] in f32: of the set with that name, or of the first."""
        found = [g for g in self.golden_sets if name in (None, g.name)]
        need(found and found[0].input_tensor != NONE, "golden", 0, f"no golden {name or ''} with an input")
        return self.numpy(found[0].input_tensor)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closed = True
        self._data = memoryview(b"")  # the file is unmapped when the last view of it is gone


def open(path):
    """Maps a file and checks its index. A file must not be changed in place while it is open."""
    try:
        need(stat.S_ISREG(os.stat(path).st_mode), "unreadable", 0, "not a regular file")
        with pathlib.Path(path).open("rb") as file:
            empty = os.fstat(file.fileno()).st_size == 0
            data = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as problem:
        raise Error("unreadable", 0, str(problem)) from None
    return File(data)


# The program


def listing(file):
    """The lines by which readers are compared; see Fixtures/format/README.md."""
    text = lambda name: _encoded(name).hex() or "-"
    number = lambda value: "-" if value == NONE else value
    joined = lambda values, by: by.join(map(str, values)) or "-"
    # The bits of f32 values.
    words = lambda at, count=3: [f"{x:08x}" for x in struct.unpack_from(f"<{count}I", file._index, at)]
    metadata = file.metadata
    yield "file", f"1.{file.minor}", file.size, len(file)
    yield "id", file.content_id.hex()
    for x in file:
        sha = hashlib.sha256(file.bytes(x.index)).hexdigest() if x.dtype in DTYPES else "-"
        yield ("tensor", x.index, text(x.name), x.dtype, len(x.shape), joined(x.shape, "x"),
               f"{x.dim_order:08x}", x.offset, x.length, f"{x.crc32c:08x}", x.role, x.flags,
               number(x.link), sha)
    for name in sorted(map(_encoded, file.names)):
        yield "find", text(name), file[name].index
    for key, kind, value, num in file._meta:
        bits = [f"{x:016x}" for x, in struct.iter_unpack("<Q", value)] if kind == 7 else []
        shown = {1: text(value), 2: metadata.get(key), 3: f"{num:016x}", 4: num, 5: text(value),
                 6: joined(metadata[key], ",") if kind == 6 else "", 7: joined(bits, ","), 8: text(value)}
        yield "meta", text(key), kind, shown.get(kind, "?")
    for i, q in enumerate(file.quantizations):
        yield "quant", i, *q[:6], *map(number, q[6:9]), q.source_dtype
    for x in file.sources:
        yield "source", text(x.name), x.dtype, x.sha256.hex()
    for i, x in enumerate(file.receipts):
        yield "receipt", i, x.source_dtype, x.operations, *words(file._range(b"ERRS")[0] + 16 * i + 4)
    for x in file.golden_sets:
        yield "gset", text(x.name), x.first, x.count, number(x.input_tensor)
    for i, x in enumerate(file.goldens):
        floors = words(file._range(b"GOLD")[0] + 64 * i + 48)
        yield ("gold", text(x.name), x.kind, x.input, x.input_seed, *x.input_shape, number(x.input_tensor),
               x.expected, x.sample_seed, *floors, number(x.top1))


def show(file):
    """A table for people. Texts of the file are quoted, so that they cannot control a terminal."""
    yield f"swt1:{file.content_id.hex()}" if file.content_id else "no content id"
    for key, value in file.metadata.items():
        yield f"  {key} = {value!r}"[:120]
    for x in file:
        shape = "×".join(map(str, x.shape)) or "scalar"
        notes = [ROLES[x.role] if x.role < len(ROLES) else f"role {x.role}"]
        notes += [f"alias of {file[x.link].name!r}"] if x.flags & ALIAS else []
        if x.flags & QUANTIZED:
            notes.append(f"quantized, scales {file[file.quantizations[x.link].scale].name!r}")
        dtype = DTYPES[x.dtype][0] if x.dtype in DTYPES else f"type {x.dtype}"
        yield f"{x.index:5} {x.name!r:40} {dtype:8} {shape:>16} {x.length:>10}  {', '.join(notes)}"
    for x in file.golden_sets:
        yield f"golden {x.name!r}: {', '.join(repr(v.name) for v in file.goldens[x.first:x.first + x.count])}"


def main():
    parser = argparse.ArgumentParser(description="Reads .swt weight files.")
    parser.add_argument("command", choices=("list", "check", "show"))
    parser.add_argument("files", nargs="+", metavar="FILE")
    options = parser.parse_args()
    failed = False
    for path in options.files:
        try:
            with open(path) as file:
                if options.command == "show":
                    lines = list(show(file))
                else:
                    file.check(crc=options.command == "list")
                    lines = [f"{path}: ok"]
                if options.command == "list":
                    lines = [" ".join(map(str, x)) for x in listing(file)]
            print("\n".join(lines))
        except Error as error:
            failed = True
            print(f"error {error.rule}" if options.command == "list" else f"{path}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
