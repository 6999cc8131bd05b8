/// The PyTorch side of golden tests: a script that needs torch alone.
///
/// It runs the user's own model in float64 and, in several ways, in float32; the spread of the latter around the
/// former is the noise floor that verification judges by.
enum GoldenScript {
  // swift-format-ignore
  static let text = #"""
    #!/usr/bin/env python3
    """Makes calibrated golden tests of a ResNet or ResNeXt, one file for each input. Needs torch; Pillow only for --image."""
    import argparse, hashlib, importlib, json, os, re, struct, sys
    import torch

    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", required=True, help="a module saved whole, or package.module:function that makes it")
    p.add_argument("--state-dict", help="weights to load into it, wrapped or not")
    p.add_argument("--size", type=int, default=224)
    p.add_argument("--inputs", type=int, default=2, help="number of formula inputs; the last has an odd size, batch 2")
    p.add_argument("--image", nargs="*", default=[], help="pictures: short side to size*256/224, centre crop, ImageNet norm")
    p.add_argument("--full-taps", action="store_true", help="store whole layers, which lets verify feed each block")
    p.add_argument("--out", default=".")
    a = p.parse_args()

    def strip(d):  # {"state_dict": {"module.conv1.weight": …}} -> {"conv1.weight": …}
        while isinstance(d, dict) and not any(torch.is_tensor(v) for v in d.values()):
            d = next((d[k] for k in ("state_dict", "model", "net", "model_ema") if k in d), None) or sys.exit("no state dict")
        prefix = next((k[: -len("conv1.weight")] for k in d if re.search(r"(^|\.)conv1\.weight$", k)
                       and k[: -len("conv1.weight")] + "layer1.0.conv1.weight" in d), "")
        return {k[len(prefix):]: v for k, v in d.items() if k.startswith(prefix)}

    if ":" in a.model and not os.path.exists(a.model):
        sys.path.insert(0, os.getcwd())
        module, function = a.model.split(":", 1)
        model = getattr(importlib.import_module(module), function)()
    else:
        model = torch.load(a.model, map_location="cpu", weights_only=False)  # runs code in the file: only your own
    net = next((m for m in model.modules() if all(hasattr(m, n) for n in ("conv1", "bn1", "layer1", "layer4"))), None)
    net = net if net is not None else sys.exit("no module with conv1, bn1, layer1 … layer4 in it")
    net = net.float().eval()
    if a.state_dict:
        net.load_state_dict(strip(torch.load(a.state_dict, map_location="cpu", weights_only=True)))
    blocks = [(f"layer{i}.{j}", b) for i in range(1, 5) for j, b in enumerate(getattr(net, f"layer{i}"))]

    def forward(x, dtype=torch.float32):  # every tap, the output last; written out so that wrappers do not matter
        x, taps = x.to(dtype), {}
        x = taps["conv1"] = torch.relu(net.bn1(net.conv1(x)))
        x = taps["maxpool"] = net.maxpool(x)
        for name, block in blocks:
            x = taps[name] = block(x)
        if isinstance(getattr(net, "fc", None), torch.nn.Linear):
            x = taps["avgpool"] = torch.flatten(torch.nn.functional.adaptive_avg_pool2d(x, 1), 1)
            x = net.fc(x)
        return {k: v.detach() for k, v in taps.items()}, x.detach()

    M = (1 << 64) - 1
    def splitmix(x):  # on int64 tensors, whose products wrap as they should
        s = lambda v: v - (1 << 64) if v >> 63 else v
        shift = lambda v, n: (v >> n) & ((1 << (64 - n)) - 1)
        z = x + s(0x9E3779B97F4A7C15)
        z = (z ^ shift(z, 30)) * s(0xBF58476D1CE4E5B9)
        z = (z ^ shift(z, 27)) * s(0x94D049BB133111EB)
        return z ^ shift(z, 31)

    def multiscale(seed, shape):  # six octaves of block noise, exact in float32
        n, c, y, x = (torch.arange(v) for v in shape)
        nc = (n[:, None] * 3 + c[None, :])[:, :, None, None]
        total = (c[None, :, None, None] - 1) * 131072
        for k in range(6):
            at = seed + ((nc * 8 + k) << 40) + ((y >> k) << 20)[None, None, :, None] + (x >> k)[None, None, None, :]
            total = total + ((((splitmix(at) >> 48) & 0xFFFF) - 32768) << k)
        return total.float() * 2.0**-19

    def picture(path):
        from PIL import Image
        im = Image.open(path).convert("RGB")
        r = a.size * 256 / 224 / min(im.size)
        im = im.resize((max(a.size, round(im.width * r)), max(a.size, round(im.height * r))), Image.BILINEAR)
        l, t = round((im.width - a.size) / 2), round((im.height - a.size) / 2)
        v = torch.frombuffer(bytearray(im.crop((l, t, l + a.size, t + a.size)).tobytes()), dtype=torch.uint8)
        v = v.view(a.size, a.size, 3).permute(2, 0, 1)[None].float() / 255
        return (v - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)

    raw = lambda t: t.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b""
    sha = lambda b: hashlib.sha256(b).hexdigest()
    def error(t, r):
        e = t.double() - r
        return (max(float(e.norm() / r.norm()), 2.0**-24), max(float(e.abs().max() / r.std(unbiased=False)), 2.0**-24))

    def stored(kind, w):  # a layer's weights as `convert --precision kind` rounds them
        if kind != "i8":
            return w.to({"f16": torch.float16, "bf16": torch.bfloat16}[kind]).float()
        scale = w.flatten(1).abs().amax(1).clamp(min=1e-30).view(-1, *[1] * (w.dim() - 1)) / 127
        return (w / scale).round() * scale

    def rounded(x, kind):  # every tap with weights of that kind, all else in float64
        layers = [m for m in net.modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))]
        kept = [m.weight.data for m in layers]
        for m in layers:
            m.weight.data = stored(kind, m.weight.data)
        net.double()
        result = forward(x, torch.float64)
        net.float()
        for m, w in zip(layers, kept):
            m.weight.data = w
        return result

    def make(name, x, formula):
        t32, y32 = forward(x)
        runs = [(t32, y32)]
        with torch.backends.mkldnn.flags(enabled=False):
            runs.append(forward(x))
        runs.append(forward(x.to(memory_format=torch.channels_last)))
        ones = [forward(v[None]) for v in x]
        runs.append(({k: torch.cat([o[0][k] for o in ones]) for k in t32}, torch.cat([o[1] for o in ones])))
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        runs.append(forward(x))
        torch.set_num_threads(threads)
        net.double()
        t64, y64 = forward(x, torch.float64)
        net.float()
        out = "logits" if y64.dim() == 2 else "layer4"
        meta = {"pth2swt.golden": "1", "name": name, "producer": f"torch {torch.__version__} CPU", **arch, **digests,
                "torch_version": torch.__version__, "made_with": "cpu; variants: default, mkldnn off, channels_last, one by one, 1 thread",
                "preprocess": "none" if formula else "resize, centre crop, ImageNet mean and std, RGB", "output": out, "tolerance.k": "8"}
        tensors = {} if formula else {"input": x}
        if formula:
            meta["input_formula"] = formula
        if out == "logits":
            meta["labels_top5"] = ";".join(",".join(map(str, r)) for r in y64.topk(min(5, y64.shape[1])).indices.tolist())
        tensors.update({out + "_f64": y64, out + "_f32": y32})
        for kind in ("f16", "bf16", "i8"):
            t, y = rounded(x, kind)
            for k, r in [*t64.items(), (out, y64)]:
                worst = error(y if k == out else t[k], r)
                meta[f"floor.{kind}.{k}.rel_l2"], meta[f"floor.{kind}.{k}.max"] = map(repr, worst)
        for i, (k, r) in enumerate([*t64.items(), (out, y64)]):
            worst = [max(v) for v in zip(*(error(y if k == out else t[k], r) for t, y in runs))]
            meta[f"floor.{k}.rel_l2"], meta[f"floor.{k}.max"] = map(repr, worst)
            if k == out:
                continue
            stats = {"mean": r.mean(), "std": r.std(unbiased=False), "absmax": r.abs().max(), "l2": r.norm()}
            meta.update({f"tap.{k}.{n}": repr(float(v)) for n, v in stats.items()})
            if a.full_taps:
                tensors["tap." + k] = r.float()
            else:
                index = splitmix(torch.arange(512) + 1000 + i)
                index = torch.tensor([(int(v) & M) % r.numel() for v in index])
                tensors[f"tap.{k}.values"] = r.reshape(-1)[index].float()
                meta[f"tap.{k}.seed"], meta[f"tap.{k}.shape"] = str(1000 + i), ",".join(map(str, r.shape))
        header, data = {"__metadata__": meta}, b""
        for k, v in sorted(tensors.items(), key=lambda kv: (-kv[1].element_size(), kv[0])):
            kind = {torch.float32: "F32", torch.float64: "F64"}[v.dtype]
            header[k] = {"dtype": kind, "shape": list(v.shape), "data_offsets": [len(data), len(data) + len(raw(v))]}
            data += raw(v)
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        path = os.path.join(a.out, name + ".golden.safetensors")
        with open(path, "wb") as f:
            f.write(struct.pack("<Q", len(text)) + text + data)
        print(path, f"floor {meta[f'floor.{out}.rel_l2']}")

    sd = {k: v for k, v in net.state_dict().items() if not (k.startswith("fc.") and not isinstance(net.fc, torch.nn.Linear))}
    lines = [f"{k} {str(v.dtype)[6:]} {'x'.join(map(str, v.shape))} {sha(raw(v))}\n" for k, v in sd.items()]
    digests = {"weights_digest": sha("".join(sorted(lines)).encode()), **{"digest." + k: sha(raw(v)) for k, v in sd.items()}}
    deep = "layer1.0.conv3.weight" in sd
    planes = sd["layer1.0.conv3.weight"].shape[0] // 4 if deep else sd["layer1.0.conv1.weight"].shape[0]
    group = sd["layer4.0.conv2.weight"].shape[1]
    arch = {"arch.block": "bottleneck" if deep else "basic", "arch.base_planes": str(planes),
            "arch.layers": ",".join(str(len(getattr(net, f"layer{i}"))) for i in range(1, 5)),
            "arch.groups": str(net.layer1[0].conv2.groups), "arch.width_per_group": str(-(-group * 8 // planes) if deep else 64),
            "arch.head": "fc" if "fc.weight" in sd else "none"}
    if "fc.weight" in sd:
        arch["arch.num_classes"] = str(sd["fc.weight"].shape[0])
    os.makedirs(a.out, exist_ok=True)
    with torch.no_grad():
        for path in a.image:
            make(os.path.splitext(os.path.basename(path))[0], picture(path), None)
        for i in range(a.inputs):
            shape = (2, 3, a.size + 1, a.size - 1) if i and i == a.inputs - 1 else (1, 3, a.size, a.size)
            make("formula-" + "x".join(map(str, shape[2:])) + f"-{i}", multiscale(i, shape), f"multiscale-1 seed={i} shape=" + ",".join(map(str, shape)))
    """#
}
