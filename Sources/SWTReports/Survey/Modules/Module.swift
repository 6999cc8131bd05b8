/// A module of a file: what the parts of its tensors' names between the dots make of it.
package struct Module: Sendable {
  /// A tensor as the tree sees it.
  package struct Leaf: Sendable {
    package let name: String
    package let dtype: String
    package let shape: [Int]
    package let elements: Int
    package let bytes: Int
    /// True for what training updates, as far as names and types tell.
    package let isParameter: Bool
    /// True when an earlier name has the very same values.
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

  /// The part of the names; several where a module has nothing but one other in it.
  package let label: Substring
  /// Numbers of the tensors that lie in it directly, in the order of the file.
  package internal(set) var tensors: [Int] = []
  /// In the order of the file.
  package internal(set) var modules: [Module] = []
  /// Of everything in it.
  package internal(set) var tensorCount = 0
  package internal(set) var parameters = 0
  package internal(set) var bytes = 0
  /// Equal for modules of equal names, types and shapes.
  package internal(set) var form = 0

  init(label: Substring) { self.label = label }

  /// The tree of a file's tensors; its root has no label.
  package static func tree(_ leaves: [Leaf]) -> Module {
    ModuleBuilder(leaves: leaves).module("", Array(leaves.indices), at: 0, depth: 0)
  }

  /// The last part of a tensor's name, as it is called within its module.
  package static func leafName(_ name: String) -> Substring {
    let dot = name.utf8.lastIndex(of: UInt8(ascii: "."))
    return dot.map { name[name.utf8.index(after: $0)...] } ?? name[...]
  }

  /// Neighbours that are numbered one after the other and have equal shapes, as ranges of ``modules``; all others alone.
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

  /// True for `5.conv` behind `4.conv`.
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
  /// Names with more parts than this keep the rest in one.
  static let deepest = 40

  let leaves: [Module.Leaf]

  /// The module of some tensors, the rest of whose names begins at `offset`, with `depth` modules around it.
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
    // Nothing but one module in it: both are one line.
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

  /// Sums up what is in a module.
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
