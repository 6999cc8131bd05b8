/// Networks that are only prepared for quantization: float32 weights, with observers or fake quantization.
enum PreparedNetwork {
  /// Marks in names, and what they are.
  private static let marks: [(mark: String, what: String)] = [
    ("weight_fake_quant", "quantization-aware training (QAT): fake quantization around float weights"),
    ("activation_post_process", "an observer: the network is only prepared for quantization"),
  ]

  /// Why such a network is not read; nil if no tensor under the prefix belongs to an observer.
  static func refusal(_ tensors: [(name: String, shape: [Int])], under prefix: String) -> ReadingFailure? {
    for (mark, what) in marks {
      for (name, _) in tensors where name.utf8.starts(with: prefix.utf8) && hasPart(name, mark) {
        let path = name.split(separator: ".")
        guard let place = path.firstIndex(where: { $0.hasPrefix(mark) }) else { continue }
        return ReadingFailure(
          "\(path[...place].joined(separator: ".")) is \(what)",
          .say(
            "call torch.ao.quantization.convert on the module in eval mode, and save that; or save the float "
              + "network before it is prepared"))
      }
    }
    return nil
  }

  /// Whether a part of a path starts with the mark. By bytes: a search for characters costs milliseconds per
  /// thousand names.
  private static func hasPart(_ name: String, _ mark: String) -> Bool {
    var rest = name.utf8[...]
    while !rest.starts(with: mark.utf8) {
      guard let dot = rest.firstIndex(of: UInt8(ascii: ".")) else { return false }
      rest = rest[rest.index(after: dot)...]
    }
    return true
  }
}
