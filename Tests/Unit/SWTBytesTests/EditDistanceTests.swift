import SWTBytes
import TestSupport
import Testing

@Suite struct EditDistanceTests {
  /// By its recursive definition.
  private static func plain(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Int {
    guard let x = a.first, let y = b.first else { return max(a.count, b.count) }
    var least = min(
      plain(a.dropFirst(), b.dropFirst()) + (x == y ? 0 : 1), plain(a.dropFirst(), b) + 1,
      plain(a, b.dropFirst()) + 1)
    if a.count > 1, b.count > 1, x == b.dropFirst().first, y == a.dropFirst().first {
      least = min(least, plain(a.dropFirst(2), b.dropFirst(2)) + 1)
    }
    return least
  }

  @Test func `it is the number of insertions, deletions, replacements and exchanges of neighbors`() {
    var noise = Noise(seed: 2)
    for _ in 0..<300 {
      let words = (0..<2).map { _ in
        String(
          (0..<Int.random(in: 0...6, using: &noise)).map { _ in "abc".randomElement(using: &noise) ?? "a" })
      }
      let distance = Self.plain(Array(words[0].utf8)[...], Array(words[1].utf8)[...])
      for limit in 0...7 {
        let found = EditDistance.between(words[0], words[1], limit: limit)
        #expect(found == (distance <= limit ? distance : nil), "\(words) within \(limit)")
      }
    }
  }

  static let names = ["convert", "inspect", "verify", "verify-signature", "diff", "doctor"]

  @Test(arguments: [
    ("convrt", "convert"), ("insp", "inspect"), ("dif", "diff"), ("verify-", "verify-signature"),
    ("docto", "doctor"), ("ver", "verify"), ("vfy", "verify"), ("ocnvert", "convert"), ("dfif", "diff"),
    ("xyzzy", nil), ("", nil), ("conversion", nil),
  ])
  func `the nearest name is offered, and none that is far away`(word: String, name: String?) {
    #expect(EditDistance.nearest(to: word, in: Self.names) == name)
  }
}
