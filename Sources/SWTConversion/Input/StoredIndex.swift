internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTTensorFiles

/// Everything in a weight file except tensor data, as a JSON text: metadata of its safetensors form, so that
/// converting back loses nothing.
///
/// Numbers are stored as their bit patterns where bits matter. Tensors are in the order of the weight file.
enum StoredIndex {
  /// The metadata key of the text.
  static let key = "swt.index"
  private static let version = 1

  // MARK: Writing

  static func text(_ contents: SWTContents) -> String {
    let document: JSONValue = [
      "version": .int(version), "tensor_align_log2": .int(contents.tensorAlignmentLog2),
      "data_align_log2": .int(contents.dataAlignmentLog2),
      "tensors": .array(
        contents.tensors.map { spec in
          var members: [JSONMember] = [
            JSONMember("name", .string(spec.name)), JSONMember("dtype", .int(spec.dtype.rawValue)),
            JSONMember("shape", .array(spec.shape.map { .int($0) })),
            JSONMember("role", .int(spec.role.rawValue)),
            JSONMember("sha256", .string((spec.sha256 ?? .zero).hex)),
          ]
          if let order = spec.dimOrder {
            members.append(JSONMember("dim_order", .array(order.map { .int($0) })))
          }
          if spec.isDerived { members.append(JSONMember("derived", .bool(true))) }
          if let number = spec.quantization { members.append(JSONMember("quantization", .int(number))) }
          return .object(members)
        }),
      "metadata": .object(
        contents.metadata.sorted { $0.key < $1.key }.map { JSONMember($0.key, tagged($0.value)) }),
      "quantizations": .array(contents.quantizations.map(json)),
      "receipts": .array(contents.receipts.map(json)),
      "sources": .array(
        contents.sources.ordered.map { [.string($0.name), .int($0.dtype.rawValue), .string($0.sha256.hex)] }),
      "golden_sets": .array(contents.goldenSets.map(json)),
    ]
    return document.text()
  }

  /// A metadata value with its type, which JSON alone does not keep.
  private static func tagged(_ value: SWTValue) -> JSONValue {
    switch value {
    case .text(let text): ["text": .string(text)]
    case .integer(let value): ["i64": .int(value)]
    case .double(let value): ["f64": .int(value.bitPattern)]
    case .bool(let value): ["bool": .bool(value)]
    case .bytes(let bytes): ["bytes": .string(Hex.encode(bytes))]
    case .integers(let values): ["i64s": .array(values.map { .int($0) })]
    case .doubles(let values): ["f64s": .array(values.map { .int($0.bitPattern) })]
    case .json(let text): ["json": .string(text)]
    }
  }

  private static func json(_ record: SWTQuantization) -> JSONValue {
    func optional(_ value: Int?) -> JSONValue { value.map { .int($0) } ?? .null }
    return [
      "scheme": .int(record.scheme.rawValue), "axis": .int(record.axis), "bits": .int(record.bits),
      "symmetric": .bool(record.isSymmetric), "block": .int(record.block), "scale": .int(record.scaleTensor),
      "zero": optional(record.zeroTensor), "activation_scale": optional(record.activationScaleTensor),
      "activation_zero": optional(record.activationZeroTensor),
      "source_dtype": optional(record.sourceDType.map { Int($0.rawValue) }),
    ]
  }

  private static func json(_ receipt: SWTReceipt) -> JSONValue {
    [
      .int(receipt.sourceDType?.rawValue ?? 0), .int(receipt.operations.rawValue),
      .int(receipt.maxAbsError.bitPattern), .int(receipt.relL2Error.bitPattern),
      .int(receipt.maxAbsValue.bitPattern),
    ]
  }

  private static func json(_ set: SWTGoldenSet) -> JSONValue {
    [
      "name": .string(set.name), "input": set.inputTensor.map { .int($0) } ?? .null,
      "vectors": .array(
        set.vectors.map { vector in
          var seed: JSONValue = .null
          if case .uniform(let value) = vector.input { seed = .int(value) }
          return [
            "name": .string(vector.name), "kind": .int(vector.kind.rawValue), "input_seed": seed,
            "shape": .array(vector.inputShape.map { .int($0) }), "expected": .int(vector.expectedTensor),
            "sample_seed": .int(vector.sampleSeed), "floor_rel_l2": .int(vector.floorRelL2.bitPattern),
            "floor_max": .int(vector.floorMax.bitPattern), "k": .int(vector.k.bitPattern),
            "top1": vector.expectedTop1.map { .int($0) } ?? .null,
          ]
        }),
    ]
  }

  // MARK: Reading

  /// - Throws: ``ParseFailure`` `.invalid` if it is not what ``text(_:)`` writes.
  static func contents(_ document: JSONValue) throws(ParseFailure) -> SWTContents {
    let reader = JSONFields(document, in: key)
    guard try reader.int("version") == version else {
      throw ParseFailure(.unsupported("a later version of \(key)"), hint: "a newer pth2swt can read it")
    }
    var contents = SWTContents()
    contents.tensorAlignmentLog2 = try reader.int("tensor_align_log2")
    contents.dataAlignmentLog2 = try reader.int("data_align_log2")
    for tensor in try reader.objects("tensors") {
      guard let dtype = SWTDType(rawValue: try tensor.number("dtype")),
        let role = SWTRole(rawValue: try tensor.number("role"))
      else { throw tensor.failure("the type or role is unknown") }
      contents.tensors.append(
        SWTTensorSpec(
          name: try tensor.string("name"), dtype: dtype, shape: try tensor.ints("shape"),
          dimOrder: try tensor.optionalInts("dim_order"), role: role,
          isDerived: tensor["derived"]?.bool ?? false, quantization: try tensor.optionalInt("quantization"),
          sha256: try tensor.digest("sha256")))
    }
    for (name, value) in try reader.members("metadata") { contents.metadata[name] = try untagged(value) }
    for record in try reader.objects("quantizations") {
      guard let scheme = SWTQuantization.Scheme(rawValue: try record.number("scheme")),
        let symmetric = record["symmetric"]?.bool
      else { throw record.failure("the quantization scheme is unknown") }
      contents.quantizations.append(
        SWTQuantization(
          scheme: scheme, axis: try record.int("axis"), bits: try record.int("bits"), isSymmetric: symmetric,
          block: try record.int("block"), scaleTensor: try record.int("scale"),
          zeroTensor: try record.optionalInt("zero"),
          activationScaleTensor: try record.optionalInt("activation_scale"),
          activationZeroTensor: try record.optionalInt("activation_zero"),
          sourceDType: try record.optionalInt("source_dtype").flatMap { UInt8(exactly: $0) }
            .flatMap(SWTDType.init)))
    }
    for record in try reader.arrays("receipts") {
      contents.receipts.append(
        SWTReceipt(
          sourceDType: SWTDType(rawValue: try record.number(0)),
          operations: SWTReceipt.Operations(rawValue: try record.number(1)),
          maxAbsError: Float(bitPattern: try record.number(2)),
          relL2Error: Float(bitPattern: try record.number(3)),
          maxAbsValue: Float(bitPattern: try record.number(4))))
    }
    for record in try reader.arrays("sources") {
      guard let dtype = SWTDType(rawValue: try record.number(1)) else {
        throw record.failure("the type is unknown")
      }
      contents.sources.append(
        SWTSourceDigest(name: try record.string(0), dtype: dtype, sha256: try record.digest(2)))
    }
    for set in try reader.objects("golden_sets") { contents.goldenSets.append(try goldenSet(set)) }
    try check(contents, reader)
    return contents
  }

  /// Checks what later code relies on; the writer checks the rest.
  private static func check(_ contents: SWTContents, _ reader: JSONFields) throws(ParseFailure) {
    let count = contents.tensors.count
    func isTensor(_ index: Int?) -> Bool { index.map { $0 < count } ?? true }
    guard SWTFormat.alignmentRange.contains(UInt8(clamping: contents.tensorAlignmentLog2)),
      SWTFormat.alignmentRange.contains(UInt8(clamping: contents.dataAlignmentLog2)),
      contents.tensorAlignmentLog2 <= contents.dataAlignmentLog2
    else { throw reader.failure("an alignment is outside the range of the format") }
    guard contents.receipts.isEmpty || contents.receipts.count == count else {
      throw reader.failure("there are \(contents.receipts.count) receipts for \(count) tensors")
    }
    for record in contents.quantizations {
      guard record.axis < SWTFormat.maximumRank, (1...64).contains(record.bits), isTensor(record.scaleTensor),
        isTensor(record.zeroTensor), isTensor(record.activationScaleTensor),
        isTensor(record.activationZeroTensor)
      else { throw reader.failure("a quantization record is invalid") }
    }
    guard contents.tensors.allSatisfy({ $0.quantization.map { $0 < contents.quantizations.count } ?? true })
    else {
      throw reader.failure("the quantization record of a tensor is missing")
    }
    for set in contents.goldenSets {
      guard isTensor(set.inputTensor),
        set.vectors.allSatisfy({ isTensor($0.expectedTensor) && $0.inputShape.count == 4 })
      else { throw reader.failure("a golden test refers to missing tensors") }
    }
  }

  private static func untagged(_ value: JSONFields) throws(ParseFailure) -> SWTValue {
    guard let members = value.value.members, let member = members.first, members.count == 1 else {
      throw value.failure("a metadata value has no type")
    }
    switch (member.key, member.value) {
    case ("text", .string(let text)): return .text(text)
    case ("json", .string(let text)): return .json(text)
    case ("bool", .bool(let flag)): return .bool(flag)
    case ("i64", _): return .integer(try value.number("i64"))
    case ("f64", _): return .double(Double(bitPattern: try value.number("f64")))
    case ("i64s", _): return .integers(try value.numbers("i64s"))
    case ("f64s", _): return .doubles(try value.numbers("f64s").map { Double(bitPattern: $0) })
    case ("bytes", .string(let text)):
      if let bytes = Hex.decode(text) { return .bytes(bytes) }
    default: break
    }
    throw value.failure("a metadata value is not a valid \(member.key)")
  }

  private static func goldenSet(_ set: JSONFields) throws(ParseFailure) -> SWTGoldenSet {
    var vectors: [SWTGoldenVector] = []
    for vector in try set.objects("vectors") {
      guard let kind = SWTGoldenVector.Kind(rawValue: try vector.number("kind")) else {
        throw vector.failure("the kind is unknown")
      }
      let isStored = vector["input_seed"]?.isNull ?? true
      vectors.append(
        SWTGoldenVector(
          name: try vector.string("name"), kind: kind,
          input: isStored ? .stored : .uniform(seed: try vector.number("input_seed")),
          inputShape: try vector.ints("shape"), expectedTensor: try vector.int("expected"),
          sampleSeed: try vector.number("sample_seed"),
          floorRelL2: Float(bitPattern: try vector.number("floor_rel_l2")),
          floorMax: Float(bitPattern: try vector.number("floor_max")),
          k: Float(bitPattern: try vector.number("k")), expectedTop1: try vector.optionalInt("top1")))
    }
    return SWTGoldenSet(
      name: try set.string("name"), inputTensor: try set.optionalInt("input"), vectors: vectors)
  }
}
