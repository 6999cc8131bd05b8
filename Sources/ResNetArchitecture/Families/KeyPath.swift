/// A key, taken apart at its dots.
struct KeyPath {
  let components: [Substring]

  /// `nil` for keys of a single part.
  init?(_ key: String) {
    components = key.split(separator: ".", omittingEmptySubsequences: false)
    guard components.count > 1 else { return nil }
  }

  var head: Substring { components[0] }
  /// `weight`, `bias`, `running_mean` …
  var leaf: Substring { components[components.count - 1] }

  /// The parts, where the key has this many.
  func parts(_ count: Int) -> [Substring]? { components.count == count ? components : nil }
}

extension String {
  /// What follows `start`; nil when it does not begin so.
  func removing(_ start: String) -> String? { hasPrefix(start) ? String(dropFirst(start.count)) : nil }
}

extension KeyFamily {
  /// True for keys that a classifier may have in some family: beside a network of another they are no mere company.
  static func isClassifier(_ key: String) -> Bool {
    ["fc.", "classifier.", "last_linear.", "linear.", "head.fc."].contains { key.hasPrefix($0) }
  }
}
