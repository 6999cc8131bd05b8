/// Levenshtein distance, to suggest what the user may have meant.
package enum EditDistance {
  /// Insertions, deletions and replacements that turn one name into the other; nil if there are more than
  /// `limit`.
  package static func between(_ a: String, _ b: String, limit: Int) -> Int? {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    guard abs(a.count - b.count) <= limit else { return nil }
    var row = Array(0...b.count)
    for i in a.indices {
      var diagonal = row[0]
      row[0] = i + 1
      var smallest = row[0]
      for j in b.indices {
        let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
        smallest = min(smallest, row[j + 1])
      }
      if smallest > limit { return nil }
    }
    return row[b.count] <= limit ? row[b.count] : nil
  }

  /// The name of which `word` is the beginning, if there is only one; otherwise the closest name, if it is
  /// close enough to be a typo.
  package static func nearest(to word: String, in names: [String]) -> String? {
    let begun = names.filter { !word.isEmpty && $0.hasPrefix(word) }
    if begun.count == 1 { return begun[0] }
    let limit = max(1, word.utf8.count / 3)
    return names.compactMap { name in between(word, name, limit: limit).map { (name, $0) } }
      .min { $0.1 < $1.1 }?.0
  }
}
