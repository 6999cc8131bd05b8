internal import SWTBytes

/// The members of a tar archive: ustar, with the PAX extensions that Python's `tarfile` writes, and GNU
/// tar's.
struct TarDirectory {
  private static let blockSize = 512

  /// The data range of each regular file.
  private(set) var members: [ExactString: Range<Int>] = [:]
  private(set) var names: [String] = []

  /// Whether this is a header block with a correct checksum.
  static func recognizes(_ head: [UInt8]) -> Bool {
    head.count >= blockSize && head[FileMagic.tarOffset...].starts(with: FileMagic.tar)
      && isChecksumRight(head[..<blockSize])
  }

  init(_ source: any ByteSource, limits: ParseLimits) throws(ParseFailure) {
    var offset = 0
    var overrides: [ExactString: String] = [:]
    var count = 0
    while offset < source.byteCount {
      // An archive cut off after a member is still valid up to there.
      guard source.byteCount - offset >= Self.blockSize else { break }
      let header = try source.bytes(at: offset, count: Self.blockSize)
      if header.allSatisfy({ $0 == 0 }) { break }
      guard Self.isChecksumRight(header[...]) else {
        throw ParseFailure(.checksum("the checksum of a tar header does not match"), at: offset)
      }
      count += 1
      try limits.check(.entries, count, at: offset)
      let start = offset + Self.blockSize
      var size = try Self.number(header[124..<136], at: offset)
      if let text = overrides["size"] {
        guard let value = Int(text), value >= 0 else {
          throw ParseFailure(.invalid("the size of a tar member is '\(text.prefix(32))'"), at: offset)
        }
        size = value
      }
      let type = header[156]
      // Links and folders have no data, even if their size field is not zero.
      let hasBytes = ![0x31, 0x32, 0x33, 0x34, 0x35, 0x36].contains(type)
      if !hasBytes { size = 0 }
      guard size <= source.byteCount - start else {
        throw ParseFailure(
          .truncated(needed: size, available: source.byteCount - start), at: start,
          in: ["tar member \(overrides["path"] ?? Self.text(header[..<100]))"],
          hint: "the file is damaged or its download was not finished")
      }
      switch type {
      case UInt8(ascii: "x"):
        overrides = try Self.pax(try Self.small(source, start, size, limits), at: start)
      case UInt8(ascii: "g"): break
      case UInt8(ascii: "L"):
        overrides["path"] = Self.text(try Self.small(source, start, size, limits)[...])
      case UInt8(ascii: "K"): break
      case UInt8(ascii: "S"):
        throw ParseFailure(.unsupported("sparse members of tar archives are not supported"), at: offset)
      default:
        if type == 0x30 || type == 0 || type == 0x37 {
          var name = overrides["path"] ?? Self.text(header[..<100])
          if name.hasPrefix("./") { name.removeFirst(2) }
          guard members.updateValue(start..<start + size, forKey: ExactString(name)) == nil else {
            throw ParseFailure(.invalid("two members of the tar archive have the name \(name)"), at: offset)
          }
          names.append(name)
        }
        overrides = [:]
      }
      let padded = try Checked.add(size, Self.blockSize - 1, "tar size") / Self.blockSize * Self.blockSize
      offset = try Checked.add(start, padded, "tar offset")
    }
  }

  /// Compares the sum of the header's bytes, counting the checksum field as spaces.
  private static func isChecksumRight(_ header: ArraySlice<UInt8>) -> Bool {
    let base = header.startIndex
    guard let stated = try? number(header[(base + 148)..<(base + 156)], at: nil) else { return false }
    var sum = 8 * 0x20
    for (index, byte) in header.enumerated() where !(148..<156).contains(index) { sum += Int(byte) }
    return sum == stated
  }

  /// Octal digits, or GNU's base 256 if the top bit is set.
  private static func number(_ field: ArraySlice<UInt8>, at offset: Int?) throws(ParseFailure) -> Int {
    if let first = field.first, first & 0x80 != 0 {
      var value = first & 0x7F == 0 ? 0 : -1
      guard value == 0 else {
        throw ParseFailure(.invalid("a tar number is negative or too large"), at: offset)
      }
      for byte in field.dropFirst() {
        value = try Checked.add(try Checked.multiply(value, 256, "tar number"), Int(byte), "tar number")
      }
      return value
    }
    let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
    guard let value = digits.isEmpty ? 0 : Int(String(decoding: digits, as: UTF8.self), radix: 8), value >= 0
    else { throw ParseFailure(.invalid("a tar number is not octal"), at: offset) }
    return value
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func small(
    _ source: any ByteSource, _ start: Int, _ size: Int, _ limits: ParseLimits
  ) throws(ParseFailure) -> [UInt8] {
    try limits.check(.nameBytes, size, at: start)
    return try source.bytes(at: start, count: size)
  }

  /// The records of an extended header: `"%d %s=%s\n"`, where the number is the length of the record.
  private static func pax(_ bytes: [UInt8], at offset: Int) throws(ParseFailure) -> [ExactString: String] {
    var values: [ExactString: String] = [:]
    var rest = bytes[...]
    while let first = rest.first, first != 0 {
      let digits = rest.prefix { $0 != 0x20 }
      guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 1,
        length <= rest.count, rest[rest.startIndex + length - 1] == 0x0A
      else { throw ParseFailure(.invalid("an extended tar header is damaged"), at: offset) }
      let record = rest.prefix(length).dropFirst(digits.count + 1).dropLast()
      if let equals = record.firstIndex(of: UInt8(ascii: "=")) {
        values[String(decoding: record[..<equals], as: UTF8.self)] =
          String(decoding: record[(equals + 1)...], as: UTF8.self)
      }
      rest = rest.dropFirst(length)
    }
    return values
  }
}
