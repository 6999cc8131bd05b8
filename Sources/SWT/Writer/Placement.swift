internal import SWTChecksums

/// The offset of each tensor, and which are aliases, decided before any byte is written.
struct Placement {
  /// For each tensor, the earlier one whose bytes it shares.
  private(set) var aliasOf: [Int?] = []
  /// Offsets from the start of the data region.
  private(set) var offsets: [Int] = []
  private(set) var byteCounts: [Int] = []
  /// End of the last tensor, from the start of the data region.
  private(set) var end = 0

  /// Everything that must be equal for two tensors to share bytes.
  private struct Identity: Hashable {
    var dtype: SWTDType
    var shape: [Int]
    var dimOrder: [Int]?
    var role: SWTRole
    var sha256: SHA256Digest
  }

  init(_ contents: SWTContents) throws(SWTError) {
    var seen: [Identity: Int] = [:]
    for (index, spec) in contents.tensors.enumerated() {
      func fail(_ rule: SWTError.Rule, _ text: String) -> SWTError {
        SWTError(rule, "tensor \(spec.name): \(text)")
      }
      guard SWTFormat.isName(spec.name) else {
        throw fail(.name, "a name must have 1 to 4095 bytes of UTF-8 and no control characters")
      }
      guard spec.shape.count <= SWTFormat.maximumRank else { throw fail(.rank, "the rank is above 6") }
      guard spec.shape.allSatisfy({ UInt32(exactly: $0) != nil }),
        let count = SWTFormat.byteCount(spec.shape, spec.dtype)
      else { throw fail(.overflow, "shape \(spec.shape) is too large for the format") }
      if let order = spec.dimOrder, order.sorted() != Array(0..<spec.shape.count) {
        throw fail(.dimOrder, "\(order) is not a permutation of its dimensions")
      }
      byteCounts.append(count)
      if let sha256 = spec.sha256, count > 0, spec.quantization == nil {
        let order = spec.dimOrder == Array(0..<spec.shape.count) ? nil : spec.dimOrder
        let identity = Identity(
          dtype: spec.dtype, shape: spec.shape, dimOrder: order, role: spec.role, sha256: sha256)
        if let target = seen[identity] {
          aliasOf.append(target)
          offsets.append(offsets[target])
          continue
        }
        seen[identity] = index
      }
      guard let start = SWTFormat.alignUp(end, 1 << contents.tensorAlignmentLog2) else {
        throw fail(.overflow, "the file would be too large")
      }
      let (stop, overflow) = start.addingReportingOverflow(count)
      guard !overflow, stop < Int.max / 2 else { throw fail(.overflow, "the file would be too large") }
      aliasOf.append(nil)
      offsets.append(start)
      end = stop
    }
  }
}
