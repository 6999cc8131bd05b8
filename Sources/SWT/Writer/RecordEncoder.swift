internal import SWTChecksums

/// Encodes the sections of records, field by field as FORMAT.md specifies, except those with one record per
/// tensor.
struct RecordEncoder {
  var byName = FieldWriter()
  private var metadata = FieldWriter()
  private var quantizations = FieldWriter()
  private var sources = FieldWriter()
  private var goldenSets = FieldWriter()
  private var golden = FieldWriter()
  private var vectorCount = 0

  /// The sections of a file in their order; empty ones are omitted, except those that every file has.
  func sections(
    _ contents: SWTContents, strings: [UInt8]
  ) -> [(kind: SectionKind, byteCount: Int)] {
    func size(_ kind: SectionKind) -> Int {
      switch kind {
      case .tensors, .digests: contents.tensors.count * kind.recordSize
      case .receipts: contents.receipts.count * kind.recordSize
      case .strings: strings.count
      default: bytes(of: kind).count
      }
    }
    let order: [SectionKind] = [
      .tensors, .byName, .strings, .metadata, .quantization, .digests, .sources, .goldenSets, .golden,
      .receipts,
    ]
    let always: Set<SectionKind> = [.tensors, .byName, .strings, .metadata, .digests]
    return order.map { ($0, size($0)) }.filter { $0.1 > 0 || always.contains($0.0) }
  }

  /// A section that was encoded here.
  func bytes(of kind: SectionKind) -> [UInt8] {
    switch kind {
    case .byName: byName.bytes
    case .metadata: metadata.bytes
    case .quantization: quantizations.bytes
    case .sources: sources.bytes
    case .goldenSets: goldenSets.bytes
    case .golden: golden.bytes
    case .tensors, .digests, .receipts, .strings: []
    }
  }

  mutating func metadata(_ key: String, _ value: SWTValue, _ pool: inout StringPool) throws(SWTError) {
    let keyOffset = pool.place(key.utf8)
    var number: UInt64 = 0
    var content: [UInt8]?
    let type: Int
    switch value {
    case .text(let text): (type, content) = (1, Array(text.utf8))
    case .integer(let integer): (type, number) = (2, UInt64(bitPattern: integer))
    case .double(let double): (type, number) = (3, double.bitPattern)
    case .bool(let bool): (type, number) = (4, bool ? 1 : 0)
    case .bytes(let bytes): (type, content) = (5, bytes)
    case .integers(let list): (type, content) = (6, Self.words(list.map { UInt64(bitPattern: $0) }))
    case .doubles(let list): (type, content) = (7, Self.words(list.map(\.bitPattern)))
    case .json(let text): (type, content) = (8, Array(text.utf8))
    }
    metadata.u32(keyOffset)
    metadata.u16(key.utf8.count)
    metadata.u16(type)
    let isAlone = key == SWTFormat.sourceDigestKey
    metadata.u32(content.map { isAlone ? pool.placeAlone($0) : pool.place($0) } ?? 0)
    metadata.u32(content?.count ?? 0)
    metadata.put(number)
    guard content?.count ?? 0 < Int(UInt32.max) else {
      throw SWTError(.limit, "metadata \(key) is too large")
    }
  }

  private static func words(_ list: [UInt64]) -> [UInt8] {
    var writer = FieldWriter()
    for word in list { writer.put(word) }
    return writer.bytes
  }

  mutating func quantization(_ record: SWTQuantization) throws(SWTError) {
    let tensors = [
      record.scaleTensor, record.zeroTensor, record.activationScaleTensor, record.activationZeroTensor,
    ].compactMap(\.self)
    guard UInt8(exactly: record.axis) != nil, UInt8(exactly: record.bits) != nil,
      UInt32(exactly: record.block) != nil, tensors.allSatisfy({ 0..<Int(SWTFormat.none) ~= $0 })
    else { throw SWTError(.quantization, "a field of a quantization record does not fit: \(record)") }
    quantizations.put(record.scheme.rawValue)
    quantizations.u8(record.axis)
    quantizations.u8(record.bits)
    quantizations.u8(record.isSymmetric ? 1 : 0)
    quantizations.u32(record.block)
    quantizations.u32(record.scaleTensor)
    quantizations.tensor(record.zeroTensor)
    quantizations.tensor(record.activationScaleTensor)
    quantizations.tensor(record.activationZeroTensor)
    quantizations.put(UInt32(record.sourceDType?.rawValue ?? 0))
    quantizations.u32(0)
  }

  mutating func source(_ source: SWTSourceDigest, _ pool: inout StringPool) {
    sources.u32(pool.place(source.name.utf8))
    sources.u16(source.name.utf8.count)
    sources.put(UInt16(source.dtype.rawValue))
    sources.put(UInt64(0))
    sources.put(source.sha256)
  }

  mutating func goldenSet(_ set: SWTGoldenSet, _ pool: inout StringPool) throws(SWTError) {
    let names = [set.name] + set.vectors.map(\.name)
    guard names.allSatisfy({ $0.utf8.count <= Int(UInt16.max) }),
      set.vectors.allSatisfy({
        $0.inputShape.count == 4 && $0.inputShape.allSatisfy { UInt32(exactly: $0) != nil }
          && 0..<Int(SWTFormat.none) ~= $0.expectedTensor
      }), set.inputTensor.map({ 0..<Int(SWTFormat.none) ~= $0 }) ?? true
    else {
      throw SWTError(
        .golden,
        "golden set \(set.name): a name is too long, an input is not N, C, H, W, or there is no such tensor")
    }
    goldenSets.u32(pool.place(set.name.utf8))
    goldenSets.u16(set.name.utf8.count)
    goldenSets.u16(0)
    goldenSets.u32(vectorCount)
    goldenSets.u32(set.vectors.count)
    goldenSets.tensor(set.inputTensor)
    goldenSets.put([UInt8](repeating: 0, count: 12))
    vectorCount += set.vectors.count
    for vector in set.vectors {
      golden.u32(pool.place(vector.name.utf8))
      golden.u16(vector.name.utf8.count)
      golden.put(vector.kind.rawValue)
      switch vector.input {
      case .stored:
        golden.u8(0)
        golden.put(UInt64(0))
      case .uniform(let seed):
        golden.u8(1)
        golden.put(seed)
      }
      for dimension in vector.inputShape { golden.u32(dimension) }
      golden.tensor(vector.input == .stored ? set.inputTensor : nil)
      golden.u32(vector.expectedTensor)
      golden.put(vector.sampleSeed)
      golden.put(vector.floorRelL2)
      golden.put(vector.floorMax)
      golden.put(vector.k)
      golden.tensor(vector.expectedTop1)
    }
  }
}

// MARK: - Records of tensors

extension FieldWriter {
  mutating func put(
    _ spec: SWTTensorSpec, nameOffset: Int, nameLength: Int, offset: Int, length: Int, crc: UInt32,
    aliasOf: Int?
  ) {
    u32(nameOffset)
    u16(nameLength)
    put(spec.dtype.rawValue)
    u8(spec.shape.count)
    put(UInt64(offset))
    put(UInt64(length))
    for k in 0..<SWTFormat.maximumRank { u32(k < spec.shape.count ? spec.shape[k] : 0) }
    var order = SWTFormat.rowMajor
    for (k, dimension) in (spec.dimOrder ?? []).enumerated() {
      order = order & ~(15 << UInt32(4 * k)) | UInt32(dimension) << UInt32(4 * k)
    }
    put(order)
    put(crc)
    tensor(aliasOf ?? spec.quantization)
    put(spec.role.rawValue)
    var flags: UInt8 = spec.isDerived ? RecordFlags.derived : 0
    if aliasOf != nil { flags |= RecordFlags.alias }
    if spec.quantization != nil { flags |= RecordFlags.quantized }
    put(flags)
    u16(0)
  }

  mutating func put(_ receipt: SWTReceipt) {
    put(receipt.sourceDType?.rawValue ?? 0)
    put(receipt.operations.rawValue)
    u16(0)
    put(receipt.maxAbsError)
    put(receipt.relL2Error)
    put(receipt.maxAbsValue)
  }
}
