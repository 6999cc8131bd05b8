/// A way to name the tensors of a ResNet.
///
/// A family is data and at most a small function, in a file of its own; adding one touches only
/// ``KeyFamily/all``.
public struct KeyFamily: Sendable {
  /// The name that `inspect` and errors use.
  public let name: String
  /// A key that every file of the family has, used to find where its state dict starts.
  public let anchor: String
  /// A second key that must be there, so that one lucky name is not enough.
  public let witness: String
  /// torchvision's name for a key of this family; `nil` when the key is no part of the network.
  public let canonical: @Sendable (String) -> String?

  /// Every family, the most specific first.
  public static let all: [KeyFamily] = [.torchvision]
}

/// Where in a file a network's state dict was found.
public struct StateDictCandidate: Hashable, Sendable {
  /// What stands in front of every key: `""`, `state_dict.module.`, `model._orig_mod.`
  public let prefix: String
  public let family: String
  /// True for running averages of the weights (`model_ema`), which are chosen only when asked for.
  public let isAverage: Bool
}

extension KeyFamily {
  /// Finds every state dict of a known family among a file's tensor names.
  ///
  /// Wrappers stack in any order (a checkpoint dict, DataParallel's `module.`, torch.compile's `_orig_mod.`, a
  /// `backbone.`): whatever stands in front of the family's anchor is the prefix.
  public static func candidates(in names: Set<String>) -> [(KeyFamily, StateDictCandidate)] {
    var found: [(KeyFamily, StateDictCandidate)] = []
    for family in all {
      for name in names.sorted() where name.hasSuffix(family.anchor) {
        let prefix = String(name.dropLast(family.anchor.count))
        guard prefix.isEmpty || prefix.hasSuffix("."), names.contains(prefix + family.witness) else {
          continue
        }
        let isAverage = prefix.split(separator: ".").contains { part in
          part.hasSuffix("_ema") || part == "ema" || part.hasPrefix("ema_")
        }
        found.append((family, StateDictCandidate(prefix: prefix, family: family.name, isAverage: isAverage)))
      }
    }
    return found
  }
}
