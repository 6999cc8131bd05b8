/// What a key of a file means in a network.
public enum KeyMeaning: Hashable, Sendable {
  /// A leaf of the network, by its canonical name.
  case leaf(String)
  /// Belongs to the network's checkpoint but not to its function; the value is the reason it is left out.
  case leftOut(String)
  /// Belongs to something else.
  case foreign
}

/// A naming scheme for the tensors of a ResNet.
///
/// A family is data and at most a small function, in its own file; adding one changes only ``KeyFamily/all``.
public struct KeyFamily: Sendable {
  /// Two keys that every file of the family has, so that a chance match of one name is not enough: the first
  /// convolution, and the first convolution of the first block. What precedes them is the prefix of the state
  /// dict.
  struct Landmarks: Sendable {
    let stem: String
    let block: String

    init(_ stem: String, _ block: String) {
      self.stem = stem
      self.block = block
    }
  }

  /// The name used by `inspect`, metadata and errors.
  public let name: String
  let landmarks: [Landmarks]
  /// If not empty, the last component of the prefix must be one of these.
  let enclosures: [String]
  /// If not empty, one of these keys, or of these prefixes of keys (which end with "."), must also exist,
  /// next to the landmarks or next to the enclosure.
  let companions: [String]
  /// The meaning of a key without the prefix.
  let meaning: @Sendable (String) -> KeyMeaning
  /// Conventions that follow from the family.
  let conventions: @Sendable (Surroundings) -> Conventions
  /// Renames of canonical names that depend on shapes: old name -> new name.
  let renames: @Sendable ([String: [Int]]) -> [String: String]
  /// Whether BatchNorm is stored as scale and shift with its statistics folded in, so that the mean is 0 and
  /// the variance 1 − ε.
  let storesAffineOnly: Bool

  init(
    name: String, landmarks: [Landmarks], enclosures: [String] = [], companions: [String] = [],
    storesAffineOnly: Bool = false,
    meaning: @escaping @Sendable (String) -> KeyMeaning,
    conventions: @escaping @Sendable (Surroundings) -> Conventions = { _ in Conventions() },
    renames: @escaping @Sendable ([String: [Int]]) -> [String: String] = { _ in [:] }
  ) {
    self.name = name
    self.landmarks = landmarks
    self.enclosures = enclosures
    self.companions = companions
    self.storesAffineOnly = storesAffineOnly
    self.meaning = meaning
    self.conventions = conventions
    self.renames = renames
  }

  /// All families, most specific first: a stem belongs to the first family that recognizes it.
  public static let all: [KeyFamily] = [
    .caffe2, .detectron2Import, .detectron2, .huggingFace, .cadene, .cadeneGated, .pycls, .mmpretrain, .moco,
    .dino, .cifar, .cadeneTorchvision, .sequential, .torchvision,
  ]
}

/// The context that a family may examine to determine conventions.
struct Surroundings: Sendable {
  /// All names of the file.
  let keys: KeyIndex
  /// The prefix of the state dict's keys.
  let prefix: String
  /// Shapes of the network's leaves, by canonical name.
  let shapes: [String: [Int]]
  /// Shape of any tensor of the file, by full name.
  let shape: @Sendable (String) -> [Int]?
  /// Values of a small tensor of the file, by full name; nil if there is none or it cannot be read.
  let values: @Sendable (String) -> [Double]?

  /// Whether the state dict has a key, or any key with that prefix if `key` ends with ".".
  func has(_ key: String) -> Bool { keys.contains(prefix + key) }
}

/// The names of a file, sorted once so that prefixes are found quickly.
struct KeyIndex: Sendable {
  let sorted: [String]
  let names: Set<String>

  init(_ names: Set<String>) {
    self.names = names
    // Bytewise, because the search compares bytes; ASCII is compared so anyway, and faster.
    sorted =
      names.allSatisfy { name in name.utf8.allSatisfy { $0 < 0x80 } }
      ? names.sorted() : names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether there is such a name, or any name with that prefix if `key` ends with ".".
  func contains(_ key: String) -> Bool { names.contains(key) || key.hasSuffix(".") && hasKey(under: key) }

  /// For each of `keys`, the shortest name that is it or ends with "." and it; of several, the first in order.
  func shortest(endingWith keys: [String]) -> [String?] {
    let ends = keys.map { Array($0.utf8) }
    var found = [(name: String, count: Int)?](repeating: nil, count: ends.count)
    for name in sorted {
      let bytes = Array(name.utf8)
      for (place, end) in ends.enumerated() where bytes.count < found[place]?.count ?? .max {
        let before = bytes.count - end.count - 1
        guard before >= -1, before < 0 || bytes[before] == UInt8(ascii: "."),
          bytes[(before + 1)...].elementsEqual(end)
        else { continue }
        found[place] = (name, bytes.count)
      }
    }
    return found.map { $0?.name }
  }

  private func hasKey(under start: String) -> Bool {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle].utf8.lexicographicallyPrecedes(start.utf8) { low = middle + 1 } else { high = middle }
    }
    return low < sorted.count && sorted[low].utf8.starts(with: start.utf8)
  }
}
