internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTChecksums

/// Finds tensors whose data may be equal: equal tensors share their data, so the digests of these must be
/// known before the file is laid out.
///
/// Two tensors of the same type, shape and role are candidates if the first bytes that they would store are
/// equal. All others are written without being read first.
enum AliasCandidates {
  private static let sampleBytes = 4096

  private struct Form: Hashable {
    var dtype: SWTDType
    var shape: [Int]
    var dimOrder: [Int]?
    var role: SWTRole
  }

  /// Different data with equal checksums is hashed for nothing, which is rare and harmless.
  private struct Sample: Hashable {
    var form: Form
    var checksum: UInt32
  }

  /// Indices of the tensors to hash first; for scales, of the tensors that they belong to.
  static func find(_ draft: Draft, _ file: PthFile) -> [Int] {
    func isUnknown(_ index: Int) -> Bool { draft.contents.tensors[index].sha256 == nil }
    var byForm: [Form: [Int]] = [:]
    for (index, spec) in draft.contents.tensors.enumerated()
    where spec.quantization == nil {
      byForm[
        Form(dtype: spec.dtype, shape: spec.shape, dimOrder: spec.dimOrder, role: spec.role), default: []
      ]
      .append(index)
    }
    var bySample: [Sample: [Int]] = [:]
    for (form, indices) in byForm where indices.count > 1 && indices.contains(where: isUnknown) {
      let size = sampleSize(indices.lazy.map { draft.values[$0] }, form.dtype)
      for index in indices {
        // Read errors are reported by the pass that reads everything.
        guard let checksum = try? sample(draft, index, size, file) else { continue }
        bySample[Sample(form: form, checksum: checksum), default: []].append(index)
      }
    }
    let found = bySample.values.flatMap { $0.count > 1 ? $0.filter(isUnknown) : [] }
    return Set(found.map { isScales(draft.values[$0]) ? $0 - 1 : $0 }).sorted()
  }

  /// The number of bytes to compare of tensors of one form: as many as each has in its first chunk, because
  /// equal tensors may be stored in chunks of different sizes.
  private static func sampleSize(_ values: some Sequence<ValueSource>, _ dtype: SWTDType) -> Int {
    let elements = values.compactMap { $0.entry.map(PthFile.leadingElements(of:)) }.min() ?? sampleBytes
    return min(min(elements, sampleBytes) * dtype.bitWidth / 8, sampleBytes)
  }

  private static func isScales(_ value: ValueSource) -> Bool {
    if case .scales = value { true } else { false }
  }

  /// Stops reading after the sample.
  private struct Enough: Error {}

  private static func sample(
    _ draft: Draft, _ index: Int, _ size: Int, _ file: PthFile
  ) throws -> UInt32 {
    var sample: UInt32 = 0
    func take(_ bytes: RawSpan) { sample = CRC32C.checksum(bytes.extracting(first: size)) }
    switch draft.values[index] {
    case .bytes(let bytes): unsafe bytes.withUnsafeBytes { take(unsafe $0.bytes) }
    case .entry(let entry):
      var reader = try file.sample(of: entry, windowBytes: sampleBytes)
      let window = WindowBuffer(capacity: reader.windowBytes)
      if try reader.next(into: window) { take(window.bytes) }
    case .transform(let transform):
      do {
        _ = try transform.run(file, isSample: true, source: { _ in }) { window in
          take(window)
          throw Enough()
        }
      } catch is Enough {}
    case .scales:
      guard case .transform(let transform) = draft.values[index - 1] else { return 0 }
      let scale = try transform.firstScale(file)
      sample = CRC32C.checksum(LittleEndian.bytes([scale?.bitPattern ?? 0]))
    }
    return sample
  }
}
