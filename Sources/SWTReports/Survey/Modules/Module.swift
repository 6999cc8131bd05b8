/// A module of a file, as given by the dotted names of its tensors.
package struct Module: Sendable {
  /// A tensor in the tree.
  package struct Leaf: Sendable {
    package let name: String
    package let dtype: String
    package let shape: [Int]
    package let elements: Int
    package let bytes: Int
    /// Whether it is trained, as far as names and types show.
    package let isParameter: Bool
    /// Whether an earlier tensor has the same values in the same storage.
    package let isRepeat: Bool

    package init(
      name: String, dtype: String, shape: [Int], bytes: Int, isParameter: Bool, isRepeat: Bool
    ) {
      (self.name, self.dtype, self.shape, self.bytes) = (name, dtype, shape, bytes)
      elements = shape.reduce(1) { a, b in
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? Int.max : product
      }
      (self.isParameter, self.isRepeat) = (isParameter, isRepeat)
    }
  }

  /// Component of the names; several components if a module contains only one other module.
  package let label: Substring
  /// Indices of the tensors directly in it, in file order.
  package internal(set) var tensors: [Int] = []
  /// Modules directly in it, in file order.
  package internal(set) var modules: [Module] = []
  /// Totals of everything in it.
  package internal(set) var tensorCount = 0
  package internal(set) var parameters = 0
  package internal(set) var bytes = 0
  /// Equal for modules whose contents have equal names, types and shapes.
  package internal(set) var form = 0

  init(label: Substring) { self.label = label }

  /// The tree of a file's tensors; the root has no label.
  package static func tree(_ leaves: [Leaf]) -> Module {
    ModuleBuilder(leaves: leaves).module("", Array(leaves.indices), at: 0, depth: 0)
  }

  /// The last component of a tensor's name.
  package static func leafName(_ name: String) -> Substring {
    let dot = name.utf8.lastIndex(of: UInt8(ascii: "."))
    return dot.map { name[name.utf8.index(after: $0)...] } ?? name[...]
  }

  /// Runs of consecutively numbered modules with equal shapes, as ranges of ``modules``; every other module
  /// is a run of its own.
  package var runs: [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = 0
    while start < modules.count {
      var end = start + 1
      while end < modules.count, modules[end].form == modules[start].form,
        Self.isNext(modules[end].label, modules[end - 1].label)
      {
        end += 1
      }
      runs.append(start..<end)
      start = end
    }
    return runs
  }

  /// Whether labels are numbered consecutively, like `4.conv` and `5.conv`.
  private static func isNext(_ label: Substring, _ before: Substring) -> Bool {
    func parts(_ label: Substring) -> (Int, Substring)? {
      let number = label.utf8.prefix { $0 != UInt8(ascii: ".") }
      return Int(Substring(number)).map { ($0, label[number.endIndex...]) }
    }
    guard let (number, rest) = parts(label), let (last, restBefore) = parts(before) else { return false }
    return last < Int.max && number == last + 1 && rest == restBefore
  }
}

/// Splits names at their dots, level by level.
private struct ModuleBuilder {
  /// Maximum depth; the remaining components of longer names are not split.
  static let deepest = 40

  let leaves: [Module.Leaf]

  /// The module of `members`, at depth `depth`; `offset` is where the rest of their names starts.
  func module(_ label: Substring, _ members: [Int], at offset: Int, depth: Int) -> Module {
    var direct: [Int] = []
    var order: [Substring] = []
    var groups: [Substring: [Int]] = [:]
    for index in members {
      let rest = leaves[index].name.utf8.dropFirst(offset)
      guard depth < Self.deepest, let dot = rest.firstIndex(of: UInt8(ascii: ".")) else {
        direct.append(index)
        continue
      }
      let part = Substring(rest[..<dot])
      if groups[part]?.append(index) == nil {
        groups[part] = [index]
        order.append(part)
      }
    }
    // A module with only one module inside is merged with it.
    if !label.isEmpty, direct.isEmpty, order.count == 1, let index = members.first {
      let name = leaves[index].name
      let end = name.utf8.index(name.startIndex, offsetBy: offset + order[0].utf8.count)
      return module(
        name[label.startIndex..<end], members, at: offset + order[0].utf8.count + 1, depth: depth + 1)
    }
    var result = Module(label: label)
    result.tensors = direct
    result.modules = order.map { part in
      module(part, groups[part] ?? [], at: offset + part.utf8.count + 1, depth: depth + 1)
    }
    add(to: &result)
    return result
  }

  /// Sets the totals and the form of a module.
  private func add(to module: inout Module) {
    var hasher = Hasher()
    func sum(_ a: Int, _ b: Int) -> Int {
      let (sum, overflow) = a.addingReportingOverflow(b)
      return overflow ? Int.max : sum
    }
    module.tensorCount = module.tensors.count
    for index in module.tensors {
      let leaf = leaves[index]
      hasher.combine(Module.leafName(leaf.name))
      hasher.combine(leaf.dtype)
      hasher.combine(leaf.shape)
      if leaf.isRepeat { continue }
      module.bytes = sum(module.bytes, leaf.bytes)
      if leaf.isParameter { module.parameters = sum(module.parameters, leaf.elements) }
    }
    for child in module.modules {
      hasher.combine(child.label)
      hasher.combine(child.form)
      module.tensorCount += child.tensorCount
      module.bytes = sum(module.bytes, child.bytes)
      module.parameters = sum(module.parameters, child.parameters)
    }
    module.form = hasher.finalize()
  }
}
