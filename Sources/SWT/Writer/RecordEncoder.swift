internal import SWTChecksums

/// Encodes the sections of records, field by field as FORMAT.md specifies.
struct RecordEncoder {
  private var tensors = FieldWriter()
  var byName = FieldWriter()
  var digests = FieldWriter()
  private var metadata = FieldWriter()
  private var quantizations = FieldWriter()
  private var sources = FieldWriter()
  private var goldenSets = FieldWriter()
  private var golden = FieldWriter()
  private var receipts = FieldWriter()
  private var vectorCount = 0

  /// The sections in file order; empty ones are omitted, except those that every file has.
  func sections(strings: [UInt8]) -> [(kind: SectionKind, bytes: [UInt8])] {
    let all: [(kind: SectionKind, bytes: [UInt8])] = [
      (.tensors, tensors.bytes), (.byName, byName.bytes), (.strings, strings), (.metadata, metadata.bytes),
      (.quantization, quantizations.bytes), (.digests, digests.bytes), (.sources, sources.bytes),
      (.goldenSets, goldenSets.bytes), (.golden, golden.bytes), (.receipts, receipts.bytes),
    ]
    let always: Set<SectionKind> = [.tensors, .byName, .strings, .metadata, .digests]
    return all.filter { !$0.bytes.isEmpty || always.contains($0.kind) }
  }

  mutating func tensor(
    _ spec: SWTTensorSpec, nameOffset: Int, nameLength: Int, offset: Int, length: Int, crc: UInt32,
    aliasOf: Int?
  ) {
    tensors.u32(nameOffset)
    tensors.u16(nameLength)
    tensors.put(spec.dtype.rawValue)
    tensors.u8(spec.shape.count)
    tensors.put(UInt64(offset))
    tensors.put(UInt64(length))
    for k in 0..<SWTFormat.maximumRank { tensors.u32(k < spec.shape.count ? spec.shape[k] : 0) }
    var order = SWTFormat.rowMajor
    for (k, dimension) in (spec.dimOrder ?? []).enumerated() {
      order = order & ~(15 << UInt32(4 * k)) | UInt32(dimension) << UInt32(4 * k)
    }
    tensors.put(order)
    tensors.put(crc)
    tensors.tensor(aliasOf ?? spec.quantization)
    tensors.put(spec.role.rawValue)
    var flags: UInt8 = spec.isDerived ? RecordFlags.derived : 0
    if aliasOf != nil { flags |= RecordFlags.alias }
    if spec.quantization != nil { flags |= RecordFlags.quantized }
    tensors.put(flags)
    tensors.u16(0)
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
    sources.put(source.sha256.bytes)
  }

  mutating func receipt(_ receipt: SWTReceipt) {
    receipts.put(receipt.sourceDType?.rawValue ?? 0)
    receipts.put(receipt.operations.rawValue)
    receipts.u16(0)
    receipts.put(receipt.maxAbsError)
    receipts.put(receipt.relL2Error)
    receipts.put(receipt.maxAbsValue)
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
