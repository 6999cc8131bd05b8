/// A name from a file, used as a key: equal to another only if their UTF-8 bytes are.
///
/// Swift strings are equal if they are canonically equivalent, such as "é" as one scalar and as two. In a
/// file format these are two names, and a dictionary with `String` keys would lose one of them.
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

extension Dictionary where Key == ExactString {
  /// The value under a name from a file.
  package subscript(name: String) -> Value? {
    get { self[ExactString(name)] }
    set { self[ExactString(name)] = newValue }
  }
}
