internal import SWTConsole

/// What a verification may do to golden files.
enum UpdateMode: String, CaseIterable {
  /// Nothing.
  case none
  /// Make self goldens that are missing.
  case new
  /// And make those anew that do not agree any more.
  case all

  /// - Parameters:
  ///   - text: The value of `--update`; `nil` is `new`.
  ///   - isCI: Whether the environment says that nobody is watching: then nothing is ever made.
  init(_ text: String?, isCI: Bool) {
    self = isCI ? .none : text.flatMap(Self.init(rawValue:)) ?? .new
  }

  /// Ending of the files that `new` makes without having been asked for.
  static let selfEnding = ".self.golden.safetensors"
}

extension Console {
  /// True where `CI` is set to anything but an empty text, `0` and `false`.
  var isCI: Bool {
    guard let value = environment("CI")?.lowercased() else { return false }
    return !["", "0", "false", "no"].contains(value)
  }
}
