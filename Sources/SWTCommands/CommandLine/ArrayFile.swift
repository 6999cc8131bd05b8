internal import PthReader
internal import SWTBytes
internal import SWTTensorFiles

/// Arrays in and out of files of every form that `run` takes, recognised by content; written by ending.
enum ArrayFile {
  /// The one array of a file, or the one called `name`.
  ///
  /// In `.npz`, `.safetensors` and checkpoints a single array needs no name; `input` is taken before others.
  static func read(
    _ path: String, name: String? = nil, limits: ParseLimits
  ) throws(CommandFailure) -> TensorData {
    do {
      let source = try FileSource(path: path)
      let head = try source.bytes(at: 0, count: min(8, source.byteCount))
      if head.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) {
        return try NpyFile.read(source, limits: limits)
      }
      if SafetensorsFile.recognizes(source) {
        let file = try SafetensorsFile(source, limits: limits)
        let chosen = try choose(file.tensors.map(\.name), name)
        guard let entry = file.tensors.first(where: { $0.name == chosen }) else { throw missing(chosen) }
        return try file.data(of: entry)
      }
      if NpzFile.recognizes(source), let file = try? NpzFile(source, limits: limits) {
        let chosen = try choose(file.names, name)
        guard let data = try file.read(chosen) else { throw missing(chosen) }
        return data
      }
      let checkpoint = try CheckpointReader.read(source, limits: limits)
      let chosen = try choose(checkpoint.tensors.map(\.name), name)
      guard let entry = checkpoint.tensors.first(where: { $0.name == chosen }) else { throw missing(chosen) }
      try entry.storage.requireChecksum()
      return try TensorData(
        type: entry.scalarType, shape: entry.shape, bytes: try entry.values(limits: limits))
    } catch let failure as ParseFailure {
      throw CommandFailure(reading: path, failure)
    } catch {
      throw CommandFailure(.internalError, file: path, "\(error)")
    }
  }

  private static func choose(_ names: [String], _ name: String?) throws(ParseFailure) -> String {
    if let name { return name }
    if names.count == 1 { return names[0] }
    if names.contains("input") { return "input" }
    throw ParseFailure(
      .invalid("it holds \(names.count) arrays: \(names.prefix(8).joined(separator: ", "))"),
      hint: "name one with --input NAME")
  }

  private static func missing(_ name: String) -> ParseFailure {
    ParseFailure(.invalid("it holds no array '\(name)'"))
  }

  /// The bytes of a file with these arrays, in the form that the ending of `path` asks for.
  ///
  /// `.npz` and `.safetensors` hold any number of arrays; anything else is a `.npy` with the first.
  static func bytes(
    _ arrays: [(name: String, data: TensorData)], for path: String
  ) throws(CommandFailure) -> [UInt8] {
    do {
      if path.hasSuffix(".npz") {
        var all: [UInt8] = []
        try NpzFile.write(arrays) { piece in all += piece }
        return all
      }
      if path.hasSuffix(".safetensors") {
        return try SafetensorsWriter(tensors: arrays.map { .init(name: $0.name, $0.data) }).bytes()
      }
      guard let first = arrays.first, arrays.count == 1 else {
        throw CommandFailure(
          .usage, file: path, "a .npy file holds one array, not \(arrays.count)",
          hint: "name it .npz or .safetensors")
      }
      return try NpyFile.bytes(first.data)
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(.outputFailed, file: path, "\(error)")
    }
  }
}
