"""Tests the arithmetic of Tools/bench/engines with invented times. Nothing is measured here."""
import os
import struct
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../..")
sys.path.insert(0, os.path.join(ROOT, "Tools/bench/peers"))
import cold
import layers
import ours
import report
import warm


def round_of(us, fast, slow, peak=100.0):
    times = {"pth2swt": us, "fast": fast, "slow": slow}
    result = {name: {"min": ms - 1, "median": ms} for name, ms in times.items()}
    result["pth2swt"]["peak"] = peak
    return result


WARM = {
    "network": "net", "threads": 2, "runs": 9, "warmup": 3, "multiply_adds": 1_000_000_000,
    "versions": {"fast": "1", "slow": "2"}, "difference": {"fast": 1e-5, "slow": 2e-5},
    # In the second round, the machine is twice as slow for all engines.
    "rounds": [round_of(40, 50, 80), round_of(80, 100, 160, peak=50), round_of(45, 50, 90)],
}

PROFILE = {
    "network": "net", "isa": "avx512", "threads": 1, "runs": 9, "peak_gflops": 100.0,
    "layers": [
        {"name": "a", "kind": "1×1", "kernel": "tiles", "multiply_adds": 50_000_000, "ms": {"median": 1.25},
         "percent_of_peak": 80.0},
        {"name": "b", "kind": "1×1", "kernel": "tiles", "multiply_adds": 50_000_000, "ms": {"median": 1.0},
         "percent_of_peak": 100.0},
        {"name": "c", "kind": "copy", "kernel": "copy", "multiply_adds": 0, "ms": {"median": 0.5},
         "percent_of_peak": 0.0},
    ],
}


class Arithmetic(unittest.TestCase):
    def test_ratios_are_paired_within_rounds(self):
        self.assertEqual(warm.ratios(WARM, "fast"), [0.8, 0.8, 0.9])
        self.assertEqual(warm.best_peer(WARM), ("fast", 0.8))

    def test_the_peak_is_that_of_the_round(self):
        # 2 GFLOP in 40, 80 and 45 ms are 50, 25 and 44.4 GFLOP/s, against 100, 50 and 100.
        self.assertAlmostEqual(warm.percent_of_peak(WARM, "pth2swt"), 50)

    def test_differences_are_relative_to_the_largest_logit(self):
        self.assertEqual(warm.difference([1, -3], [1, -4]), 0.25)
        with self.assertRaises(ValueError):
            warm.difference([1], [1, 2])

    def test_kinds_and_losses(self):
        kinds = layers.kinds(PROFILE)
        self.assertAlmostEqual(kinds["1×1", "tiles"][0], 2.25)
        self.assertAlmostEqual(kinds["1×1", "tiles"][1], 100 * 2 / 2.25)
        self.assertEqual(kinds["copy", "copy"], (0.5, None))
        self.assertEqual([layer["name"] for layer in layers.slowest(PROFILE)], ["c", "a", "b"])

    def test_cold(self):
        pairs = [(0.1, 1.2), (0.2, 2.0), (0.1, 1.3)]
        result = {"rounds": [{"pth2swt": {"s": a, "rss": 1}, "python": {"s": b, "rss": 2}} for a, b in pairs]}
        self.assertAlmostEqual(cold.ratio(result), 12)

    def test_numbers_of_an_array_file(self):
        header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }".ljust(117) + "\n"
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
            file.write(struct.pack("<2f", 1.5, -2))
            file.flush()
            self.assertEqual(ours.floats(file.name), [1.5, -2])


class Page(unittest.TestCase):
    def test_tables_have_as_many_columns_as_their_headings(self):
        for text in (report.warm_text([WARM], "avx512", "0.1.0"), report.layers_text([PROFILE])):
            blocks = [block.split("\n") for block in text.split("\n\n") if block.startswith("|")]
            self.assertEqual(len(blocks), 2)
            for rows in blocks:
                self.assertEqual(len({row.count(" | ") for row in rows if row}), 1)
        self.assertIn("**0.800**", report.warm_text([WARM], "avx512", "0.1.0"))

    def test_sections_are_replaced_and_nothing_else(self):
        page = os.path.join(ROOT, "Sources/ResNetEngine/ResNetEngine.docc/Speed.md")
        with open(page, encoding="utf-8") as file:
            text = file.read()
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, "page.md")
            with open(copy, "w", encoding="utf-8") as file:
                file.write(text)
            for section in ("warm", "layers", "cold"):
                report.insert(copy, section, f"new {section}\n")
                report.insert(copy, section, f"newer {section}\n")
            with open(copy, encoding="utf-8") as file:
                changed = file.read()
        for section in ("warm", "layers", "cold"):
            self.assertIn(f"<!-- {section} -->\n\nnewer {section}\n\n<!-- end {section} -->", changed)
        self.assertNotIn("new warm", changed)
        self.assertEqual(changed.split("<!--")[0], text.split("<!--")[0])
        self.assertEqual(changed.count("###"), text.count("###"))


if __name__ == "__main__":
    unittest.main()
