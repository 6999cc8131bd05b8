#!/usr/bin/env python3
"""Makes Fixtures/format/: what a reader of .swt files must accept, and what it must reject.

    scripts/make_format_fixtures.py [--out DIR] [--all] [--check]
    scripts/make_format_fixtures.py --large COUNT OUT.swt

good/<name>.swt stands beside good/<name>.txt, the listing that every reader prints of it. It is
derived from what was to be stored, never from reading the file. bad/<name>.swt breaks one rule of
FORMAT.md, which bad/rules.txt names; all checksums that the rule is not about are right.
--check compares DIR with what would be written. --all adds cases that are large, or close to others,
and therefore not committed. --large writes a file of COUNT tensors, which is
not kept here, and prints its listing.

This builder follows FORMAT.md alone: it shares no code with the readers that it tests. It needs
Python's standard library, and two runs write the same bytes.
"""

import argparse
import hashlib
import math
import pathlib
import struct
import sys

from format_image import (
    BITS, ENTRY, HEADER, MAGIC, NONE, Contents, Extra, Golden, GoldenSet, Image, Quantisation, Receipt,
    Source, Tensor)

F16, F32, I8, U8, I4, F64, I64, I32, I16, UNKNOWN = 2, 1, 4, 5, 6, 7, 8, 9, 10, 200
PRODUCER = ("swt.producer", 1, "demo")

# Large, or close to another case: built and tested, but committed only as this program.
MORE = set("""
tensor_count_0 section_place_first_gap quantisation_scale_value_f64 metadata_value_wraps golden_set_more golden_set_overlap
quantisation_zero_shape data_place_align_8
align_16_16 align_8_14 alignment_data_align_17 alignment_data_align_5 critical_unknown_case data_bit_last
data_bounds_length_2_63 data_bounds_past_file data_crc_empty data_length_empty data_length_scalar data_place_empty_end
data_place_first digest_unknown dim_order_unused_7 dim_order_unused_swap dim_order_zero dims_unused_last file_end_short
flags_bit_7 golden_expected_none golden_kind_0 golden_name_wraps golden_set_name_wraps header_reserved_59 header_size_0
magic_empty_header metadata_key_dash metadata_key_utf8 metadata_length_f64 metadata_num_5 metadata_num_6 metadata_num_7
metadata_num_8 metadata_type_256 metadata_val_len_3 metadata_val_len_4 metadata_val_off_3 metadata_val_off_4 name_4096
name_order_length name_order_letters name_order_none overflow_bits overflow_two_dimensions_wrap padding_data_end_first
padding_data_gap_last padding_sections_last quantisation_axis_per_tensor quantisation_scale_none
quantisation_scale_value_minus_zero quantisation_scheme_0 quantisation_zero_f16 rank_255 role_255 section_count_max
section_flags_bit_31 section_flags_bynm section_flags_strs section_kind_high section_missing_bynm_needed
section_missing_strs_needed section_missing_tens_needed section_place_header section_place_offset_2_64
section_place_size_2_63 section_size_meta_rest section_size_plan source_name_wraps trailing_64 truncated_64
utf8_name_above utf8_name_cut utf8_name_newline
""".split())

# Section 14 of FORMAT.md
EXAMPLE = {
    0x000: "89 53 57 54 0d 0a 1a 0a  01 00 00 00 40 00 00 00",
    0x010: "c0 02 00 00 00 00 00 00  40 02 00 00 00 00 00 00",
    0x020: "01 00 00 00 05 00 00 00  06 06 00 00 00 00 00 00",
    0x030: "00 00 00 00 00 00 00 00  00 00 00 00 a1 6b 74 68",
    0x040: "54 45 4e 53 01 00 00 00  00 01 00 00 00 00 00 00",
    0x050: "40 00 00 00 00 00 00 00  01 00 00 00 62 7c f1 f4",
    0x060: "42 59 4e 4d 01 00 00 00  40 01 00 00 00 00 00 00",
    0x070: "04 00 00 00 00 00 00 00  01 00 00 00 c7 4b 67 48",
    0x080: "53 54 52 53 01 00 00 00  80 01 00 00 00 00 00 00",
    0x090: "11 00 00 00 00 00 00 00  11 00 00 00 38 34 ba 10",
    0x0A0: "4d 45 54 41 00 00 00 00  c0 01 00 00 00 00 00 00",
    0x0B0: "18 00 00 00 00 00 00 00  01 00 00 00 54 e7 0b 2b",
    0x0C0: "44 47 53 54 00 00 00 00  00 02 00 00 00 00 00 00",
    0x0D0: "20 00 00 00 00 00 00 00  01 00 00 00 0c af a7 92",
    0x100: "00 00 00 00 01 00 01 01  40 02 00 00 00 00 00 00",
    0x110: "08 00 00 00 00 00 00 00  02 00 00 00 00 00 00 00",
    0x130: "10 32 54 76 c9 f2 36 aa  ff ff ff ff 00 00 00 00",
    0x180: "77 73 77 74 2e 70 72 6f  64 75 63 65 72 64 65 6d",
    0x190: "6f 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00",
    0x1C0: "01 00 00 00 0c 00 01 00  0d 00 00 00 04 00 00 00",
    0x200: "ee 4a c7 3c 2b d2 77 56  ab 82 78 0f 27 c7 3a 7b",
    0x210: "c4 d3 f0 bb 6a cb 37 e0  08 bc 27 ec cd 7e 58 8b",
    0x240: "00 00 80 3f 00 00 00 c0  00 00 00 00 00 00 00 00",
}
EXAMPLE_SIZE = 0x2C0
EXAMPLE_ID = "5793bce649ca580ebc7c93b3eda2ce820d6fd28c076d086806d732603adb0353"


def values(dtype, shape, seed=0):
    """The bytes of a tensor: arbitrary but valid."""
    count = math.prod(shape)
    length = -(-count * BITS.get(dtype, 8) // 8)
    data = bytearray((seed * 31 + 7 * i + 1) % 251 for i in range(length))
    if dtype == 11:
        data = bytearray(x & 1 for x in data)
    if dtype == I4 and count % 2:
        data[-1] &= 15
    return bytes(data)


def tensor(name, dtype=F32, shape=(2,), seed=0, **rest):
    return Tensor(name, dtype, shape, values(dtype, shape, seed), **rest)


def alias(name, target, number, **rest):
    rest.setdefault("role", target.role)
    return Tensor(name, target.dtype, target.shape, order=target.order, alias=number, **rest)


def floats(name, *numbers, shape=None, dtype=F32, role=2):
    shape = (len(numbers),) if shape is None else shape
    return Tensor(name, dtype, shape, struct.pack(f"<{len(numbers)}{'f' if dtype == F32 else 'd'}", *numbers), role)


# Right files


def example():
    return Contents([floats("w", 1, -2, role=0)], metadata=[PRODUCER])


def dtypes():
    return Contents([tensor(f"t{x:02}", x, (2, 1), x) for x in BITS])


def aliases():
    first, empty = tensor("shared", F32, (2, 3), order=(1, 0)), tensor("empty", F32, (0,))
    return Contents([
        first, alias("z.next", first, 0), tensor("own", I8, (3,)), alias("a.first", first, 0, role=1),
        alias("last", first, 0, flags=4), empty, alias("empty.too", empty, 5)])


def quantised():
    q = lambda name, record, shape=(2, 3), dtype=I8, seed=0: tensor(name, dtype, shape, seed, quantised=record)
    return Contents([
        q("a", 0), floats("a.scale", 0.5, 0.25),
        q("b", 1, dtype=U8), floats("b.scale", 0.125, shape=(), dtype=F64), tensor("b.zero_point", I64, (), role=3),
        q("c", 2, (2, 5)), floats("c.scale", 1, 2, 3, 4, 5, 6), tensor("c.zero_point", I32, (6,), role=3),
        q("d", 3, (3, 3), I4), floats("d.scale", 1e-3, 2e-3, 3e-3), floats("d.zero_point", 0.5, 0, -1.5, role=3),
        floats("act.scale", 0.0625), tensor("act.zero_point", U8, (1,), role=3),
        q("e", 0, (2, 2, 2), seed=3), q("f", 4, (), I32), floats("f.scale", 2)],
        quantisations=[
            Quantisation(2, 1, act_scale=11, act_zero=12),
            Quantisation(1, 3, flags=0, zero=4, axis=1, source_dtype=0),
            Quantisation(3, 6, axis=1, block=2, flags=0, zero=7),
            Quantisation(2, 9, axis=1, bits=4, flags=0, zero=10, source_dtype=2),
            Quantisation(1, 15, bits=32, act_scale=11)])


def metadata():
    return Contents([], metadata=[
        ("a", 1, "text"), ("a.b", 2, -5), ("a.json", 8, '{"k": [1, null]}'), ("a0", 2, -2**63),
        ("a_b", 2, 2**63 - 1), ("ab", 3, -0.0), ("b", 3, math.nan), ("c", 4, 1), ("d", 4, 0),
        ("e", 5, b"\x00\xff"), ("f", 6, [1, -2, 2**62]), ("g", 7, [0.5, -math.inf]), ("h.empty", 1, ""),
        ("i.empty", 5, b""), ("j.empty", 6, []), ("k.empty", 7, []), ("l.empty", 8, ""),
        ("m", 1, "é\n\0 𐀀"), ("n.same", 1, "text"), ("x.vendor.key", 1, "private")])


def sources():
    digest = lambda x: hashlib.sha256(x).digest()
    return Contents([tensor("w")], sources=[
        Source("", 1, digest(b"")), Source("conv.weight", 2, digest(b"1")), Source("twice", 1, digest(b"2")),
        Source("twice", 8, digest(b"3")), Source("é", 24, digest(b"4"))])


def goldens():
    return Contents([
        tensor("w"), tensor("golden/one/input", F32, (1, 3, 2, 2), role=4),
        tensor("golden/one/logits_f64", F64, (1, 4), role=5), tensor("golden/one/tap.layer1.values", F64, (4,), role=6),
        tensor("golden/three/logits_f32", F32, (1, 4), 9, role=5)],
        metadata=[("golden.0.metadata", 8, '{"taps":"layer1"}'), ("gold.producer", 1, "torch")][::-1],
        sets=[GoldenSet("one", 0, 3, 1), GoldenSet("none", 3, 0), GoldenSet("three", 3, 1), GoldenSet("", 4, 0, 0)],
        goldens=[
            Golden("logits", 2, input=0, input_tensor=1, top1=3),
            Golden("layer1", 3, kind=2, input=0, input_tensor=1, sample_seed=2**64 - 1, k=2.5),
            Golden("logits", 2, input=1, seed=2**63 + 1, top1=0),
            Golden("preprocess", 4, kind=3, seed=7, dims=(1, 3, 65, NONE), floor_rel=0)])


def newer():
    return Contents([
        tensor("w", flags=0xF8, role=9, reserved=0xFFFF),
        tensor("q", I8, (2,), quantised=0, flags=8), floats("q.scale", 1),
        tensor("g", role=5), alias("v", tensor("w"), 0, role=255, reserved=1)],
        metadata=[("a", 1, "x"), ("b", 9, 2**64 - 1), ("c", 0, 0), ("d", 65535, 1)],
        quantisations=[Quantisation(1, 2, flags=0x81, reserved=b"1234567")],
        sources=[Source("s", 1, bytes(32), (7, 2**63))],
        receipts=[Receipt(1, 2, reserved=65535)] + [Receipt()] * 4,
        sets=[GoldenSet("s", 0, 1, reserved=(1, b"\xff" * 12))], goldens=[Golden("logits", 3)],
        extra=[Extra("NEW!", b"new", 0x80000002, 9)], flags={"TENS": 2, "DGST": 0x80000000},
        minor=1, optional=0xFFFFFFFF, reserved=(0xFFFF, b"\xff" * 8))


def unknown_sections():
    return Contents([tensor("w")], extra=[
        Extra("zzzz", b"first", before="TENS"), Extra("~!~!", b"", count=NONE, before="STRS"),
        Extra("Tens", bytes(70), count=3), Extra("PLAN", bytes(64), count=1)])


def names():
    texts = ["a", "a.b", "a\u00e9", "ae\u0301", "B", "ab", "A", "a b", " ", "\uff41", "\U00010000", "é", "é".encode() + b"1",
             "golden", "~", "\u0080", "\u2028", "a/b", "..", "\ufeffa"]
    return Contents([tensor(x, U8, (1,), i) for i, x in enumerate(texts)])


def permutations():
    return Contents([
        tensor("t", F32, (2, 3), order=(1, 0)), tensor("u", I16, (2, 3, 4), order=(2, 0, 1)),
        tensor("v", U8, (1, 2, 1, 2, 1, 2), order=(5, 4, 3, 2, 1, 0)), tensor("zero", F32, (0, 2), order=(1, 0))])


def zero_size():
    return Contents([
        tensor("first", F32, (0,)), tensor("a", F32, (2,)), tensor("b", F64, (3, 0, 2)), tensor("c", F32, (0,)),
        tensor("d", F32, (1,)), tensor("huge", U8, (0, NONE, 0x0FFFFFFF)), tensor("last", I4, (0, 1))])


def dtype_unknown():
    return Contents([
        tensor("a"), Tensor("b", 25, (5, 7), b"\x01\x02\x03", order=(1, 0)), tensor("c", U8, (3,)),
        Tensor("d", 255, (), b""), Tensor("huge", 26, (NONE,) * 6, bytes(9)),
        alias("e", Tensor("b", 25, (5, 7), order=(1, 0)), 1)])


def good():
    """{name: (what it shows, contents)}"""
    return {
        "minimal": ("the file of FORMAT.md, section 14, byte for byte", example()),
        "no_tensors": ("metadata only", Contents([], metadata=[PRODUCER])),
        "nothing": ("empty sections, no metadata", Contents([])),
        "empty_metadata": ("a section META of 0 records", Contents([tensor("w")], metadata=[])),
        "scalar": ("rank 0", Contents([tensor("s", F32, ()), tensor("t", I64, ())])),
        "zero_size": ("empty tensors share the place of what comes next; a large product beside a zero", zero_size()),
        "rank6": ("six dimensions", Contents([tensor("w", I16, (1, 2, 1, 3, 2, 1))])),
        "dtypes": ("codes 1 to 24", dtypes()),
        "dtype_unknown": ("codes above 24 take any length, and are placed all the same", dtype_unknown()),
        "i4": ("odd counts, an even one", Contents([tensor(f"n{n}", I4, (n,)) for n in (1, 2, 3, 5)] + [
            tensor("m", I4, (3, 3), order=(1, 0))])),
        "aliases": ("several of one target, with another role, of an empty one", aliases()),
        "ohwi": ("a convolution stored as OHWI", Contents([tensor("conv.weight", F16, (2, 3, 1, 2), order=(0, 2, 3, 1))])),
        "permutations": ("other orders of dimensions", permutations()),
        "quantised": ("per tensor, channel and block; f32 and f64 scales; integer and float zero points", quantised()),
        "metadata": ("every type, extreme and empty values", metadata()),
        "sources": ("SRCD with equal names and an empty one", sources()),
        "receipts": ("ERRS", Contents([tensor("v"), tensor("w"), tensor("x")], receipts=[
            Receipt(), Receipt(1, 7, 0.5, 1e-8, 3), Receipt(7, 1, math.inf, 0, 1)])),
        "goldens": ("several sets, stored and procedural inputs, sets without vectors", goldens()),
        "unknown_sections": ("skipped wherever they stand; PLAN", unknown_sections()),
        "optional_features": ("any bits", Contents([tensor("w")], optional=0x80000001)),
        "minor_1": ("what a later 1.x may add is ignored", newer()),
        "names": ("bytewise order is neither that of UTF-16 nor of letters; equivalent texts are different names", names()),
        "align_7_9": ("tensors at 128, data at 512", Contents([tensor("v"), tensor("w"), tensor("e", F32, (0,))], tensor_align=7, data_align=9)),
        "align_8_14": ("what the toolkit writes", Contents([tensor("w")], tensor_align=8, data_align=14)),
        "align_16_16": ("the largest", Contents([tensor("w")], tensor_align=16, data_align=16)),
    }


# Wrong files


class Bad(dict):
    """{name: (rule, why, bytes)}"""

    def file(self, name, rule, why, contents, *fields, mend=True, then=None):
        """A file of these contents in which fields (where, offset, form, value) are overwritten."""
        image = Image(contents)
        for field in fields:
            image.put(*field)
        if mend:
            image.mend()
        if then:
            image.put(*then)
        self.bytes(name, rule, why, image.raw)

    def bytes(self, name, rule, why, raw):
        assert name not in self, name
        self[name] = rule, why, bytes(raw)


def one(**rest):
    return Contents([tensor("w", F32, (2,))], **rest)


def two(**rest):
    return Contents([tensor("v", F32, (2,)), tensor("w", F32, (3,))], **rest)


def bad_files(bad):
    raw = Image(one()).raw
    header = lambda name, rule, why, *field: bad.file(name, rule, why, one(), ("file", *field))
    header("magic_bit", "magic", "one bit of the magic", 7, "B", 0x0B)
    bad.bytes("magic_text_mode", "magic", "CR LF turned into LF", raw.replace(b"\r\n", b"\n", 1))
    bad.bytes("magic_empty_header", "magic", "a torn file: everything but the header", bytes(64) + raw[64:])
    bad.bytes("version_2", "version", "nothing else of another major is looked at", MAGIC + b"\2\0" + b"\xee" * 70)
    header("version_0", "version", "major 0", 8, "H", 0)
    bad.bytes("truncated_empty", "truncated", "no bytes", b"")
    bad.bytes("truncated_63", "truncated", "less than a header", raw[:63])
    bad.bytes("truncated_64", "truncated", "a header only", raw[:64])
    bad.bytes("truncated_by_one", "truncated", "the last zero is gone", raw[:-1])
    header("file_size_2_63", "truncated", "as a signed number it is negative", 16, "Q", 2**63)
    bad.bytes("trailing_byte", "trailing-bytes", "one zero more", raw + b"\0")
    bad.bytes("trailing_64", "trailing-bytes", "64 zeros more", raw + bytes(64))
    header("file_size_0", "trailing-bytes", "a file_size of 0", 16, "Q", 0)
    header("header_size_128", "header-size", "not 64", 12, "I", 128)
    header("header_size_0", "header-size", "not 64", 12, "I", 0)
    for name, offset, value in (("tensor_align_5", 40, 5), ("tensor_align_17", 40, 17), ("data_align_5", 41, 5),
                                ("data_align_17", 41, 17), ("data_align_255", 41, 255), ("tensor_above_data", 40, 7)):
        header("alignment_" + name, "alignment", "6…16, that of tensors not above that of the data", offset, "B", value)
    bad.file("data_offset_far", "data-offset", "64 bytes further than the sections need", one(shift={"data": 64}))
    header("data_offset_2_64", "data-offset", "past the file", 24, "Q", 2**64 - 64)
    bad.file("data_offset_past_file", "data-offset", "past the file by alignment", Contents([]),
             ("file", 41, "B", 14), ("file", 24, "Q", 1 << 14))
    for bit in (0, 31):
        header(f"required_feature_{bit}", "required-feature", "1.0 defines none", 44, "I", 1 << bit)
    bad.file("required_feature_minor_1", "required-feature", "not even in a later minor version", one(minor=1),
             ("file", 44, "I", 2))
    header("header_reserved_42", "reserved", "u16", 42, "H", 1)
    header("header_reserved_52", "reserved", "first byte", 52, "B", 1)
    header("header_reserved_59", "reserved", "last byte", 59, "B", 128)
    bad.file("header_crc", "header-checksum", "the checksum", one(), mend=False, then=("file", 63, "B", 0))
    bad.file("header_changed", "header-checksum", "an ignored bit of the header", one(), ("file", 48, "I", 1), mend=False)
    bad.file("table_changed", "header-checksum", "an ignored field of the table", one(extra=[Extra("XTRA", b"1")]),
             ("entry XTRA", 24, "I", 1), mend=False)
    header("tensor_count_more", "section-size", "one more than TENS holds", 32, "I", 2)
    header("tensor_count_0", "section-size", "none, with records", 32, "I", 0)

    # Section table
    bad.file("section_count_65", "section-count", "above 64", one(), ("file", 36, "I", 65), mend=False)
    bad.file("section_count_max", "section-count", "2^32 - 1", one(), ("file", 36, "I", NONE), mend=False)
    long = Image(Contents([tensor("w", U8, (512,))]))
    count = (long.data_offset - HEADER) // ENTRY + 1
    bad.bytes("section_table_long", "section-count", "the table ends after data_offset, within the file",
              long.put("file", 36, "I", count).mend_header().raw)
    for name, kind in (("space", "X TR"), ("nul", "XTR\0"), ("del", "XTR\x7f"), ("high", "XTR\xff")):
        bad.file("section_kind_" + name, "section-kind", "not in 0x21…0x7E", one(extra=[Extra(kind, b"x")]))
    bad.file("section_twice_unknown", "section-twice", "an unknown kind", one(extra=[Extra("XTRA"), Extra("XTRA", b"x")]))
    bad.file("section_twice_tens", "section-twice", "TENS", Contents([], extra=[Extra("TENS", flags=1)]))
    bad.file("section_flags_bit_1", "section-flags", "a bit that 1.0 lacks", one(flags={"DGST": 2}))
    bad.file("section_flags_bit_31", "section-flags", "of an unknown kind", one(extra=[Extra("XTRA", b"x", 1 << 31)]))
    full = Contents([tensor("w", I8, (2,), quantised=0), floats("s", 1)], metadata=[PRODUCER],
                    quantisations=[Quantisation(1, 1)])
    for kind, flags in (("TENS", 0), ("BYNM", 0), ("STRS", 0), ("QNTZ", 0), ("META", 1), ("DGST", 1)):
        bad.file(f"section_flags_{kind.lower()}", "section-flags", "the critical bit is not as it must be", full,
                 (f"entry {kind}", 4, "I", flags))
    bad.file("section_flags_gset", "section-flags", "not critical", golden(), ("entry GSET", 4, "I", 0))
    bad.file("section_flags_gold", "section-flags", "critical", golden(), ("entry GOLD", 4, "I", 1))
    bad.file("critical_unknown", "unknown-critical-section", "cannot be skipped", one(extra=[Extra("XTRA", b"x", 1)]))
    bad.file("critical_unknown_minor_1", "unknown-critical-section", "nor in a later minor version",
             one(minor=1, extra=[Extra("XTRA", b"x", 1)]))
    bad.file("critical_unknown_case", "unknown-critical-section", "kinds are bytes", one(extra=[Extra("tens", b"x", 1)]))
    place = lambda name, why, *fields: bad.file("section_place_" + name, "section-place", why, *fields)
    place("gap", "64 bytes of nothing in front of a section", one(shift={"DGST": 64}))
    place("first_gap", "in front of the first", one(shift={"TENS": 64}))
    extra = one(extra=[Extra("XTRA", b"x" * 64), Extra("XTRB", b"x" * 64)])
    place("unaligned", "8 bytes further", one(extra=[Extra("XTRA", b"x")]), ("entry XTRA", 8, "Q", Image(extra).ranges[4][1] + 8))
    place("overlap", "two sections in one place", extra, ("entry XTRB", 8, "Q", Image(extra).ranges[4][1]))
    place("order", "two sections against the order of the table", extra,
          ("entry XTRA", 8, "Q", Image(extra).ranges[5][1]), ("entry XTRB", 8, "Q", Image(extra).ranges[4][1]))
    place("header", "a section in the header", extra, ("entry XTRA", 8, "Q", 0))
    place("offset_2_63", "an offset of 2^63", extra, ("entry XTRB", 8, "Q", 2**63))
    place("offset_2_64", "an offset near 2^64", extra, ("entry XTRB", 8, "Q", 2**64 - 64))
    place("size_wraps", "offset + size wraps to 0", extra, ("entry XTRB", 16, "Q", 2**64 - Image(extra).ranges[5][1]))
    place("size_2_63", "a size of 2^63", extra, ("entry XTRB", 16, "Q", 2**63))
    place("outside", "the section ends after data_offset", extra, ("entry XTRB", 16, "Q", 65))
    size = lambda name, why, *fields: bad.file("section_size_" + name, "section-size", why, *fields)
    size("meta", "count is one more", one(metadata=[PRODUCER]), ("entry META", 24, "I", 2))
    size("meta_wraps", "count × 24 is right modulo 2^32", one(metadata=[PRODUCER]), ("entry META", 24, "I", 1 + 2**29))
    size("meta_rest", "bytes after the last record", one(metadata=[PRODUCER]), ("entry META", 16, "Q", 25))
    size("strs", "count is not the size", one(), ("entry STRS", 24, "I", 0))
    size("plan", "not a multiple of 64", one(extra=[Extra("PLAN", bytes(63), count=1)]))
    receipts = Contents([tensor("w")], receipts=[Receipt()] * 2)
    size("errs", "more receipts than tensors", receipts)
    size("dgst", "fewer digests than tensors", Contents([tensor("v"), tensor("w")], omitted={"DGST"},
                                                      extra=[Extra("DGST", bytes(32), 0, 1)]))
    size("bynm", "fewer numbers than tensors", Contents([tensor("v"), tensor("w")], omitted={"BYNM"},
                                                      extra=[Extra("BYNM", bytes(4), 1, 1, "STRS")]))
    for kind in ("TENS", "BYNM", "STRS"):
        bad.file(f"section_missing_{kind.lower()}", "section-missing", "must be there, also without tensors",
                 Contents([], omitted={kind}))
        bad.file(f"section_missing_{kind.lower()}_needed", "section-missing", "with tensors", one(omitted={kind}))
    everything = {"TENS", "BYNM", "STRS", "DGST"}
    bad.file("section_missing_all", "section-missing", "no sections at all", Contents([], omitted=everything))
    bad.file("section_missing_gset", "section-missing", "GOLD without GSET (a rule of section 2)",
             Contents([tensor("g", role=5)], goldens=[Golden("logits", 0)]))

    # Level 1c
    wrong = {"TENS": one(), "BYNM": one(), "STRS": one(), "DGST": one(), "META": one(metadata=[PRODUCER]), "QNTZ": full,
             "SRCD": one(sources=[Source("s", 1, bytes(32))]), "ERRS": one(receipts=[Receipt()]),
             "GSET": golden(), "GOLD": golden(), "XTRA": one(extra=[Extra("XTRA", b"x")])}
    for kind, contents in wrong.items():
        image = Image(contents).put("entry " + kind, 28, "I", 0x12345678).mend_header()
        bad.bytes(f"section_crc_{kind.lower()}", "section-checksum", "the checksum of " + kind, image.raw)
    image = Image(one())
    ends = [offset + size for _, offset, size in image.ranges]
    odd = Image(one(extra=[Extra("XTRA", b"x")]))
    gaps = {"table": (odd, HEADER + ENTRY * 5), "sections": (image, ends[1]), "sections_last": (image, ends[1] + 59),
            "index": (image, image.data_offset - 1)}
    for name, (image, offset) in gaps.items():
        image = Image(image.contents).put("file", offset, "B", 1)
        bad.bytes(f"padding_{name}", "padding", "a byte between sections or up to data_offset", image.raw)

    # Tensors
    field = lambda name, rule, why, offset, form, value, contents=None: bad.file(
        name, rule, why, contents or one(), ("TENS", offset, form, value))
    field("name_outside", "name", "ends one byte after STRS", 0, "I", 1)
    field("name_wraps", "name", "name_off + name_len wraps in 32 bits", 0, "I", NONE)
    field("name_empty", "name", "name_len 0", 4, "H", 0)
    bad.file("name_4096", "name", "one byte too long", Contents([tensor("n" * 4096)]))
    field("dtype_0", "dtype", "0 is no type", 6, "B", 0)
    field("rank_7", "rank", "above 6", 7, "B", 7)
    field("rank_255", "rank", "above 6", 7, "B", 255)
    field("dims_unused", "dimensions", "dims[1] of a vector", 28, "I", 1)
    field("dims_unused_last", "dimensions", "dims[5] of a vector", 44, "I", 1)
    field("dims_scalar", "dimensions", "dims[0] of a scalar", 24, "I", 1, Contents([tensor("w", F32, ())]))
    over = lambda name, why, dtype, shape, length=0: bad.file(
        "overflow_" + name, "overflow", why, Contents([Tensor("w", dtype, shape)]), ("TENS", 16, "Q", length))
    over("product", "2^93 elements", F32, (2**31, 2**31, 2**31))
    over("beside_zero", "the product wraps beside a 0", F32, (0, NONE, NONE))
    over("beside_zero_2_63", "bits × 2^58 is 2^63, beside a 0", F32, (2**29, 0, 2**29))
    over("bits", "elements fit, × 128 does not", 19, (2**28, 2**28))
    over("wraps_to_zero", "2^64 bits", U8, (2**31, 2**30))
    over("two_dimensions_wrap", "2^64 elements", U8, (2**31, 2**31, 4))
    over("i4", "2^63 bits, 2^60 bytes", I4, (2**31, 2**30), 2**60)
    field("data_length_short", "data-length", "one byte less", 16, "Q", 7)
    field("data_length_long", "data-length", "one byte more", 16, "Q", 9)
    field("data_length_i4", "data-length", "half a byte is rounded up", 16, "Q", 1, Contents([tensor("w", I4, (3,))]))
    field("data_length_empty", "data-length", "a byte of an empty tensor", 16, "Q", 1, Contents([tensor("w", F32, (0,))]))
    field("data_length_scalar", "data-length", "a scalar is one element", 16, "Q", 0, Contents([tensor("w", F32, ())]))
    bound = lambda name, why, offset, value, contents: field("data_bounds_" + name, "data-bounds", why, offset, "Q", value, contents)
    opaque = Contents([Tensor("w", UNKNOWN, (1,), b"1234")])
    base = Image(opaque).data_offset
    bound("offset_2_63", "data_off 2^63", 8, 2**63, None)
    bound("offset_2_64", "data_off + data_len is just below 2^64", 8, 2**64 - 64, None)
    bound("offset_wraps", "data_off + data_len is 2^64", 8, 2**64 - 64, Contents([tensor("w", U8, (64,))]))
    bound("length_wraps", "data_off + data_len is 2^64; the type is unknown", 16, 2**64 - base, opaque)
    bound("length_2_63", "the type is unknown", 16, 2**63, opaque)
    bound("length_past_file", "one byte after the file; the type is unknown", 16, 129, opaque)
    bound("past_file", "behind the last byte", 8, len(raw), None)
    bound("index", "in the index region", 8, base - 64, None)
    bound("zero", "the header", 8, 0, None)
    bad.file("data_bounds_long", "data-bounds", "the shape needs more than the file has", one(),
             ("TENS", 16, "Q", 4000), ("TENS", 24, "I", 1000))
    bad.file("data_place_hole", "data-place", "64 zero bytes too many", Contents([tensor("v"), tensor("w", place=128)]))
    bad.file("data_place_first", "data-place", "a hole at data_offset", Contents([tensor("w", place=64)]))
    bad.file("data_place_overlap", "data-place", "two tensors in one place, undeclared", Contents([tensor("v"), tensor("w", place=0)]))
    bad.file("data_place_partly", "data-place", "inside the tensor before", Contents(
        [Tensor("v", U8, (128,), bytes(128)), Tensor("w", U8, (64,), bytes(64), place=64)]))
    bad.file("data_place_unaligned", "data-place", "packed without alignment", Contents([tensor("v"), tensor("w", place=8)]))
    bad.file("data_place_align_8", "data-place", "aligned to 64 where 256 is declared", Contents(
        [tensor("v"), tensor("w", place=64)], tensor_align=8, data_align=8))
    bad.file("data_place_order", "data-place", "not in data order", Contents([tensor("v", place=64), tensor("w", place=0)]))
    bad.file("data_place_empty", "data-place", "an empty tensor somewhere else", Contents(
        [tensor("v"), tensor("w", F32, (0,), place=0)]))
    bad.file("data_place_empty_end", "data-place", "an empty tensor without alignment", Contents(
        [tensor("v"), tensor("w", F32, (0,), place=8)]))
    order = lambda name, why, value, shape=(2, 1): field(
        "dim_order_" + name, "dim-order", why, 48, "I", value, Contents([tensor("w", F32, shape)]))
    order("twice", "a dimension twice", 0x76543200)
    order("out_of_rank", "a dimension that is not there", 0x76543220)
    order("large", "dimension 15", 0x765432F0)
    order("unused", "nibble 2 of a matrix", 0x76543310)
    order("unused_7", "nibble 7", 0x06543210)
    order("unused_swap", "a permutation beyond the rank", 0x67543210)
    order("zero", "all nibbles 0", 0)
    order("scalar", "a scalar has an order too", 0x76543201, ())
    field("role_8", "role", "above 7", 60, "B", 8)
    field("role_255", "role", "above 7", 60, "B", 255)
    field("flags_bit_3", "flags", "a bit that 1.0 lacks", 61, "B", 8)
    field("flags_bit_7", "flags", "a bit that 1.0 lacks", 61, "B", 128)
    shared = tensor("v", I8, (2,))
    bad.file("flags_alias_quantised", "flags", "both", Contents(
        [shared, floats("s", 1), alias("w", shared, 0, flags=2)], quantisations=[Quantisation(1, 1)]))
    field("reserved_tensor", "reserved", "bytes 62, 63", 62, "H", 256)
    field("link_without_flag", "link", "no flag says what it is", 56, "I", 0)
    field("link_none", "link", "an alias of NONE", 61, "B", 1)
    bad.file("link_alias_count", "link", "an alias of tensor tensor_count", Contents([shared, alias("w", shared, 0)]),
             ("TENS", 64 + 56, "I", 2))
    field("link_quantised_no_section", "link", "quantised, without QNTZ", 61, "B", 2)
    bad.file("link_quantised_count", "link", "beyond the records", full, ("TENS", 56, "I", 1))
    bad.file("link_quantised_none", "link", "quantised by NONE", full, ("TENS", 56, "I", NONE))

    # Aliases: of `v`, which is record 0
    base = tensor("v", F32, (2, 2), order=(1, 0))
    pair = Contents([base, alias("w", base, 0), tensor("x", F32, (2, 2), order=(1, 0))])
    odd = Contents([Tensor("v", UNKNOWN, (2,), bytes(8)), Tensor("w", UNKNOWN, (2,), alias=0)])
    for name, offset, form, value, contents in (
            ("dtype", 6, "B", I32, pair), ("rank", 7, "B", 3, None), ("data_off", 8, "Q", Image(pair).offsets[2], pair),
            ("data_len", 16, "Q", 7, odd), ("dims", 24, "I", 3, odd), ("dim_order", 48, "I", 0x76543210, pair),
            ("crc32c", 52, "I", 1, pair)):
        fields = [("TENS", 64 + offset, form, value)]
        if name == "rank":
            contents, fields = pair, fields + [("TENS", 64 + 32, "I", 1)] + [("TENS", 64 + 48, "I", 0x76543201)]
        bad.file("alias_" + name, "alias", f"the {name} differs from the target's", contents, *fields)
    bad.file("alias_self", "alias", "of itself", Contents([tensor("v"), tensor("w")]),
             ("TENS", 64 + 56, "I", 1), ("TENS", 64 + 61, "B", 1))
    bad.file("alias_forward", "alias", "of a later record", Contents([alias("v", tensor("w"), 1), tensor("w")]))
    bad.file("alias_chain", "alias", "of an alias", Contents([base, alias("w", base, 0), alias("x", base, 1)]))
    bad.file("alias_quantised", "alias", "of a quantised tensor", Contents(
        [tensor("v", I8, (2,), quantised=0), floats("s", 1), alias("w", tensor("v", I8, (2,)), 0)],
        quantisations=[Quantisation(1, 1)]))
    bad.file("file_end_more", "file-end", "64 zeros more, and file_size says so", one(tail=128))
    bad.file("file_end_none", "file-end", "the 64 zeros are missing", one(tail=0))
    bad.file("file_end_short", "file-end", "63 zeros", one(tail=63))
    bad.file("file_end_unaligned", "file-end", "one byte more", one(tail=65))

    # Names in order
    by_name = lambda name, why, names, *order: bad.file(
        "name_order_" + name, "name-order", why, Contents([tensor(x, U8, (1,)) for x in names]),
        *(("BYNM", 4 * i, "I", x) for i, x in enumerate(order)))
    by_name("swapped", "descending", "vw", 1, 0)
    by_name("duplicate", "two tensors of one name", "ww")
    by_name("twice", "one number twice", "vw", 0, 0)
    by_name("outside", "number tensor_count", "vw", 0, 2)
    by_name("none", "number NONE", "v", NONE)
    by_name("letters", "upper case comes first", "aB", 0, 1)
    by_name("prefix", "a prefix comes first", ["a", "a.b"], 1, 0)
    by_name("utf16", "as UTF-16 would sort", ["\U00010000", "\uff41"], 0, 1)
    by_name("length", "shorter names are not smaller", ["b", "aa"], 0, 1)

    # Metadata
    meta = lambda name, why, items, *fields: bad.file(
        "metadata_" + name, "metadata", why, Contents([], metadata=items), *(("META", *x) for x in fields))
    meta("order", "descending keys", [("b", 4, 0), ("a", 4, 0)])
    meta("duplicate", "a key twice", [("a", 4, 0), ("a", 4, 0)])
    meta("key_case", "upper case", [("Key", 4, 0)])
    meta("key_dash", "a hyphen", [("a-b", 4, 0)])
    meta("key_newline", "a line feed at the end", [("a\n", 4, 0)])
    meta("key_utf8", "letters beyond ASCII", [("é", 4, 0)])
    meta("key_empty", "key_len 0", [("", 4, 0)])
    meta("key_outside", "ends after STRS", [("ab", 4, 0)], (0, "I", 1))
    meta("key_wraps", "key_off + key_len wraps in 32 bits", [("ab", 4, 0)], (0, "I", NONE))
    meta("type_0", "no type", [("a", 0, 0)])
    meta("type_9", "a type that 1.0 lacks", [("a", 9, 0)])
    meta("type_256", "its low byte is no type either", [("a", 256 + 4, 0)])
    meta("value_outside", "ends after STRS", [("a", 1, "xy")], (8, "I", 2))
    meta("value_wraps", "val_off + val_len wraps in 32 bits", [("a", 1, "xy")], (8, "I", NONE))
    meta("empty_outside", "an empty value after STRS", [("a", 1, "")], (8, "I", 2))
    meta("length_i64", "7 bytes of i64[]", [("a", 6, [1])], (12, "I", 7))
    meta("length_f64", "4 bytes of f64[]", [("a", 7, [1])], (12, "I", 4))
    for kind in (2, 3, 4):
        meta(f"val_off_{kind}", "not 0 for a number", [("a", kind, 1)], (8, "I", 1))
        meta(f"val_len_{kind}", "not 0 for a number", [("a", kind, 1)], (12, "I", 1))
    for kind, value in ((1, "x"), (5, b"x"), (6, [1]), (7, [1]), (8, "{}")):
        meta(f"num_{kind}", "num is not 0", [("a", kind, value)], (16, "Q", 1))
    meta("bool_2", "neither 0 nor 1", [("a", 4, 2)])
    meta("bool_2_32", "2^32 is not 0", [("a", 4, 2**32)])

    quantisation_files(bad)
    golden_files(bad)

    digests = [Source("a", 1, bytes(32)), Source("b", 1, bytes(32))]
    source = lambda name, why, items, *fields: bad.file(
        "source_" + name, "source-digest", why, Contents([], sources=items), *fields)
    source("order", "descending names", digests[::-1])
    source("name_outside", "ends after STRS", digests, ("SRCD", 0, "I", 2))
    source("name_wraps", "name_off + name_len wraps in 32 bits", digests, ("SRCD", 0, "I", NONE))
    source("reserved_7", "u8", digests, ("SRCD", 7, "B", 1))
    source("reserved_8", "u64", digests, ("SRCD", 15, "B", 1))
    bad.file("receipt_reserved", "receipt", "u16", one(receipts=[Receipt(reserved=1)]))

    # Levels 2 and 3
    bad.file("data_crc", "data-checksum", "the checksum of a tensor", two(), ("TENS", 64 + 52, "I", 1))
    bad.file("data_crc_empty", "data-checksum", "of an empty tensor it is 0", Contents([tensor("w", F32, (0,))]), ("TENS", 52, "I", 1))
    bad.file("data_crc_unknown", "data-checksum", "also where the type is unknown", opaque, ("TENS", 52, "I", 1))
    image = Image(two())
    for name, at in (("first", image.offsets[0]), ("last", image.offsets[1] + 11)):
        bad.bytes("data_bit_" + name, "data-checksum", "a bit of the values (the digest is wrong, too)",
                  Image(two()).put("file", at, "B", 0xF0).raw)
    for name, at in (("gap", image.offsets[0] + 8), ("gap_last", image.offsets[1] - 1), ("behind", image.offsets[1] + 12),
                     ("end_first", len(image.raw) - 64), ("end", len(image.raw) - 1)):
        bad.bytes("padding_data_" + name, "padding", "a byte that belongs to no tensor", Image(two()).put("file", at, "B", 1).raw)
    bad.bytes("padding_no_tensors", "padding", "of the last 64 bytes, without tensors",
              Image(Contents([])).put("file", len(Image(Contents([])).raw) - 30, "B", 1).raw)
    bad.file("padding_nibble", "padding", "the high nibble after an odd number of i4", Contents(
        [Tensor("w", I4, (3,), b"\x21\x43")]))
    bad.file("digest_wrong", "data-digest", "one bit of it", two(), ("DGST", 63, "B", 0))
    bad.file("digest_empty", "data-digest", "of an empty tensor", Contents([tensor("w", F32, (0,))]), ("DGST", 0, "B", 0))
    bad.file("digest_unknown", "data-digest", "also where the type is unknown", opaque, ("DGST", 0, "B", 0))
    shared = tensor("v")
    bad.file("digest_alias", "data-digest", "that of an alias is not its target's", Contents([shared, alias("w", shared, 0)]),
             ("DGST", 32, "B", 0))
    bad.file("digest_missing", "digest-missing", "levels 0 to 2 are right", one(omitted={"DGST"}))
    for name, value in (("ff", b"a\xff"), ("overlong", b"\xc0\xaf"), ("surrogate", b"\xed\xa0\x80"), ("cut", b"a\xc3"),
                        ("above", b"\xf4\x90\x80\x80"), ("nul", b"a\0"), ("control", b"\x1f"), ("newline", b"a\nb"), ("del", b"\x7f")):
        bad.file("utf8_name_" + name, "utf8", "not UTF-8, or a control character", Contents([tensor(value)]))
    bad.file("utf8_text", "utf8", "metadata of type 1", Contents([], metadata=[("a", 1, b"\xc3(")]))
    bad.file("utf8_json", "utf8", "metadata of type 8", Contents([], metadata=[("a", 8, b'"\xff"')]))


def channel(*scales, shape=None, dtype=F32, extra=(), **rest):
    """A 2×3 tensor with two scales along its first dimension, or what is given."""
    record = dict(scheme=2, scale=1)
    record.update(rest)
    return Contents([tensor("w", I8, (2, 3), quantised=0), floats("w.scale", *(scales or (1, 2)), shape=shape, dtype=dtype),
                     *extra], quantisations=[Quantisation(**record)])


def quantisation_files(bad):
    wrong = lambda name, why, contents, *fields: bad.file("quantisation_" + name, "quantization", why, contents, *fields)
    zero = tensor("w.zero_point", I32, (2,), role=3)
    wrong("scheme_0", "no scheme", channel(scheme=0))
    wrong("scheme_4", "no scheme", channel(scheme=4))
    wrong("axis", "not below the rank", channel(axis=2))
    wrong("axis_per_tensor", "also for one scale", channel(1, scheme=1, axis=2))
    wrong("axis_scalar", "a scalar has axis 0", Contents(
        [tensor("w", I8, (), quantised=0), floats("s", 1)], quantisations=[Quantisation(1, 1, axis=1)]))
    wrong("axis_second", "of the second tensor that links here", Contents(
        [tensor("v", I8, (1, 2), quantised=0), floats("s", 1, 2), tensor("w", I8, (2,), quantised=0)],
        quantisations=[Quantisation(2, 1, axis=1)]))
    wrong("bits_0", "none", channel(bits=0))
    wrong("bits_65", "above 64", channel(bits=65))
    wrong("flags", "a bit that 1.0 lacks", channel(flags=3))
    wrong("block_unused", "a block per channel", channel(block=1))
    wrong("block_0", "no block per block", channel(1, 2, 3, scheme=3, block=0))
    wrong("block_count", "ceil(3 / 2) × 2 scales", channel(1, 2, 3, scheme=3, block=2, axis=1))
    wrong("channel_count", "a scale too many", channel(1, 2, 3))
    wrong("channel_axis", "as many as the other dimension", channel(1, 2, axis=1))
    wrong("tensor_count", "two scales per tensor", channel(1, 2, scheme=1))
    wrong("scale_rank", "a matrix of one scale", channel(1, scheme=1, shape=(1, 1)))
    wrong("scale_scalar", "rank 0 where there are channels", Contents(
        [tensor("w", I8, (1, 3), quantised=0), floats("s", 1, shape=())], quantisations=[Quantisation(2, 1)]))
    wrong("scale_dtype", "f16", Contents(
        [tensor("w", I8, (2, 3), quantised=0), tensor("s", F16, (2,), role=2)], quantisations=[Quantisation(2, 1)]))
    wrong("scale_missing", "tensor tensor_count", channel(scale=2))
    wrong("scale_none", "NONE", channel(scale=NONE))
    wrong("zero_symmetric", "a zero point, and symmetric", channel(extra=[zero], zero=2))
    wrong("zero_none", "no zero point, and not symmetric", channel(flags=0))
    wrong("zero_missing", "tensor tensor_count", channel(flags=0, zero=2))
    wrong("zero_shape", "not the shape of the scales", channel(extra=[tensor("z", I32, (1,))], flags=0, zero=2))
    wrong("zero_dtype", "bool", channel(extra=[tensor("z", 11, (2,))], flags=0, zero=2))
    wrong("zero_f16", "neither f32 nor f64", channel(extra=[tensor("z", F16, (2,))], flags=0, zero=2))
    wrong("act_scale_missing", "tensor tensor_count", channel(act_scale=2))
    wrong("act_zero_missing", "tensor NONE - 1", channel(act_zero=NONE - 1))
    wrong("reserved", "the last byte", channel(reserved=bytes(6) + b"\1"))
    for name, value in (("zero", 0), ("minus_zero", -0.0), ("negative", -1), ("nan", math.nan), ("inf", math.inf)):
        wrong("scale_value_" + name, "level 3: finite and above 0", channel(1, value))
    wrong("scale_value_f64", "level 3, of f64", channel(1, math.nan, dtype=F64))


def golden(sets=None, count=1, **rest):
    """A stored input, an expected output, one set."""
    record = dict(name="logits", expected=1, input=0, input_tensor=0)
    record.update(rest)
    return Contents([tensor("golden/s/input", U8, (1,), role=4), tensor("golden/s/logits_f32", U8, (1,), role=5)],
                    sets=[GoldenSet("s", 0, 1, 0)] if sets is None else sets, goldens=[Golden(**record)] * count)


def golden_files(bad):
    wrong = lambda name, why, contents, *fields: bad.file("golden_" + name, "golden", why, contents, *fields)
    procedural = dict(input=1, input_tensor=NONE)
    wrong("set_reserved_6", "u16", golden([GoldenSet("s", 0, 1, 0, (1, bytes(12)))]))
    wrong("set_reserved_20", "u32[3]", golden([GoldenSet("s", 0, 1, 0, (0, bytes(11) + b"\1"))]))
    wrong("set_name_outside", "ends after STRS", golden(), ("GSET", 4, "H", 65535))
    wrong("set_name_wraps", "name_off + name_len wraps in 32 bits", golden(), ("GSET", 0, "I", NONE))
    wrong("set_first", "the first set does not start at 0", golden([GoldenSet("s", 1, 0, 0)]))
    wrong("set_hole", "a vector between two sets", golden([GoldenSet("s", 0, 1, 0), GoldenSet("t", 2, 1, 0)], 3))
    wrong("set_overlap", "a vector in two sets", golden([GoldenSet("s", 0, 1, 0), GoldenSet("t", 0, 2, 0)], 2))
    wrong("set_rest", "a vector in no set", golden(count=2))
    wrong("set_more", "more vectors than there are", golden([GoldenSet("s", 0, 2, 0)]))
    wrong("set_wraps", "first + count wraps in 32 bits", golden(
        [GoldenSet("s", 0, 1, 0), GoldenSet("t", 1, NONE, 0), GoldenSet("u", 0, 1, 0)]))
    wrong("set_without_vectors", "vectors of a missing GOLD", golden([GoldenSet("s", 0, 1, 0)], 0))
    wrong("set_input", "tensor tensor_count", golden([GoldenSet("s", 0, 1, 2)], **procedural))
    wrong("name_outside", "ends after STRS", golden(), ("GOLD", 4, "H", 65535))
    wrong("name_wraps", "name_off + name_len wraps in 32 bits", golden(), ("GOLD", 0, "I", NONE))
    wrong("kind_0", "no kind", golden(kind=0))
    wrong("kind_4", "no kind", golden(kind=4))
    wrong("input_2", "neither stored nor procedural", golden(input=2, input_tensor=NONE))
    wrong("input_other", "not the set's tensor", golden(input_tensor=1))
    wrong("input_none", "stored, without a tensor", golden(input_tensor=NONE))
    wrong("input_of_set_none", "stored, and the set has none", golden([GoldenSet("s", 0, 1)], input_tensor=NONE))
    wrong("input_procedural", "procedural, with a tensor", golden(input=1))
    wrong("expected_role", "role 4", golden(expected=0))
    wrong("expected_missing", "tensor tensor_count", golden(expected=2))
    wrong("expected_none", "NONE", golden(expected=NONE))


def bad():
    """{name: (rule, why, bytes)}"""
    files = Bad()
    bad_files(files)
    return files


def large(count):
    """Many small tensors, in an order that is not that of their names."""
    tensors = [
        Tensor(f"stage{i % 97}.block{i}.weight", F32, (4,), struct.pack("<4f", i, -i, 0.5, 1))
        for i in range(count)]
    return Contents(tensors, metadata=[("swt.producer", 1, "large")])


README = """\
# The conformance corpus of the .swt format

Made by `scripts/make_format_fixtures.py`, which builds the bytes from `FORMAT.md` alone; `--check` tells whether the files
here are what it makes. A reader passes when it prints `good/<name>.txt` for every `good/<name>.swt`, and
`error <class>` with the class of `bad/rules.txt` for every file in `bad`.

In `bad`, one rule is broken in each file, and every checksum that is not the rule itself is right. Where one wrong field
cannot but break a second rule, that one belongs to a later level of checking, or makes no sense before the first holds.

`Tests/Python` runs `scripts/swt.py` over all of it.

## The listing

One line each, `\\n` at its end, fields separated by one space. Text is lower-case hex of its bytes, `-` if empty. A number
that is `NONE` is `-`. Floating-point values are the hex digits of their bits. A file is listed after it has passed levels 0
to 3; of any other the listing is `error <class>`, and the exit status 1.

```text
file <major>.<minor> <file_size> <tensor_count>
id <content id>
tensor <i> <name> <dtype> <rank> <dims joined by x, or -> <dim_order> <data_off> <data_len> <crc32c> <role> <flags> <link> <SHA-256, or - for a dtype above 24>
find <name> <i, found by looking the name up>                             in ascending order of names
meta <key> <type> <value>                                                 lists joined by commas, - if empty; ? for an unknown type
quant <i> <scheme> <axis> <bits> <flags> <block> <scale> <zero> <act_scale> <act_zero> <source_dtype>
source <name> <dtype> <SHA-256>
receipt <i> <source_dtype> <operations> <max_abs> <rel_l2> <max_value>
gset <name> <first> <count> <input>
gold <name> <kind> <input> <input_seed> <N> <C> <H> <W> <input_tensor> <expected> <sample_seed> <floor_rel> <floor_max> <k> <top1>
```

## Good
"""


def check_example(image):
    """FORMAT.md, section 14, holds these very bytes."""
    wanted = bytearray(EXAMPLE_SIZE)
    for offset, row in EXAMPLE.items():
        wanted[offset:offset + 16] = bytes.fromhex(row)
    if image.raw != wanted or f"id {EXAMPLE_ID}\n" not in image.listing():
        raise SystemExit("the minimal file is not that of FORMAT.md, section 14")


def corpus(everything=False):
    """{path: bytes} of what is in Fixtures/format, or of everything."""
    kept = lambda cases: sorted(x for x in cases.items() if everything or x[0] not in MORE)
    files, readme, rules = {}, [README], []
    for name, (why, contents) in kept(good()):
        image = Image(contents)
        if name == "minimal":
            check_example(image)
        files[f"good/{name}.swt"] = bytes(image.raw)
        files[f"good/{name}.txt"] = image.listing().encode()
        readme.append(f"- `{name}`: {why}\n")
    for name, (rule, why, raw) in kept(bad()):
        files[f"bad/{name}.swt"] = bytes(raw)
        rules.append(f"{name}.swt {rule}  # {why}\n")
    files["bad/rules.txt"] = "".join(rules).encode()
    files["README.md"] = "".join(readme).encode()
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent / "Fixtures" / "format")
    parser.add_argument("--all", action="store_true", help="also the cases that are not committed")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--large", nargs=2, metavar=("COUNT", "OUT"), help="write one file of COUNT tensors")
    options = parser.parse_args()
    if options.large:
        image = Image(large(int(options.large[0])))
        pathlib.Path(options.large[1]).write_bytes(image.raw)
        sys.stdout.write(image.listing())
        return 0
    wanted = corpus(options.all)
    present = {str(x.relative_to(options.out)) for x in options.out.rglob("*") if x.is_file()}
    if options.check:
        wrong = sorted(present ^ set(wanted))
        wrong += [x for x in sorted(present & set(wanted)) if (options.out / x).read_bytes() != wanted[x]]
        for name in wrong:
            print(f"{options.out / name}: not as {pathlib.Path(__file__).name} makes it", file=sys.stderr)
        return 1 if wrong else 0
    for name in present - set(wanted):
        (options.out / name).unlink()
    for name, data in wanted.items():
        (options.out / name).parent.mkdir(parents=True, exist_ok=True)
        (options.out / name).write_bytes(data)
    print(f"{len(wanted)} files, {sum(map(len, wanted.values()))} bytes in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
