/// An architecture as the metadata of a file states it, under keys `arch.…`: FORMAT.md, section 7.
///
/// A weight file has typed values and a golden has texts; both are read here, with the same bounds and the same meaning of
/// what is absent.
package struct ArchitectureFields {
  package enum Field<Value> {
    case absent
    /// There, and not of the type that the key has.
    case invalid
    case value(Value)
  }

  private let text: (String) -> Field<String>
  private let integers: (String) -> Field<[Int]>
  private let integer: (String) -> Field<Int>
  private let double: (String) -> Field<Double>

  package init(
    text: @escaping (String) -> Field<String>, integers: @escaping (String) -> Field<[Int]>,
    integer: @escaping (String) -> Field<Int>, double: @escaping (String) -> Field<Double>
  ) {
    (self.text, self.integers, self.integer, self.double) = (text, integers, integer, double)
  }

  /// The architecture.
  ///
  /// - Parameter classes: Number of classes of a network with a head if `arch.num_classes` is absent. Nil for a
  ///   weight file, which must state groups and width, and is headless without a number of classes.
  /// - Throws: ``ReadingFailure`` that names the first invalid field.
  /// - Returns: The architecture that the fields describe.
  package func architecture(classes: Int? = nil) throws(ReadingFailure) -> Architecture {
    guard case .value(let name) = text("arch.block"), let block = Architecture.Block(rawValue: name) else {
      throw ReadingFailure("arch.block is neither basic nor bottleneck")
    }
    guard case .value(let layers) = integers("arch.layers"), 1...8 ~= layers.count,
      layers.allSatisfy({ 1...1000 ~= $0 })
    else { throw ReadingFailure("arch.layers is not one to eight numbers of blocks") }
    let planes = try count("arch.base_planes", default: 64)
    var plain = Architecture(
      block: block, layers: layers, groups: try count("arch.groups", default: classes == nil ? nil : 1),
      widthPerGroup: try count("arch.width_per_group", default: classes == nil ? nil : 64), classCount: nil,
      basePlanes: planes,
      stemChannels: try count("arch.stem_channels", default: planes), epsilon: try epsilon())
    if try hasHead() {
      plain.classCount =
        if case .absent = integer("arch.num_classes") { classes } else {
          try count("arch.num_classes", default: 1, in: 1...1 << 24)
        }
    }
    // A value of another type reads as one that nobody knows.
    let architecture = plain.switched(
      text: { key in Self.optional(text(key), invalid: "") },
      integers: { key in Self.optional(integers(key), invalid: []) })
    guard let architecture else {
      throw ReadingFailure("an architecture whose parts do not fit each other")
    }
    return architecture
  }

  private func hasHead() throws(ReadingFailure) -> Bool {
    switch text("arch.head") {
    case .absent, .value("fc"): return true
    case .value("none"): return false
    case .value(let other): throw ReadingFailure("arch.head is \(other), neither fc nor none")
    case .invalid: throw ReadingFailure("arch.head is not a text")
    }
  }

  private func epsilon() throws(ReadingFailure) -> Double {
    switch double("arch.bn_eps") {
    case .absent: return 1e-5
    case .value(let value) where value >= 0 && value < 1: return value
    case .value, .invalid: throw ReadingFailure("arch.bn_eps is not a number from 0 to 1")
    }
  }

  /// The default bound keeps every product of two of these, and so every shape, far from overflow.
  private func count(
    _ key: String, default fallback: Int?, in range: ClosedRange<Int> = 1...65_536
  ) throws(ReadingFailure) -> Int {
    switch integer(key) {
    case .absent:
      guard let fallback else { throw ReadingFailure("\(key) is missing") }
      return fallback
    case .value(let value) where range.contains(value): return value
    case .value(let value): throw ReadingFailure("\(key) is \(value)")
    case .invalid: throw ReadingFailure("\(key) is not an integer")
    }
  }

  private static func optional<Value>(_ field: Field<Value>, invalid: Value) -> Value? {
    switch field {
    case .absent: nil
    case .invalid: invalid
    case .value(let value): value
    }
  }
}
