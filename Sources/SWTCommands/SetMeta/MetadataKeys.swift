internal import SWT
internal import SWTBytes
internal import SWTConsole
internal import SWTTensorFiles

/// A type of metadata, as named on the command line.
enum MetadataType: String, CaseIterable {
  case text, i64, f64, bool, json
  case i64List = "i64[]"
  case f64List = "f64[]"

  /// Parses a value of this type; nil if `text` is not one.
  func value(_ text: String) -> SWTValue? {
    func list<T>(_ convert: (Substring) -> T?) -> [T]? {
      let parts = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
      let values = parts.compactMap(convert)
      return values.count == parts.count ? values : nil
    }
    switch self {
    case .text: return .text(text)
    case .i64: return Int64(text).map { .integer($0) }
    case .f64: return Double(text).map { .double($0) }
    case .bool: return Bool(text).map { .bool($0) }
    case .json: return (try? JSONValue.parse(Array(text.utf8))) == nil ? nil : .json(text)
    case .i64List: return list { Int64($0) }.map { .integers($0) }
    case .f64List: return list { Double($0) }.map { .doubles($0) }
    }
  }
}

/// The rules of FORMAT.md for metadata keys.
package enum MetadataKeys {
  /// The type that the table in section 7 gives a key; nil for other keys.
  static func type(of key: String) -> MetadataType? {
    if key.hasPrefix("golden."), key.hasSuffix(".metadata") { return .json }
    return table[key]
  }

  /// Parses a value of the type that the table gives the key, or else of the requested type.
  ///
  /// - Throws: `UsageError` if `text` is not of that type, or if a different type was requested.
  static func value(
    _ text: String, of key: String, _ requested: MetadataType? = nil
  ) throws(UsageError) -> SWTValue {
    let own = type(of: key)
    if let own, let requested, own != requested {
      throw UsageError("\(key) is \(own.rawValue) in the format, not \(requested.rawValue)")
    }
    let type = own ?? requested ?? .text
    guard let value = type.value(text) else {
      throw UsageError("\(key) is \(type.rawValue); '\(text)' is not")
    }
    return value
  }

  /// The type names in the table, for the test that compares it with FORMAT.md.
  package static var typeNames: [String: String] { table.mapValues(\.rawValue) }

  private static let table: [String: MetadataType] = [
    "arch.quantized": .bool, "convert.dequantized": .bool, "quantized.engine": .text,
    "swt.producer": .text, "swt.producer_version": .text, "source.sha256": .text, "source.bytes": .i64,
    "source.format": .text, "source.family": .text, "source.prefix": .text, "source.head": .text,
    "source.metadata": .json,
    "source.official": .text, "source.conventions": .json, "source.synthesized": .json,
    "source.parametrizations": .json,
    "pre.channels": .text, "pre.scale": .f64, "pre.mean": .f64List, "pre.std": .f64List, "pre.resize": .i64,
    "pre.size": .i64, "pre.crop": .text, "pre.interpolation": .text, "pre.antialias": .bool,
    "license": .text, "arch.name": .text, "arch.family": .text, "arch.block": .text,
    "arch.layers": .i64List, "arch.groups": .i64, "arch.width_per_group": .i64, "arch.base_planes": .i64,
    "arch.stem_channels": .i64, "arch.num_classes": .i64, "arch.stem": .text, "arch.head": .text,
    "arch.bn": .text, "arch.bn_eps": .f64, "arch.stem_widths": .i64List, "arch.shortcut": .text,
    "arch.se_channels": .i64List, "arch.eca_kernels": .i64List, "arch.stride_on": .text,
    "arch.dilations": .i64List, "arch.first_dilations": .i64List, "arch.strides": .i64List,
    "arch.stem_conv": .i64List, "arch.in_channels": .i64, "arch.pool": .text, "arch.antialiasing": .text,
    "arch.final_pool": .text, "arch.head_bias": .text, "arch.bn_epsilons": .text, "labels": .text,
    "gold.producer": .text,
    "tensors.encoding": .json, "tensors.sparse": .json, "convert.precision": .text, "fold.dropped": .json,
    "convert.part": .text, "convert.part_of": .text,
  ]

  /// Whether a key describes what the file is, how it was made or how to read its tensors.
  static func isProtected(_ key: String) -> Bool {
    ["arch.", "source.", "swt.", "golden.", "gold.", "fold.", "convert.", "tensors."].contains {
      key.hasPrefix($0)
    }
  }

  /// Whether `key` matches `[a-z0-9_.]+` and fits its length field.
  static func isKey(_ key: String) -> Bool {
    SWTFile.isMetadataKey(key.utf8) && key.utf8.count <= Int(UInt16.max)
  }
}
