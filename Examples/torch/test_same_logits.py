#!/usr/bin/env python3
"""A module filled from a .swt file gives bit-identical results to one filled from the checkpoint.

    PTH2SWT=.build/release/pth2swt python3 -m unittest discover -s Examples/torch
"""
import contextlib
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import torch
from torch.nn.utils import fuse_conv_bn_eval

from load_into_torch import load, main, swt


def torchvision_resnet():
    """torchvision's module of ResNets, or None. Its compiled operators load only with the build of torch
    that they were made for; ResNets need none, so declaring the two operators that the import requires is enough."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for operator in ("nms", "qnms"):
        with contextlib.suppress(RuntimeError):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    try:
        from torchvision.models import resnet
    except ImportError:
        return None
    resnet.library = library  # the declarations live as long as it does
    return resnet


RESNET = torchvision_resnet()

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Fixtures"
# checkpoint: (the entry with the state dict, the prefix of its names)
CHECKPOINTS = {
    "resnext_small": (None, ""), "resnext_small_legacy": (None, ""), "resnext_deep": (None, ""),
    "resnet_basic": (None, ""), "resnext_headless": (None, ""), "resnext_wrapped": ("state_dict", "module."),
    "resnext_compiled": ("model", "_orig_mod."),
}


def source(name):
    """The state dict as PyTorch reads it."""
    entry, prefix = CHECKPOINTS[name]
    loaded = torch.load(FIXTURES / "checkpoints" / f"{name}.pth", weights_only=True)
    return {key.removeprefix(prefix): value for key, value in (loaded[entry] if entry else loaded).items()}


class SameLogits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.input = torch.randn(2, 3, 65, 63, generator=torch.Generator().manual_seed(1))
        torch.set_grad_enabled(True)

    def convert(self, name, *options, checkpoint=None):
        out = self.folder / f"{name}.swt"
        checkpoint = checkpoint or FIXTURES / "checkpoints" / f"{name}.pth"
        command = [os.environ["PTH2SWT"], "convert", checkpoint, "-o", out, "--force", "--quiet", *options]
        subprocess.run(command, check=True)
        return out

    def run_program(self, *words):
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            status = main(*words)
        return status, text.getvalue()

    def assert_same(self, module, state):
        """Asserts that a separate module filled with `state` gives the same output."""
        expected = load(self.path)[0]
        expected.load_state_dict(state, strict=True, assign=True)
        with torch.no_grad():
            self.assertTrue(torch.equal(module(self.input), expected(self.input)))

    def test_logits_are_those_of_the_checkpoint(self):
        for name in CHECKPOINTS:
            with self.subTest(name):
                self.path = self.convert(name)
                self.assert_same(load(self.path)[0], source(name))

    @unittest.skipUnless(RESNET, "torchvision is not installed")
    def test_logits_are_those_of_torchvisions_own_module(self):
        torch.manual_seed(2)
        grouped = {"groups": 32, "width_per_group": 4}
        for block, options in ((RESNET.Bottleneck, grouped), (RESNET.BasicBlock, {})):
            net = RESNET.ResNet(block, [1, 2, 1, 1], num_classes=7, **options).train()
            with torch.no_grad():
                net(self.input)  # changes the initial statistics
            torch.save(net.state_dict(), self.folder / "net.pth")
            module, _ = load(self.convert("net", checkpoint=self.folder / "net.pth"))
            with torch.no_grad():
                self.assertTrue(torch.equal(module(self.input), net.eval()(self.input)))

    def test_half_precision_is_the_rounded_checkpoint(self):
        for precision, dtype in (("f16", torch.float16), ("bf16", torch.bfloat16)):
            with self.subTest(precision):
                self.path = self.convert("resnext_small", "--precision", precision)
                rounded = {key: value.to(dtype).float() if value.dim() > 1 else value
                           for key, value in source("resnext_small").items()}
                self.assert_same(load(self.path)[0], rounded)

    def test_eight_bits_are_within_half_a_step(self):
        self.path = self.convert("resnext_small", "--precision", "i8", "--keep-wide", "none")
        state, (module, file) = source("resnext_small"), load(self.path)
        loaded, quantized = module.state_dict(), 0
        for record in file:
            if record.flags & swt.QUANTIZED:
                quantized += 1
                scale = torch.from_numpy(file.numpy(file.quantizations[record.link].scale).copy())
                error = (loaded[record.name].double() - state[record.name].double()).abs().flatten(1).amax(1)
                self.assertTrue(bool((error <= scale * 0.5000001).all()), record.name)
        self.assertEqual(quantized, sum(value.dim() > 1 for value in state.values()))

    def test_folded_batch_norm_is_pytorchs_own_folding(self):
        for name in ("resnext_deep", "resnet_basic"):
            with self.subTest(name):
                kept = load(self.convert(name))[0].double()
                self.path = self.convert(name, "--fold-bn")
                module = load(self.path)[0]
                with torch.no_grad():
                    folded = {}
                    for path, block in [("", kept), *kept.named_modules()]:
                        for number in "123":
                            if hasattr(block, f"bn{number}"):
                                name = f"{path}.conv{number}".lstrip(".")
                                folded[name] = fuse_conv_bn_eval(
                                    getattr(block, f"conv{number}"), getattr(block, f"bn{number}"))
                        if getattr(block, "downsample", None) is not None:
                            folded[f"{path}.downsample.0"] = fuse_conv_bn_eval(*block.downsample)
                for key, fused in folded.items():
                    mine = module.get_submodule(key)
                    for tensor, expected in ((mine.weight, fused.weight), (mine.bias, fused.bias)):
                        error = (tensor.double() - expected).abs() - 2**-23 * expected.abs()
                        self.assertLessEqual(float(error.detach().max()), 1e-9, key)

    def test_golden_tests_in_the_file_pass(self):
        for name in ("resnext_small", "resnet_basic", "resnext_headless"):
            goldens = sorted((FIXTURES / "goldens" / name).glob("*.safetensors"))
            for options in ((), ("--fold-bn",)):
                with self.subTest(name, options=options):
                    path = self.convert(name, *options, *(word for g in goldens for word in ("--golden", g)))
                    status, text = self.run_program(path)
                    self.assertIn("golden tests: 2 run, 0 failed", text)
                    self.assertEqual(status, 0)

    def test_a_wrong_weight_fails_the_golden(self):
        state = source("resnext_small")
        state["layer3.0.conv2.weight"].view(-1)[7] += 1
        torch.save(state, self.folder / "wrong.pth")
        golden = FIXTURES / "goldens/resnext_small/image-64.golden.safetensors"
        path = self.convert("wrong", "--golden", golden, checkpoint=self.folder / "wrong.pth")
        self.assertEqual(self.run_program(path)[0], 1)

    def test_weights_lie_in_the_file_and_can_be_trained(self):
        path = self.convert("resnext_small")
        before = path.read_bytes()
        module, file = load(path)
        first, last = module.conv1.weight, module.fc.weight
        distance = file["fc.weight"].offset - file["conv1.weight"].offset
        self.assertEqual(last.data_ptr() - first.data_ptr(), distance)
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        old = module(self.input).detach()
        module(self.input).square().sum().backward()
        optimizer.step()
        self.assertFalse(torch.equal(module(self.input), old))
        self.assertEqual(path.read_bytes(), before)

    def test_an_array_can_be_given(self):
        import numpy
        path = self.convert("resnext_small")
        numpy.save(self.folder / "x.npy", self.input.numpy())
        status, text = self.run_program(path, self.folder / "x.npy")
        self.assertEqual((status, len(text.splitlines())), (0, 2), text)

    def test_three_files_side_by_side_are_enough(self):
        here = pathlib.Path(__file__).parent
        for path in (here / "load_into_torch.py", here / "resnet.py", ROOT / "Readers" / "python" / "swt.py"):
            shutil.copy(path, self.folder)
        self.convert("resnext_small").rename(self.folder / "model.swt")
        page = (here / "README.md").read_text(encoding="utf-8")
        code = page.split("```python\n")[1].split("```")[0]
        code = "import torch\nimages = torch.ones(1, 3, 32, 32)\n" + code + "print(tuple(logits.shape))\n"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=self.folder, check=True, capture_output=True, text=True)
        self.assertEqual(done.stdout, "(1, 10)\n")

    def test_damage_is_an_error_with_its_place(self):
        path = self.convert("resnext_small")
        data = bytearray(path.read_bytes())
        data[300_000] ^= 1
        path.write_bytes(data)
        status, text = self.run_program(path)
        self.assertEqual(status, 5)
        self.assertRegex(text, r"data-digest at byte \d+: the SHA-256 of 'layer")
        path.write_bytes(data[:5000])
        self.assertEqual(self.run_program(path)[0], 5)
        self.assertEqual(self.run_program(self.folder / "nowhere.swt")[0], 5)

    def test_networks_that_are_not_built_are_named(self):
        path = self.convert("senet", checkpoint=FIXTURES / "families/timm_seresnext_d.safetensors")
        status, text = self.run_program(path)
        self.assertEqual(status, 2)
        self.assertIn("does not build this network: arch.", text)
        path = self.convert("views", "--arch", "none", checkpoint=FIXTURES / "checkpoints/views.pth")
        self.assertEqual(self.run_program(path)[0], 2)


if __name__ == "__main__":
    unittest.main()
