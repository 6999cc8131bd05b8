internal import SWTArchives
package import SWTBytes
internal import SWTChecksums
internal import SWTTensors

/// An `.npz` file: a zip archive of `.npy` files, which are read one at a time.
package struct NpzFile: Sendable {
  /// Names of the arrays, without `.npy`, in the order of the archive.
  package let names: [String]

  private let archive: ZipArchive
  private let entries: [ExactString: ZipEntry]

  package static func recognizes(_ source: any ByteSource) -> Bool {
    guard let start = try? source.bytes(at: 0, count: min(4, source.byteCount)) else { return false }
    return start == FileMagic.zip || start == FileMagic.emptyZip
  }

  package init(_ source: any ByteSource, limits: ParseLimits = ParseLimits()) throws(ParseFailure) {
    guard Self.recognizes(source) else {
      throw ParseFailure(.invalid("no .npz file: it is not a zip archive"), at: 0)
    }
    archive = try ZipArchive(source, limits: limits.scaled(toFile: source.byteCount))
    var names: [String] = []
    var entries: [ExactString: ZipEntry] = [:]
    for entry in archive.entries {
      guard entry.name.hasSuffix(".npy") else {
        throw ParseFailure(.unsupported("the entry is not an array"), in: [entry.name])
      }
      let name = String(entry.name.dropLast(4))
      names.append(name)
      entries[ExactString(name)] = entry
    }
    self.names = names
    self.entries = entries
  }

  /// The array of that name; nil if there is none.
  package func read(_ name: String) throws(ParseFailure) -> TensorData? {
    guard let entry = entries[ExactString(name)] else { return nil }
    do throws(ParseFailure) {
      return try NpyFile.read(
        MemorySource(try archive.bytes(entry, limit: .inflatedBytes)), limits: archive.limits)
    } catch {
      throw error.inside(entry.name)
    }
  }
}

// MARK: - Writing

extension NpzFile {
  /// Writes an archive of uncompressed arrays to `sink`; the same arrays give the same bytes.
  ///
  /// - Throws: ``ParseFailure`` for two arrays with the same name, a type that numpy lacks, and an archive of
  ///   more than 4 GiB, and whatever the sink throws.
  package static func write(_ arrays: [(name: String, data: TensorData)], to sink: ByteSink) throws {
    var directory: [UInt8] = []
    var offset = 0
    var names: Set<ExactString> = []
    guard arrays.count < 0xFFFF else {
      throw ParseFailure(.unsupported("an archive of \(arrays.count) arrays"))
    }
    for (name, data) in arrays {
      guard names.insert(ExactString(name)).inserted else {
        throw ParseFailure(.invalid("two arrays have this name"), in: [name])
      }
      let header = try NpyFile.header(data)
      let size = header.count + data.bytes.count
      let fileName = Array("\(name).npy".utf8)
      guard fileName.count <= 0xFFFF, offset + size + 1000 + fileName.count < 0xFFFF_FFFF else {
        throw ParseFailure(.unsupported("an archive of more than 4 GiB"), in: [name])
      }
      var crc = CRC32()
      crc.update(header)
      crc.update(data.bytes)
      let common = Self.commonFields(crc: crc.value, size: size, name: fileName)

      var local = Self.bytes(0x0403_4B50 as UInt32)
      local += common + fileName
      directory += Self.bytes(0x0201_4B50 as UInt32) + Self.bytes(20 as UInt16) + common
      // No comment, disk 0, no attributes.
      directory += [UInt8](repeating: 0, count: 10) + Self.bytes(UInt32(offset)) + fileName
      try sink(local)
      try sink(header)
      if !data.bytes.isEmpty { try sink(data.bytes) }
      offset += local.count + size
    }
    let count = Self.bytes(UInt16(arrays.count))
    guard offset + directory.count < 0xFFFF_FFFF else {
      throw ParseFailure(.unsupported("an archive of more than 4 GiB"))
    }
    var end = Self.bytes(0x0605_4B50 as UInt32) + [0, 0, 0, 0] + count + count
    end += Self.bytes(UInt32(directory.count)) + Self.bytes(UInt32(offset)) + [0, 0]
    try sink(directory + end)
  }

  /// The fields common to a local header and a directory entry: version, flags, method, date, sizes, lengths.
  private static func commonFields(crc: UInt32, size: Int, name: [UInt8]) -> [UInt8] {
    let flags: UInt16 = name.allSatisfy { $0 < 0x80 } ? 0 : 0x0800
    // The earliest date that zip can represent; the current date would make archives differ.
    let date: UInt32 = 0x0021_0000
    return bytes(20 as UInt16) + bytes(flags) + bytes(0 as UInt16) + bytes(date) + bytes(crc)
      + bytes(UInt32(size)) + bytes(UInt32(size)) + bytes(UInt16(name.count)) + bytes(0 as UInt16)
  }

  private static func bytes(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
    var result: [UInt8] = []
    ElementCoding.append(value, to: &result)
    return result
  }
}
