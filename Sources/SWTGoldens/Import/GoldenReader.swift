package import ResNetArchitecture
package import SWTBytes
internal import SWTInputs
internal import SWTTensorFiles

/// Why a golden that the user gave cannot be used.
package struct GoldenReadFailure: Error, Sendable {
  package let file: String
  package let text: String
  /// Whether the file does not exist.
  package let isMissing: Bool
}

/// Reads goldens in all supported forms, recognized by content:
///
/// - `.golden.safetensors`: our own, with noise floors;
/// - any other safetensors file, an `.npz`, a PyTorch file: an input and an output, by name or by order;
/// - two `.npy` files in sequence: input, then output;
/// - a folder with `input_0.pb` and `output_0.pb`, or with subfolders `test_data_set_0`, `test_data_set_1` …
///   (ONNX).
///
/// Imported forms have no noise floor, no digests and no architecture. They are assumed to be of the given
/// network and judged by the default bound.
package enum GoldenReader {
  /// Reads the goldens at `paths`, in order.
  ///
  /// - Parameters:
  ///   - paths: Files and folders.
  ///   - architecture: The network of imported goldens.
  ///   - classesOfOutput: Whether the number of classes is taken from the output instead.
  ///   - sizesAreOpen: Whether heights and widths of maps may be others than the network's, because its
  ///     strides are not known.
  ///   - limits: Limits on the resources that reading may use.
  /// - Returns: Each golden with the path it comes from.
  /// - Throws: ``GoldenReadFailure``.
  package static func read(
    _ paths: [String], for architecture: Architecture, classesOfOutput: Bool = false,
    sizesAreOpen: Bool = false, limits: ParseLimits = ParseLimits()
  ) throws(GoldenReadFailure) -> [(path: String, golden: Golden)] {
    let target = ImportTarget(
      architecture: architecture, classesOfOutput: classesOfOutput, sizesAreOpen: sizesAreOpen)
    var goldens: [(String, Golden)] = []
    var rest = paths[...]
    while let path = rest.popFirst() {
      do {
        if let sets = try OnnxTestData.read(path, limits: limits) {
          for set in sets { goldens.append((path, try set.golden(for: target))) }
          continue
        }
        let source = try FileSource(path: path)
        if NpyFile.recognizes(source) {
          guard let second = rest.popFirst() else {
            throw GoldenFailure.notAGolden("a single .npy file; the .npy file of its output must follow")
          }
          let pair = try ImportedGolden.npyPair(path, source, second, limits: limits)
          goldens.append((path, try pair.golden(for: target)))
        } else {
          goldens.append((path, try read(source, path, target, limits)))
        }
      } catch {
        throw GoldenReadFailure(path, error)
      }
    }
    return goldens
  }

  /// A golden in a single file.
  private static func read(
    _ source: FileSource, _ path: String, _ target: ImportTarget, _ limits: ParseLimits
  ) throws -> Golden {
    if try isCutSafetensors(source) {
      throw GoldenFailure.damaged(
        ParseFailure(.truncated(needed: 9, available: source.byteCount), at: 0, in: ["safetensors header"]))
    }
    let arrays: NamedArrays
    do throws(ParseFailure) {
      arrays = try NamedArrays(source, path: path, limits: limits)
    } catch {
      guard try SafetensorsFile.recognizes(source) || NamedArrays.looksDamaged(source) else {
        throw GoldenFailure.notAGolden(
          "neither a safetensors, .npy, .npz or PyTorch file nor a folder of ONNX test data")
      }
      throw GoldenFailure.damaged(error)
    }
    if arrays.metadata["pth2swt.golden"] != nil { return try GoldenFile.read(source, limits: limits) }
    return try ImportedArrays(arrays).golden(ImportedGolden.name(path), for: target)
  }

  /// Whether the file has the size and opening brace of a safetensors header, and ends within the header.
  private static func isCutSafetensors(_ source: FileSource) throws(ParseFailure) -> Bool {
    let head = try source.bytes(at: 0, count: min(9, source.byteCount))
    return head.count == 9 && head[8] == UInt8(ascii: "{") && head[4..<8].allSatisfy { $0 == 0 }
      && !SafetensorsFile.recognizes(source)
  }
}

extension GoldenReadFailure {
  fileprivate init(_ file: String, _ error: any Error) {
    var missing = false
    if case .system(let system)? = (error as? ParseFailure)?.reason { missing = system.isMissing }
    self.init(file: file, text: missing ? "no such file" : "\(error)", isMissing: missing)
  }
}
