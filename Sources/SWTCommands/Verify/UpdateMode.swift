internal import SWTConsole

/// Which golden files verification may write.
enum UpdateMode: String, CaseIterable {
  /// None.
  case none
  /// Missing self goldens.
  case new
  /// Missing self goldens and those that no longer pass.
  case all

  /// - Parameters:
  ///   - text: The value of `--update`; nil means `new`.
  ///   - isCI: Whether this is continuous integration, where no golden is ever written.
  init(_ text: String?, isCI: Bool) {
    self = isCI ? .none : text.flatMap(Self.init(rawValue:)) ?? .new
  }

  /// Suffix of the files that are made without an explicit `--update`.
  static let selfEnding = ".self.golden.safetensors"
}

extension Console {
  /// Whether `CI` is set, other than to an empty text, `0`, `false` or `no`.
  var isCI: Bool {
    guard let value = environment("CI")?.lowercased() else { return false }
    return !["", "0", "false", "no"].contains(value)
  }
}
