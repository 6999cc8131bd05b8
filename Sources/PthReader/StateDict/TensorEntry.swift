public import SWTTensors

/// One step of a tensor's path in a file: a dict key, an attribute, or an index in a list.
public enum PathComponent: Hashable, Sendable, CustomStringConvertible {
  /// A key of a dict, or the name of an attribute.
  case key(String)
  /// An index in a list or tuple, from 0.
  case index(Int)

  public var description: String {
    switch self {
    case .key(let key): key
    case .index(let index): String(index)
    }
  }
}

extension PathComponent {
  /// Approximate length of its text.
  var byteCount: Int {
    switch self {
    case .key(let key): key.utf8.count
    case .index: 8
    }
  }
}

/// The dequantization of a quantized tensor's integers.
public indirect enum Quantizer: Equatable, Sendable {
  /// `scale × (q − zeroPoint)`.
  case perTensor(scale: Double, zeroPoint: Int)
  /// One scale and zero point per index along `axis`; zero points are real numbers in `float_qparams`
  /// schemes.
  case perChannel(axis: Int, scales: [Double], zeroPoints: [Double])
}

/// A named tensor of a checkpoint: a view into a storage. Its data stays in the file until it is requested.
public struct TensorEntry: Sendable {
  /// The path joined with ".", as in the file; for modules the `state_dict()` name.
  public var name: String
  /// The steps from the root; empty if the tensor is the whole file.
  public var path: [PathComponent]
  /// The PyTorch type of the elements.
  public let scalarType: ScalarType
  /// Shape, strides and offset, in elements.
  public let layout: StridedLayout
  /// The data that the layout refers to.
  public let storage: Storage
  /// Whether the tensor is the conjugate of the stored complex values.
  public let isConjugated: Bool
  /// Whether the tensor is the negative of the stored values.
  public let isNegated: Bool
  /// How integers are dequantized; nil if the type is not quantized.
  public let quantizer: Quantizer?

  package init(
    name: String = "", path: [PathComponent] = [], scalarType: ScalarType, layout: StridedLayout,
    storage: Storage, isConjugated: Bool = false, isNegated: Bool = false, quantizer: Quantizer? = nil
  ) {
    self.name = name
    self.path = path
    self.scalarType = scalarType
    self.layout = layout
    self.storage = storage
    self.isConjugated = isConjugated
    self.isNegated = isNegated
    self.quantizer = quantizer
  }

  /// Sizes of the dimensions, outermost first; empty for a scalar.
  public var shape: [Int] { layout.shape }

  /// Bytes of the logical, contiguous values.
  ///
  /// Saturates, because a zero-stride view may claim more than any machine has.
  public var byteCount: Int {
    scalarType.byteCount(elements: layout.elementCount) ?? Int.max
  }

  /// Whether this is a meta tensor, which has a shape but no values.
  public var isMeta: Bool { storage.source == nil && byteCount > 0 }
}

/// Something that was found but left out, and why.
public struct SkippedEntry: Hashable, Sendable {
  /// Its path, joined by dots.
  public let path: String
  /// Why it was left out, as a clause for people.
  public let reason: String
}
