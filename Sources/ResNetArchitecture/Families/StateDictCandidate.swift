/// A network's state dict found in a file.
public struct StateDictCandidate: Hashable, Sendable {
  /// The prefix of every key: `""`, `state_dict.module.`, `model._orig_mod.`
  public let prefix: String
  /// The name of the key family, such as `torchvision`.
  public let family: String
  /// Why it is chosen only on request or if it is the only one, for example because it is a running average;
  /// nil for a primary candidate.
  public let secondary: String?
}

extension KeyFamily {
  /// Finds every state dict of a known family among a file's tensor names.
  ///
  /// Wrappers stack in any order (a checkpoint dict, DataParallel's `module.`, torch.compile's `_orig_mod.`,
  /// a `backbone.`), so whatever precedes the family's landmarks is the prefix. Each first convolution
  /// belongs to one candidate, of the most specific family.
  public static func candidates(in names: Set<String>) -> [(KeyFamily, StateDictCandidate)] {
    candidates(in: KeyIndex(names))
  }

  static func candidates(in keys: KeyIndex) -> [(KeyFamily, StateDictCandidate)] {
    var found: [(KeyFamily, StateDictCandidate)] = []
    // Names of first convolutions end in one of these, so most names are skipped immediately.
    let stems = keys.sorted.filter { $0.hasSuffix("weight") || $0.hasSuffix("conv1_w") }
    for name in stems {
      for family in all {
        guard let prefix = family.prefix(ofStem: name, in: keys) else { continue }
        found.append(
          (
            family,
            StateDictCandidate(
              prefix: prefix, family: family.name, secondary: secondaryReason(prefix, family, keys))
          ))
        break
      }
    }
    return found
  }

  /// The prefix of the state dict whose first convolution is `name`; nil if it is not of this family.
  private func prefix(ofStem name: String, in keys: KeyIndex) -> String? {
    for place in landmarks where name.hasSuffix(place.stem) {
      let prefix = String(name.dropLast(place.stem.count))
      guard prefix.isEmpty || prefix.hasSuffix("."), keys.contains(prefix + place.block) else { continue }
      var outside = prefix
      if !enclosures.isEmpty {
        guard let enclosure = enclosures.first(where: { prefix == "\($0)." || prefix.hasSuffix(".\($0).") })
        else { continue }
        outside = String(prefix.dropLast(enclosure.count + 1))
      }
      guard companions.isEmpty || companions.contains(where: { keys.contains(outside + $0) }) else {
        continue
      }
      return prefix
    }
    return nil
  }

  /// Why a state dict under that prefix is not the file's main network; nil if it may be.
  private static func secondaryReason(_ prefix: String, _ family: KeyFamily, _ keys: KeyIndex) -> String? {
    for part in prefix.split(separator: ".") {
      if part.hasSuffix("_ema") || part == "ema" || part.hasPrefix("ema_") { return "a running average" }
      if part == "encoder_k" || part == "momentum_encoder" {
        return "the running average of the other encoder"
      }
      if part == "student", family.name == KeyFamily.dino.name { return "DINO evaluates the teacher" }
    }
    return nil
  }
}
