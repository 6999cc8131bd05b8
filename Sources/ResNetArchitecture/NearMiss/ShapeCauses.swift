// Causes in shapes and in the classifier.

extension NearMiss {
  /// The first tensor in execution order with another shape, except in the classifier.
  static func shapeCause(_ evidence: Evidence) -> String? {
    guard let fit = evidence.fit,
      let first = fit.mismatched.first(where: { !$0.name.hasPrefix("fc.") })
    else { return nil }
    let (name, actual, expected) = (first.name, first.actual, first.expected)
    if actual.count == 4, expected.count == 4 {
      if actual == [expected[2], expected[3], expected[1], expected[0]], actual != expected {
        return "\(name) is \(actual): height, width, in, out, which is TensorFlow's order"
      }
      if actual[0] == expected[0], actual[2...] == expected[2...], actual[1] > 0, expected[1] > 0,
        name.hasSuffix("conv2.weight")
      {
        let width = actual[0]
        return "\(name) has \(width / actual[1]) groups; the first block has \(width / expected[1])"
      }
      if actual[2...] != expected[2...] {
        return "\(name) is \(actual[2])×\(actual[3]), expected \(expected[2])×\(expected[3])"
      }
    }
    let others = fit.mismatched.count { blockName($0.name) == blockName(name) } - 1
    let more = others > 0 ? ", and \(others) more in \(blockName(name))" : ""
    return "\(name) is \(actual), expected \(expected)\(more)"
  }

  private static let heads: [(start: String, whose: String)] = [
    ("classifier.1.", "Hugging Face's"), ("last_linear.", "Cadene's"), ("head.fc.", "mmpretrain's"),
    ("linear.", "a CIFAR network's"), ("pred_", "Caffe2's"), ("stem.fc.", "detectron2's"),
    ("fc.", "torchvision's"),
  ]

  static func headCause(_ evidence: Evidence) -> String? {
    let shapes = evidence.shapes
    // Heads first: a head in place of fc explains why fc is missing.
    let known: (String) -> Bool = { $0.hasPrefix("layer") || $0.hasPrefix("conv1.") || $0.hasPrefix("bn1.") }
    let strangers = (evidence.fit?.unexpected ?? []).filter { !known($0) }
    if let first = strangers.first {
      if first == "fc.bias" { return "fc.bias exists without fc.weight" }
      if first.hasPrefix("fc.") {
        return "fc is a sequence of layers (\(first)); in a ResNet it is one linear layer"
      }
      let module = first.split(separator: ".").dropLast().joined(separator: ".")
      let name = module.isEmpty ? first : module
      if shapes["fc.weight"] != nil { return "\(name) is an extra head besides fc" }
      for (start, whose) in heads where first.hasPrefix(start) {
        return "\(name) is \(whose) head, while the rest has another family's names"
      }
      return "\(name) is not part of a ResNet"
    }
    return classifierCause(shapes, features: evidence.tree?.features)
  }

  private static func classifierCause(_ shapes: [String: [Int]], features: Int?) -> String? {
    guard let weight = shapes["fc.weight"] else {
      return shapes["fc.bias"] == nil ? nil : "fc.bias exists without fc.weight"
    }
    guard weight.count == 2 else {
      return "fc.weight has \(weight.count) dimensions: a convolution in place of the linear layer"
    }
    if let features, weight[1] != features {
      if weight[0] == features {
        return "fc.weight is \(weight), which is transposed: PyTorch's is [classes, \(features)]"
      }
      return "fc takes \(weight[1]) features, while the last stage has \(features): another network's head"
        + (weight[0] == 1000 ? "" : " of \(weight[0]) classes")
    }
    guard let bias = shapes["fc.bias"] else { return "fc.bias is missing" }
    return bias == [weight[0]] ? nil : "fc.bias is \(bias), while fc.weight has \(weight[0]) classes"
  }
}

extension LayerTree {
  /// Output channels of the last stage.
  fileprivate var features: Int { architecture.outputChannels(stage: architecture.layers.count - 1) }
}
