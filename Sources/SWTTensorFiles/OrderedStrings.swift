internal import SWTBytes

/// A map from strings to strings that keeps its order, such as the metadata of a safetensors file.
package struct OrderedStrings: Equatable, Sendable {
  /// A `"key": "value"` pair.
  package struct Pair: Equatable, Sendable {
    package let key: String
    package var value: String
  }

  package private(set) var pairs: [Pair] = []
  private var index: [ExactString: Int] = [:]

  package init() {}

  /// - Parameter pairs: A later value replaces an earlier one with the same key, which keeps its position.
  package init(_ pairs: some Sequence<(String, String)>) {
    for (key, value) in pairs { self[key] = value }
  }

  /// The value of `key`. Setting a new key appends it; setting `nil` removes it.
  package subscript(key: String) -> String? {
    get { index[ExactString(key)].map { pairs[$0].value } }
    set {
      if let newValue {
        if let place = index[ExactString(key)] {
          pairs[place].value = newValue
        } else {
          index[ExactString(key)] = pairs.count
          pairs.append(Pair(key: key, value: newValue))
        }
      } else if let place = index.removeValue(forKey: ExactString(key)) {
        pairs.remove(at: place)
        for later in place..<pairs.count { index[ExactString(pairs[later].key)] = later }
      }
    }
  }

  package var isEmpty: Bool { pairs.isEmpty }
  package var count: Int { pairs.count }
}
