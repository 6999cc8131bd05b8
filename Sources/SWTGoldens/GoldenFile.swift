package import SWTBytes
package import SWTTensorFiles

/// The `.golden.safetensors` form of a golden.
package enum GoldenFile {
  /// Reads and checks a golden.
  ///
  /// Goldens are small, so all of it is read.
  package static func read(
    _ source: any ByteSource, limits: ParseLimits = ParseLimits()
  ) throws(GoldenFailure) -> Golden {
    guard SafetensorsFile.recognizes(source) else { throw .notAGolden("no safetensors file") }
    var stored: [Golden.Stored] = []
    let metadata: OrderedStrings
    do {
      let file = try SafetensorsFile(source, limits: limits)
      metadata = file.metadata
      guard metadata["pth2swt.golden"] != nil else {
        throw GoldenFailure.notAGolden("its metadata have no pth2swt.golden")
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
  /// Hands the `.golden.safetensors` file to `sink`: for one that was read, the bytes that it was read from.
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
