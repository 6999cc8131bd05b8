internal import SWTBytes
internal import SWTTensorFiles

/// Folders of ONNX test data: `test_data_set_N/input_0.pb` and `output_0.pb`, as used by ONNX's backend tests
/// and model zoo.
enum OnnxTestData {
  /// More sets than any model has; sets are found by index, not by listing the folder.
  private static let setLimit = 1000

  /// The goldens in a folder or in its test sets; nil if `path` is not such a folder.
  static func read(_ path: String, limits: ParseLimits) throws(GoldenFailure) -> [ImportedGolden]? {
    var folder = path
    while folder.count > 1, folder.last == "/" { folder.removeLast() }
    if let one = try set(folder, limits) { return [one] }
    var sets: [ImportedGolden] = []
    for number in 0..<setLimit {
      guard let next = try set("\(folder)/test_data_set_\(number)", limits) else { break }
      sets.append(next)
    }
    return sets.isEmpty ? nil : sets
  }

  private static func set(_ folder: String, _ limits: ParseLimits) throws(GoldenFailure) -> ImportedGolden? {
    guard let input = try tensor("\(folder)/input_0.pb", limits) else { return nil }
    guard try tensor("\(folder)/input_1.pb", limits) == nil else {
      throw .unsupported("\(folder) has more than one input")
    }
    guard let output = try tensor("\(folder)/output_0.pb", limits) else {
      throw .inconsistent("\(folder) has an input_0.pb but no output_0.pb")
    }
    let name = folder.split(separator: "/").last.map(String.init) ?? "onnx"
    return ImportedGolden(name: name, form: "ONNX test data", input: input, output: output)
  }

  /// Nil if the file does not exist.
  private static func tensor(_ path: String, _ limits: ParseLimits) throws(GoldenFailure) -> TensorData? {
    do throws(ParseFailure) {
      return try OnnxTensorFile.read(FileSource(path: path), limits: limits)
    } catch {
      if case .system(let system) = error.reason, system.isMissing { return nil }
      throw .damaged(error.inside(path))
    }
  }
}
