package import SWTBytes
package import SWTInputs
package import SWTTensorFiles

/// What another engine computed for one input: arrays by the names that the engine gave them.
package struct EngineOutputs: Sendable {
  /// An array, and its name in the file.
  package struct Array: Sendable {
    package let name: String
    package let data: TensorData
  }

  /// The file or folder.
  package let path: String
  /// The last part of the path without its ending, which may be a golden's name.
  package let name: String
  /// In file order; the array of a `.npy` has an empty name.
  package let arrays: [Array]

  package init(path: String, arrays: [Array]) {
    self.path = path
    self.arrays = arrays
    name = Self.stem(path)
  }

  /// Reads an `.npz`, `.npy`, safetensors or PyTorch file, or a folder of `.npy` and ONNX `.pb` files, or a
  /// folder of such files and folders, one per golden.
  ///
  /// - Throws: ``InputFailure``.
  package static func read(_ path: String, limits: ParseLimits) throws(InputFailure) -> [EngineOutputs] {
    guard Folder.exists(path) else { return [try file(path, limits)] }
    let names = try list(path)
    let arrays = names.filter { $0.hasSuffix(".npy") || $0.hasSuffix(".pb") }
    if !arrays.isEmpty { return [try folder(path, arrays, limits)] }
    var found: [EngineOutputs] = []
    for name in names {
      let part = "\(path)/\(name)"
      if Folder.exists(part) {
        let arrays = try list(part).filter { $0.hasSuffix(".npy") || $0.hasSuffix(".pb") }
        if !arrays.isEmpty { found.append(try folder(part, arrays, limits)) }
      } else if name.hasSuffix(".npz") || name.hasSuffix(".safetensors") {
        found.append(try file(part, limits))
      }
    }
    guard !found.isEmpty else {
      throw InputFailure(
        path, ParseFailure(.invalid("the folder has no .npy, .npz, .pb or .safetensors file")))
    }
    return found
  }

  // MARK: Files

  private static func file(_ path: String, _ limits: ParseLimits) throws(InputFailure) -> EngineOutputs {
    do throws(ParseFailure) {
      if path.hasSuffix(".pb") {
        return EngineOutputs(path: path, arrays: [try array(path, limits)])
      }
      let file = try NamedArrays(path: path, limits: limits)
      var arrays: [Array] = []
      for name in file.names {
        do throws(ParseFailure) {
          arrays.append(Array(name: name, data: try file.read(name)))
        } catch {
          throw name.isEmpty ? error : error.inside(name)
        }
      }
      return EngineOutputs(path: path, arrays: arrays)
    } catch {
      throw InputFailure(path, error)
    }
  }

  private static func folder(
    _ path: String, _ names: [String], _ limits: ParseLimits
  ) throws(InputFailure) -> EngineOutputs {
    var arrays: [Array] = []
    for name in names {
      do throws(ParseFailure) {
        arrays.append(try array("\(path)/\(name)", limits))
      } catch {
        throw InputFailure("\(path)/\(name)", error)
      }
    }
    return EngineOutputs(path: path, arrays: arrays)
  }

  /// A file with one array, whose name is the file's.
  private static func array(_ path: String, _ limits: ParseLimits) throws(ParseFailure) -> Array {
    let source = try FileSource(path: path)
    let data =
      NpyFile.recognizes(source)
      ? try NpyFile.read(source, limits: limits) : try OnnxTensorFile.read(source, limits: limits)
    return Array(name: stem(path), data: data)
  }

  private static func list(_ path: String) throws(InputFailure) -> [String] {
    do throws(SystemFailure) {
      return try Folder.names(in: path)
    } catch {
      throw InputFailure(path, ParseFailure(.system(error)))
    }
  }

  private static func stem(_ path: String) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? path
    for ending in [".npz", ".npy", ".safetensors", ".pb", ".pt", ".pth"] where last.hasSuffix(ending) {
      return String(last.dropLast(ending.count))
    }
    return last
  }
}
