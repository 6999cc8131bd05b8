/// The classes in TorchScript's code, read as text: constants, and calls of operators with literal arguments.
///
/// The code is what `torch.jit` prints, a statement per line; anything else is skipped. Source:
/// torch/csrc/jit/serialization/python_print.cpp.
struct ScriptCode {
  /// What the code of a class says about its modules.
  struct Class {
    var constants: [String: ModuleValue] = [:]
    var calls: [(function: String, arguments: [ModuleValue])] = []
  }

  /// By qualified name, with TorchScript's mangling.
  private(set) var classes: [String: Class] = [:]

  /// Adds the classes of a file, whose qualified names start with `module`.
  mutating func add(_ text: [UInt8], module: String) {
    var name: String?
    // `_0 = __torch__.torch.nn.functional.relu`: a function of Python under another name.
    var aliases: [String: String] = [:]
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let line = line.prefix(Self.longestLine)
      if line.starts(with: "class ".utf8) {
        let end = line.firstIndex { $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: ":") } ?? line.endIndex
        name = "\(module).\(String(decoding: line[line.startIndex..<end].dropFirst(6), as: UTF8.self))"
        aliases = [:]
        continue
      }
      // A function outside a class.
      if line.first != UInt8(ascii: " ") { name = nil }
      guard let name else { continue }
      if let (constant, value) = Self.constant(line) {
        classes[name, default: Class()].constants[constant] = value
      } else if let (alias, function) = Self.alias(line) {
        aliases[alias] = function
      } else {
        classes[name, default: Class()].calls += Self.calls(line, aliases)
      }
    }
  }

  private static let longestLine = 1 << 14

  /// `  stride : Final[Tuple[int, int]] = (1, 1)`.
  private static func constant(_ line: ArraySlice<UInt8>) -> (String, ModuleValue)? {
    let text = String(decoding: line, as: UTF8.self)
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix(": Final["),
      let equals = text.firstIndex(of: "=")
    else { return nil }
    let name = text[..<colon].filter { $0 != " " }
    var literal = ScriptLiteral(text[text.index(after: equals)...].utf8)
    return (name, literal.value())
  }

  /// `    _0 = __torch__.torch.nn.functional.relu`.
  private static func alias(_ line: ArraySlice<UInt8>) -> (String, String)? {
    let parts = line.split(separator: UInt8(ascii: " "))
    guard parts.count == 3, parts[1].elementsEqual("=".utf8),
      parts[2].starts(with: "__torch__.torch.nn.functional.".utf8),
      let function = String(decoding: parts[2], as: UTF8.self).split(separator: ".").last
    else { return nil }
    return (String(decoding: parts[0], as: UTF8.self), "functional.\(function)")
  }

  /// Every `torch.name(…)` and `ops.space.name(…)` of a line, calls inside calls too.
  private static func calls(
    _ line: ArraySlice<UInt8>, _ aliases: [String: String]
  ) -> [(function: String, arguments: [ModuleValue])] {
    var calls: [(String, [ModuleValue])] = []
    var index = line.startIndex
    var previous = UInt8(ascii: " ")
    while index < line.endIndex {
      let byte = line[index]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        index = ScriptLiteral.endOfText(line, from: index)
      } else if isWord(byte), !isWord(previous) {
        let end = line[index...].firstIndex { !isWord($0) } ?? line.endIndex
        let word = line[index..<end]
        let isCall = end < line.endIndex && line[end] == UInt8(ascii: "(")
        if isCall, calls.count < 256, let function = Self.function(word, aliases) {
          var literal = ScriptLiteral(line[end...])
          calls.append((function, literal.arguments()))
        }
        index = end
        previous = UInt8(ascii: "a")
        continue
      } else {
        index += 1
      }
      previous = byte
    }
    return calls
  }

  private static func function(_ word: ArraySlice<UInt8>, _ aliases: [String: String]) -> String? {
    let name = String(decoding: word, as: UTF8.self)
    if let function = aliases[name] { return function }
    guard name.hasPrefix("torch.") || name.hasPrefix("ops.") else { return nil }
    return name.split(separator: ".").last.map(String.init)
  }

  /// Whether a byte belongs to a dotted name.
  static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// Adds what the code says to the modules of its classes, whose names are `types`.
  func complete(_ modules: inout [ModuleRecord], types: [String]) {
    for (index, type) in types.enumerated() where index < modules.count {
      guard let code = classes[type] else { continue }
      modules[index].attributes.merge(code.constants) { own, _ in own }
      for call in code.calls { modules[index].add(call: call.function, call.arguments) }
    }
  }
}
