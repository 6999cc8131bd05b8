internal import SWTArchives
internal import SWTBytes

/// A torch.package archive: pickles anywhere, storages in `.data/<key>.storage`, and Python sources.
///
/// Source: torch/package/package_exporter.py. TorchScript modules in it have their own `data.pkl` in
/// `.data/ts_code/<n>/`, and share the storages.
struct PackageArchive {
  private let archive: ZipArchive
  private let prefix: String

  /// Nil if the archive is not a torch.package archive.
  init?(_ archive: ZipArchive) {
    let marker = ".data/extern_modules"
    let markers = archive.entries.lazy.map(\.name).filter { $0 == marker || $0.hasSuffix("/" + marker) }
    guard let shortest = markers.min(by: { $0.utf8.count < $1.utf8.count }) else { return nil }
    self.archive = archive
    prefix = String(shortest.dropLast(marker.count))
  }

  func read(nesting: Int) throws(ParseFailure) -> Checkpoint {
    try archive.requireVersion(prefix: prefix)
    let isBigEndian = try archive.isBigEndian(prefix: prefix)
    var checkpoint = Checkpoint(container: .package, byteCount: archive.source.byteCount)
    let data = prefix + ".data/"
    // The pickles share storages, so they share the provider.
    var storages = ArchiveStorages(archive, isBigEndian: isBigEndian) { key in
      key.hasSuffix(".storage") ? data + key : data + key + ".storage"
    }
    for entry in archive.entries where entry.name.hasPrefix(prefix) && isPickle(entry) {
      let name = String(entry.name.dropFirst(prefix.count))
      storages = try checkpoint.add(
        try archive.pickle(entry), storages, limits: archive.limits, nesting: nesting, prefix: [.key(name)])
    }
    return checkpoint
  }

  /// Whether this is a `.pkl` of the user or of TorchScript; `.debug_pkl` files are line tables.
  private func isPickle(_ entry: ZipEntry) -> Bool {
    let name = entry.name.dropFirst(prefix.count)
    guard name.hasSuffix(".pkl") else { return false }
    return !name.hasPrefix(".data/") || name.hasSuffix("/data.pkl") || name.hasSuffix("/constants.pkl")
  }
}
