// Causes in BatchNorm and biases, and missing single tensors.

extension NearMiss {
  static func normCause(_ evidence: Evidence) -> String? {
    let norms = evidence.names.filter { isNorm($0) }
    let biases = evidence.names.filter { isConvolutionBias($0) }
    if norms.isEmpty {
      return biases.isEmpty
        ? "there is no BatchNorm at all"
        : "there is no BatchNorm and convolutions have biases: it is already folded into them"
    }
    func has(_ leaf: String) -> Bool { norms.contains { $0.hasSuffix(leaf) } }
    if !has(".running_mean"), !has(".running_var") {
      return
        "no BatchNorm has running_mean and running_var: the parameters were saved without the buffers, or "
        + "this is another normalization (GroupNorm has neither)"
    }
    if !has(".weight"), !has(".bias") {
      return "no BatchNorm has weight and bias: they were created with affine=False"
    }
    return nil
  }

  static func biasCause(_ evidence: Evidence) -> String? {
    guard let found = evidence.first({ isConvolutionBias($0) }) else { return nil }
    let count = evidence.names.count { isConvolutionBias($0) }
    return
      "\(count == 1 ? "a convolution has a bias" : "\(count) convolutions have biases") besides BatchNorm "
      + "(\(found)), which no ResNet of torchvision or timm has"
  }

  /// The first missing tensor in execution order, except in the classifier.
  static func leafCause(_ evidence: Evidence) -> String? {
    guard let missing = evidence.fit?.missing.filter({ !$0.hasPrefix("fc.") }), let first = missing.first
    else {
      return nil
    }
    let shortcuts = missing.filter { $0.contains(".downsample.") }
    if shortcuts.count == missing.count, let name = shortcuts.first {
      let blocks = Set(shortcuts.map { blockName($0) })
      return blocks.count == 1
        ? "\(blockName(name)) changes the shape but has no shortcut: \(name) is missing"
        : "\(blocks.count) blocks change the shape but have no shortcuts: \(name) is missing"
    }
    return missing.count == 1 ? "\(first) is missing" : "\(first) and \(missing.count - 1) more are missing"
  }

  static func isNorm(_ name: String) -> Bool {
    guard let path = KeyPath(name) else { return false }
    if path.leaf.hasPrefix("running_") || path.leaf == "num_batches_tracked" { return true }
    let module = path.components[path.components.count - 2]
    return module.hasPrefix("bn")
      || path.components.count == 5 && path.components[2] == "downsample" && module != "0"
  }

  /// `conv1.bias`, `layer1.0.conv2.bias`, `layer1.0.downsample.0.bias`.
  static func isConvolutionBias(_ name: String) -> Bool {
    guard let path = KeyPath(name), path.leaf == "bias" else { return false }
    let module = path.components[path.components.count - 2]
    if module.hasPrefix("conv"), path.components.count == 2 || path.components.count == 4 { return true }
    return name.hasSuffix(".downsample.0.bias")
  }

  /// The block of a name: `layer1.0` for `layer1.0.conv1.weight`, `fc` for `fc.weight`.
  static func blockName(_ name: String) -> String {
    let parts = name.split(separator: ".")
    guard let first = parts.first else { return name }
    return first.hasPrefix("layer") && parts.count > 2 ? "\(first).\(parts[1])" : String(first)
  }
}
