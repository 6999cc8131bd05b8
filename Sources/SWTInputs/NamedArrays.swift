internal import PthReader
package import SWTBytes
package import SWTTensorFiles

/// The arrays of a file by name: `.npy` (one, with an empty name), `.npz`, safetensors, or a checkpoint.
package struct NamedArrays: Sendable {
  /// The kind of file, as named in reports.
  package enum Form: String, Sendable {
    case npy = ".npy"
    case npz = ".npz"
    case safetensors
    case checkpoint = "a PyTorch file"
  }

  package let form: Form
  /// In file order; the array of a `.npy` has an empty name.
  package let names: [String]
  /// The metadata of a safetensors file.
  package private(set) var metadata = OrderedStrings([])
  private let load: @Sendable (String) throws(ParseFailure) -> TensorData?

  /// Opens the file at `path`, recognized by its content.
  ///
  /// - Throws: ``ParseFailure`` if it cannot be read or has no arrays.
  package init(path: String, limits: ParseLimits) throws(ParseFailure) {
    try self.init(try FileSource(path: path), path: path, limits: limits)
  }

  /// Opens a source of bytes; `path` is used in errors.
  package init(_ source: any ByteSource, path: String, limits: ParseLimits) throws(ParseFailure) {
    if NpyFile.recognizes(source) {
      form = .npy
      names = [""]
      load = { _ throws(ParseFailure) in try NpyFile.read(source, limits: limits) }
    } else if SafetensorsFile.recognizes(source) {
      let file = try SafetensorsFile(source, limits: limits)
      form = .safetensors
      names = file.tensors.map(\.name)
      load = { name throws(ParseFailure) in
        guard let entry = file[name] else { return nil }
        return try file.data(of: entry)
      }
      metadata = file.metadata
    } else if NpzFile.recognizes(source), let file = try? NpzFile(source, limits: limits) {
      form = .npz
      names = file.names
      load = { name throws(ParseFailure) in try file.read(name) }
    } else {
      let file = try PthFile(source, path: path, limits: limits)
      form = .checkpoint
      names = file.tensors.map(\.name)
      load = { name throws(ParseFailure) in
        guard let tensor = file[name] else { return nil }
        return try file.data(of: tensor)
      }
    }
  }

  /// Reads an array.
  ///
  /// - Throws: ``ParseFailure`` if there is no array of that name, or its values cannot be read.
  package func read(_ name: String) throws(ParseFailure) -> TensorData {
    guard let data = try load(name) else { throw ParseFailure(.invalid("the file has no array '\(name)'")) }
    return data
  }
}

extension NamedArrays {
  /// Whether an unreadable file starts like one with arrays, so that it is damaged instead of something else.
  package static func looksDamaged(_ source: any ByteSource) throws(ParseFailure) -> Bool {
    for magic in [FileMagic.zip, FileMagic.emptyZip, FileMagic.gzip, FileMagic.pickle]
    where try source.starts(with: magic) { return true }
    return try source.starts(with: FileMagic.tar, at: FileMagic.tarOffset)
  }
}
