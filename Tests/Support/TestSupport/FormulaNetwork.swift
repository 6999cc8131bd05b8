package import ResNetArchitecture
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// A full-size network whose weights are given by formulas: `Fixtures/formula/<net>.json` and its statistics.
///
/// PyTorch computed the goldens of these networks from bit-identical weights.
package struct FormulaNetwork: Sendable {
  package struct Tensor: Sendable {
    package enum Rule: Sendable {
      /// `scale · u`, one rounding.
      case weight(seed: UInt64, scale: Float)
      /// `offset + scale · u`, two roundings (not fused).
      case affine(seed: UInt64, scale: Float, offset: Float)
      /// Stored in the `.stats.safetensors` file.
      case stored
    }

    package let name: String
    package let shape: [Int]
    package let rule: Rule
    /// SHA-256 of the tensor's little-endian bytes, as 64 hexadecimal digits.
    package let sha256: String

    package var elementCount: Int { shape.reduce(1, *) }
  }

  package let name: String
  package let architecture: Architecture
  /// In state-dict order, without `num_batches_tracked`.
  package let tensors: [Tensor]
  private let stats: SafetensorsFile

  /// The networks in `Fixtures/formula`.
  package static let names = ["resnet50", "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"]

  package init(_ name: String) throws {
    let json = try JSONValue.parse(readFile(Fixtures.path("formula/\(name).json")))
    stats = try SafetensorsFile(FileSource(path: Fixtures.path("formula/\(name).stats.safetensors")))
    guard let about = json["arch"], let layers = about["layers"]?.array?.compactMap(\.int),
      let block = Architecture.Block(rawValue: about["block"]?.string ?? ""),
      let groups = about["groups"]?.int,
      let width = about["width_per_group"]?.int, let base = about["base_planes"]?.int,
      let classes = about["num_classes"]?.int, let records = json["tensors"]?.array
    else { throw TestFailure("formula/\(name).json has another form") }
    self.name = name
    architecture = Architecture(
      block: block, layers: layers, groups: groups, widthPerGroup: width, classCount: classes,
      basePlanes: base)
    tensors = try records.map(Self.tensor)
  }

  private static func tensor(_ record: JSONValue) throws -> Tensor {
    guard let name = record["name"]?.string, let shape = record["shape"]?.array?.compactMap(\.int),
      let sha256 = record["sha256"]?.string
    else { throw TestFailure("a record without name, shape or sha256") }
    func bits(_ key: String) throws -> Float {
      guard let text = record[key]?.string, text.hasPrefix("0x"),
        let bits = UInt32(text.dropFirst(2), radix: 16)
      else { throw TestFailure("\(name): no \(key)") }
      return Float(bitPattern: bits)
    }
    func seed() throws -> UInt64 {
      guard let seed = record["seed"]?.string.flatMap({ UInt64($0) }) else {
        throw TestFailure("\(name): no seed")
      }
      return seed
    }
    let rule: Tensor.Rule
    switch record["kind"]?.string {
    case "weight": rule = .weight(seed: try seed(), scale: try bits("scale_bits"))
    case "affine":
      rule = .affine(seed: try seed(), scale: try bits("scale_bits"), offset: try bits("offset_bits"))
    case "stored": rule = .stored
    default: throw TestFailure("\(name): no rule of that kind")
    }
    return Tensor(name: name, shape: shape, rule: rule, sha256: sha256)
  }

  /// The values of one tensor, row-major.
  package func values(_ tensor: Tensor) throws -> [Float] {
    let count = tensor.elementCount
    switch tensor.rule {
    case .weight(let seed, let scale):
      return (0..<count).map { scale * SplitMix64.unit(seed &+ UInt64($0)) }
    case .affine(let seed, let scale, let offset):
      return (0..<count).map { index in
        // Two statements, so that the compiler cannot fuse them into one rounding.
        let scaled = scale * SplitMix64.unit(seed &+ UInt64(index))
        return offset + scaled
      }
    case .stored:
      guard let entry = stats[tensor.name] else { throw TestFailure("\(tensor.name) is not stored") }
      return try stats.floats(of: entry)
    }
  }

  /// The values of the tensor with that name.
  package func values(named name: String) throws -> [Float] {
    guard let tensor = tensors.first(where: { $0.name == name }) else {
      throw TestFailure("no tensor \(name)")
    }
    return try values(tensor)
  }
}
