package import SWTBytes
package import SWTTensorFiles

/// Goldens as `.golden.safetensors` files.
package enum GoldenFile {
  /// Reads and checks a golden.
  ///
  /// Reads the file completely: goldens are small.
  package static func read(
    _ source: any ByteSource, limits: ParseLimits = ParseLimits()
  ) throws(GoldenFailure) -> Golden {
    guard SafetensorsFile.recognizes(source) else { throw .notAGolden("not a safetensors file") }
    var stored: [Golden.Stored] = []
    let metadata: OrderedStrings
    do {
      let file = try SafetensorsFile(source, limits: limits)
      metadata = file.metadata
      guard metadata["pth2swt.golden"] != nil else {
        throw GoldenFailure.notAGolden("its metadata have no key pth2swt.golden")
      }
      for entry in file.tensors { stored.append(Golden.Stored(name: entry.name, try file.data(of: entry))) }
    } catch let failure as ParseFailure {
      throw .damaged(failure)
    } catch let failure as GoldenFailure {
      throw failure
    } catch {
      throw .damaged(ParseFailure(.invalid("\(error)")))
    }
    return try Golden(metadata: metadata, tensors: stored)
  }
}

extension Golden {
  /// Writes the `.golden.safetensors` file to `sink`; for a golden that was read, the same bytes.
  package func write(to sink: ByteSink) throws {
    let tensors = tensors.map { SafetensorsWriter.Tensor(name: $0.name, $0.data) }
    try SafetensorsWriter(metadata: metadata, tensors: tensors, order: .given).write(to: sink)
  }

  /// The `.golden.safetensors` file.
  package func fileBytes() throws -> [UInt8] {
    var all: [UInt8] = []
    try write { piece in all += piece }
    return all
  }
}
