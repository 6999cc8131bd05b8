internal import SWTPlatform

/// A name from a file, used as a key: equal to another only if their UTF-8 bytes are.
///
/// Swift strings are equal if they are canonically equivalent, such as "é" as one scalar and as two. In a
/// file format these are two names, and a dictionary with `String` keys would lose one of them.
@usableFromInline
package struct ExactString: Hashable, Sendable, Comparable, CustomStringConvertible {
  @usableFromInline
  package let text: String

  @inlinable
  package init(_ text: String) { self.text = text }

  @usableFromInline
  package static func == (a: Self, b: Self) -> Bool {
    let same: Bool?? = unsafe a.text.utf8.withContiguousStorageIfAvailable { x in
      unsafe b.text.utf8.withContiguousStorageIfAvailable { y in
        guard x.count == y.count else { return false }
        guard let p = x.baseAddress, let q = y.baseAddress else { return true }
        return unsafe memcmp(p, q, x.count) == 0
      }
    }
    if case .some(.some(let same)) = same { return same }
    // Text of Objective-C, which is not stored as UTF-8.
    return a.text.utf8.elementsEqual(b.text.utf8)
  }

  @usableFromInline
  package static func < (a: Self, b: Self) -> Bool {
    let isLess: Bool?? = unsafe a.text.utf8.withContiguousStorageIfAvailable { x in
      unsafe b.text.utf8.withContiguousStorageIfAvailable { y in
        guard let p = x.baseAddress, let q = y.baseAddress else { return x.count < y.count }
        let order = unsafe memcmp(p, q, min(x.count, y.count))
        return order == 0 ? x.count < y.count : order < 0
      }
    }
    if case .some(.some(let isLess)) = isLess { return isLess }
    return a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
  }

  @usableFromInline
  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }

  @usableFromInline
  package var description: String { text }
}

extension Dictionary where Key == ExactString {
  /// The value under a name from a file.
  @inlinable
  package subscript(name: String) -> Value? {
    get { self[ExactString(name)] }
    set { self[ExactString(name)] = newValue }
  }

  package subscript(name: String, default value: @autoclosure () -> Value) -> Value {
    get { self[ExactString(name)] ?? value() }
    set { self[ExactString(name)] = newValue }
  }

  package mutating func removeValue(forKey name: String) -> Value? { removeValue(forKey: ExactString(name)) }
}

extension Set<ExactString> {
  package func contains(_ name: String) -> Bool { contains(ExactString(name)) }

  @discardableResult
  package mutating func insert(_ name: String) -> (inserted: Bool, memberAfterInsert: ExactString) {
    insert(ExactString(name))
  }

  package mutating func formUnion(_ names: [String]) { formUnion(names.map { ExactString($0) }) }
}
