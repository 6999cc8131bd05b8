internal import PthReader
internal import ResNetArchitecture
internal import SWTArchives
internal import SWTBytes
internal import SWTChecksums
internal import SWTConversion
internal import TestSupport

// What a file states about its network: TorchScript's code, a graph as JSON, the pickle of a whole module.

extension FuzzTarget {
  /// A kind of record that states conventions.
  package enum EvidenceRecord: CaseIterable, Sendable {
    case code, graph, pickle

    fileprivate var file: String {
      switch self {
      case .code: "everything.script"
      case .graph: "everything.pt2"
      case .pickle: "default.whole"
      }
    }

    fileprivate var ending: String {
      switch self {
      case .code: ".py"
      case .graph: "models/model.json"
      case .pickle: "data.pkl"
      }
    }

    /// The record of the fixture.
    package var original: [UInt8] {
      FuzzTarget.archives[self]?.first { $0.name.hasSuffix(ending) }?.bytes ?? []
    }
  }

  fileprivate static let archives: [EvidenceRecord: [(name: String, bytes: [UInt8])]] = Dictionary(
    uniqueKeysWithValues: EvidenceRecord.allCases.map { ($0, records($0.file)) })

  private static func records(_ file: String) -> [(name: String, bytes: [UInt8])] {
    guard let packed = try? readFile(Fixtures.path("evidence/\(file)")),
      let data = try? Inflater.gzip(MemorySource(packed), limits: ParseLimits()),
      let archive = try? ZipArchive(data, limits: ParseLimits())
    else { return [] }
    return archive.entries.compactMap { entry in
      (try? archive.bytes(entry, limit: .inflatedBytes)).map { (entry.name, $0) }
    }
  }

  /// The bytes in place of the record that they look like.
  static func evidence(_ bytes: [UInt8]) {
    let record: EvidenceRecord =
      switch bytes.first {
      case UInt8(ascii: "{"), UInt8(ascii: "["): .graph
      case 0x80: .pickle
      default: .code
      }
    var zip = ZipBuilder()
    var isReplaced = false
    for (name, original) in archives[record] ?? [] {
      let isRecord = !isReplaced && name.hasSuffix(record.ending)
      isReplaced = isReplaced || isRecord
      let data = isRecord ? bytes : original
      var crc = CRC32()
      unsafe crc.update(data.span.bytes)
      zip.add(name, data, crc: crc.value)
    }
    precondition(isReplaced, "the fixture lacks the record")
    guard
      let file = try? PthFile(
        MemorySource(zip.bytes()), path: "fuzz", limits: ParseLimits(), allowsDangerous: true)
    else { return }
    do throws(ConversionFailure) {
      let network = try NetworkStateDict(file, .auto, key: nil)
      precondition(
        network.reading.conventions.list.count == 14, "conventions that are neither known nor assumed")
      precondition(network.tree.architecture.isConsistent, "a network whose parts do not fit")
    } catch {
      precondition(!error.description.isEmpty, "an error without a word")
    }
  }
}
