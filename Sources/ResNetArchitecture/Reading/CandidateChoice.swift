/// Which state dict of a file is meant.
struct CandidateChoice {
  let family: KeyFamily
  let candidate: StateDictCandidate
  /// Others that were found and passed over.
  let passedOver: [StateDictCandidate]

  /// `key` is the entry of a nested checkpoint to look in; nil takes the only one, or the only one that is not the
  /// average of another.
  ///
  /// - Throws: ``ReadingFailure`` that lists the candidates when there are several.
  init(_ keys: KeyIndex, key: String?) throws(ReadingFailure) {
    let all = KeyFamily.candidates(in: keys)
    var candidates = all
    if let key {
      candidates = all.filter { $0.1.prefix.hasPrefix(key + ".") || ($0.1.prefix.isEmpty && key.isEmpty) }
      guard !candidates.isEmpty else {
        throw ReadingFailure(
          "there is no ResNet under the key '\(key)'",
          all.isEmpty ? nil : .say("state dicts were found under \(Self.list(all.map(\.1)))"))
      }
    }
    if candidates.count > 1, candidates.contains(where: { $0.1.secondary == nil }) {
      candidates.removeAll { $0.1.secondary != nil }
    }
    guard let first = candidates.first else { throw Self.strangers(keys) }
    guard candidates.count == 1 else {
      throw ReadingFailure(
        "it holds \(candidates.count) networks, under \(Self.list(candidates.map(\.1)))",
        .someKey)
    }
    (family, candidate) = first
    passedOver = all.map(\.1).filter { $0 != first.1 }
  }

  private static func list(_ candidates: [StateDictCandidate]) -> String {
    candidates.map { "'\($0.prefix)'" }.joined(separator: ", ")
  }

  /// No state dict of any family: what the file seems to be.
  private static func strangers(_ keys: KeyIndex) -> ReadingFailure {
    guard !keys.sorted.isEmpty else { return ReadingFailure("it holds no tensors") }
    if let guess = OtherNetworks.guess(Set(keys.sorted)) {
      return ReadingFailure("no known ResNet or ResNeXt: the names are those of \(guess)", .anyStateDict)
    }
    let examples = keys.sorted.prefix(3).joined(separator: ", ")
    return ReadingFailure("no known ResNet or ResNeXt: its tensors are \(examples), …", .anyStateDict)
  }
}
