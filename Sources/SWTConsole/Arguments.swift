package import SWTBytes

/// A mistake in the command line, not in a file; the process exits with 2.
package struct UsageError: Error, Equatable, Sendable {
  package let message: String
  package init(_ message: String) { self.message = message }
}

/// The words of a command line, matched against a ``CommandSpec``.
///
/// Options may come before or after operands; `--opt=value` and `--opt value` both work; `--` ends options.
package struct Arguments: Sendable {
  private var values: [String: [String]] = [:]
  package private(set) var operands: [String] = []
  private let spec: CommandSpec

  package init(_ words: some Sequence<String>, for spec: CommandSpec) throws(UsageError) {
    self.spec = spec
    var words = Array(words)[...]
    var optionsEnded = false
    while let word = words.popFirst() {
      if optionsEnded || word == "-" || !word.hasPrefix("-") {
        operands.append(word)
      } else if word == "--" {
        optionsEnded = true
      } else if word.hasPrefix("--") {
        try takeLong(word, &words)
      } else {
        try takeShort(word, &words)
      }
    }
    if !has("help") {
      try checkOperands()
      if value("output") == "-" {
        throw UsageError("-o - is not a file: outputs are written whole or not at all, so name one")
      }
    }
  }

  private mutating func takeLong(_ word: String, _ words: inout ArraySlice<String>) throws(UsageError) {
    let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let option = spec.allOptions.first(where: { $0.name == name }) else {
      throw unknown("--\(name)", nearest: EditDistance.nearest(to: name, in: spec.allOptions.map(\.name)))
    }
    try take(option, parts.count == 2 ? String(parts[1]) : nil, &words)
  }

  private mutating func takeShort(_ word: String, _ words: inout ArraySlice<String>) throws(UsageError) {
    let letter = word[word.index(after: word.startIndex)]
    if letter == "h", word.count == 2 {
      values["help", default: []].append("")
      return
    }
    guard let option = spec.allOptions.first(where: { $0.short == letter }) else {
      throw unknown(word, nearest: nil)
    }
    let rest = word.dropFirst(2)
    try take(option, rest.isEmpty ? nil : String(rest.first == "=" ? rest.dropFirst() : rest), &words)
  }

  private mutating func take(
    _ option: CommandSpec.Option, _ attached: String?, _ words: inout ArraySlice<String>
  ) throws(UsageError) {
    guard let placeholder = option.placeholder else {
      guard attached == nil else { throw UsageError("--\(option.name) takes no value") }
      values[option.name, default: []].append("")
      return
    }
    if option.isValueOptional {
      guard attached != "" else { throw UsageError("--\(option.name)= needs a value (\(placeholder))") }
      values[option.name, default: []].append(attached ?? "")
      return
    }
    guard let value = attached ?? words.popFirst() else {
      throw UsageError("--\(option.name) needs a value (\(placeholder))")
    }
    values[option.name, default: []].append(value)
  }

  private func unknown(_ word: String, nearest: String?) -> UsageError {
    let hint = nearest.map { "; did you mean --\($0)?" } ?? ""
    return UsageError("\(spec.name) has no option \(word)\(hint)")
  }

  private func checkOperands() throws(UsageError) {
    let needed = spec.operands.filter { !$0.isOptional }
    guard operands.count >= needed.count else {
      throw UsageError("\(spec.name) needs \(needed[operands.count].name)")
    }
    guard operands.count <= spec.operands.count || spec.operands.contains(where: \.isRepeated) else {
      throw UsageError("\(spec.name) does not take '\(operands[spec.operands.count])'")
    }
  }

  package func has(_ flag: String) -> Bool { values[flag] != nil }

  /// The last value of an option.
  package func value(_ name: String) -> String? { values[name]?.last }

  /// All values of an option, in order.
  package func all(_ name: String) -> [String] { values[name] ?? [] }

  package func integer(
    _ name: String, in range: ClosedRange<Int>, default fallback: Int
  ) throws(UsageError) -> Int {
    guard let text = value(name) else { return fallback }
    guard let number = Int(text), range.contains(number) else {
      throw UsageError("--\(name) must be in \(range.lowerBound)…\(range.upperBound), not '\(text)'")
    }
    return number
  }

  /// The value of an option that accepts one of a few words.
  package func choice(
    _ name: String, _ words: [String], default fallback: String
  ) throws(UsageError) -> String {
    guard let text = value(name) else { return fallback }
    guard words.contains(text) else {
      let hint = EditDistance.nearest(to: text, in: words).map { "; did you mean \($0)?" } ?? ""
      throw UsageError("--\(name) must be one of \(words.joined(separator: ", ")), not '\(text)'\(hint)")
    }
    return text
  }

  /// The default limits with every `--limit NAME=VALUE` applied.
  package func limits() throws(UsageError) -> ParseLimits {
    var limits = ParseLimits()
    for setting in all("limit") {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let value = UInt64(parts[1]) else {
        throw UsageError("--limit expects NAME=VALUE, not '\(setting)'")
      }
      guard let name = ParseLimits.Name(rawValue: String(parts[0])) else {
        let names = ParseLimits.Name.allCases.map(\.rawValue).joined(separator: ", ")
        throw UsageError("there is no limit '\(parts[0])'; limits are \(names)")
      }
      limits[name] = value
    }
    return limits
  }
}
