public import ResNetArchitecture
public import SWT

/// An architecture as the metadata of a weight file states it.
public enum SWTArchitecture {
  /// The metadata that describes an architecture.
  public static func metadata(_ architecture: Architecture) -> [String: SWTValue] {
    var values: [String: SWTValue] = [
      "arch.family": .text(architecture.family),
      "arch.name": .text(architecture.name),
      "arch.block": .text(architecture.block.rawValue),
      "arch.layers": .integers(architecture.layers.map(Int64.init)),
      "arch.groups": .integer(Int64(architecture.groups)),
      "arch.width_per_group": .integer(Int64(architecture.widthPerGroup)),
      "arch.base_planes": .integer(Int64(architecture.basePlanes)),
      "arch.stem_channels": .integer(Int64(architecture.stemChannels)),
      "arch.head": .text(architecture.hasHead ? "fc" : "none"),
      "arch.bn_eps": .double(architecture.epsilon),
    ]
    for (key, value) in architecture.switches {
      switch value {
      case .text(let text): values[key] = .text(text)
      case .integers(let numbers): values[key] = .integers(numbers.map(Int64.init))
      }
    }
    if let count = architecture.classCount { values["arch.num_classes"] = .integer(Int64(count)) }
    return values
  }

  /// The architecture that a file states; `nil` when it states none, or one that this version does not know.
  public static func read(_ file: SWTFile) -> Architecture? { read { file.metadata($0) } }

  /// The architecture that metadata states, by its keys.
  static func read(_ metadata: (String) -> SWTValue?) -> Architecture? {
    guard case .text(let block) = metadata("arch.block"),
      let block = Architecture.Block(rawValue: block),
      case .integers(let layers) = metadata("arch.layers"),
      (1...8).contains(layers.count), layers.allSatisfy({ (1...1000).contains($0) }),
      let groups = integer(metadata, "arch.groups"), let width = integer(metadata, "arch.width_per_group"),
      case .double(let epsilon) = metadata("arch.bn_eps") ?? .double(1e-5), epsilon >= 0, epsilon < 1
    else { return nil }
    // Absent keys mean what every published network has.
    let planes = metadata("arch.base_planes") == nil ? 64 : integer(metadata, "arch.base_planes")
    guard let planes else { return nil }
    let stem = metadata("arch.stem_channels") == nil ? planes : integer(metadata, "arch.stem_channels")
    guard let stem else { return nil }
    let architecture = Architecture(
      block: block, layers: layers.map { Int($0) }, groups: groups, widthPerGroup: width,
      classCount: integer(metadata, "arch.num_classes"), basePlanes: planes, stemChannels: stem,
      epsilon: epsilon)
    // A value of another type reads as one that nobody knows.
    return architecture.switched(
      text: { key in metadata(key).map { if case .text(let text) = $0 { text } else { "" } } },
      integers: { key in
        metadata(key).map { if case .integers(let values) = $0 { values.map { Int($0) } } else { [] } }
      })
  }

  /// The bound keeps every product of them from overflowing.
  private static func integer(_ metadata: (String) -> SWTValue?, _ key: String) -> Int? {
    guard case .integer(let value) = metadata(key), (1...1 << 16).contains(value) else { return nil }
    return Int(value)
  }
}
