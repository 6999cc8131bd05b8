extension GoldenScript {
  /// The part for quantized networks, whose goldens are integers: one engine's, without a noise floor.
  // swift-format-ignore
  static let quantized = #"""
    def quantized_state(d, prefix=""):  # the quantized state dict in nested dicts, and what precedes its keys
        for k, v in d.items() if isinstance(d, dict) else ():
            if isinstance(k, str) and (k == "quant.scale" or k.endswith(".quant.scale")): return d, k[:-len("quant.scale")]
        return next((found for v in (d.values() if isinstance(d, dict) else ()) if (found := quantized_state(v))), None)
    def plain(state):  # {"fc._packed_params._packed_params": (weight, bias)} -> {"fc.weight": …, "fc.bias": …}; integers and their scales
        parts = lambda k, v: [(k.split("._packed")[0] + e, t) for e, t in zip((".weight", ".bias"), v)] if isinstance(v, tuple) else [(k, v)]
        for k, v in ((k, v) for key, value in state.items() for k, v in parts(key, value) if isinstance(v, torch.Tensor)):
            yield k, v.int_repr() if v.is_quantized else v
            if v.is_quantized: yield k + ".scale", v.q_per_channel_scales() if "channel" in str(v.qscheme()) else torch.tensor([v.q_scale()], dtype=torch.float64)
    def make_quantized(state, prefix):
        import torch.ao.quantization as quantization
        if a.quantized_engine: torch.backends.quantized.engine = a.quantized_engine
        if os.path.exists(a.model): sys.exit("PyTorch cannot run a quantized module that was saved whole: give --model a function, such as torchvision.models.quantization:resnet50")
        model, parts = getattr(importlib.import_module(module), name)().eval(), {"conv1", "bn1", "maxpool", "layer1", "layer2", "layer3", "layer4", "fc"}
        net = next((m for m in model.modules() if parts <= m._modules.keys()), None) or sys.exit(f"no module with {sorted(parts)}")
        if not hasattr(net.conv1, "zero_point"):
            net.fuse_model(is_qat=False)
            net.qconfig = quantization.get_default_qconfig(torch.backends.quantized.engine)
            quantization.convert(quantization.prepare(net, inplace=True), inplace=True)
        own = type(state)((k[len(prefix):], v) for k, v in state.items() if k.startswith(prefix))
        if hasattr(state, "_metadata"): own._metadata = {k[len(prefix):]: v for k, v in state._metadata.items() if k.startswith(prefix)}
        net.load_state_dict(own)
        raw = lambda t: ctypes.string_at((c := t.detach().contiguous()).data_ptr(), c.nbytes)
        sd, engine = dict(plain(net.state_dict())), torch.backends.quantized.engine
        deep, both, text = "layer1.0.conv3.weight" in sd, lambda v: v if isinstance(v, int) else v[0], lambda v: ",".join(map(str, v))
        planes, stages = sd["layer1.0.conv3.weight"].shape[0] // 4 if deep else sd["layer1.0.conv1.weight"].shape[0], [getattr(net, f"layer{i}") for i in range(1, 5)]
        strides = [both(s[0].conv1.stride) * (both(s[0].conv2.stride) if deep else 1) for s in stages]
        meta = {"digest." + k: hashlib.sha256(raw(v)).hexdigest() for k, v in sd.items()}
        meta |= {"arch.block": "bottleneck" if deep else "basic", "arch.base_planes": planes, "arch.layers": text(map(len, stages)), "arch.groups": net.layer1[0].conv2.groups,
                 "arch.width_per_group": -(-sd["layer4.0.conv2.weight"].shape[1] * 8 // planes) if deep else 64, "arch.stem_channels": net.conv1.out_channels,
                 "arch.head": "fc", "arch.num_classes": net.fc.out_features, "arch.bn_eps": 1e-5} | ({} if strides == [1, 2, 2, 2] else {"arch.strides": text(strides)})
        def splitmix(x):  # on int64 tensors, whose products wrap around as required
            z = x - 0x61C8864680B583EB
            for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15), (31, 1)): z = (z ^ (z >> shift & (1 << 64 - shift) - 1)) * factor
            return z
        def multiscale(seed, shape):  # six octaves of block noise, exact in float32
            n, c, y, x = torch.meshgrid(*map(torch.arange, shape), indexing="ij")
            at = lambda k: splitmix(seed + (((n * 3 + c) * 8 + k) << 40) + ((y >> k) << 20) + (x >> k))
            return sum((((at(k) >> 48 & 0xFFFF) - 32768) << k for k in range(6)), (c - 1) * 131072).float() * 2.0**-19
        os.makedirs(a.out, exist_ok=True)
        for i in range(a.inputs):
            shape = (2, 3, a.size + 1, a.size - 1) if i and i == a.inputs - 1 else (1, 3, a.size, a.size)
            r, hooks = {}, []
            for k, m in net.named_modules():
                if re.fullmatch(r"(layer\d\.\d+\.)?(conv\d|downsample\.0)|maxpool|layer\d\.\d+|avgpool", k):
                    hooks.append(m.register_forward_hook(lambda m, i, o, k=k: r.__setitem__(k, o.int_repr().float())))
            logits = net(multiscale(i, shape))
            [h.remove() for h in hooks]
            r["avgpool"] = r["avgpool"].flatten(1)
            golden, data = f"formula-{shape[2]}x{shape[3]}-{i}", b""
            m = {"pth2swt.golden": 1, "name": golden, "producer": f"torch {torch.__version__} CPU, {engine}", "output": "logits", "tolerance.k": 8, **meta, "quantized.engine": engine,
                 "made_with": "cpu; integers of " + engine, "torch_version": torch.__version__, "input_formula": f"multiscale-1 seed={i} shape={text(shape)}", "preprocess": "none",
                 "labels_top5": ";".join(text(v) for v in logits.topk(min(5, logits.shape[1])).indices.tolist())}
            tensors = {"logits_f32": logits}
            for j, (k, v) in enumerate(r.items()):
                m |= {f"tap.{k}.seed": 1000 + j, f"tap.{k}.shape": text(v.shape)}
                index = [n % 2**64 % v.numel() for n in splitmix(torch.arange(512) + 1000 + j).tolist()]  # 512 samples of each layer
                tensors |= {f"tap.{k}": v} if a.full_taps else {f"tap.{k}.values": v.flatten()[index]}
            header = {"__metadata__": {k: str(v) for k, v in m.items()}}
            for k, v in sorted(tensors.items()):
                header[k] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [len(data), len(data) + v.nbytes]}
                data += raw(v)
            head, path = json.dumps(header).encode(), os.path.join(a.out, golden + ".golden.safetensors")
            open(path, "wb").write(struct.pack("<Q", len(head) + -len(head) % 8) + head + b" " * (-len(head) % 8) + data)
            print(path, "integers of", engine)
    if a.state_dict and (found := quantized_state(load(a.state_dict))):
        make_quantized(*found)
        sys.exit()
    """#
}
