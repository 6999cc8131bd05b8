import PthReader
import SWTBytes

extension TensorEntry {
  /// The values as a user reads them: through an open file, with its checks.
  func values(limits: ParseLimits = ParseLimits()) throws -> [UInt8] {
    let checkpoint = Checkpoint(container: .pickle, byteCount: 1 << 20, tensors: [self])
    return try PthFile(checkpoint, path: "test", limits: limits, allowsDangerous: true).bytes(of: self)
  }
}
