internal import SWTChecksums

extension SWTFile {
  private func start(_ kind: SectionKind, _ index: Int) -> Int {
    (directory[kind]?.range.lowerBound ?? 0) + kind.recordSize * index
  }

  private func tensor(_ at: Int) -> Int? {
    let value = indexBytes.u32(at)
    return value == SWTFormat.none ? nil : Int(value)
  }

  private func text(_ base: Int) -> String {
    let start = strings.lowerBound + Int(indexBytes.u32(base))
    return indexBytes.text(start..<start + Int(indexBytes.u16(base + 4)))
  }

  private func isText(_ base: Int) -> Bool {
    isInStrings(Int(indexBytes.u32(base)), Int(indexBytes.u16(base + 4)))
  }

  private func isTensorOrNone(_ at: Int) -> Bool {
    indexBytes.u32(at) == SWTFormat.none || indexBytes.u32(at) < tensorCount
  }

  // MARK: QNTZ

  /// Number of quantization records; tensors refer to them by index.
  public var quantizationCount: Int { directory[.quantization]?.count ?? 0 }

  /// The quantization record at an index such as ``TensorInfo/quantization``.
  ///
  /// - Precondition: `index` is in `0..<quantizationCount`.
  public func quantization(_ index: Int) -> SWTQuantization {
    precondition((0..<quantizationCount).contains(index), "quantization index out of range")
    let base = start(.quantization, index)
    return SWTQuantization(
      scheme: SWTQuantization.Scheme(rawValue: indexBytes.u8(base)) ?? .perTensor,
      axis: Int(indexBytes.u8(base + 1)), bits: Int(indexBytes.u8(base + 2)),
      isSymmetric: indexBytes.u8(base + 3) & 1 == 1, block: Int(indexBytes.u32(base + 4)),
      scaleTensor: Int(indexBytes.u32(base + 8)), zeroTensor: tensor(base + 12),
      activationScaleTensor: tensor(base + 16), activationZeroTensor: tensor(base + 20),
      sourceDType: SWTDType(rawValue: indexBytes.u8(base + 24)))
  }

  /// All flag bits of a quantization record, including ones defined by newer minor versions.
  package func quantizationFlags(_ index: Int) -> UInt8 { indexBytes.u8(start(.quantization, index) + 3) }

  /// Level 1 of QNTZ: the records, then each quantized tensor against its record.
  func checkQuantization() throws(SWTError) {
    for index in 0..<quantizationCount {
      let base = start(.quantization, index)
      func fail(_ at: Int, _ text: String) -> SWTError {
        SWTError(.quantization, at: base + at, "quantization record \(index): \(text)")
      }
      guard (1...3).contains(indexBytes.u8(base)) else { throw fail(0, "unknown scheme") }
      guard (1...64).contains(indexBytes.u8(base + 2)) else { throw fail(2, "bits outside 1 to 64") }
      let flags = indexBytes.u8(base + 3)
      guard flags & 1 == 1 || indexBytes.u32(base + 12) != SWTFormat.none else {
        throw fail(12, "asymmetric, but without zero points")
      }
      guard flags & 1 == 0 || indexBytes.u32(base + 12) == SWTFormat.none else {
        throw fail(12, "symmetric, but with zero points")
      }
      guard indexBytes.u32(base + 8) < tensorCount else {
        throw fail(8, "its tensor of scales does not exist")
      }
      guard isTensorOrNone(base + 12), isTensorOrNone(base + 16), isTensorOrNone(base + 20) else {
        throw fail(12, "it refers to a tensor that does not exist")
      }
      guard (indexBytes.u8(base) == 3) == (indexBytes.u32(base + 4) > 0) else {
        throw fail(4, "only the per-block scheme has a block size")
      }
      let reserved = indexBytes.u32(base + 24) >> 8 | indexBytes.u32(base + 28) | UInt32(flags & ~1)
      guard !directory.isStrict || reserved == 0 else { throw fail(24, "a reserved field is not zero") }
    }
    for index in 0..<tensorCount where record(index).flags & RecordFlags.quantized != 0 {
      try checkScales(index)
    }
  }

  private func checkScales(_ index: Int) throws(SWTError) {
    let record = record(index)
    let quantization = quantization(Int(record.link))
    func fail(_ text: String) -> SWTError {
      SWTError(.quantization, at: record.base, "tensor \(indexBytes.text(nameRange(record))): \(text)")
    }
    let shape = record.shape
    guard quantization.axis < max(shape.count, 1) else {
      throw fail("quantization axis \(quantization.axis) of a tensor of rank \(shape.count)")
    }
    let expected =
      switch quantization.scheme {
      case .perTensor: 1
      case .perChannel: shape.isEmpty ? 1 : shape[quantization.axis]
      case .perBlock:
        shape.enumerated().reduce(1) { count, dimension in
          let blocks = (dimension.element + quantization.block - 1) / quantization.block
          return count &* (dimension.offset == quantization.axis ? blocks : dimension.element)
        }
      }
    let scale = self.record(quantization.scaleTensor)
    guard scale.shape == [expected] || (quantization.scheme == .perTensor && scale.rank == 0),
      scale.dtype == SWTDType.f32.rawValue || scale.dtype == SWTDType.f64.rawValue
    else { throw fail("its scales are not \(expected) f32 or f64 values") }
    guard let zeroTensor = quantization.zeroTensor else { return }
    let zero = self.record(zeroTensor)
    guard let type = SWTDType(rawValue: zero.dtype), type.isInteger || type == .f32 || type == .f64,
      zero.shape == scale.shape
    else { throw fail("its zero points do not match its scales") }
  }

  // MARK: SRCD and ERRS

  /// The tensors of the source, in ascending order of name.
  public var sourceDigests: [SWTSourceDigest] {
    (0..<(directory[.sources]?.count ?? 0)).map { index in
      let base = start(.sources, index)
      return SWTSourceDigest(
        name: text(base), dtype: SWTDType(rawValue: indexBytes.u8(base + 6)) ?? .opaque,
        sha256: indexBytes.digest(base + 16))
    }
  }

  /// Level 1 of SRCD.
  func checkSources() throws(SWTError) {
    var previous: Range<Int>?
    for index in 0..<(directory[.sources]?.count ?? 0) {
      let base = start(.sources, index)
      guard isText(base) else {
        throw SWTError(.sourceDigest, at: base, "a source name is outside the strings")
      }
      let begin = strings.lowerBound + Int(indexBytes.u32(base))
      let name = begin..<begin + Int(indexBytes.u16(base + 4))
      if let previous, indexBytes.compare(previous, name) > 0 {
        throw SWTError(.sourceDigest, at: base, "source names are not in ascending order")
      }
      previous = name
      guard !directory.isStrict || (indexBytes.u8(base + 7) == 0 && indexBytes.u64(base + 8) == 0) else {
        throw SWTError(.sourceDigest, at: base + 7, "a reserved field of a source digest is not zero")
      }
    }
    for index in 0..<(directory[.receipts]?.count ?? 0) where directory.isStrict {
      let base = start(.receipts, index)
      guard indexBytes.u8(base + 1) <= 7, indexBytes.u16(base + 2) == 0 else {
        throw SWTError(.receipt, at: base + 1, "a receipt has an unknown operation")
      }
    }
  }

  /// What the conversion did to a tensor; nil without section ERRS.
  public func receipt(_ index: Int) -> SWTReceipt? {
    guard directory[.receipts] != nil, (0..<tensorCount).contains(index) else { return nil }
    let base = start(.receipts, index)
    return SWTReceipt(
      sourceDType: SWTDType(rawValue: indexBytes.u8(base)),
      operations: SWTReceipt.Operations(rawValue: indexBytes.u8(base + 1)),
      maxAbsError: indexBytes.f32(base + 4), relL2Error: indexBytes.f32(base + 8),
      maxAbsValue: indexBytes.f32(base + 12))
  }

  // MARK: GSET and GOLD

  /// The golden tests of the file.
  public var goldenSets: [SWTGoldenSet] {
    (0..<(directory[.goldenSets]?.count ?? 0)).map { index in
      let base = start(.goldenSets, index)
      let first = Int(indexBytes.u32(base + 8))
      let vectors = (0..<Int(indexBytes.u32(base + 12))).map { goldenVector(first + $0) }
      return SWTGoldenSet(name: text(base), inputTensor: tensor(base + 16), vectors: vectors)
    }
  }

  private func goldenVector(_ index: Int) -> SWTGoldenVector {
    let base = start(.golden, index)
    return SWTGoldenVector(
      name: text(base), kind: SWTGoldenVector.Kind(rawValue: indexBytes.u8(base + 6)) ?? .output,
      input: indexBytes.u8(base + 7) == 0 ? .stored : .uniform(seed: indexBytes.u64(base + 8)),
      inputShape: (0..<4).map { Int(indexBytes.u32(base + 16 + 4 * $0)) },
      expectedTensor: Int(indexBytes.u32(base + 36)), sampleSeed: indexBytes.u64(base + 40),
      floorRelL2: indexBytes.f32(base + 48), floorMax: indexBytes.f32(base + 52),
      k: indexBytes.f32(base + 56), expectedTop1: tensor(base + 60))
  }

  /// Level 1 of GSET and GOLD: the sets partition the vectors in order, and every tensor exists.
  func checkGolden() throws(SWTError) {
    var next = 0
    let total = directory[.golden]?.count ?? 0
    for index in 0..<(directory[.goldenSets]?.count ?? 0) {
      let base = start(.goldenSets, index)
      guard isText(base) else { throw SWTError(.golden, at: base, "a set name is outside the strings") }
      let count = Int(indexBytes.u32(base + 12))
      guard Int(indexBytes.u32(base + 8)) == next, count <= total - next else {
        throw SWTError(.golden, at: base + 8, "the golden sets do not partition the golden vectors in order")
      }
      guard isTensorOrNone(base + 16) else {
        throw SWTError(.golden, at: base + 16, "the input tensor does not exist")
      }
      let reserved =
        indexBytes.u64(base + 20) | UInt64(indexBytes.u32(base + 28)) | UInt64(indexBytes.u16(base + 6))
      guard !directory.isStrict || reserved == 0 else {
        throw SWTError(.golden, at: base, "a reserved field of a golden set is not zero")
      }
      for vector in next..<next + count { try checkVector(start(.golden, vector), input: tensor(base + 16)) }
      next += count
    }
    guard next == total else {
      throw SWTError(.golden, at: start(.golden, next), "a golden vector belongs to no set")
    }
  }

  private func checkVector(_ base: Int, input: Int?) throws(SWTError) {
    guard isText(base) else { throw SWTError(.golden, at: base, "an output name is outside the strings") }
    let (kind, source) = (indexBytes.u8(base + 6), indexBytes.u8(base + 7))
    guard (1...3).contains(kind), source <= 1 else {
      throw SWTError(.golden, at: base + 6, "a golden vector has kind \(kind) and input \(source)")
    }
    guard source == 0 ? input != nil && tensor(base + 32) == input : tensor(base + 32) == nil else {
      throw SWTError(.golden, at: base + 32, "the input tensor is not the set's")
    }
    let expected = Int(indexBytes.u32(base + 36))
    guard expected < tensorCount, (5...6).contains(record(expected).role) else {
      throw SWTError(.golden, at: base + 36, "the expected values are not a golden output or probe")
    }
  }
}
