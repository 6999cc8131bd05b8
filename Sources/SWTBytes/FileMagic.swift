/// The first bytes by which kinds of files are told apart, defined here alone.
///
/// `CheckpointReader` and `OpenedInput` identify a file by its content, never by its name.
package enum FileMagic {
  /// This project's weight files: a non-ASCII byte, `SWT`, and line ends that a text-mode transfer would
  /// change.
  package static let swt: [UInt8] = [0x89, 0x53, 0x57, 0x54, 0x0D, 0x0A, 0x1A, 0x0A]
  /// NumPy's `.npy`.
  package static let npy: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// A zip archive with at least one entry: the first local header.
  package static let zip: [UInt8] = [0x50, 0x4B, 3, 4]
  /// A zip archive without entries: only the end record.
  package static let emptyZip: [UInt8] = [0x50, 0x4B, 5, 6]
  /// In zip archives: the start of any record, an entry of the directory, a data descriptor, and the end records of zip64.
  package static let zipRecord: [UInt8] = [0x50, 0x4B]
  package static let zipDirectory: [UInt8] = [0x50, 0x4B, 1, 2]
  package static let zipDescriptor: [UInt8] = [0x50, 0x4B, 7, 8]
  package static let zip64End: [UInt8] = [0x50, 0x4B, 6, 6]
  package static let zip64Locator: [UInt8] = [0x50, 0x4B, 6, 7]
  package static let gzip: [UInt8] = [0x1F, 0x8B]
  /// In a tar header, at offset ``tarOffset``.
  package static let tar: [UInt8] = Array("ustar".utf8)
  package static let tarOffset = 257
  /// The opcode PROTO, with which pickles of protocol 2 and later begin.
  package static let pickle: [UInt8] = [0x80]
  /// The magic number of PyTorch's legacy format, as a pickled integer of 10 bytes.
  package static let torchLegacy: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  package static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  package static let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF]
  package static let hdf5: [UInt8] = [0x89, 0x48, 0x44, 0x46]
  package static let sevenZip: [UInt8] = [0x37, 0x7A, 0xBC, 0xAF]
  package static let rar: [UInt8] = Array("Rar!".utf8)
  package static let zstandard: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
  package static let xz: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A]
  package static let bzip2: [UInt8] = Array("BZh".utf8)
  package static let lz4: [UInt8] = [0x04, 0x22, 0x4D, 0x18]
  package static let pdf: [UInt8] = Array("%PDF".utf8)
  package static let elf: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
}
