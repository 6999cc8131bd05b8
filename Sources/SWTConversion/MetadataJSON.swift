package import PthReader
package import SWT
internal import SWTChecksums
package import SWTTensorFiles

// Metadata as JSON: descriptions of tensors, and the values of weight files.

extension Quantizer {
  /// `{"scheme", "scale", "zero_point"}`, or with an axis and one number per channel.
  package var json: JSONValue {
    switch self {
    case .perTensor(let scale, let zeroPoint):
      ["scheme": "per_tensor_affine", "scale": .double(scale), "zero_point": .int(zeroPoint)]
    case .perChannel(let axis, let scales, let zeroPoints):
      [
        "scheme": "per_channel_affine", "axis": .int(axis), "scales": .array(scales.map { .double($0) }),
        "zero_points": .array(zeroPoints.map { .double($0) }),
      ]
    }
  }
}

extension SparseDescription {
  /// `{"layout", "size", "is_coalesced"}`.
  package var json: JSONValue {
    [
      "layout": .string(layout.rawValue), "size": .array(size.map { .int($0) }),
      "is_coalesced": isCoalesced.map { .bool($0) } ?? .null,
    ]
  }
}

extension SWTValue {
  package var json: JSONValue {
    switch self {
    case .text(let text): .string(text)
    case .integer(let value): .int(value)
    case .double(let value): .double(value)
    case .bool(let value): .bool(value)
    case .bytes(let bytes): .string(Hex.encode(bytes))
    case .integers(let values): .array(values.map { .int($0) })
    case .doubles(let values): .array(values.map { .double($0) })
    case .json(let text): (try? JSONValue.parse(Array(text.utf8))) ?? .string(text)
    }
  }

  /// As text: strings unchanged, everything else as JSON.
  package var text: String {
    if case .text(let text) = self { return text }
    return json.text()
  }
}
