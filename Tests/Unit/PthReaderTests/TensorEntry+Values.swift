import PthReader
import SWTBytes

extension TensorEntry {
  /// The values as whoever reads the file gets them: through an opened file, with its checks.
  func values(limits: ParseLimits = ParseLimits()) throws -> [UInt8] {
    let checkpoint = Checkpoint(container: .pickle, byteCount: 1 << 20, tensors: [self])
    return try PthFile(checkpoint, path: "test", limits: limits, allowsDangerous: true).bytes(of: self)
  }
}
