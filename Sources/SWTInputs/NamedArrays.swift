internal import PthReader
package import SWTBytes
package import SWTTensorFiles

/// The arrays of a file, by name: `.npy` (one, without a name), `.npz`, safetensors, or a checkpoint.
package struct NamedArrays: Sendable {
  /// What kind of file it is, as reports name it.
  package enum Form: String, Sendable {
    case npy = ".npy"
    case npz = ".npz"
    case safetensors
    case checkpoint = "a PyTorch file"
  }

  package let form: Form
  /// In the order of the file; a `.npy` has one that is empty.
  package let names: [String]
  /// What a safetensors file says about itself.
  package private(set) var metadata = OrderedStrings([])
  private let load: @Sendable (String) throws(ParseFailure) -> TensorData?

  /// Opens the file at `path`, recognized by its content.
  ///
  /// - Throws: ``ParseFailure`` when it cannot be read, or holds no arrays.
  package init(path: String, limits: ParseLimits) throws(ParseFailure) {
    try self.init(try FileSource(path: path), path: path, limits: limits)
  }

  /// The arrays in a source of bytes; `path` is the name that errors bear.
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

  /// The array of that name.
  ///
  /// - Throws: ``ParseFailure`` when there is none, or its values cannot be read.
  package func read(_ name: String) throws(ParseFailure) -> TensorData {
    guard let data = try load(name) else { throw ParseFailure(.invalid("it holds no array '\(name)'")) }
    return data
  }
}

extension NamedArrays {
  /// True when a file that could not be read begins as one that holds arrays: it is damaged, and not something else.
  package static func looksDamaged(_ source: any ByteSource) throws(ParseFailure) -> Bool {
    for magic in [FileMagic.zip, FileMagic.emptyZip, FileMagic.gzip, FileMagic.pickle]
    where try source.starts(with: magic) { return true }
    return try source.starts(with: FileMagic.tar, at: FileMagic.tarOffset)
  }
}
