import SWT
import SWTChecksums
import SWTDigests
import TestSupport

/// Contents with the bytes of their tensors.
struct Sample {
  var contents = SWTContents()
  var data: [[UInt8]] = []

  mutating func add(
    _ name: String, _ dtype: SWTDType, _ shape: [Int], _ bytes: [UInt8], order: [Int]? = nil,
    role: SWTRole = .parameter, quantization: Int? = nil
  ) {
    contents.tensors.append(
      SWTTensorSpec(
        name: name, dtype: dtype, shape: shape, dimOrder: order, role: role, quantization: quantization,
        sha256: SystemDigests().sha256(bytes)))
    data.append(bytes)
  }

  @discardableResult
  func write(to path: String, replaceExisting: Bool = true, piece: Int = 1000) throws -> SWTWriteResult {
    try SWTWriter.write(
      contents, to: path, digests: SystemDigests(), replaceExisting: replaceExisting
    ) { index, sink in
      for start in stride(from: 0, to: data[index].count, by: piece) {
        let part = ContiguousArray(data[index][start..<min(start + piece, data[index].count)])
        try unsafe sink(part.span.bytes)
      }
    }
  }

  func bytes() throws -> [UInt8] {
    let folder = try TemporaryFolder()
    try write(to: folder.file("a.swt"))
    return try readFile(folder.file("a.swt"))
  }

  static func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) } }
  }

  /// A small file with one of everything: every section, an alias, a quantized tensor, a golden set, every
  /// META type.
  static func everything() -> Sample {
    var sample = Sample()
    sample.contents.tensorAlignmentLog2 = 6
    sample.contents.dataAlignmentLog2 = 6
    sample.add("b", .f32, [2, 3], floats([1, 2, 3, 4, 5, 6]))
    sample.add("alias", .f32, [2, 3], floats([1, 2, 3, 4, 5, 6]))
    sample.add("q", .i8, [2, 3], [1, 2, 3, 255, 254, 253], quantization: 0)
    sample.add("q.scale", .f32, [2], floats([0.5, 0.25]), role: .scale)
    sample.add("empty", .f16, [0, 7], [])
    sample.add("n\u{E9}", .i4, [3], [0x21, 0x03])
    sample.add("golden/g/logits", .f32, [1], floats([9]), role: .goldenOutput)
    sample.add("ohwi", .u8, [1, 2, 1, 2], [1, 2, 3, 4], order: [0, 2, 3, 1])
    sample.contents.quantizations = [
      SWTQuantization(scheme: .perChannel, isSymmetric: true, scaleTensor: 3, sourceDType: .f32)
    ]
    sample.contents.metadata = [
      "swt.producer": .text("test"), "a.int": .integer(-5), "a.double": .double(.pi), "a.bool": .bool(true),
      "a.bytes": .bytes([0, 255]), "a.ints": .integers([3, -4, 6, 3]), "a.doubles": .doubles([0.485, .nan]),
      "a.json": .json("{}"),
    ]
    let digest = SystemDigests().sha256([1])
    sample.contents.sources = [
      SWTSourceDigest(name: "z", dtype: .f32, sha256: digest),
      SWTSourceDigest(name: "", dtype: .i64, sha256: digest),
    ]
    sample.contents.goldenSets = [
      SWTGoldenSet(
        name: "g", inputTensor: nil,
        vectors: [
          SWTGoldenVector(
            name: "logits", kind: .output, input: .uniform(seed: 7), inputShape: [1, 3, 8, 8],
            expectedTensor: 6,
            floorRelL2: 1e-6, floorMax: 1e-5, expectedTop1: 0)
        ])
    ]
    sample.contents.receipts = sample.contents.tensors.map { _ in .untouched }
    sample.contents.receipts[2] = SWTReceipt(
      sourceDType: .f32, operations: [.fold, .quantize], maxAbsError: 0.5, relL2Error: 0.1, maxAbsValue: 2)
    return sample
  }

  static func random(_ seed: UInt64) -> Sample {
    var noise = Noise(seed: seed)
    var sample = Sample()
    sample.contents.tensorAlignmentLog2 = Int.random(in: 6...12, using: &noise)
    sample.contents.dataAlignmentLog2 = Int.random(
      in: sample.contents.tensorAlignmentLog2...16, using: &noise)
    for index in 0..<Int.random(in: 0...40, using: &noise) {
      if index > 0, Int.random(in: 0..<5, using: &noise) == 0 {
        let twin = Int.random(in: 0..<index, using: &noise)
        let spec = sample.contents.tensors[twin]
        sample.add(
          "copy\(index)", spec.dtype, spec.shape, sample.data[twin], order: spec.dimOrder, role: spec.role)
        continue
      }
      let dtype = SWTDType.allCases[index % SWTDType.allCases.count]
      let shape = (0..<Int.random(in: 0...6, using: &noise)).map { _ in
        Int.random(in: 0..<10, using: &noise) == 0 ? 0 : Int.random(in: 1...5, using: &noise)
      }
      let elements = shape.reduce(1, *)
      var bytes = noise.bytes((elements * dtype.bitWidth + 7) / 8)
      if dtype == .i4, elements % 2 == 1, let last = bytes.indices.last { bytes[last] &= 15 }
      let order = Bool.random(using: &noise) ? nil : Array(shape.indices).shuffled(using: &noise)
      sample.add(
        "t\(noise.next() % 1000).\(index)", dtype, shape, bytes, order: order,
        role: SWTRole.allCases.randomElement(using: &noise) ?? .parameter)
    }
    return sample
  }
}
