#if Libzip && (os(Linux) || os(macOS))
  internal import CLibzip
  internal import SWTBytes

  /// The directory of a zip archive, as libzip reads it.
  ///
  /// libzip has no call that returns the offset of an entry's data, so its reads are recorded: opening an entry
  /// reads the local header, then the first byte of the data.
  @safe final class LibzipArchive: ZipReader {
    private let spy: LibzipSource
    private let archive: OpaquePointer
    let count: UInt64

    init(_ source: any ByteSource) throws(ParseFailure) {
      spy = LibzipSource(source)
      var error = unsafe zip_error_t()
      unsafe zip_error_init(&error)
      defer { unsafe zip_error_fini(&error) }
      guard let zipSource = unsafe spy.makeZipSource(&error) else {
        throw ParseFailure(.invalid("libzip: \(unsafe String(cString: zip_error_strerror(&error)))"))
      }
      guard let archive = unsafe zip_open_from_source(zipSource, ZIP_RDONLY, &error) else {
        unsafe zip_source_free(zipSource)
        if let failure = spy.failure { throw failure }
        throw ParseFailure(
          .invalid("not a readable zip archive: \(unsafe String(cString: zip_error_strerror(&error)))"),
          hint: "the file is damaged or its download was not finished")
      }
      unsafe self.archive = archive
      count = UInt64(clamping: unsafe zip_get_num_entries(archive, 0))
    }

    deinit { unsafe zip_discard(archive) }

    func record(_ index: UInt64) throws(ParseFailure) -> ZipRecord {
      var status = unsafe zip_stat_t()
      guard unsafe zip_stat_index(archive, index, 0, &status) == 0, let name = unsafe status.name else {
        throw ParseFailure(.invalid("zip entry \(index) cannot be read"))
      }
      return unsafe ZipRecord(
        name: String(cString: name), isEncrypted: status.encryption_method != UInt16(ZIP_EM_NONE),
        method: status.comp_method, byteCount: status.size, packedByteCount: status.comp_size,
        crc32: status.crc)
    }

    func header(of record: ZipRecord, _ index: UInt64) throws(ParseFailure) -> Int {
      spy.forgetReads()
      guard let file = unsafe zip_fopen_index(archive, index, zip_flags_t(ZIP_FL_COMPRESSED)) else {
        throw ParseFailure(.invalid("entry \(record.name) has no readable local header"))
      }
      defer { unsafe zip_fclose(file) }
      var byte: UInt8 = 0
      guard unsafe zip_fread(file, &byte, 1) == 1, let first = spy.firstRead else {
        throw ParseFailure(.truncated(needed: 1, available: 0), in: ["entry \(record.name)"])
      }
      // libzip reads only the two lengths of the local header, at offset 26.
      guard first >= 26 else { throw ParseFailure(.invalid("entry \(record.name) has no local header")) }
      return first - 26
    }
  }
#endif
