/// A JSON document: the result of reading a safetensors header, and the input of every JSON report.
///
/// Objects keep the order of their members, so that a document can be written back unchanged.
package enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object([JSONMember])
}

/// A number without loss of digits: 64-bit seeds and byte offsets are not exact as `Double`.
package enum JSONNumber: Equatable, Sendable {
  case int(Int64)
  /// Only for values above `Int64.max`, so that each integer has exactly one representation.
  case unsigned(UInt64)
  case double(Double)

  package init(_ value: some BinaryInteger) {
    if let small = Int64(exactly: value) {
      self = .int(small)
    } else if let large = UInt64(exactly: value) {
      self = .unsigned(large)
    } else {
      self = .double(Double(value))
    }
  }
}

/// A `"key": value` pair of an object.
package struct JSONMember: Equatable, Sendable {
  package var key: String
  package var value: JSONValue

  package init(_ key: String, _ value: JSONValue) {
    self.key = key
    self.value = value
  }
}

extension JSONValue {
  package static func int(_ value: some BinaryInteger) -> JSONValue { .number(JSONNumber(value)) }
  package static func double(_ value: Double) -> JSONValue { .number(.double(value)) }

  /// The value of a key; `nil` if there is none or this is not an object.
  package subscript(_ key: String) -> JSONValue? {
    members?.first { $0.key == key }?.value
  }

  /// The element at an index; `nil` if there is none or this is not an array.
  package subscript(_ index: Int) -> JSONValue? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }

  package var members: [JSONMember]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  package var array: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  package var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  package var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  package var isNull: Bool { self == .null }

  /// An integer; `nil` if it does not fit, and for every number written with a decimal point or an exponent.
  package var int: Int? {
    guard case .number(.int(let value)) = self else { return nil }
    return Int(exactly: value)
  }

  package var uint64: UInt64? {
    switch self {
    case .number(.int(let value)): UInt64(exactly: value)
    case .number(.unsigned(let value)): value
    default: nil
    }
  }

  /// Any number, including the strings that represent NaN and infinities, which JSON lacks.
  package var double: Double? {
    switch self {
    case .number(.int(let value)): Double(value)
    case .number(.unsigned(let value)): Double(value)
    case .number(.double(let value)): value
    case .string("nan"): .nan
    case .string("inf"): .infinity
    case .string("-inf"): -.infinity
    default: nil
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  package init(stringLiteral value: String) { self = .string(value) }
}
extension JSONValue: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int64) { self = .number(.int(value)) }
}
extension JSONValue: ExpressibleByFloatLiteral {
  package init(floatLiteral value: Double) { self = .double(value) }
}
extension JSONValue: ExpressibleByBooleanLiteral {
  package init(booleanLiteral value: Bool) { self = .bool(value) }
}
extension JSONValue: ExpressibleByNilLiteral {
  package init(nilLiteral: ()) { self = .null }
}
extension JSONValue: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
extension JSONValue: ExpressibleByDictionaryLiteral {
  /// Keeps members in the order of the literal.
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { JSONMember($0.0, $0.1) })
  }
}
