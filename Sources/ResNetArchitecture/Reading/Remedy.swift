/// What can be done about a failure, as a fact: a program says it in the words of its own options.
public enum Remedy: Equatable, Sendable {
  /// A sentence that speaks of no option.
  case say(String)
  /// Look in one of the file's entries, whichever is meant.
  case someKey
  /// Say which linear layer is the classifier, or that there is none.
  case someHead
  /// Name the classes.
  case nameClasses
  /// Say what is only assumed.
  case settleConventions
  /// That entry of the file is a network too.
  case key(String)
  /// That entry of the file is the network without what does not fit.
  case keyWithoutRest(String)
  /// Take the file as any state dict, without a layer tree.
  case anyStateDict
  /// Leave BatchNorm as it is.
  case withoutFolding
  /// Let the output be replaced.
  case replaceOutput
  /// One of these names, the nearest first.
  case names([String])
}

extension Remedy: CustomStringConvertible {
  public var description: String {
    switch self {
    case .say(let text): text
    case .someKey: "choose an entry of the file"
    case .someHead: "the classifier can be named, or the network taken without one"
    case .nameClasses: "labels can name them"
    case .settleConventions: "a golden settles what is open, or options state it"
    case .key(let key): "the entry '\(key)' can be taken instead"
    case .keyWithoutRest(let key): "the entry '\(key)' is the network without it"
    case .anyStateDict: "without a layer tree any state dict can be converted"
    case .withoutFolding: "convert without folding BatchNorm"
    case .replaceOutput: "allow the output to be replaced"
    case .names(let names): "known are \(names.prefix(8).joined(separator: ", "))"
    }
  }
}
