package import ResNetArchitecture
internal import SWTTensorFiles
internal import SWTTensors

/// A small network that differs from torchvision's, and the outputs of the library it comes from:
/// `Fixtures/variants.json`, which also gives the formula of its weights.
package struct VariantNetwork: Sendable, CustomStringConvertible {
  /// The output of a stage.
  package struct Tap: Sendable {
    package let name: String
    package let shape: [Int]
    package let norm: Double
    /// The sum over all elements of the value times the formula's number at its index.
    package let product: Double
  }

  package let name, producer: String
  package let architecture: Architecture
  package let inputShape: [Int]
  /// ‖float32 − float64‖ / ‖float64‖ of the library's own output.
  package let float32Error: Double
  /// The tensors of the library's state dict, in its order, under canonical names.
  package let keys: [String]
  /// The logits of a network with a head, in float64.
  package let logits: [Double]?
  package let taps: [Tap]

  package var description: String { name }

  /// All networks of the file; empty if it cannot be read, which a test of their number notices.
  package static let all: [VariantNetwork] = (try? load()) ?? []

  private static func load() throws -> [VariantNetwork] {
    let json = try JSONValue.parse(readFile(Fixtures.path("variants.json")))
    return try (json["networks"]?.array ?? []).map(VariantNetwork.init)
  }

  private init(_ json: JSONValue) throws {
    guard let name = json["name"]?.string, let producer = json["producer"]?.string, let arch = json["arch"],
      let shape = json["input"]?.array?.compactMap(\.int), let error = json["float32_error"]?.double,
      let keys = json["keys"]?.array?.compactMap(\.string), let taps = json["taps"]?.members,
      let architecture = Self.architecture(arch)
    else { throw TestFailure("variants.json has another form") }
    self.name = name
    self.producer = producer
    self.architecture = architecture
    self.keys = keys
    inputShape = shape
    float32Error = error
    logits = json["logits"]?.array?.compactMap(\.double)
    self.taps = try taps.map { member in
      guard let shape = member.value["shape"]?.array?.compactMap(\.int),
        let norm = member.value["norm"]?.double, let product = member.value["product"]?.double
      else { throw TestFailure("\(name): no measures of \(member.key)") }
      return Tap(name: member.key, shape: shape, norm: norm, product: product)
    }
  }

  private static func architecture(_ json: JSONValue) -> Architecture? {
    guard let block = json["block"]?.string.flatMap({ Architecture.Block(rawValue: $0) }),
      let layers = json["layers"]?.array?.compactMap(\.int), let groups = json["groups"]?.int,
      let width = json["width_per_group"]?.int, let base = json["base_planes"]?.int,
      let stem = json["stem_channels"]?.int
    else { return nil }
    let plain = Architecture(
      block: block, layers: layers, groups: groups, widthPerGroup: width,
      classCount: json["num_classes"]?.int, basePlanes: base, stemChannels: stem)
    func member(_ key: String) -> JSONValue? { json[String(key.dropFirst("arch.".count))] }
    return plain.switched(
      text: { member($0)?.string }, integers: { member($0)?.array?.compactMap(\.int) })
  }

  /// The values of every tensor of the state dict, by canonical name.
  package func weights() throws -> [String: (shape: [Int], values: [Float])] {
    let tree = LayerTree(architecture)
    let shapes = Dictionary(uniqueKeysWithValues: tree.parameters.map { ($0.name, $0.shape) })
    var tensors: [String: (shape: [Int], values: [Float])] = [:]
    var counter: UInt64 = 0
    for key in keys {
      guard let shape = shapes[key] else { throw TestFailure("\(name) has no tensor \(key)") }
      let count = shape.reduce(1, *)
      let (offset, scale) = Self.rule(key, shape)
      let values = (0..<count).map { index in
        // Two statements, so that the compiler cannot fuse them into one rounding.
        let scaled = scale * SplitMix64.unit(counter &+ UInt64(index))
        return offset + scaled
      }
      tensors[key] = (shape, values)
      counter += UInt64(count)
    }
    return tensors
  }

  private static func rule(_ key: String, _ shape: [Int]) -> (offset: Float, scale: Float) {
    if shape.count > 1 { return (0, (6 / Float(shape.dropFirst().reduce(1, *))).squareRoot()) }
    if key.hasSuffix("running_var") { return (1.25, 0.75) }
    return key.hasSuffix(".weight") ? (0.6, 0.3) : (0, 0.3)
  }

  /// The input, row-major.
  package var input: [Float] { Self.units(inputShape.reduce(1, *)).map { 2 * $0 } }

  /// The first numbers of the formula, in [-1, 1).
  package static func units(_ count: Int) -> [Float] { (0..<count).map { SplitMix64.unit(UInt64($0)) } }
}
