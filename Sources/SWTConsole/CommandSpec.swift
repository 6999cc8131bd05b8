internal import SWTBytes

/// The complete description of a subcommand. Help, parsing and completion all read this table, so they cannot
/// disagree.
package struct CommandSpec: Sendable {
  /// What shell completion offers for a word.
  package enum Values: Equatable, Sendable {
    /// Nothing: a number or free text.
    case any
    case path
    case words([String])
  }

  package struct Operand: Sendable {
    package let name: String
    package let help: String
    package let isOptional: Bool
    package let isRepeated: Bool
    package let values: Values

    package init(
      _ name: String, _ help: String, optional: Bool = false, repeated: Bool = false,
      of values: Values = .path
    ) {
      (self.name, self.help, isOptional, isRepeated) = (name, help, optional, repeated)
      self.values = values
    }
  }

  package struct Option: Sendable {
    /// Long name, without dashes.
    package let name: String
    package let short: Character?
    /// Placeholder for the value; nil for a flag.
    package let placeholder: String?
    package let help: String
    package let values: Values
    /// Whether the value may be omitted. If it is given, it must follow a `=`.
    package var isValueOptional = false

    package static func flag(_ name: String, _ help: String) -> Self {
      Option(name: name, short: nil, placeholder: nil, help: help, values: .any)
    }

    package static func value(
      _ name: String, _ placeholder: String, _ help: String, short: Character? = nil, of values: Values = .any
    ) -> Self {
      Option(name: name, short: short, placeholder: placeholder, help: help, values: values)
    }

    /// An option with an optional value: `--html` or `--html=PATH`.
    package static func optionalValue(
      _ name: String, _ placeholder: String, _ help: String, of values: Values = .any
    ) -> Self {
      var option = value(name, placeholder, help, of: values)
      option.isValueOptional = true
      return option
    }

    /// `--arch NAME`, `-o, --output OUT`, `--html[=PATH]`.
    package var usage: String {
      let value = placeholder.map { isValueOptional ? "[=\($0)]" : " \($0)" } ?? ""
      return (short.map { "-\($0), " } ?? "") + "--\(name)" + value
    }
  }

  package struct Example: Sendable {
    package let line: String
    package let help: String

    package init(_ line: String, _ help: String) { (self.line, self.help) = (line, help) }
  }

  package let name: String
  package let summary: String
  package let operands: [Operand]
  package let options: [Option]
  package let examples: [Example]

  package init(
    _ name: String, _ summary: String, operands: [Operand] = [], options: [Option] = [],
    examples: [Example]
  ) {
    self.name = name
    self.summary = summary
    self.operands = operands
    self.options = options
    self.examples = examples
  }

  /// Options of every command.
  package static let common: [Option] = [
    .flag("json", "Print one JSON document and nothing else."),
    .flag("quiet", "Print only results and errors."),
    .value(
      "progress", "WHEN", "auto, always or never (default: auto).", of: .words(["auto", "always", "never"])),
    .value(
      "limit", "NAME=VALUE", "Change a limit on what a file may demand; repeatable.",
      of: .words(ParseLimits.Name.allCases.map { "\($0.rawValue)=" })),
    .flag("help", "Show this help."),
  ]

  /// `convert INPUT… [OPTION…]`, without the program's name.
  package var usage: String {
    let words = operands.map { operand in
      let name = operand.name + (operand.isRepeated ? "…" : "")
      return operand.isOptional ? "[\(name)]" : name
    }
    return ([name] + words + ["[OPTION…]"]).joined(separator: " ")
  }

  package var allOptions: [Option] {
    options + Self.common.filter { common in !options.contains { $0.name == common.name } }
  }
}
