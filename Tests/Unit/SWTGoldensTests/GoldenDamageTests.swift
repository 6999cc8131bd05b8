import SWTBytes
import SWTGoldens
import SWTTensorFiles
import TestSupport
import Testing

@Suite struct GoldenDamageTests {
  private func original() throws -> Golden { try GoldenFixtureTests.golden("resnext_small/odd-65x63") }

  /// The golden with changed metadata; nil removes a key.
  private func changed(_ changes: [(String, String?)]) throws -> Golden {
    let golden = try original()
    var metadata = golden.metadata
    for (key, value) in changes { metadata[key] = value }
    return try Golden(metadata: metadata, tensors: golden.tensors)
  }

  /// The golden with one tensor replaced; nil removes it.
  private func changed(_ name: String, _ data: TensorData?) throws -> Golden {
    let golden = try original()
    let others = golden.tensors.filter { $0.name != name }
    let added = data.map { [Golden.Stored(name: name, $0)] } ?? []
    return try Golden(metadata: golden.metadata, tensors: others + added)
  }

  @Test func `other files are not goldens`() throws {
    let stats = try readFile(Fixtures.path("formula/resnet50.stats.safetensors"))
    for bytes in [[], [1, 2, 3], Array("PK".utf8) + [UInt8](repeating: 0, count: 100), stats] {
      guard
        case .notAGolden = try #require(
          throws: GoldenFailure.self,
          performing: {
            try GoldenFile.read(MemorySource(bytes))
          })
      else {
        Issue.record("expected notAGolden")
        continue
      }
    }
  }

  @Test func `a file that is cut off is damaged`() throws {
    let bytes = try original().fileBytes()
    for length in stride(from: 20_000, to: bytes.count, by: 997) {
      let failure = try #require(throws: GoldenFailure.self) {
        try GoldenFile.read(MemorySource(Array(bytes[..<length])))
      }
      guard case .damaged = failure else {
        Issue.record("\(length) bytes: \(failure)")
        continue
      }
    }
  }

  @Test func `every changed byte of the header gives an error or a golden`() throws {
    let bytes = try original().fileBytes()
    for place in stride(from: 0, to: 12_000, by: 61) {
      var damaged = bytes
      damaged[place] ^= 0x11
      _ = try? GoldenFile.read(MemorySource(damaged))
    }
  }

  @Test(
    arguments: [
      ("arch.block", "tall"), ("arch.block", nil), ("arch.layers", "1,1,1"), ("arch.layers", "1,1,1,x"),
      ("arch.layers", "1,1,1,0"), ("arch.layers", "1,1,1,2000000000"), ("arch.groups", "0"),
      ("arch.groups", "-8"),
      ("arch.base_planes", "16"), ("arch.base_planes", "9223372036854775807"), ("arch.num_classes", "11"),
      ("arch.head", "none"), ("arch.bn_eps", "nan"), ("input_formula", nil), ("output", "layer4"),
      ("tolerance.k", "0"), ("tolerance.k", "nan"), ("tolerance.k", "8x"), ("floor.logits.max", nil),
      ("floor.logits.rel_l2", "-1"), ("floor.conv1.rel_l2", "inf"), ("digest.conv1.weight", "12"),
      ("weights_digest", "zz"), ("labels_top5", "1,2"), ("labels_top5", "1,2;3,10"),
      ("tap.conv1.shape", "2,8,33,33"),
      ("tap.conv1.seed", nil), ("tap.conv1.mean", "much"),
      ("input_formula", "multiscale-1 seed=1 shape=1,3,65,63"),
      ("input_formula", "multiscale-1 seed=1 shape=2,3,64,64"),
    ] as [(String, String?)])
  func `metadata that contradict the rest are inconsistent`(key: String, value: String?) throws {
    let failure = try #require(throws: GoldenFailure.self) { try changed([(key, value)]) }
    guard case .inconsistent = failure else {
      Issue.record("\(failure)")
      return
    }
  }

  @Test func `later versions are unsupported`() {
    #expect(throws: GoldenFailure.unsupported("version 2; this program reads version 1")) {
      try changed([("pth2swt.golden", "2")])
    }
    #expect(throws: GoldenFailure.unsupported("the input formula noise-9")) {
      try changed([("input_formula", "noise-9 seed=1 shape=2,3,65,63")])
    }
  }

  @Test func `tensors that do not fit the network are inconsistent`() throws {
    let wrongs: [(String, TensorData?)] = [
      ("logits_f64", TensorData(shape: [2, 9], doubles: [Double](repeating: 1, count: 18))),
      ("logits_f64", TensorData(shape: [2, 10], floats: [Float](repeating: 1, count: 20))),
      ("logits_f64", TensorData(shape: [2, 10], doubles: [Double](repeating: .nan, count: 20))),
      ("logits_f32", TensorData(shape: [20], floats: [Float](repeating: 1, count: 20))),
      ("tap.conv1.values", TensorData(shape: [1], doubles: [1])),
      ("tap.conv1.values", TensorData(shape: [1], floats: [.infinity])),
      ("tap.conv9", TensorData(shape: [1], floats: [1])),
      ("tap.conv1", TensorData(shape: [1], floats: [1])),
      ("input", TensorData(shape: [1], floats: [1])),
    ]
    for (name, data) in wrongs {
      #expect(throws: GoldenFailure.self, "\(name)") { try changed(name, data) }
    }
  }

  @Test func `optional parts may be missing`() throws {
    let golden = try original()
    let single = try changed("logits_f64", nil)
    #expect(single.output.isFloat32Only)
    #expect(single.output.reference == golden.output.float32?.map(Double.init))
    #expect(try changed("logits_f32", nil).output.float32 == nil)
    #expect(try changed("tap.conv1.values", nil).tap("conv1") == nil)
    #expect(try changed([("labels_top5", nil), ("weights_digest", nil)]).labelsTop5.isEmpty)
    let emulated = try changed([("floor.bf16.logits.rel_l2", "0.04"), ("floor.bf16.logits.max", "0.1")])
    #expect(emulated.floors.precision["bf16"]?["logits"]?.relL2 == 0.04)
    #expect(try changed([("later.key", "kept")]).fileBytes() != golden.fileBytes())
  }
}
