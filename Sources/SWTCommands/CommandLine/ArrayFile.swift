internal import PthReader
internal import SWTBytes
internal import SWTConsole
internal import SWTInputs
internal import SWTTensorFiles

/// Arrays in and out of files of every form that `run` takes, recognized by content; written by ending.
enum ArrayFile {
  /// The one array of a file, or the one called `name`.
  ///
  /// In `.npz`, `.safetensors` and checkpoints a single array needs no name; `input` is taken before others.
  static func read(
    _ path: String, name: String? = nil, limits: ParseLimits
  ) throws(CommandFailure) -> TensorData {
    do throws(ParseFailure) {
      let arrays = try NamedArrays(path: path, limits: limits)
      return try arrays.read(arrays.form == .npy ? "" : try choose(arrays.names, name))
    } catch {
      throw CommandFailure(reading: path, error)
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
