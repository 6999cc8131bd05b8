internal import PthReader
internal import ResNetArchitecture

extension FileEvidence {
  /// What a checkpoint states besides tensors.
  init(_ checkpoint: Checkpoint) {
    self.init(
      modules: checkpoint.modules.map { record in
        ModuleFacts(
          name: record.name, type: record.type, attributes: record.attributes.mapValues { .init($0) },
          calls: record.calls)
      },
      arguments: Dictionary(
        checkpoint.arguments.map { ($0.path, .init($0.value)) }, uniquingKeysWith: { first, _ in first }),
      hasCode: checkpoint.container == .torchscript || checkpoint.container == .pt2)
  }
}

extension ModuleFacts.Value {
  init(_ value: ModuleValue) {
    self =
      switch value {
      case .none: .none
      case .bool(let value): .bool(value)
      case .int(let value): .int(value)
      case .float(let value): .float(value)
      case .text(let value): .text(value)
      case .list(let values): .list(values.map { .init($0) })
      case .other: .other
      }
  }
}
