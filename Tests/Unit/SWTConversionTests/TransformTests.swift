import SWT
import SWTConversion
import SWTTensors
import TestSupport
import Testing

/// Folding and rounding, as FORMAT.md section 8 defines them, by plain loops over the values that PyTorch saved.
@Suite struct TransformTests {
  /// The plain values of `resnext_small`, whose digests ``ConverterTests`` compares with PyTorch's.
  private static func source(_ name: String, in file: SWTFile) throws -> [Double] {
    try Conversion.values(file, name)
  }

  /// Convolutions with the BatchNorm behind each.
  private static let norms = [
    "conv1": "bn1", "layer1.0.conv2": "layer1.0.bn2", "layer2.0.downsample.0": "layer2.0.downsample.1",
    "layer4.0.conv3": "layer4.0.bn3",
  ]

  @Test func `a folded weight is w times γ / √(σ² + ε), its bias β − μ times that, rounded once`() throws {
    let plain = try Conversion("resnext_small").file()
    let folded = try Conversion("resnext_small") { $0.foldsBatchNorm = true }.file()
    #expect(folded.metadata("arch.bn") == .text("folded"))
    #expect(!folded.tensors.contains { $0.name.contains("bn") || $0.name.contains("running") })
    for (convolution, norm) in Self.norms {
      let weight = try Self.source("\(convolution).weight", in: plain)
      let (gamma, beta) = (
        try Self.source("\(norm).weight", in: plain), try Self.source("\(norm).bias", in: plain)
      )
      let mean = try Self.source("\(norm).running_mean", in: plain)
      let variance = try Self.source("\(norm).running_var", in: plain)
      let scale = zip(gamma, variance).map { $0 / ($1 + 1e-5).squareRoot() }
      let filter = weight.count / scale.count
      let exact = weight.indices.map { weight[$0] * scale[$0 / filter] }
      #expect(try folded.view(named: "\(convolution).weight").floats().elementsEqual(exact.map { Float($0) }))
      let bias = scale.indices.map { Float(beta[$0] - mean[$0] * scale[$0]) }
      #expect(try folded.view(named: "\(convolution).bias").floats().elementsEqual(bias))
      let index = try #require(folded.index(of: "\(convolution).weight"))
      let receipt = try #require(folded.receipt(index))
      #expect(receipt.operations == .fold && receipt.sourceDType == .f32)
      #expect(receipt.maxAbsError == exact.map { Float(abs(Double(Float($0)) - $0)) }.max())
    }
    // What is left out of the file is named, and what the source was stays provable.
    #expect(folded.sourceDigests.count == plain.tensorCount)
  }

  @Test(arguments: [Precision.f16, .bf16])
  func `a cast weight is rounded to nearest, ties to even, and its receipt says by how much`(
    precision: Precision
  ) throws {
    let plain = try Conversion("resnext_small").file()
    let cast = try Conversion("resnext_small") { $0.precision = precision }.file()
    for info in cast.tensors {
      let values = info.dtype == .i64 ? [] : try Self.source(info.name, in: plain)
      guard info.shape.count > 1 else {
        // BatchNorm, biases and counters keep their type.
        let index = try #require(plain.index(of: info.name))
        #expect(info.dtype == plain.info(index).dtype)
        continue
      }
      #expect(info.dtype == (precision == .f16 ? .f16 : .bf16), "\(info.name)")
      let stored = values.map { value in
        precision == .f16
          ? HalfPrecision.float(half: HalfPrecision.half(value))
          : HalfPrecision.float(bfloat: HalfPrecision.bfloat(value))
      }
      #expect(try cast.view(info.index).floats().elementsEqual(stored), "\(info.name)")
      let receipt = try #require(cast.receipt(info.index))
      let errors = zip(values, stored).map { abs(Double($1) - $0) }
      let (squares, norm) = (errors.reduce(0) { $0 + $1 * $1 }, values.reduce(0) { $0 + $1 * $1 })
      #expect(receipt.operations == .cast && receipt.maxAbsError == errors.max().map { Float($0) })
      #expect(
        abs(Double(receipt.relL2Error) - (squares / norm).squareRoot()) <= 1e-6
          * (squares / norm).squareRoot())
    }
  }

  @Test func `an integer is the value over its filter's largest 127th`() throws {
    let plain = try Conversion("resnext_small").file()
    let small = try Conversion("resnext_small") { ($0.precision, $0.wideLayers) = (.i8, .none) }.file()
    var quantized = 0
    for info in small.tensors where info.dtype == .i8 {
      quantized += 1
      let values = try Self.source(info.name, in: plain)
      let scales = try small.view(named: "\(info.name).scale").floats()
      let filter = values.count / info.shape[0]
      let view = try small.view(info.index)
      let integers = unsafe view.withUnsafeBytes { unsafe $0.map { Int8(bitPattern: $0) } }
      for row in 0..<info.shape[0] {
        let part = values[row * filter..<(row + 1) * filter]
        let scale = Float((part.map(\.magnitude).max() ?? 0) / 127)
        #expect(scales[row] == scale)
        for (at, value) in part.enumerated() {
          let rounded = (value / Double(scale)).rounded(.toNearestOrEven)
          #expect(integers[row * filter + at] == Int8(min(max(rounded, -127), 127)))
        }
      }
    }
    #expect(quantized == plain.tensors.count { $0.shape.count > 1 })
  }

  @Test func `layers that are named stay wide, and the summary says which did`() throws {
    let conversion = try Conversion("resnext_small") {
      ($0.precision, $0.wideLayers) = (.i8, .named(["fc", "conv1.weight"]))
    }
    let file = try conversion.file()
    #expect(Set(conversion.summary.wideLayers) == ["fc.weight", "conv1.weight"])
    for name in ["fc.weight", "conv1.weight"] { #expect(try file.view(named: name).info.dtype == .f16) }
    #expect(try file.view(named: "layer1.0.conv1.weight").info.dtype == .i8)
    #expect((conversion.summary.worstRounding?.relL2 ?? 0) > 0)
  }
}
