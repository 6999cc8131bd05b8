internal import PthReader
internal import SWTBytes
internal import SWTConsole
internal import SWTInputs
internal import SWTTensorFiles

/// Reads arrays from every file format that `run` accepts, recognized by content; writes the format that the
/// file name's extension selects.
enum ArrayFile {
  /// The only array of a file, or the one called `name`.
  ///
  /// Without a name, a file with several arrays (`.npz`, `.safetensors`, checkpoint) must have one called
  /// `input`.
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
      .invalid("it has \(names.count) arrays: \(names.prefix(8).joined(separator: ", "))"),
      hint: "select one with --input NAME")
  }

  /// The bytes of a file with these arrays, in the format that the extension of `path` selects.
  ///
  /// `.npz` and `.safetensors` can have any number of arrays; any other extension gives a `.npy` file of a
  /// single array.
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
          .usage, file: path, "a .npy file has one array, not \(arrays.count)",
          hint: "use .npz or .safetensors")
      }
      return try NpyFile.bytes(first.data)
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(.outputFailed, file: path, "\(error)")
    }
  }
}
