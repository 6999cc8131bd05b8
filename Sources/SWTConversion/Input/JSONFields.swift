internal import SWTBytes
internal import SWTChecksums
internal import SWTTensorFiles

/// A JSON value with checked access to its members; errors name the member.
struct JSONFields {
  let value: JSONValue
  /// The path in the document, such as `swt.index.tensors`.
  private let path: String

  init(_ value: JSONValue, in path: String) {
    self.value = value
    self.path = path
  }

  subscript(_ key: String) -> JSONValue? { value[key] }

  func failure(_ what: String) -> ParseFailure { ParseFailure(.invalid(what), in: [path]) }

  /// An integer of any width, by key.
  func number<T: FixedWidthInteger>(_ key: String) throws(ParseFailure) -> T {
    try Self.number(value[key], self, key)
  }

  /// An integer of any width, by index in an array.
  func number<T: FixedWidthInteger>(_ place: Int) throws(ParseFailure) -> T {
    try Self.number(value[place], self, String(place))
  }

  private static func number<T: FixedWidthInteger>(
    _ value: JSONValue?, _ owner: JSONFields, _ key: String
  ) throws(ParseFailure) -> T {
    if case .number(.int(let number)) = value, let result = T(exactly: number) { return result }
    if let number = value?.uint64, let result = T(exactly: number) { return result }
    throw owner.failure("\(key) is not \(T.isSigned ? "an integer" : "a count") of \(T.bitWidth) bits")
  }

  func numbers<T: FixedWidthInteger>(_ key: String) throws(ParseFailure) -> [T] {
    var numbers: [T] = []
    for element in value[key]?.array ?? [] { numbers.append(try Self.number(element, self, key)) }
    return numbers
  }

  /// A non-negative count or index.
  func int(_ key: String) throws(ParseFailure) -> Int {
    let number: UInt32 = try number(key)
    return Int(number)
  }

  func optionalInt(_ key: String) throws(ParseFailure) -> Int? {
    guard let member = value[key], !member.isNull else { return nil }
    return try int(key)
  }

  func ints(_ key: String) throws(ParseFailure) -> [Int] {
    guard value[key]?.array != nil else { throw failure("\(key) is not a list") }
    let numbers: [UInt32] = try numbers(key)
    return numbers.map { Int($0) }
  }

  func optionalInts(_ key: String) throws(ParseFailure) -> [Int]? { value[key] == nil ? nil : try ints(key) }

  func string(_ key: String) throws(ParseFailure) -> String {
    guard let text = value[key]?.string else { throw failure("\(key) is not a string") }
    return text
  }

  func string(_ place: Int) throws(ParseFailure) -> String {
    guard let text = value[place]?.string else { throw failure("\(place) is not a string") }
    return text
  }

  func digest(_ key: String) throws(ParseFailure) -> SHA256Digest {
    guard let digest = SHA256Digest(hex: try string(key)) else { throw failure("\(key) is not a SHA-256") }
    return digest
  }

  func digest(_ place: Int) throws(ParseFailure) -> SHA256Digest {
    guard let digest = SHA256Digest(hex: try string(place)) else {
      throw failure("\(place) is not a SHA-256")
    }
    return digest
  }

  func objects(_ key: String) throws(ParseFailure) -> [JSONFields] {
    let elements = try arrays(key)
    guard elements.allSatisfy({ $0.value.members != nil }) else {
      throw failure("\(key) has elements that are not objects")
    }
    return elements
  }

  func arrays(_ key: String) throws(ParseFailure) -> [JSONFields] {
    guard let elements = value[key]?.array else { throw failure("\(key) is not a list") }
    return elements.map { JSONFields($0, in: "\(path).\(key)") }
  }

  func members(_ key: String) throws(ParseFailure) -> [(key: String, value: JSONFields)] {
    guard let members = value[key]?.members else { throw failure("\(key) is not an object") }
    return members.map { ($0.key, JSONFields($0.value, in: "\(path).\(key).\($0.key)")) }
  }
}
