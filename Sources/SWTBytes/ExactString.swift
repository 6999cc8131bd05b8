/// A name from a file, as a key: equal to another only when their UTF-8 bytes are.
///
/// Swift's own strings are equal when they are canonically equivalent: "é" as one scalar and as two. To a file format
/// these are two names, and a dictionary of plain strings would lose one of them.
package struct ExactString: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (a: Self, b: Self) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  package static func < (a: Self, b: Self) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }

  package var description: String { text }
}
