#!/usr/bin/env python3
"""Makes Fixtures/images: small pictures of every kind, and what PIL, torchvision and PyTorch make of them.

    pip install torch==2.13.0 && pip install --no-deps torchvision==0.28.0
    pip install -r scripts/requirements-fixtures.txt
    python3 scripts/make_image_fixtures.py

The pictures are drawn by a formula. `truth.json` has, for each of them, the pixels of
`PIL.Image.open(path).convert("RGB")`; for each recipe of preprocessing, the pixels that torchvision's resize and
centre crop leave and the tensor that its ImageClassification preset makes; and for the first recipe the logits of
checkpoints/resnext_small.pth, with the noise floor of float32 as in the goldens. Pixels are given as [width, height,
CRC-32 of their RGB bytes, row by row], tensors as the CRC-32 of their little-endian float32 [3, height, width].
"""
import copy
import io
import json
import pathlib
import zlib

import numpy as np
import PIL
import torch
from PIL import Image, ImageDraw, features

import make_fixtures  # first: with it, torchvision imports beside any build of torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F
from torchvision.transforms._presets import ImageClassification

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Fixtures"
MODEL = "checkpoints/resnext_small.pth"

# name: (length of the short side, side of the crop, filter)
RECIPES = {
    "resize-256-crop-224": (256, 224, "bilinear"),
    "resize-232-crop-224": (232, 224, "bilinear"),
    "resize-235-crop-224-bicubic": (235, 224, "bicubic"),
    "resize-64-crop-64": (64, 64, "bilinear"),
    "resize-53-crop-71": (53, 71, "bilinear"),
    "resize-40-crop-33-bicubic": (40, 33, "bicubic"),
}


# ---------------------------------------------------------------------------------------------
# Pictures
# ---------------------------------------------------------------------------------------------


def scene(name, width, height):
    """A picture like a photograph: a sky and a ground in soft colours, things with hard edges, a little grain."""
    seed = make_fixtures.named_seed("image", name)
    u = make_fixtures.unit_values(seed, 64).astype(np.float64)
    y, x = np.mgrid[0:height, 0:width]
    x, y = x / width, y / height
    planes = []
    for c in range(3):
        a = u[8 * c : 8 * c + 8]
        sky = 150 + 60 * a[0] - 90 * y + 30 * np.sin(7 * x + 3 * a[1]) * np.cos(5 * y + 3 * a[2])
        ground = 90 + 50 * a[3] + 40 * np.sin(40 * x * (1.2 - y) + 3 * a[4]) * y
        planes.append(np.where(y < 0.6 + 0.05 * np.sin(6 * x + 3 * u[30]), sky, ground))
    pixels = np.stack(planes, axis=2)
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for n in range(6):
        a = (u[32 + 5 * n : 37 + 5 * n] + 1) / 2
        left, top = a[0] * width * 0.8, a[1] * height * 0.8
        box = [left, top, left + (0.1 + 0.2 * a[2]) * width, top + (0.1 + 0.3 * a[3]) * height]
        colour = tuple(int(v) for v in (255 * a[4], 255 * a[2], 255 * a[1]))
        (draw.ellipse if n % 2 else draw.rectangle)([round(v) for v in box], fill=colour)
    return image


def grained(image, amount):
    """With noise, so that each pixel counts; JPEG only, PNG would not get smaller."""
    pixels = np.asarray(image).astype(np.int64)
    noise = make_fixtures.unit_values(make_fixtures.named_seed("grain"), pixels.size).reshape(pixels.shape)
    return Image.fromarray((pixels + np.rint(amount * noise).astype(np.int64)).clip(0, 255).astype(np.uint8))


def jpeg(image, **options):
    data = io.BytesIO()
    image.save(data, "JPEG", **{"quality": 80, "subsampling": "4:2:0"} | options)
    return data.getvalue()


def png(image, **options):
    data = io.BytesIO()
    image.save(data, "PNG", optimize=True, **options)
    return data.getvalue()


def raw_png(pixels, bits, colour, interlaced=False, extra=()):
    """A PNG that PIL does not write: `pixels` is [height, width, samples], stored in `bits` for each sample."""
    height, width, _ = pixels.shape

    def packed(rows):
        for row in rows:
            flat = row.reshape(-1)
            if bits == 16:
                yield b"\0" + flat.astype(">u2").tobytes()
            else:
                lanes = 8 // bits
                flat = np.pad(flat, (0, -len(flat) % lanes)).reshape(-1, lanes)
                shifts = 8 - bits * (1 + np.arange(lanes))
                yield b"\0" + (flat << shifts).sum(1).astype(np.uint8).tobytes()

    adam7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    passes = [pixels[y::dy, x::dx] for y, x, dy, dx in adam7] if interlaced else [pixels]
    body = b"".join(row for part in passes if part.size for row in packed(part))
    header = np.array([width, height], ">u4").tobytes() + bytes([bits, colour, 0, 0, int(interlaced)])

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(body, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*c) for c in chunks)


def pictures():
    """(file name, bytes). Odd sizes; every kind of JPEG and PNG that is decoded in a way of its own."""
    yield "landscape.jpg", jpeg(grained(scene("landscape", 317, 211), 3), quality=75)
    yield "portrait.jpg", jpeg(grained(scene("portrait", 123, 197), 3), quality=75, subsampling="4:2:2", progressive=True)
    yield "small.jpg", jpeg(scene("small", 61, 47), quality=85, subsampling="4:4:4")
    yield "grey.jpg", jpeg(scene("grey", 101, 83).convert("L"))
    turned = Image.Exif()
    turned[0x0112] = 6  # Orientation: turn by 90 degrees
    yield "turned.jpg", jpeg(scene("turned", 90, 60), exif=turned)
    yield "cmyk.jpg", jpeg(scene("cmyk", 75, 50).convert("CMYK"))
    yield "colours.png", png(scene("colours", 67, 51))
    alpha = scene("alpha", 37, 49)
    alpha.putalpha(scene("alpha-mask", 37, 49).convert("L"))
    yield "alpha.png", png(alpha)
    palette = scene("palette", 83, 57).quantize(24, dither=Image.Dither.NONE)
    yield "palette.png", png(palette, transparency=bytes([0, 128, 255, 40]))
    yield "grey-alpha.png", png(alpha.convert("LA"))
    flat = np.asarray(scene("grey-png", 59, 73).convert("L"))[:, :, None].astype(np.int64)
    yield "grey-2-bits.png", raw_png(flat >> 6, 2, 0)
    yield "black-white.png", raw_png(flat >> 7, 1, 0, interlaced=True)
    deep = np.asarray(scene("deep", 25, 19)).astype(np.int64)
    gamma = (b"gAMA", (100000).to_bytes(4, "big"))  # linear light, it says; PIL does not listen
    yield "16-bits-gamma.png", raw_png(deep * 257 - (deep > 0) * 131, 16, 2, extra=[gamma])
    clear = (b"tRNS", np.array(deep[3, 3], ">u2").tobytes())
    yield "interlaced-clear.png", raw_png(deep, 8, 2, interlaced=True, extra=[clear])


# ---------------------------------------------------------------------------------------------
# The truth
# ---------------------------------------------------------------------------------------------


def pixels_record(image):
    return [image.width, image.height, zlib.crc32(image.tobytes())]


def preset(resize, crop, interpolation):
    return ImageClassification(
        resize_size=resize, crop_size=crop, interpolation=InterpolationMode(interpolation)
    )


def recipe_record(image, resize, crop, interpolation):
    resized = F.resize(image, [resize], InterpolationMode(interpolation), antialias=True)
    tensor = preset(resize, crop, interpolation)(image).contiguous()
    return {
        "resized": pixels_record(resized),
        "cropped": pixels_record(F.center_crop(resized, [crop])),
        "tensor": zlib.crc32(make_fixtures.tensor_bytes(tensor)),
    }


def network():
    net = make_fixtures.NarrowResNet(make_fixtures.SMALL)
    net.load_state_dict(torch.load(FIXTURES / MODEL, weights_only=True))
    return net.eval()


def logits_record(net, x):
    """The float64 pass, and the largest error of PyTorch's float32 variants: the bound of the goldens."""
    reference = copy.deepcopy(net).double()(x.double())
    floors, folded = make_fixtures.Floors(), make_fixtures.fuse_batch_norms(net)
    for variant in make_fixtures.ALL_VARIANTS:
        outputs = make_fixtures.run_variant(variant, net, folded, lambda n, _, v: {"logits": n(v)}, "fc", x)
        floors.add("floor", outputs, {"logits": reference})
    return {
        "logits": [float(f"{value:.12g}") for value in reference[0].tolist()],
        "floor_rel_l2": floors.values["floor.logits.rel_l2"],
        "floor_max": floors.values["floor.logits.max"],
        "k": make_fixtures.TOLERANCE_K,
    }


def recipes_of(name):
    """All for the pictures of which each has another shape; how a file is stored makes no difference to a recipe."""
    return list(RECIPES) if name in ("landscape.jpg", "portrait.jpg", "small.jpg", "interlaced-clear.png") else list(RECIPES)[:1]


def main():
    out = FIXTURES / "images"
    out.mkdir(exist_ok=True)
    net, records = network(), []
    first = next(iter(RECIPES.values()))
    for name, data in pictures():
        (out / name).write_bytes(data)
        image = Image.open(out / name)
        mode, image = image.mode, image.convert("RGB")
        records.append({
            "file": name,
            "mode": mode,
            "decoded": pixels_record(image),
            "recipes": {key: recipe_record(image, *RECIPES[key]) for key in recipes_of(name)},
            **logits_record(net, preset(*first)(image)[None]),
        })
        print(f"{name:24} {len(data):6} bytes  {mode:5} {image.size} top1 {np.argmax(records[-1]['logits'])}")
    recipes = {n: {"resize": r, "crop": c, "interpolation": i} for n, (r, c, i) in RECIPES.items()}
    about = f"PIL {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}, " \
        f"torch {torch.__version__.split('+')[0]}, torchvision {make_fixtures.torchvision.__version__.split('+')[0]}"
    truth = {"made_with": about, "model": MODEL, "recipes": recipes}
    lines = ",\n".join(json.dumps(record, separators=(",", ":")) for record in records)
    text = f'{json.dumps(truth)[:-1]},\n"images": [\n{lines}\n]}}\n'
    (out / "truth.json").write_text(text)
    print(sum(p.stat().st_size for p in out.iterdir()), "bytes;", about)


if __name__ == "__main__":
    with torch.no_grad():
        torch.manual_seed(make_fixtures.SEED)
        main()
