/// What a key of a file stands for in a network.
public enum KeyMeaning: Hashable, Sendable {
  /// That leaf of the network, by its canonical name.
  case leaf(String)
  /// It came with the network and is no part of the function; why it is left out.
  case leftOut(String)
  /// Part of something else.
  case foreign
}

/// A way to name the tensors of a ResNet.
///
/// A family is data and at most a small function, in a file of its own; adding one touches only
/// ``KeyFamily/all``.
public struct KeyFamily: Sendable {
  /// Two keys that every file of the family has, so that one lucky name is not enough: the first convolution and the
  /// first of the first block. What stands in front of them is the prefix of the state dict.
  struct Landmarks: Sendable {
    let stem: String
    let block: String

    init(_ stem: String, _ block: String) {
      self.stem = stem
      self.block = block
    }
  }

  /// The name that `inspect`, metadata and errors use.
  public let name: String
  let landmarks: [Landmarks]
  /// Where not empty: the last component of the prefix is one of these.
  let enclosures: [String]
  /// Where not empty: one of these keys, or beginnings of keys (they end with "."), has to be there as well, beside
  /// the landmarks or beside the enclosure.
  let companions: [String]
  /// What a key is, without the prefix.
  let meaning: @Sendable (String) -> KeyMeaning
  /// What is known of a network because it is of this family.
  let conventions: @Sendable (Surroundings) -> Conventions
  /// Canonical names that depend on shapes: old name -> new name.
  let renames: @Sendable ([String: [Int]]) -> [String: String]
  /// True where BatchNorm is stored as scale and shift, with its statistics worked in: the mean is 0 and the
  /// variance 1 − ε.
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

  /// Every family, the most specific first: the first that recognises a stem has it.
  public static let all: [KeyFamily] = [
    .caffe2, .detectron2Import, .detectron2, .huggingFace, .cadene, .mmpretrain, .moco, .dino, .cifar,
    .cadeneTorchvision, .sequential, .torchvision,
  ]

}

/// What a family may look at to know more than names say.
struct Surroundings: Sendable {
  /// Every name of the file.
  let keys: KeyIndex
  /// What stands in front of the state dict's keys.
  let prefix: String
  /// Shapes of the network's leaves, by canonical name.
  let shapes: [String: [Int]]
  /// Shape of any tensor of the file, by its full name.
  let shape: @Sendable (String) -> [Int]?
  /// Values of a small tensor of the file, by its full name; nil when there is none that can be read.
  let values: @Sendable (String) -> [Double]?

  /// True when the file has that key, or a key that begins so where `key` ends with ".", beside the network's.
  func has(_ key: String) -> Bool { keys.contains(prefix + key) }
}

/// The names of a file, sorted once so that beginnings are found fast.
struct KeyIndex: Sendable {
  let sorted: [String]
  private let names: Set<String>

  init(_ names: Set<String>) {
    self.names = names
    // By bytes, as the search compares them.
    sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// True for a name of the file; for a text that ends with ".", also when a name begins so.
  func contains(_ key: String) -> Bool { names.contains(key) || key.hasSuffix(".") && hasKey(under: key) }

  private func hasKey(under start: String) -> Bool {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle].utf8.lexicographicallyPrecedes(start.utf8) { low = middle + 1 } else { high = middle }
    }
    return low < sorted.count && sorted[low].utf8.starts(with: start.utf8)
  }
}
