public import SWTTensors

/// One step of a tensor's path in a file: a dict key, an attribute, or a position in a list.
public enum PathComponent: Hashable, Sendable, CustomStringConvertible {
  /// A key of a dict, or the name of an attribute.
  case key(String)
  /// A position in a list or tuple, from 0.
  case index(Int)

  public var description: String {
    switch self {
    case .key(let key): key
    case .index(let index): String(index)
    }
  }
}

extension PathComponent {
  /// About how long its text is.
  var byteCount: Int {
    switch self {
    case .key(let key): key.utf8.count
    case .index: 8
    }
  }
}

/// How a quantized tensor's integers become numbers.
public enum Quantizer: Equatable, Sendable {
  /// `scale × (q − zeroPoint)`.
  case perTensor(scale: Double, zeroPoint: Int)
  /// One scale and zero point for each index along `axis`; zero points are numbers in `float_qparams` schemes.
  case perChannel(axis: Int, scales: [Double], zeroPoints: [Double])
}

/// A named tensor of a checkpoint: a view into a storage. Its bytes stay in the file until they are asked for.
public struct TensorEntry: Sendable {
  /// Path joined with ".", as in the file; for modules the `state_dict()` name.
  public var name: String
  /// The steps to it; empty when the tensor is the whole file.
  public var path: [PathComponent]
  /// PyTorch's type of the elements.
  public let scalarType: ScalarType
  /// Shape, strides and offset, in elements.
  public let layout: StridedLayout
  /// The bytes that the layout indexes into.
  public let storage: Storage
  /// Complex values are stored unconjugated although the tensor is the conjugate.
  public let isConjugated: Bool
  /// Values are stored with the opposite sign.
  public let isNegated: Bool
  /// How the integers become numbers; nil for types that are not quantized.
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
  /// Saturates: a zero-stride view may claim more than any machine has.
  public var byteCount: Int {
    scalarType.byteCount(elements: layout.elementCount) ?? Int.max
  }

  /// True for meta tensors, which have a shape and no values.
  public var isMeta: Bool { storage.source == nil && byteCount > 0 }
}

/// Something that was met and left out, and why.
public struct SkippedEntry: Hashable, Sendable {
  /// Where it was met, its steps joined by dots.
  public let path: String
  /// Why it was left out, as a clause for people.
  public let reason: String
}
