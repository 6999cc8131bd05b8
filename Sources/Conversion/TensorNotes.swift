package import PthReader
package import SWTTensorFiles

// What tensors need besides their bytes, as metadata of `inspect` and of weight files.

extension Quantizer {
  /// `{"scheme", "scale", "zero_point"}`, or with an axis and one number for each channel.
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
