internal import SWTArchives
internal import SWTBytes
internal import Synchronization

/// Small archives of `torch.save` that were read, so others that differ from them only in values are not parsed
/// again.
///
/// A distributed checkpoint has one archive per chunk, and chunks of equal shape and type have equal archives,
/// except for their values, the checksums of these, and an ID that PyTorch makes of all checksums. Parsing one
/// takes fifty times as long as comparing it.
final class ArchiveTemplates: Sendable {
  /// Larger archives are not read at once.
  static let archiveBytes = 1 << 14
  /// Number of templates; equal sizes share their place in the table.
  private static let (sizeLimit, perSize) = (256, 4)

  /// An archive, and the tensor in it.
  private struct Template {
    let bytes: [UInt8]
    /// The ranges that the archives must share.
    let fixed: [Range<Int>]
    let values: ZipValues
    let entry: TensorEntry
  }

  private struct State {
    /// By size of the archive.
    var templates: [Int: [Template]] = [:]
    /// Archives that were added since one was found.
    var misses = 0
  }

  /// After so many different archives in succession, no more are added: that takes as long as parsing one.
  private static let missLimit = 64
  private let state = Mutex(State())

  /// The tensor in an archive; nil if no known one is like it.
  func entry(_ bytes: [UInt8]) -> TensorEntry? {
    let known = state.withLock { $0.templates[bytes.count] ?? [] }
    guard
      let template = known.first(where: { template in
        template.fixed.allSatisfy { bytes[$0] == template.bytes[$0] }
      })
    else { return nil }
    state.withLock { $0.misses = 0 }
    let checksum = LittleEndian.load(UInt32.self, bytes, at: template.values.checksum)
    let old = template.entry
    let data = template.values.data
    let storage = Storage(
      id: old.storage.id, byteCount: old.storage.byteCount, source: MemorySource(Array(bytes[data])),
      isBigEndian: old.storage.isBigEndian, crc32: checksum == 0 ? nil : checksum, label: old.storage.label)
    return TensorEntry(
      path: old.path, scalarType: old.scalarType, layout: old.layout, storage: storage,
      isConjugated: old.isConjugated, isNegated: old.isNegated, quantizer: old.quantizer)
  }

  /// Remembers an archive, if all that can differ in others is known.
  func add(_ entry: TensorEntry, in bytes: [UInt8], _ source: MemorySource, _ limits: ParseLimits) {
    guard state.withLock({ $0.misses < Self.missLimit }), bytes.starts(with: FileMagic.zip),
      entry.storage.source != nil,
      let archive = try? ZipArchive(source, limits: limits), let record = archive[entry.storage.label],
      record.byteCount == entry.storage.byteCount, let values = try? archive.values(of: record)
    else { return }
    var free = values.ranges
    // No reader uses it.
    for record in archive.entries where record.name.hasSuffix("/.data/serialization_id") {
      if let id = try? archive.values(of: record) { free += id.ranges }
    }
    var fixed: [Range<Int>] = []
    var position = 0
    for range in free.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard range.lowerBound >= position else { return }
      fixed.append(position..<range.lowerBound)
      position = range.upperBound
    }
    fixed.append(position..<bytes.count)
    let template = Template(bytes: bytes, fixed: fixed, values: values, entry: entry)
    state.withLock { state in
      state.misses += 1
      if state.templates.count >= Self.sizeLimit, state.templates[bytes.count] == nil {
        state.templates.removeAll()
      }
      state.templates[bytes.count, default: []].append(template)
      if state.templates[bytes.count]?.count ?? 0 > Self.perSize {
        state.templates[bytes.count]?.removeFirst()
      }
    }
  }
}
