public import ResNetArchitecture
public import SWT

/// Architectures in the metadata of weight files.
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

  /// The architecture that a file describes; nil if there is none, or one unknown to this version.
  public static func read(_ file: SWTFile) -> Architecture? { read { file.metadata($0) } }

  /// The architecture that metadata describe, looked up by key; nil if there is none, or one unknown to this
  /// version.
  package static func read(_ metadata: (String) -> SWTValue?) -> Architecture? {
    withoutActuallyEscaping(metadata) { metadata in try? fields(metadata).architecture() }
  }

  private static func fields(_ metadata: @escaping (String) -> SWTValue?) -> ArchitectureFields {
    func field<Value>(
      _ key: String, _ convert: (SWTValue) -> Value?
    ) -> ArchitectureFields.Field<Value> {
      guard let value = metadata(key) else { return .absent }
      return convert(value).map { .value($0) } ?? .invalid
    }
    return ArchitectureFields(
      text: { key in field(key) { if case .text(let text) = $0 { text } else { nil } } },
      integers: { key in
        field(key) { if case .integers(let values) = $0 { values.map { Int($0) } } else { nil } }
      },
      integer: { key in field(key) { if case .integer(let value) = $0 { Int(value) } else { nil } } },
      double: { key in field(key) { if case .double(let value) = $0 { value } else { nil } } })
  }
}
