"""Builds the bytes of .swt files, right ones and wrong ones, from FORMAT.md alone.

It shares no code with any reader. make_format_fixtures.py says what is built.
"""

import dataclasses
import hashlib
import struct
import typing

NONE = 0xFFFFFFFF
MAGIC = b"\x89SWT\r\n\x1a\n"
HEADER, ENTRY = 64, 32
HEADER_CRC = 60
CRITICAL = {"TENS", "BYNM", "STRS", "QNTZ", "GSET"}
BITS = dict(zip(range(1, 25), (
    32, 16, 16, 8, 8, 4, 64, 64, 32, 16, 8, 8, 8, 16, 32, 64, 32, 64, 128, 8, 8, 8, 8, 8)))


def crc_table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)  # 0x1EDC6F41 reflected
        yield value


CRC_TABLE = tuple(crc_table())


def crc32c(data, crc=0):
    crc ^= NONE
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ NONE


def align(value, step):
    return -(-value // step) * step


def text(value):
    return value if isinstance(value, bytes) else value.encode()


def float_bits(value):
    return struct.unpack("<I", struct.pack("<f", value))[0]


@dataclasses.dataclass
class Tensor:
    """What to store. `place` and `length` exist for files that are to be wrong."""

    name: typing.Union[str, bytes]
    dtype: int
    shape: tuple
    data: bytes = b""
    role: int = 0
    flags: int = 0
    order: tuple = ()  # the logical dimension at each physical position; row-major if empty
    alias: typing.Optional[int] = None  # number of the target
    quantised: typing.Optional[int] = None  # number of the QNTZ record
    reserved: int = 0
    place: typing.Optional[int] = None  # relative to data_offset

    @property
    def dim_order(self):
        order = self.order + tuple(range(len(self.order), 8))
        return sum(dimension << 4 * k for k, dimension in enumerate(order))

    @property
    def link(self):
        targets = [x for x in (self.alias, self.quantised) if x is not None]
        return targets[0] if targets else NONE

    @property
    def all_flags(self):
        return self.flags | (self.alias is not None) | (self.quantised is not None) << 1


class Quantisation(typing.NamedTuple):
    scheme: int
    scale: int
    axis: int = 0
    bits: int = 8
    flags: int = 1  # symmetric
    block: int = 0
    zero: int = NONE
    act_scale: int = NONE
    act_zero: int = NONE
    source_dtype: int = 1
    reserved: bytes = bytes(7)


class Source(typing.NamedTuple):
    name: str
    dtype: int
    digest: bytes
    reserved: typing.Tuple[int, int] = (0, 0)


class Receipt(typing.NamedTuple):
    source_dtype: int = 0
    operations: int = 0
    max_abs: float = 0
    rel_l2: float = 0
    max_value: float = 0
    reserved: int = 0


class GoldenSet(typing.NamedTuple):
    name: str
    first: int
    count: int
    input: int = NONE
    reserved: typing.Tuple[int, bytes] = (0, bytes(12))


class Golden(typing.NamedTuple):
    name: str
    expected: int
    kind: int = 1
    input: int = 1
    seed: int = 0
    dims: tuple = (1, 3, 2, 2)
    input_tensor: int = NONE
    sample_seed: int = 0
    floor_rel: float = 1e-6
    floor_max: float = 1e-5
    k: float = 8
    top1: int = NONE


class Extra(typing.NamedTuple):
    """A section that 1.0 does not define, or a second one of a kind that it does."""

    kind: str
    data: bytes = b""
    flags: int = 0
    count: int = 0
    before: str = ""  # the kind that it stands in front of; at the end if empty


@dataclasses.dataclass
class Contents:
    """All that a file is to hold. Tensors and metadata are stored in the order given."""

    tensors: list = dataclasses.field(default_factory=list)
    metadata: typing.Optional[list] = None  # (key, type, value)
    quantisations: list = dataclasses.field(default_factory=list)
    sources: list = dataclasses.field(default_factory=list)
    receipts: list = dataclasses.field(default_factory=list)
    sets: list = dataclasses.field(default_factory=list)
    goldens: list = dataclasses.field(default_factory=list)
    extra: list = dataclasses.field(default_factory=list)
    omitted: set = dataclasses.field(default_factory=set)  # kinds left out
    shift: dict = dataclasses.field(default_factory=dict)  # kind: bytes too far; "data" for data_offset
    tail: int = 64  # zero bytes at the end
    minor: int = 0
    tensor_align: int = 6
    data_align: int = 6
    optional: int = 0
    reserved: typing.Tuple[int, bytes] = (0, bytes(8))
    flags: dict = dataclasses.field(default_factory=dict)  # kind: more flags in the section table


class Pool:
    """The bytes of STRS: each distinct text once."""

    def __init__(self):
        self.bytes = bytearray()
        self.places = {b"": 0}

    def add(self, value):
        value = text(value)
        if value not in self.places:
            self.places[value] = len(self.bytes)
            self.bytes += value
        return self.places[value], len(value)


def metadata_record(pool, key, kind, value):
    """24 bytes. Types 6 and 7 take a list; unknown types take bytes."""
    key, stored, number = pool.add(key), (0, 0), 0
    if kind in (1, 5, 8):
        stored = pool.add(value)
    elif kind == 6:
        stored = pool.add(struct.pack(f"<{len(value)}q", *value))
    elif kind == 7:
        stored = pool.add(struct.pack(f"<{len(value)}d", *value))
    elif kind in (2, 3):
        number = int.from_bytes(struct.pack("<q" if kind == 2 else "<d", value), "little")
    else:
        number = int(value)
    return struct.pack("<IHHIIQ", *key, kind, *stored, number)


class Image:
    """The bytes of a file, and where everything in them is, so that one field can be made wrong."""

    def __init__(self, contents):
        self.contents = contents
        sections = self.sections_of(contents)
        table_end = HEADER + ENTRY * len(sections)
        self.entries, self.ranges = {}, []
        table, index, end = bytearray(), bytearray(), table_end
        for number, (kind, flags, data, count) in enumerate(sections):
            offset = align(end, 64) + contents.shift.get(kind, 0)
            self.entries.setdefault(kind, (HEADER + ENTRY * number, offset))
            self.ranges.append((HEADER + ENTRY * number, offset, len(data)))
            table += struct.pack("<4sIQQII", kind.encode("latin-1"), flags, offset, len(data), count, 0)
            index += bytes(offset - end) + data
            end = offset + len(data)
        self.data_offset = align(end, 1 << contents.data_align) + contents.shift.get("data", 0)
        index += bytes(self.data_offset - end)
        values = self.place()
        header = struct.pack(
            "<8sHHIQQIIBBHIII", MAGIC, 1, contents.minor, HEADER,
            self.data_offset + len(values), self.data_offset, len(contents.tensors), len(sections),
            contents.tensor_align, contents.data_align, contents.reserved[0], 0, contents.optional,
            0)[:52] + contents.reserved[1] + bytes(4)
        self.raw = bytearray(header + table + index + values)
        if "TENS" in self.entries:
            for number, record in enumerate(self.records()):
                self.put("TENS", 64 * number, "64s", record)
        self.mend()

    def sections_of(self, contents):
        """[(kind, flags, bytes, count)] in the order of the table. Tensor records are filled in later."""
        pool, tensors = Pool(), contents.tensors
        names = sorted(range(len(tensors)), key=lambda i: text(tensors[i].name))
        self.names = [None] * len(tensors)
        for i in names:
            self.names[i] = pool.add(tensors[i].name)
        metadata = [metadata_record(pool, *item) for item in contents.metadata or []]
        sources = [
            struct.pack("<IHBBQ32s", *pool.add(x.name), x.dtype, *x.reserved, x.digest)
            for x in contents.sources]
        sets, goldens = [], []
        for golden_set in contents.sets:
            name, first, count, tensor, reserved = golden_set
            sets.append(struct.pack(
                "<IHHIII12s", *pool.add(name), reserved[0], first, count, tensor, reserved[1]))
            for x in contents.goldens[first:first + count]:
                pool.add(x.name)
        for x in contents.goldens:
            goldens.append(struct.pack(
                "<IHBBQ4IIIQfffI", *pool.add(x.name), x.kind, x.input, x.seed, *x.dims,
                x.input_tensor, x.expected, x.sample_seed, x.floor_rel, x.floor_max, x.k, x.top1))
        quantisations = [
            struct.pack("<BBBBIIIIIB7s", x.scheme, x.axis, x.bits, x.flags, x.block, x.scale, x.zero,
                        x.act_scale, x.act_zero, x.source_dtype, x.reserved)
            for x in contents.quantisations]
        receipts = [
            struct.pack("<BBHfff", x.source_dtype, x.operations, x.reserved, x.max_abs, x.rel_l2, x.max_value)
            for x in contents.receipts]
        digests = [hashlib.sha256(self.stored(x)).digest() for x in tensors]
        known = [
            ("TENS", [bytes(64)] * len(tensors)), ("BYNM", [struct.pack("<I", i) for i in names]),
            ("STRS", [pool.bytes]), ("META", metadata), ("QNTZ", quantisations), ("DGST", digests),
            ("SRCD", sources), ("GSET", sets), ("GOLD", goldens), ("ERRS", receipts)]
        always = {"TENS", "BYNM", "STRS", "DGST"} | ({"META"} if contents.metadata is not None else set())
        sections = []
        for kind, records in known:
            sections += [(x.kind, x.flags, x.data, x.count) for x in contents.extra if x.before == kind]
            if kind in contents.omitted or not (records or kind in always):
                continue
            count = len(pool.bytes) if kind == "STRS" else len(records)
            flags = (kind in CRITICAL) | contents.flags.get(kind, 0)
            sections.append((kind, flags, b"".join(records), count))
        return sections + [(x.kind, x.flags, x.data, x.count) for x in contents.extra if not x.before]

    def stored(self, tensor):
        return tensor.data if tensor.alias is None else self.stored(self.contents.tensors[tensor.alias])

    def place(self):
        """The bytes from data_offset to the end; the place of each tensor is noted in `offsets`."""
        values, self.offsets = bytearray(), []
        for x in self.contents.tensors:
            offset = align(len(values), 1 << self.contents.tensor_align) if x.place is None else x.place
            self.offsets.append(self.data_offset + offset)
            if x.alias is None:
                values += bytes(max(0, offset - len(values)))
                values[offset:offset + len(x.data)] = x.data
        for i, x in enumerate(self.contents.tensors):
            if x.alias is not None and x.place is None:
                self.offsets[i] = self.offsets[x.alias]
        return values + bytes(align(len(values), 64) - len(values) + self.contents.tail)

    def records(self):
        for i, x in enumerate(self.contents.tensors):
            data = self.stored(x)
            yield struct.pack(
                "<IHBBQQ6IIIIBBH", *self.names[i], x.dtype, len(x.shape), self.offsets[i], len(data),
                *(x.shape + (0,) * (6 - len(x.shape))), x.dim_order, crc32c(data), x.link, x.role,
                x.all_flags, x.reserved)

    def put(self, where, offset, form, value):
        """Overwrites a field: of a section's bytes, of an "entry KIND" of the table, or of the "file"."""
        base = 0
        if where.startswith("entry "):
            base = self.entries[where[6:]][0]
        elif where != "file":
            base = self.entries[where][1]
        struct.pack_into("<" + form, self.raw, base + offset, value)
        return self

    def mend(self):
        """Makes the checksums of the sections and of the header right."""
        for entry, offset, size in self.ranges:
            struct.pack_into("<I", self.raw, entry + 28, crc32c(self.raw[offset:offset + size]))
        return self.mend_header()

    def mend_header(self):
        count, = struct.unpack_from("<I", self.raw, 36)
        covered = self.raw[:HEADER_CRC] + self.raw[HEADER:HEADER + ENTRY * count]
        return self.put("file", HEADER_CRC, "I", crc32c(covered))

    def listing(self):
        """What a reader prints of this file. Only for files that are right."""
        contents, tensors = self.contents, self.contents.tensors
        lines = [("file", f"1.{contents.minor}", len(self.raw), len(tensors)),
                 ("id", hashlib.sha256(self.raw[:self.data_offset]).hexdigest())]
        for i, x in enumerate(tensors):
            data = self.stored(x)
            lines.append((
                "tensor", i, shown(x.name), x.dtype, len(x.shape), "x".join(map(str, x.shape)) or "-",
                f"{x.dim_order:08x}", self.offsets[i], len(data), f"{crc32c(data):08x}", x.role,
                x.all_flags, number(x.link), hashlib.sha256(data).hexdigest() if x.dtype in BITS else "-"))
        for i in sorted(range(len(tensors)), key=lambda i: text(tensors[i].name)):
            lines.append(("find", shown(tensors[i].name), i))
        for key, kind, value in contents.metadata or []:
            lines.append(("meta", shown(key), kind, metadata_value(kind, value)))
        for i, x in enumerate(contents.quantisations):
            lines.append(("quant", i, x.scheme, x.axis, x.bits, x.flags, x.block, x.scale, number(x.zero),
                          number(x.act_scale), number(x.act_zero), x.source_dtype))
        for x in contents.sources:
            lines.append(("source", shown(x.name), x.dtype, x.digest.hex()))
        for i, x in enumerate(contents.receipts):
            values = [f"{float_bits(v):08x}" for v in (x.max_abs, x.rel_l2, x.max_value)]
            lines.append(("receipt", i, x.source_dtype, x.operations, *values))
        for x in contents.sets:
            lines.append(("gset", shown(x.name), x.first, x.count, number(x.input)))
        for x in contents.goldens:
            values = [f"{float_bits(v):08x}" for v in (x.floor_rel, x.floor_max, x.k)]
            lines.append(("gold", shown(x.name), x.kind, x.input, x.seed, *x.dims, number(x.input_tensor),
                          x.expected, x.sample_seed, *values, number(x.top1)))
        return "".join(" ".join(map(str, line)) + "\n" for line in lines)


def shown(value):
    return text(value).hex() or "-"


def number(value):
    return "-" if value == NONE else value


def metadata_value(kind, value):
    if kind in (1, 5, 8):
        return shown(value)
    if kind in (3, 7):
        return ",".join(struct.pack(">d", x).hex() for x in ([value] if kind == 3 else value)) or "-"
    if kind == 6:
        return ",".join(map(str, value)) or "-"
    return int(value) if kind in (2, 4) else "?"
