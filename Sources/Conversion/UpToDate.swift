internal import SWT
internal import SWTChecksums
internal import SWTDigests

/// Whether an existing output is what a conversion would make, so that it can be left alone.
enum UpToDate {
  /// The file at `path`, when it has these contents and is whole.
  ///
  /// Everything that goes into a file is compared: metadata (which names the source's digest and every
  /// option), the tensors with the digests of their bytes, and the goldens. The bytes are then checked against
  /// the file's own digests, so a damaged output is not up to date.
  static func file(_ path: String, _ contents: SWTContents, _ goldenBytes: [[UInt8]]) -> SWTFile? {
    guard let file = try? SWTFile(path: path), file.tensorCount == contents.tensors.count,
      file.goldenSets == contents.goldenSets, file.metadataCount == contents.metadata.count,
      contents.metadata.allSatisfy({ file.metadata($0.key) == $0.value })
    else { return nil }
    let firstGolden = contents.tensors.count - goldenBytes.count
    for (index, spec) in contents.tensors.enumerated() {
      let info = file.info(index)
      let digest =
        index < firstGolden ? spec.sha256 : SystemDigests().sha256(goldenBytes[index - firstGolden])
      guard info.name == spec.name, info.dtype == spec.dtype, info.shape == spec.shape,
        info.role == spec.role, digest != nil, file.digest(index) == digest
      else { return nil }
    }
    guard (try? file.verify(using: SystemDigests())) != nil else { return nil }
    return file
  }
}
