/// Edit distance with transpositions, to suggest what the user may have meant.
package enum EditDistance {
  /// Insertions, deletions, replacements and exchanges of neighbors that turn one name into the other; nil if
  /// there are more than `limit`.
  package static func between(_ a: String, _ b: String, limit: Int) -> Int? {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    guard abs(a.count - b.count) <= limit else { return nil }
    var before: [Int] = []
    var row = Array(0...b.count)
    for i in a.indices {
      var next = [i + 1]
      for j in b.indices {
        var least = min(row[j] + (a[i] == b[j] ? 0 : 1), next[j] + 1, row[j + 1] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, before[j - 1] + 1) }
        next.append(least)
      }
      (before, row) = (row, next)
    }
    return row[b.count] <= limit ? row[b.count] : nil
  }

  /// The shortest name of which `word` is the beginning; otherwise the closest name, if it is close enough to be
  /// a typo; otherwise the shortest with the letters of `word` in order: `vfy`.
  package static func nearest(to word: String, in names: [String]) -> String? {
    func shortest(_ names: [String]) -> String? { names.min { $0.utf8.count < $1.utf8.count } }
    if !word.isEmpty, let begun = shortest(names.filter { $0.hasPrefix(word) }) { return begun }
    let limit = max(1, word.utf8.count / 3)
    let close = names.compactMap { name in between(word, name, limit: limit).map { (name, $0) } }
    if let nearest = close.min(by: { $0.1 < $1.1 }) { return nearest.0 }
    return word.utf8.count < 3 ? nil : shortest(names.filter { abbreviates(word, $0) })
  }

  /// Whether a word is a name with letters left out, except its first.
  private static func abbreviates(_ word: String, _ name: String) -> Bool {
    guard word.first == name.first else { return false }
    var rest = name[...]
    for letter in word {
      guard let place = rest.firstIndex(of: letter) else { return false }
      rest = rest[rest.index(after: place)...]
    }
    return true
  }
}
