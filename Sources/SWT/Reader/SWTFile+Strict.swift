public import SWTChecksums

extension SWTFile {
  /// Level 3: level 2, and the SHA-256 of each tensor, the UTF-8 of every text, and the values of scales.
  ///
  /// - Throws: ``SWTError`` with the first rule that the file violates.
  public func verify(using digests: any DigestProvider) throws(SWTError) {
    try checkTexts()
    try verifyData()
    guard directory[.digests] != nil else {
      throw SWTError(.digestMissing, "the file has no section DGST, so its values cannot be verified")
    }
    for index in 0..<tensorCount { try verifyDigest(index, using: digests) }
    // Many records may refer to one tensor of scales.
    var scales: Set<Int> = []
    for index in 0..<quantizationCount {
      let record = quantization(index)
      for scale in [record.scaleTensor, record.activationScaleTensor].compactMap(\.self)
      where scales.insert(scale).inserted { try checkScaleValues(scale) }
    }
  }

  /// Checks the SHA-256 of a tensor's bytes against DGST.
  ///
  /// - Throws: ``SWTError`` `.digestMissing` or `.dataDigest`.
  public func verifyDigest(_ index: Int, using digests: any DigestProvider) throws(SWTError) {
    guard let expected = digest(index) else { throw SWTError(.digestMissing, "the file has no section DGST") }
    let record = record(index)
    // An alias repeats its target's digest, so its bytes need no second hash.
    if record.isAlias, digest(Int(record.link)) == expected { return }
    let start = Int(record.dataOffset)
    guard image.withSpan(start..<start + Int(record.dataLength), { digests.sha256($0) }) == expected else {
      let name = indexBytes.text(nameRange(record))
      throw SWTError(.dataDigest, at: start, "the SHA-256 of tensor \(name) does not match its bytes")
    }
  }

  private func checkTexts() throws(SWTError) {
    for index in 0..<tensorCount {
      let record = record(index)
      let bytes = indexBytes.bytes(nameRange(record))
      guard isUTF8(bytes), bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        let text = "the name of tensor \(index) is not UTF-8 or has control characters"
        throw SWTError(.utf8, at: record.base, text)
      }
    }
    // Names of source tensors, golden sets and golden vectors are at the start of their records.
    for kind in [SectionKind.sources, .goldenSets, .golden] {
      guard let section = directory[kind], section.count > 0 else { continue }
      for base in stride(
        from: section.range.lowerBound, to: section.range.upperBound, by: section.range.count / section.count)
      {
        let start = strings.lowerBound + Int(indexBytes.u32(base))
        guard isUTF8(indexBytes.bytes(start..<start + Int(indexBytes.u16(base + 4)))) else {
          throw SWTError(.utf8, at: base, "a name is not UTF-8")
        }
      }
    }
    guard let section = directory[.metadata] else { return }
    for base in stride(from: section.range.lowerBound, to: section.range.upperBound, by: 24) {
      let type = indexBytes.u16(base + 6)
      guard type == 1 || type == 8 else { continue }
      let start = strings.lowerBound + Int(indexBytes.u32(base + 8))
      guard isUTF8(indexBytes.bytes(start..<start + Int(indexBytes.u32(base + 12)))) else {
        throw SWTError(.utf8, at: base, "a metadata text is not UTF-8")
      }
    }
  }

  private func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue: continue
      case .emptyInput: return true
      case .error: return false
      }
    }
  }

  private func checkScaleValues(_ index: Int) throws(SWTError) {
    let info = info(index)
    // The scale of an activation may have any type.
    guard info.dtype == .f32 || info.dtype == .f64 else { return }
    let bytes = IndexBytes(image.copy(info.dataOffset..<info.dataOffset + info.byteCount))
    for i in 0..<info.elementCount {
      let value = info.dtype == .f64 ? Double(bitPattern: bytes.u64(8 * i)) : Double(bytes.f32(4 * i))
      guard value.isFinite, value > 0 else {
        throw SWTError(.quantization, at: info.dataOffset, "scale \(i) of \(info.name) is \(value)")
      }
    }
  }
}
