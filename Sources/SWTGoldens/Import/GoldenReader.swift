internal import PthReader
package import ResNetArchitecture
package import SWTBytes
internal import SWTTensorFiles

/// Why a golden that a user named cannot be used.
package struct GoldenReadFailure: Error, Sendable {
  package let file: String
  package let text: String
  /// True when there is no such file.
  package let isMissing: Bool
}

/// Reads goldens of every form, recognised by content.
///
/// - `.golden.safetensors`: our own, calibrated;
/// - any other safetensors file, an `.npz`, a PyTorch file: an input and an output in it, by name or by order;
/// - two `.npy` files after each other: input, then output;
/// - a folder with `input_0.pb` and `output_0.pb`, or with `test_data_set_0`, `test_data_set_1` … in it (ONNX).
///
/// What is not our own form has no noise floor, no digests and no architecture of its own: it is taken to be
/// one of the model's, and judged by the usual bound.
package enum GoldenReader {
  /// The goldens that `paths` name, in their order.
  ///
  /// - Parameters:
  ///   - paths: Files and folders.
  ///   - architecture: The network that imported goldens are taken to be of.
  ///   - classesOfOutput: True when its number of classes is to be that of the output.
  ///   - limits: What reading may cost.
  /// - Returns: Each golden with the operand that it comes from.
  /// - Throws: ``GoldenReadFailure``.
  package static func read(
    _ paths: [String], for architecture: Architecture, classesOfOutput: Bool = false,
    limits: ParseLimits = ParseLimits()
  ) throws(GoldenReadFailure) -> [(path: String, golden: Golden)] {
    let target = ImportTarget(architecture: architecture, classesOfOutput: classesOfOutput)
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
            throw GoldenFailure.notAGolden("one .npy file; the next operand has to be the .npy of its output")
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

  /// One file that is a golden by itself.
  private static func read(
    _ source: FileSource, _ path: String, _ target: ImportTarget, _ limits: ParseLimits
  ) throws -> Golden {
    let name = ImportedGolden.name(path)
    if SafetensorsFile.recognizes(source) {
      let file: SafetensorsFile
      do throws(ParseFailure) {
        file = try SafetensorsFile(source, limits: limits)
      } catch {
        throw GoldenFailure.damaged(error)
      }
      if file.metadata["pth2swt.golden"] != nil { return try GoldenFile.read(source, limits: limits) }
      return try ImportedArrays(file).golden(name, for: target)
    }
    if NpzFile.recognizes(source), let file = try? NpzFile(source, limits: limits), !file.names.isEmpty {
      return try ImportedArrays(file).golden(name, for: target)
    }
    if try isCutSafetensors(source) {
      throw GoldenFailure.damaged(
        ParseFailure(.truncated(needed: 9, available: source.byteCount), at: 0, in: ["safetensors header"]))
    }
    let checkpoint: Checkpoint
    do throws(ParseFailure) {
      checkpoint = try CheckpointReader.read(source, limits: limits)
    } catch {
      guard try looksLikeCheckpoint(source) else {
        throw GoldenFailure.notAGolden(
          "no safetensors, .npy, .npz or PyTorch file, and no folder of ONNX test data")
      }
      throw GoldenFailure.damaged(error)
    }
    return try ImportedArrays(checkpoint, limits: limits).golden(name, for: target)
  }

  /// Zip, pickle, gzip or tar.
  private static func looksLikeCheckpoint(_ source: FileSource) throws(ParseFailure) -> Bool {
    let head = try source.bytes(at: 0, count: min(2, source.byteCount))
    if [[0x50, 0x4B], [0x1F, 0x8B]].contains(head) || head.first == 0x80 { return true }
    return try source.starts(with: Array("ustar".utf8), at: 257)
  }

  /// A header's size and its brace, and then the file ends in the header.
  private static func isCutSafetensors(_ source: FileSource) throws(ParseFailure) -> Bool {
    let head = try source.bytes(at: 0, count: min(9, source.byteCount))
    return head.count == 9 && head[8] == UInt8(ascii: "{") && head[4..<8].allSatisfy { $0 == 0 }
  }
}

extension GoldenReadFailure {
  fileprivate init(_ file: String, _ error: any Error) {
    var missing = false
    if case .system(let system)? = (error as? ParseFailure)?.reason { missing = system.isMissing }
    self.init(file: file, text: missing ? "no such file" : "\(error)", isMissing: missing)
  }
}
