/// A key split at its dots.
struct KeyPath {
  let components: [Substring]

  /// `nil` for a key with a single component.
  init?(_ key: String) {
    components = key.split(separator: ".", omittingEmptySubsequences: false)
    guard components.count > 1 else { return nil }
  }

  var head: Substring { components[0] }
  /// `weight`, `bias`, `running_mean` …
  var leaf: Substring { components[components.count - 1] }

  /// The components, if there are exactly `count`.
  func parts(_ count: Int) -> [Substring]? { components.count == count ? components : nil }
}

extension String {
  /// The rest after the prefix `start`; nil without that prefix.
  func removing(_ start: String) -> String? { hasPrefix(start) ? String(dropFirst(start.count)) : nil }
}

extension KeyFamily {
  /// Whether some family uses the key for its classifier, in which case it must not be ignored in other
  /// families.
  static func isClassifier(_ key: String) -> Bool {
    ["fc.", "classifier.", "last_linear.", "linear.", "head.fc."].contains { key.hasPrefix($0) }
  }
}
