"""Tests of Readers/python/swt.py and of the corpus in Fixtures/format.

    python3 -m unittest discover -s Tests/System/readers/python
"""

import contextlib
import io
import math
import pathlib
import random
import struct
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path[:0] = [str(ROOT / "Readers/python"), str(ROOT / "Tools/fixtures")]

import format_image  # noqa: E402
import make_format_fixtures  # noqa: E402
import swt  # noqa: E402

try:
    import numpy
except ImportError:
    numpy = None

FIXTURES = ROOT / "Fixtures" / "format"


def listing(data):
    """The output of `swt.py list` for a file with these bytes."""
    try:
        file = swt.File(data)
        file.check()
        return "".join(" ".join(map(str, line)) + "\n" for line in swt.listing(file))
    except swt.Error as error:
        return f"error {error.rule}\n"


def image(name):
    return format_image.Image(make_format_fixtures.good()[name][1])


class Corpus(unittest.TestCase):
    def test_committed_files_are_what_the_program_makes(self):
        made = make_format_fixtures.corpus()
        present = {str(x.relative_to(FIXTURES)): x.read_bytes() for x in FIXTURES.rglob("*") if x.is_file()}
        self.assertEqual(sorted(made), sorted(present))
        for name, data in made.items():
            self.assertEqual(data, present[name], name)
        self.assertLess(sum(map(len, made.values())), 230_000)

    def test_good_files(self):
        for name, (_, contents) in make_format_fixtures.good().items():
            with self.subTest(name):
                built = format_image.Image(contents)
                self.assertEqual(listing(built.raw), built.listing())

    def test_bad_files(self):
        cases = make_format_fixtures.bad()
        self.assertGreater(len(cases), 250)
        for name, (rule, why, data) in cases.items():
            with self.subTest(name, why=why):
                self.assertEqual(listing(data), f"error {rule}\n")

    def test_bad_files_are_different(self):
        cases = make_format_fixtures.bad()
        self.assertEqual(len({data for _, _, data in cases.values()}), len(cases))

    def test_every_class_has_a_file(self):
        """All except unreadable, limit and no-such-tensor, which no small file can violate."""
        classes = set("""
            magic version truncated trailing-bytes header-size alignment data-offset required-feature
            header-checksum reserved section-count section-kind section-twice section-flags section-place
            section-size section-missing unknown-critical-section section-checksum padding name dtype rank
            dimensions overflow data-length data-bounds data-place dim-order role flags link alias file-end
            name-order metadata quantization source-digest golden receipt data-checksum data-digest
            digest-missing utf8""".split())
        committed = make_format_fixtures.corpus()["bad/rules.txt"].decode().splitlines()
        self.assertEqual({line.split()[1] for line in committed}, classes)

    def test_many_tensors(self):
        built = format_image.Image(make_format_fixtures.large(1000))
        self.assertEqual(listing(built.raw), built.listing())

    def test_longest_name(self):
        built = format_image.Image(format_image.Contents([make_format_fixtures.tensor("é" + "n" * 4093)]))
        self.assertEqual(listing(built.raw), built.listing())


class Damage(unittest.TestCase):
    def test_every_changed_bit(self):
        for name in ("minimal", "i4"):
            data = bytearray(image(name).raw)
            for at in range(len(data)):
                for bit in range(8):
                    data[at] ^= 1 << bit
                    self.assertTrue(listing(data).startswith("error "), f"{name}: byte {at}, bit {bit}")
                    data[at] ^= 1 << bit

    def test_every_length(self):
        for name in ("minimal", "goldens"):
            data = bytes(image(name).raw)
            for length in range(len(data)):
                self.assertEqual(listing(data[:length]), "error truncated\n", f"{name}: {length} bytes")

    def test_mutations_give_errors_or_succeed(self):
        """With corrected checksums, so that the rules after them are reached."""
        random.seed(20260)
        names = ("minimal", "goldens", "quantized", "metadata", "sources", "aliases", "minor_1",
                 "dtype_unknown", "receipts")
        values = (0, 1, 2, 7, 63, 64, 127, 128, 255)
        succeeded = rejected = 0
        for name in names:
            built = image(name)
            original = bytes(built.raw)
            for _ in range(350):
                built.raw[:] = original
                for _ in range(random.randint(1, 3)):
                    at = random.choice((random.randrange(64, built.data_offset),
                                        random.randrange(8, len(original))))
                    width = random.choice((1, 1, 2, 4, 8))
                    value = random.choice((random.choice(values), random.getrandbits(8 * width),
                                           (1 << 8 * width) - 1))
                    built.raw[at:at + width] = (value & (1 << 8 * width) - 1).to_bytes(width, "little")
                del built.raw[len(original):]
                if struct.unpack_from("<I", built.raw, 36)[0] <= 64:
                    built.mend()
                found = listing(built.raw)
                rejected += found.startswith("error ")
                succeeded += not found.startswith("error ")
                with contextlib.suppress(swt.Error):
                    self.use(swt.File(built.raw))
        self.assertGreater(rejected, 1000)
        self.assertGreater(succeeded, 20)

    def use(self, file):
        """Everything that can be read from a file whose values have not been checked."""
        list(swt.show(file))
        for x in file:
            with contextlib.suppress(swt.Error):
                self.assertEqual(len(file.bytes(x.name)), x.length)
                if numpy:
                    self.assertEqual(file.numpy(x.index).shape, x.shape)
                    with numpy.errstate(all="ignore"):
                        self.assertEqual(file.dequantized(x.index).shape, x.shape)

    def test_random_bytes_after_a_valid_start(self):
        random.seed(1)
        start = bytes(image("minimal").raw[:16])
        for length in range(16, 600, 7):
            self.assertTrue(listing(start + random.randbytes(length)).startswith("error "))


class Reader(unittest.TestCase):
    def test_crc32c(self):
        self.assertEqual(swt.crc32c(b"123456789"), 0xE3069283)
        self.assertEqual(swt.crc32c(b""), 0)
        self.assertEqual(swt.crc32c(bytes(32)), 0x8A9136AA)  # RFC 3720, B.4

    def test_tensors(self):
        file = swt.File(image("aliases").raw)
        self.assertEqual(file.names[:3], ["shared", "z.next", "own"])
        self.assertEqual(len(file), len(list(file)))
        self.assertIn("a.first", file)
        self.assertNotIn("a", file)
        self.assertIs(file["a.first"], file[3])
        self.assertEqual(file["shared"].order, (1, 0))
        self.assertEqual(file.bytes("a.first"), file.bytes("shared"))
        for key in ("absent", "", b"\xff", 7, -1):
            with self.assertRaises(swt.Error) as caught:
                file[key]
            self.assertEqual(caught.exception.rule, "no-such-tensor")

    def test_names_are_bytes(self):
        data = format_image.Image(format_image.Contents([make_format_fixtures.tensor(b"a\xff")])).raw
        file = swt.File(data)
        self.assertEqual(file[file.names[0]].index, 0)
        self.assertEqual(file[b"a\xff"].index, 0)

    def test_content_id(self):
        file = swt.File(image("minimal").raw)
        self.assertEqual(file.content_id.hex(), make_format_fixtures.EXAMPLE_ID)

    def test_metadata(self):
        found = swt.File(image("metadata").raw).metadata
        self.assertEqual(found["a"], "text")
        self.assertEqual(found["a0"], -2**63)
        self.assertEqual(math.copysign(1, found["ab"]), -1)
        self.assertTrue(math.isnan(found["b"]))
        self.assertIs(found["c"], True)
        self.assertEqual(found["e"], b"\x00\xff")
        self.assertEqual(found["f"], [1, -2, 2**62])
        self.assertEqual(found["g"], [0.5, -math.inf])
        self.assertEqual(found["j.empty"], [])

    def test_values_are_checked_at_first_use(self):
        built = image("minimal")
        built.raw[built.data_offset] ^= 1
        file = swt.File(built.raw)
        for _ in range(2):
            with self.assertRaises(swt.Error) as caught:
                file.bytes("w")
            self.assertEqual((caught.exception.rule, caught.exception.offset),
                             ("data-digest", built.data_offset))

    def test_values_without_digests_are_checked_by_crc(self):
        contents = format_image.Contents([make_format_fixtures.tensor("w")], omitted={"DGST"})
        built = format_image.Image(contents)
        self.assertEqual(bytes(swt.File(built.raw).bytes("w")), contents.tensors[0].data)
        self.assertIsNone(swt.File(built.raw).content_id)
        built.raw[built.data_offset] ^= 1
        with self.assertRaises(swt.Error) as caught:
            swt.File(built.raw).bytes("w")
        self.assertEqual(caught.exception.rule, "data-checksum")

    def test_index_is_copied(self):
        data = bytearray(image("minimal").raw)
        file = swt.File(data)
        data[:make_format_fixtures.EXAMPLE_SIZE - 128] = bytes(make_format_fixtures.EXAMPLE_SIZE - 128)
        self.assertEqual(file["w"].shape, (2,))
        self.assertEqual(file.content_id.hex(), make_format_fixtures.EXAMPLE_ID)

    def test_large_index_is_refused(self):
        with mock.patch.object(swt, "INDEX_LIMIT", 512):
            self.assertEqual(listing(image("minimal").raw), "error limit\n")

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            path, empty = folder / "file.swt", folder / "empty.swt"
            path.write_bytes(image("minimal").raw)
            empty.write_bytes(b"")
            with swt.open(path) as file:
                values = file.bytes("w")
                self.assertTrue(values.readonly)
            self.assertEqual(struct.unpack("<2f", values), (1, -2))  # a view outlives the file
            # After the file is closed there are no values, checked before or not.
            for checked in (True, False):
                with swt.open(path) as closed:
                    if checked:
                        closed.bytes("w")
                for read in (closed.bytes, closed.numpy, lambda name: closed.check()):
                    with self.assertRaises(swt.Error) as caught:
                        read("w")
                    self.assertEqual(caught.exception.rule, "unreadable")
            for key in (3.5, None, 99, "absent"):
                with self.assertRaises(swt.Error) as caught:
                    file[key]
                self.assertEqual(caught.exception.rule, "no-such-tensor")
            rules = {folder: "unreadable", folder / "absent": "unreadable", "a\0b": "unreadable",
                     empty: "truncated"}
            for wrong, rule in rules.items():
                with self.assertRaises(swt.Error) as caught:
                    swt.open(wrong)
                self.assertEqual(caught.exception.rule, rule)

    def run_program(self, *arguments):
        output = io.StringIO()
        with mock.patch.object(sys, "argv", ["swt.py",
                                             *map(str, arguments)]), contextlib.redirect_stdout(output):
            return swt.main(), output.getvalue()

    def test_program(self):
        path, bad = FIXTURES / "good" / "goldens.swt", FIXTURES / "bad" / "data_crc.swt"
        self.assertEqual(self.run_program("list", path), (0, path.with_suffix(".txt").read_text()))
        self.assertEqual(self.run_program("list", bad), (1, "error data-checksum\n"))
        self.assertEqual(self.run_program("check", path), (0, f"{path}: ok\n"))
        status, output = self.run_program("check", FIXTURES / "bad" / "digest_wrong.swt", path)
        self.assertEqual(status, 1)
        self.assertIn("data-digest at byte", output)
        self.assertTrue(output.endswith(f"{path}: ok\n"))
        for name in make_format_fixtures.good():
            if (FIXTURES / "good" / f"{name}.swt").exists():
                self.assertEqual(self.run_program("show", FIXTURES / "good" / f"{name}.swt")[0], 0)


@unittest.skipIf(numpy is None, "numpy is not installed")
class Arrays(unittest.TestCase):
    def file(self, *tensors, **rest):
        return swt.File(format_image.Image(format_image.Contents(list(tensors), **rest)).raw)

    def test_order_of_dimensions(self):
        shape, order = (2, 3, 1, 2), (0, 2, 3, 1)
        logical = numpy.arange(12, dtype="<i4").reshape(shape)
        data = numpy.ascontiguousarray(logical.transpose(order)).tobytes()
        found = self.file(format_image.Tensor("w", 9, shape, data, order=order)).numpy("w")
        numpy.testing.assert_array_equal(found, logical)
        self.assertFalse(found.flags.writeable)

    def test_types(self):
        tensor = format_image.Tensor
        file = self.file(
            tensor("bf16", 3, (2,), b"\x80\x3f\x00\xc0"), tensor("i4", 6, (3,), b"\xf1\x08"),
            tensor("bool", 11, (2,), b"\0\1"), tensor("c32", 17, (1,), struct.pack("<2e", 1, -2)),
            tensor("f16", 2, (), struct.pack("<e", 0.5)), tensor("unknown", 99, (1,), b"?"))
        self.assertEqual(file.numpy("bf16").tolist(), [1, -2])
        self.assertEqual(file.numpy("bf16").dtype, numpy.float32)
        self.assertEqual(file.numpy("i4").tolist(), [1, -1, -8])
        self.assertEqual(file.numpy("bool").tolist(), [False, True])
        self.assertEqual(file.numpy("c32").tolist(), [1 - 2j])
        self.assertEqual(file.numpy("f16").tolist(), 0.5)
        with self.assertRaises(swt.Error):
            file.numpy("unknown")
        everything = swt.File(image("dtypes").raw)
        for x in everything:
            self.assertEqual(everything.numpy(x.name).shape, x.shape)

    def test_dequantized(self):
        tensor, floats, scheme = format_image.Tensor, make_format_fixtures.floats, format_image.Quantization
        q = numpy.array([[1, -2, 3, 4, 5], [-6, 7, 8, 9, -10]], "i1")
        file = self.file(
            tensor("channel", 4, (2, 5), q.tobytes(), quantized=0), floats("s0", 0.5, 2),
            tensor("all", 4, (2, 5), numpy.ascontiguousarray(q.T).tobytes(), quantized=1, order=(1, 0)),
            floats("s1", 0.25, shape=(), dtype=7), tensor("z1", 9, (), struct.pack("<i", 3)),
            tensor("block", 4, (2, 5), q.tobytes(), quantized=2), floats("s2", 1, 2, 3, 4, 5, 6),
            quantizations=[scheme(2, 1), scheme(1, 3, flags=0, zero=4), scheme(3, 6, axis=1, block=2)])
        numpy.testing.assert_array_equal(file.dequantized("channel"), q * numpy.array([[0.5], [2]]))
        self.assertEqual(file.dequantized("channel").dtype, numpy.float32)
        numpy.testing.assert_array_equal(file.dequantized("all"), 0.25 * (q.astype(float) - 3))
        self.assertEqual(file.dequantized("all").dtype, numpy.float64)
        blocks = numpy.array([[1, 1, 2, 2, 3], [4, 4, 5, 5, 6]])
        numpy.testing.assert_array_equal(file.dequantized("block"), q * blocks)
        self.assertEqual(file.dequantized("s0").tolist(), [0.5, 2])

    def test_weights(self):
        tensor, floats, scheme = format_image.Tensor, make_format_fixtures.floats, format_image.Quantization
        q = numpy.array([[1, -2], [3, 4]], "i1")
        file = self.file(
            tensor("fc.weight", 4, (2, 2), q.tobytes(), quantized=0), floats("s0", 0.5, 2),
            tensor("conv.weight", 1, (1, 3, 2, 2), numpy.arange(12, dtype="<f4").tobytes()),
            tensor("bn.num_batches_tracked", 8, (), struct.pack("<q", 7)),
            tensor("half", 3, (2,), struct.pack("<2H", 0x3F80, 0x4000)), quantizations=[scheme(2, 1)])
        weights = file.weights()
        self.assertNotIn("bn.num_batches_tracked", weights)
        numpy.testing.assert_array_equal(weights["fc.weight"], q * numpy.array([[0.5], [2]]))
        numpy.testing.assert_array_equal(weights["half"], [1, 2])
        self.assertEqual(file.weights(raw=True)["half"].tolist(), [0x3F80, 0x4000])
        moved = file.weights("OHWI")["conv.weight"]
        self.assertEqual(moved.shape, (1, 2, 2, 3))
        self.assertEqual(moved[0, 0, 0].tolist(), [0, 4, 8])
        with self.assertRaises(swt.Error):
            file.golden_input()

    def test_golden_input(self):
        file = swt.open(FIXTURES / "good" / "goldens.swt")
        one = file.golden_input("one")
        self.assertEqual(one.shape, (1, 3, 2, 2))
        numpy.testing.assert_array_equal(one, file.golden_input())
        self.assertEqual(file.golden_input("").shape, (2,))
        for name in ("none", "absent"):  # a formula, and no golden
            with self.assertRaisesRegex(swt.Error, name):
                file.golden_input(name)


if __name__ == "__main__":
    unittest.main()
