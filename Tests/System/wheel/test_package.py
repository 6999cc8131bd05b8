"""The Python package as installed, with or without NumPy and ml_dtypes. PyTorch's digests are the truth."""

import hashlib
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import sysconfig
import tempfile
import threading
import unittest

import pth2swt

ROOT = pathlib.Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "Fixtures"
HAS_NUMPY = importlib.util.find_spec("numpy") is not None
HAS_ML_DTYPES = importlib.util.find_spec("ml_dtypes") is not None
TRUTHS = sorted(
    path.stem for path in (FIXTURES / "truth").glob("*.json")
    if (FIXTURES / "checkpoints" / f"{path.stem}.pth").exists())
SMALL = FIXTURES / "checkpoints/resnext_small.pth"


def truth(name):
    text = json.loads((FIXTURES / "truth" / f"{name}.json").read_text())
    return text if isinstance(text, list) else text["tensors"]


class Reading(unittest.TestCase):
    def test_names_types_shapes_and_bytes_are_pytorchs(self):
        self.assertGreater(len(TRUTHS), 10)
        for name in TRUTHS:
            with self.subTest(name), pth2swt.open(FIXTURES / "checkpoints" / f"{name}.pth") as file:
                expected = truth(name)
                self.assertEqual(set(file), {x["name"] for x in expected})
                for x in expected:
                    self.assertEqual(file.dtype_name(x["name"]), x["dtype"])
                    self.assertEqual(file.shape(x["name"]), tuple(x["shape"]))
                    self.assertEqual(file.nbytes(x["name"]), x["nbytes"])
                    data = file.bytes(x["name"])
                    self.assertEqual(hashlib.sha256(data).hexdigest(), x["sha256"])

    def test_load_gives_what_open_gives(self):
        with pth2swt.open(SMALL) as file:
            weights = pth2swt.load(SMALL)
            self.assertEqual(list(weights), list(file))
            for name, value in weights.items():
                data = value.tobytes() if HAS_NUMPY else value.bytes()
                self.assertEqual(data, file.bytes(name))
                self.assertEqual(tuple(value.shape), file.shape(name))

    @unittest.skipUnless(HAS_NUMPY, "needs NumPy")
    def test_arrays_have_numpys_type_of_each_tensor(self):
        import numpy

        for name, value in pth2swt.load(FIXTURES / "checkpoints/dtypes.pth").items():
            with pth2swt.open(FIXTURES / "checkpoints/dtypes.pth") as file:
                dtype_name = file.dtype_name(name)
            with self.subTest(name, dtype=dtype_name):
                if hasattr(numpy, dtype_name) and dtype_name != "bool":
                    self.assertEqual(value.dtype, numpy.dtype(dtype_name))
                elif dtype_name == "bfloat16":
                    self.assertEqual(value.dtype.name, "bfloat16" if HAS_ML_DTYPES else "uint16")
                if isinstance(value, pth2swt.Bits):
                    self.assertEqual(value.dtype_name, dtype_name)
                    self.assertEqual(value[..., :1].dtype_name, dtype_name)
                self.assertTrue(value.flags.writeable)

    @unittest.skipIf(HAS_NUMPY, "NumPy is installed")
    def test_without_numpy_values_have_shape_type_and_bytes(self):
        for x in truth("dtypes"):
            with pth2swt.open(FIXTURES / "checkpoints/dtypes.pth") as file:
                value = file[x["name"]]
            self.assertEqual((value.shape, value.dtype_name), (tuple(x["shape"]), x["dtype"]))
            self.assertEqual(hashlib.sha256(value.bytes()).hexdigest(), x["sha256"])

    def test_a_view_has_the_stored_bytes_and_a_compressed_file_has_none(self):
        with pth2swt.open(SMALL) as file:
            for name in file:
                view = file.view(name)
                if file.nbytes(name):
                    data = view.tobytes()
                    self.assertEqual(data, file.bytes(name))
                    with self.assertRaises((TypeError, ValueError)):
                        view[...] = 0 if HAS_NUMPY else b"\0"
        with pth2swt.open(FIXTURES / "checkpoints/resnext_small_deflated.pth") as file:
            self.assertIsNone(file.view("conv1.weight"))

    def test_missing_names_and_closed_files_are_pythons_errors(self):
        file = pth2swt.open(SMALL)
        with self.assertRaises(KeyError):
            file["nothing"]
        self.assertNotIn("nothing", file)
        self.assertIsNone(file.get("nothing"))
        file.close()
        file.close()
        for call in (file.__getitem__, file.bytes, file.view):
            with self.assertRaises(ValueError):
                call("conv1.weight")
        with self.assertRaises(ValueError):
            pth2swt.open("a\0b")

    def test_threads_read_and_one_of_them_closes(self):
        for _ in range(20):
            file = pth2swt.open(SMALL)
            names = list(file) * 3

            def read():
                try:
                    for name in names:
                        file.bytes(name)
                except ValueError:
                    pass

            threads = [threading.Thread(target=read) for _ in range(4)]
            for thread in threads:
                thread.start()
            file.close()
            for thread in threads:
                thread.join()

    def test_weight_files_are_read_by_the_same_package(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.swt")
            subprocess.run([program(), "convert", SMALL, "-o", path, "--quiet"], check=True)
            with pth2swt.swt.open(path) as weights, pth2swt.open(SMALL) as file:
                self.assertEqual(bytes(weights.bytes("conv1.weight")), file.bytes("conv1.weight"))


class BadFiles(unittest.TestCase):
    def test_every_file_that_is_not_a_checkpoint_is_an_error_with_its_name(self):
        paths = sorted((FIXTURES / "strangers").iterdir())
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(path.name), self.assertRaises(pth2swt.PthError) as caught:
                pth2swt.load(path)
            self.assertTrue(str(caught.exception).startswith(f"{path}: "), caught.exception)

    def test_a_truncated_file_is_an_error_at_every_length(self):
        whole = SMALL.read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.pth")
            for size in range(0, len(whole), max(1, len(whole) // 50)):
                pathlib.Path(path).write_bytes(whole[:size])
                with self.assertRaises(pth2swt.PthError):
                    pth2swt.load(path)

    def test_a_file_that_shrinks_while_it_is_open_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.pth")
            pathlib.Path(path).write_bytes(SMALL.read_bytes())
            with pth2swt.open(path) as file:
                os.truncate(path, 100)
                with self.assertRaises(pth2swt.PthError):
                    for name in file:
                        file.bytes(name)

    def test_damage_is_found_by_the_checksum(self):
        data = bytearray(SMALL.read_bytes())
        with pth2swt.open(SMALL) as file:
            values = file.bytes("conv1.weight")
        data[data.index(values) + 5] ^= 1
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.pth")
            pathlib.Path(path).write_bytes(data)
            with self.assertRaisesRegex(pth2swt.PthError, "CRC-32"):
                pth2swt.load(path)

    def test_a_bad_file_is_an_error_before_numpy_is_looked_for(self):
        code = ("import sys; sys.modules['numpy'] = None\nimport pth2swt\n"
                "try: pth2swt.load(sys.argv[1])\nexcept pth2swt.PthError: print('PthError')")
        path = str(sorted((FIXTURES / "strangers").iterdir())[0])
        run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
        self.assertEqual(run.stdout, "PthError\n", run.stderr)


class Writing(unittest.TestCase):
    def test_every_type_comes_back(self):
        source = FIXTURES / "checkpoints/dtypes.pth"
        values = pth2swt.load(source)
        with pth2swt.open(source) as file:
            plain = {k: v for k, v in values.items() if not file.dtype_name(k).startswith(("q", "bits", "b1"))}
        with tempfile.TemporaryDirectory() as folder:
            path, again = pathlib.Path(folder, "a.pth"), pathlib.Path(folder, "b.pth")
            pth2swt.save(plain, path)
            pth2swt.save(plain, again)
            self.assertEqual(path.read_bytes(), again.read_bytes())
            with pth2swt.open(source) as file, pth2swt.open(path) as written:
                self.assertEqual(list(written), list(plain))
                for name in plain:
                    self.assertEqual(written.dtype_name(name), file.dtype_name(name))
                    self.assertEqual(written.shape(name), file.shape(name))
                    self.assertEqual(written.bytes(name), file.bytes(name))

    @unittest.skipUnless(HAS_NUMPY, "needs NumPy")
    def test_any_layout_of_an_array_is_written_row_major(self):
        import numpy

        x = numpy.arange(24, dtype="f4").reshape(2, 3, 4)
        arrays = {"turned": x.T, "step": x[:, ::2], "big": x.astype(">f4"), "scalar": numpy.float64(2.5),
                  "none": numpy.zeros((0, 3), "f2"), "fortran": numpy.asfortranarray(x[0])}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.pth")
            pth2swt.save(arrays, path)
            for name, value in pth2swt.load(path).items():
                self.assertEqual(value.shape, numpy.shape(arrays[name]))
                self.assertTrue((value == arrays[name]).all())
            pth2swt.save({"a": x, "b": x}, path)
            self.assertLess(os.path.getsize(path), 2 * x.nbytes + 1000)
        for wrong in (numpy.array(["text"]), numpy.array([None])):
            with self.assertRaises(TypeError):
                pth2swt.save({"a": wrong}, path)

    def test_what_cannot_be_written_is_an_error(self):
        with pth2swt.open(SMALL) as file:
            value = file["fc.bias"]
        with self.assertRaises(pth2swt.PthError):
            pth2swt.save({"a": value}, "/dev/null/a.pth")
        with self.assertRaises(TypeError):
            pth2swt.save({1: value}, "/dev/null/a.pth")

    def test_nothing_is_a_checkpoint_without_tensors(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.pth")
            pth2swt.save({}, path)
            self.assertGreater(os.path.getsize(path), 0)


def program():
    """The command, installed beside this Python."""
    return os.path.join(sysconfig.get_path("scripts"), "pth2swt")


class Command(unittest.TestCase):
    def test_the_command_has_the_packages_version(self):
        run = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True)
        self.assertEqual(run.stdout.split()[1], pth2swt.__version__)


if __name__ == "__main__":
    unittest.main()
