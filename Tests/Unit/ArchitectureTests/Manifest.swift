import TestSupport

/// The targets that Package.swift declares, read as text, in order.
struct Manifest {
  struct Target {
    let name: String
    let isTest: Bool
    let path: String?
    let dependencies: [String]
  }

  let targets: [Target]

  subscript(name: String) -> Target? { targets.first { $0.name == name } }

  init() throws {
    let text = Array(try SourceTree.text("Package.swift").utf8)
    guard var place = Self.find("[Target] = [", in: text, from: 0) else { throw TestFailure("no targets") }
    var targets: [Target] = []
    let kinds = [".target(", ".testTarget(", ".executableTarget(", ".systemLibrary("]
    // A condition adds targets after the lists, in the same syntax.
    while let next = kinds.compactMap({ kind in Self.find(kind, in: text, from: place).map { ($0, kind) } })
      .min(by: { $0.0 < $1.0 })
    {
      let open = next.0 + next.1.utf8.count - 1
      let close = Self.matching(open, in: text)
      let call = Array(text[open..<close])
      guard let name = Self.strings(after: "name: ", in: call).first else {
        throw TestFailure("a target has no name")
      }
      var dependencies: [String] = []
      if let start = Self.find("dependencies: [", in: call, from: 0) {
        let bracket = start + "dependencies: [".utf8.count - 1
        let list = Array(call[bracket..<Self.matching(bracket, in: call)])
        let traits = Self.find("traits: [", in: list, from: 0).map { start in
          Self.strings(in: Array(list[(start + 8)..<Self.matching(start + 8, in: list)]))
        }
        dependencies = Self.strings(in: list).filter { traits?.contains($0) != true }
      }
      targets.append(
        Target(
          name: name, isTest: next.1 == ".testTarget(", path: Self.strings(after: "path: ", in: call).first,
          dependencies: dependencies))
      place = close
    }
    self.targets = targets
  }

  /// All direct and indirect dependencies of a target.
  func reach(of name: String) -> Set<String> {
    var reached: Set<String> = []
    var left = self[name]?.dependencies ?? []
    while let next = left.popLast() {
      if reached.insert(next).inserted { left += self[next]?.dependencies ?? [] }
    }
    return reached
  }

  private static func find(_ word: String, in text: [UInt8], from start: Int) -> Int? {
    let word = Array(word.utf8)
    guard text.count >= word.count, start <= text.count - word.count else { return nil }
    return (start...text.count - word.count).first {
      text[$0] == word[0] && text[$0..<$0 + word.count].elementsEqual(word)
    }
  }

  /// Position of the bracket that closes the one at `start`.
  private static func matching(_ start: Int, in text: [UInt8]) -> Int {
    var depth = 0
    for place in start..<text.count {
      if "([".utf8.contains(text[place]) { depth += 1 }
      if ")]".utf8.contains(text[place]) { depth -= 1 }
      if depth == 0 { return place }
    }
    return text.count
  }

  private static func strings(in text: [UInt8]) -> [String] {
    let parts = text.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
    return parts.indices.filter { $0 % 2 == 1 }.map { String(decoding: parts[$0], as: UTF8.self) }
  }

  private static func strings(after label: String, in text: [UInt8]) -> [String] {
    find(label, in: text, from: 0).map { strings(in: Array(text[($0 + label.utf8.count)...])) } ?? []
  }
}
