import PthReader
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// One weight of a checkpoint is changed; the legacy stream has no checksum, so only verification detects it.
@Suite struct DamageTests {
  @Test func `any one damaged weight makes verify fail and is named`() throws {
    let whole = try readFile(Fixture.checkpoint("resnext_small_legacy"))
    let checkpoint = try PthFile(path: Fixture.checkpoint("resnext_small_legacy"))
    let folder = try TemporaryFolder()
    let (damaged, model) = (folder.file("damaged.pth"), folder.file("damaged.swt"))
    var state: UInt64 = 7
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for tensor in checkpoint.tensors where !tensor.name.hasSuffix("num_batches_tracked") {
      let values = try checkpoint.bytes(of: tensor)
      let start = try #require(Self.place(of: values, in: whole), "\(tensor.name)")
      var bytes = whole
      // The lowest bit of one value: the smallest damage there is.
      bytes[start + random(values.count / 4) * 4] ^= 1
      try writeFile(damaged, bytes)
      let converted = Tool(
        "convert", damaged, "-o", model, "--force", "--golden", Fixture.golden("resnext_small"))
      #expect(converted.status == .success)
      let verified = Tool("verify", model, "--level", "forward", "--format", "json")
      #expect(verified.status == .weightsDiffer, "\(tensor.name)")
      let report = try verified.json()
      #expect(report["verdict"]?.string == "fail")
      #expect(report["goldens"]?[0]?["weights"]?["differing"]?.array?.compactMap(\.string) == [tensor.name])
    }
  }

  @Test func `a flipped sign is detected in the logits and located`() throws {
    let whole = try readFile(Fixture.checkpoint("resnext_small_legacy"))
    let checkpoint = try PthFile(path: Fixture.checkpoint("resnext_small_legacy"))
    let folder = try TemporaryFolder()
    let (damaged, model) = (folder.file("damaged.pth"), folder.file("damaged.swt"))
    for name in [
      "conv1", "layer1.0.conv2", "layer2.0.conv1", "layer3.0.downsample.0", "layer4.0.conv3", "fc",
    ] {
      let tensor = try #require(checkpoint.tensors.first { $0.name == "\(name).weight" })
      let values = try checkpoint.bytes(of: tensor)
      let start = try #require(Self.place(of: values, in: whole))
      var bytes = whole
      for i in stride(from: 3, to: min(values.count, 4 * 64), by: 4) { bytes[start + i] ^= 0x80 }
      try writeFile(damaged, bytes)
      Tool("convert", damaged, "-o", model, "--force", "--golden", Fixture.golden("resnext_small"))
      let report = try Tool("verify", model, "--format", "json").json()
      #expect(report["class"]?.string == "wrong")
      let golden = try #require(report["goldens"]?[0])
      #expect(golden["outputs"]?[0]?["verdict"]?.string == "fail", "\(name)")
      let block = name.hasPrefix("layer") ? name.split(separator: ".").prefix(2).joined(separator: ".") : name
      #expect(golden["first_divergence"]?["block"]?.string == block)
      #expect(golden["first_divergence"]?["method"]?.string == "teacher-forced")
    }
  }

  /// The range of a tensor's bytes in the file.
  static func place(of values: [UInt8], in file: [UInt8]) -> Int? {
    let head = Array(values.prefix(32))
    guard let first = head.first else { return nil }
    var start = 0
    while let next = file[start...].firstIndex(of: first) {
      if file[next...].starts(with: values) { return next }
      start = next + 1
    }
    return nil
  }
}
