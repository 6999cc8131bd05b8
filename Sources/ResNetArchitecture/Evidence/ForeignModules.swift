// Layers that no layer tree has: refused by name and place.

extension ModuleEvidence {
  /// The first module, in file order, whose function the layer tree cannot express.
  var foreign: ReadingFailure? {
    for facts in inside {
      guard let reason = foreignReason(facts) else { continue }
      return ReadingFailure("\(Self.place(facts)) is \(facts.type): \(reason)", .anyStateDict)
    }
    for facts in inside {
      guard let call = foreignCall(facts) else { continue }
      return ReadingFailure(
        "the code of \(Self.place(facts)) calls \(call), which no layer of a ResNet does", .anyStateDict)
    }
    return nil
  }

  private func foreignReason(_ facts: ModuleFacts) -> String? {
    let isGate = isInGate(facts)
    switch ModuleKind(facts) {
    case .foreign:
      // ECA's gates have a convolution over channels.
      if isGate, facts.shortType == "Conv1d" { return nil }
      return "a layer that the ResNets of this program do not have"
    case .sigmoid:
      return isGate ? nil : "a layer that the ResNets of this program do not have"
    case .unknown:
      // A class of the program, which has modules, tensors or known operators.
      if facts.type.isEmpty || isParent(facts) || isGate || isRoot(facts) || hasTensors(facts) { return nil }
      if hasCode { return nil }
      return "what it computes is not in the file"
    case .convolution:
      if case .text(let mode) = facts.attributes["padding_mode"], mode != "zeros" {
        return "padding_mode is '\(mode)'; this program pads with zeros"
      }
      return nil
    case .adaptiveAverage, .adaptiveMaximum:
      guard let size = facts.size("output_size"), size != .same(1), !isGate else { return nil }
      return "its output is larger than one pixel"
    case .norm:
      return facts.flag("is_training") == true
        ? "it was traced in training mode, so it normalizes with the statistics of each batch" : nil
    case .nothing where facts.shortType == "ReflectionPad2d":
      return isBlurPadding(facts) ? nil : "this program pads with zeros"
    case .maxPool, .averagePool, .blur, .samePool, .relu, .linear, .nothing: return nil
    }
  }

  private func isRoot(_ facts: ModuleFacts) -> Bool { facts.name == prefix.dropLast() }

  /// Whether a module is inside a channel gate: `layer1.0.se`, `layer1.0.se_module`.
  func isInGate(_ facts: ModuleFacts) -> Bool {
    guard block(of: facts) != nil else { return false }
    return facts.name.split(separator: ".").contains { part in
      ["se", "se_module", "se_layer", "eca", "attn", "gate"].contains(part)
    }
  }

  /// timm's `BlurPool2d` has its padding as a module.
  private func isBlurPadding(_ facts: ModuleFacts) -> Bool {
    facts.name.hasSuffix(".padding") || facts.name.hasSuffix(".pad")
  }

  /// Whether some tensor of the network is the module's own.
  private func hasTensors(_ facts: ModuleFacts) -> Bool { tensorOwners.contains(facts.name) }

  private func foreignCall(_ facts: ModuleFacts) -> String? {
    // What a module of torch.ao.nn.quantized calls is known by its class.
    guard !facts.calls.isEmpty, !facts.type.contains(".quantized.") else { return nil }
    let isGate = isInGate(facts)
    return facts.calls.first { call in
      let name = call.hasSuffix("_") && !call.hasPrefix("_") ? String(call.dropLast()) : call
      if Self.known.contains(name) || Self.bookkeeping.contains(name) { return false }
      if name.hasPrefix("__") { return false }
      let isBlur = ModuleKind(facts) == .blur || facts.shortType == "ReflectionPad2d" && isBlurPadding(facts)
      return !(isGate || isBlur || isPaddedShortcut(facts)) || !Self.gate.contains(name)
    }
  }

  /// Whether a module is a shortcut without weights, which pads channels.
  private func isPaddedShortcut(_ facts: ModuleFacts) -> Bool {
    facts.name.split(separator: ".").contains { $0 == "shortcut" || $0 == "downsample" }
  }

  /// Operators of a ResNet.
  private static let known: Set<String> = [
    "conv2d", "_convolution", "convolution", "batch_norm", "_native_batch_norm_legit_no_training", "relu",
    "add", "add_relu", "quantize_per_tensor", "dequantize",
    "max_pool2d", "max_pool2d_with_indices", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d",
    "mean",
    "flatten", "view", "reshape", "linear", "addmm", "matmul", "t", "numpy_T", "permute", "transpose",
    "dropout",
    "feature_dropout", "squeeze", "unsqueeze", "getitem",
  ]

  /// Operators that compute no values of feature maps.
  private static let bookkeeping: Set<String> = [
    "size", "dim", "len", "contiguous", "detach", "clone", "alias", "to", "ne", "eq", "gt", "lt", "ge", "le",
    "format", "warn", "Int", "NumToTensor", "ScalarImplicit", "RaiseException", "annotate", "append", "slice",
    "floordiv", "Size", "_check_input_dim", "is_grad_enabled", "unchecked_cast", "uninitialized", "device",
    "Float", "Bool", "_assert", "_assert_tensor_metadata", "sym_size", "int", "is_scripting",
    "_shape_as_tensor",
  ]

  /// Operators of gates, of binomial filters, and of shortcuts without weights.
  private static let gate: Set<String> = [
    "sigmoid", "mul", "expand_as", "expand", "conv1d", "pad", "reflection_pad2d", "constant_pad_nd", "cat",
    "zeros",
    "select",
  ]
}
