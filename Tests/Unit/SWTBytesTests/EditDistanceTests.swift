import SWTBytes
import TestSupport
import Testing

@Suite struct EditDistanceTests {
  /// By its recursive definition.
  private static func plain(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Int {
    guard let x = a.first, let y = b.first else { return max(a.count, b.count) }
    if x == y { return plain(a.dropFirst(), b.dropFirst()) }
    return 1 + min(plain(a.dropFirst(), b), plain(a, b.dropFirst()), plain(a.dropFirst(), b.dropFirst()))
  }

  @Test func `it is the number of insertions, deletions and replacements`() {
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
    ("docto", "doctor"),
    ("xyzzy", nil), ("", nil), ("conversion", nil),
  ])
  func `the nearest name is offered, and none that is far away`(word: String, name: String?) {
    #expect(EditDistance.nearest(to: word, in: Self.names) == name)
  }
}
