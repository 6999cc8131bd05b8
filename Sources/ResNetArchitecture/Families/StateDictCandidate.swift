/// Where in a file a network's state dict was found.
public struct StateDictCandidate: Hashable, Sendable {
  /// What stands in front of every key: `""`, `state_dict.module.`, `model._orig_mod.`
  public let prefix: String
  /// The name of the key family, such as `torchvision`.
  public let family: String
  /// Why it is chosen only when asked for or alone: it is a running average of another, say.
  public let secondary: String?
}

extension KeyFamily {
  /// Finds every state dict of a known family among a file's tensor names.
  ///
  /// Wrappers stack in any order (a checkpoint dict, DataParallel's `module.`, torch.compile's `_orig_mod.`, a
  /// `backbone.`): whatever stands in front of the family's landmarks is the prefix. A first convolution belongs to one
  /// candidate, that of the most specific family.
  public static func candidates(in names: Set<String>) -> [(KeyFamily, StateDictCandidate)] {
    candidates(in: KeyIndex(names))
  }

  static func candidates(in keys: KeyIndex) -> [(KeyFamily, StateDictCandidate)] {
    var found: [(KeyFamily, StateDictCandidate)] = []
    // Every family's first convolution ends in one of a few ways, so that most names are passed over at once.
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

  /// What stands in front of a state dict whose first convolution is `name`; nil when it is none of this family.
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

  /// Why a state dict under that prefix is not what the file is for.
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
