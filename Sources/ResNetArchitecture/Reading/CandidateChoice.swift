/// The state dict chosen among those of a file.
struct CandidateChoice {
  let family: KeyFamily
  let candidate: StateDictCandidate
  /// Other state dicts that were found but not chosen.
  let passedOver: [StateDictCandidate]

  /// Chooses the state dict under `key`, an entry of a nested checkpoint; if nil, the only one, or the only
  /// primary one.
  ///
  /// - Throws: ``ReadingFailure`` that lists the candidates if there are several.
  init(_ keys: KeyIndex, key: String?) throws(ReadingFailure) {
    let all = KeyFamily.candidates(in: keys)
    var candidates = all
    if let key {
      candidates = all.filter { $0.1.prefix.hasPrefix(key + ".") || ($0.1.prefix.isEmpty && key.isEmpty) }
      guard !candidates.isEmpty else {
        throw ReadingFailure(
          "there is no ResNet under the key '\(key)'",
          Self.remedy(all.map(\.1)))
      }
    }
    if candidates.count > 1, candidates.contains(where: { $0.1.secondary == nil }) {
      candidates.removeAll { $0.1.secondary != nil }
    }
    guard let first = candidates.first else { throw Self.strangers(keys) }
    guard candidates.count == 1 else {
      throw ReadingFailure(
        "it contains \(candidates.count) networks, under \(Self.list(candidates.map(\.1)))",
        .someKey)
    }
    (family, candidate) = first
    passedOver = all.map(\.1).filter { $0 != first.1 }
  }

  private static func list(_ candidates: [StateDictCandidate]) -> String {
    candidates.map { "'\($0.prefix)'" }.joined(separator: ", ")
  }

  /// Where the networks are instead.
  private static func remedy(_ candidates: [StateDictCandidate]) -> Remedy? {
    if candidates.isEmpty { return nil }
    if candidates.allSatisfy(\.prefix.isEmpty) {
      return .say("this file is one flat state dict, so no key is needed")
    }
    return .say("state dicts were found under \(list(candidates))")
  }

  /// The failure for a file without a state dict of any family, with a guess of what it is.
  private static func strangers(_ keys: KeyIndex) -> ReadingFailure {
    guard !keys.sorted.isEmpty else { return ReadingFailure("it contains no tensors") }
    if let guess = OtherNetworks.guess(keys.names) {
      return ReadingFailure(unknownNetwork: "the names are those of \(guess)")
    }
    guard keys.sorted.contains(where: { !$0.isEmpty }) else {
      return ReadingFailure(unknownNetwork: "it is one tensor without a name")
    }
    let examples = keys.sorted.prefix(3).joined(separator: ", ") + (keys.sorted.count > 3 ? ", …" : "")
    return ReadingFailure(unknownNetwork: "its tensors are \(examples)")
  }
}
