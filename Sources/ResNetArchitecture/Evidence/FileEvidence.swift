/// What a file states about its network besides tensors.
public struct FileEvidence: Hashable, Sendable {
  /// Modules in the order of their paths.
  public var modules: [ModuleFacts]
  /// Plain values of the program that wrote the file, by path: `args.dilation`.
  public var arguments: [String: ModuleFacts.Value]
  /// Whether the code of the modules is in the file too, so that what is not in it does not exist.
  public var hasCode: Bool

  /// Creates evidence; a state dict has none.
  public init(
    modules: [ModuleFacts] = [], arguments: [String: ModuleFacts.Value] = [:], hasCode: Bool = false
  ) {
    (self.modules, self.arguments, self.hasCode) = (modules, arguments, hasCode)
  }
}

/// A module as a file describes it.
public struct ModuleFacts: Hashable, Sendable {
  /// A plain value.
  public enum Value: Hashable, Sendable {
    /// Python's `None`.
    case none
    /// A truth value.
    case bool(Bool)
    /// An integer.
    case int(Int)
    /// A floating-point number.
    case float(Double)
    /// A text.
    case text(String)
    /// A tuple or a list.
    case list([Value])
    /// Anything else.
    case other
  }

  /// Path in the names of tensors: `model.layer1.0.conv1`.
  public let name: String
  /// Qualified class name; empty if unknown.
  public let type: String
  /// Plain attributes.
  public let attributes: [String: Value]
  /// Operators that the module's own code calls.
  public let calls: [String]

  /// Creates facts.
  public init(name: String, type: String, attributes: [String: Value], calls: [String]) {
    (self.name, self.type, self.attributes) = (name, type, attributes)
    // Functions of Python and operators have the same names, apart from underscores.
    self.calls = calls.map { call in
      let name = call.hasPrefix("functional.") ? String(call.dropFirst("functional.".count)) : call
      if name.hasPrefix("_max_pool2d") { return "max_pool2d" }
      return name.hasPrefix("_adaptive_max_pool2d") ? "adaptive_max_pool2d" : name
    }
  }

  /// The class without its module: `Conv2d`.
  var shortType: String { type.split(separator: ".").last.map(String.init) ?? "" }

  /// Whether the module's own code calls an operator.
  func calls(_ name: String) -> Bool { calls.contains(name) }

  /// A number, or a pair of equal numbers; nil if absent, `wrong` if they differ.
  func size(_ name: String) -> Size? {
    switch attributes[name] {
    case .int(let value): .same(value)
    case .list(let values):
      if case .int(let first)? = values.first, values.allSatisfy({ $0 == .int(first) }), values.count <= 2 {
        .same(first)
      } else if values.isEmpty {
        nil
      } else {
        .different
      }
    case .text(let text): .named(text)
    case nil, .some(.none), .bool, .float, .other: nil
    }
  }

  /// A size in two directions.
  enum Size: Hashable {
    case same(Int)
    case named(String)
    case different
  }

  func number(_ name: String) -> Double? {
    switch attributes[name] {
    case .float(let value): value
    case .int(let value): Double(value)
    default: nil
    }
  }

  func flag(_ name: String) -> Bool? {
    switch attributes[name] {
    case .bool(let value): value
    case .int(let value): value != 0
    default: nil
    }
  }
}
