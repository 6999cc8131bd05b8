import PthReader
import SWTBytes
import TestSupport
import Testing

/// Code and graphs that describe modules, in archives that PyTorch did not write.
@Suite struct HostileModuleTests {
  /// A TorchScript archive with one file of code.
  private func read(code: String, limits: ParseLimits = ParseLimits()) throws -> Checkpoint {
    var zip = ZipBuilder()
    let pickle: [UInt8] =
      Array("c__torch__.net\nConv2d\n)".utf8) + [0x81] + Array("}(X".utf8) + [8, 0, 0, 0]
      + Array("training".utf8) + [0x89] + Array("ub.".utf8)
    zip.add("a/data.pkl", [0x80, 2] + pickle)
    zip.add("a/constants.pkl", [0x80, 2] + Array(").".utf8))
    zip.add("a/version", Array("3\n".utf8))
    zip.add("a/code/__torch__/net.py", Array(code.utf8))
    return try CheckpointReader.read(MemorySource(zip.bytes()), limits: limits)
  }

  @Test func `constants and literal arguments are read, expressions are not`() throws {
    let module = try #require(
      read(
        code: """
          class Conv2d(Module):
            padding : Final[Tuple[int, int]] = (3, 3)
            padding_mode : Final[str] = "zeros"
            eps : Final[float] = 1.0000000000000001e-05
            def forward(self: __torch__.net.Conv2d,
              x: Tensor) -> Tensor:
              _0 = __torch__.torch.nn.functional.silu
              y = torch.conv2d(torch.relu(x), self.weight, None, [2, 2], [1, n], [1, 1], 4)
              return _0(y, "torch.gelu(x)", )
          """
      ).modules.first)
    #expect(module.type == "net.Conv2d")
    #expect(module.attributes["padding"] == .list([.int(3), .int(3)]))
    #expect(module.attributes["padding_mode"] == .text("zeros"))
    #expect(module.attributes["eps"] == .float(1e-5))
    #expect(module.attributes["stride"] == .list([.int(2), .int(2)]))
    #expect(module.attributes["groups"] == .int(4))
    #expect(module.calls == ["conv2d", "relu", "functional.silu"])
  }

  @Test(arguments: [
    "class Conv2d(Module):\n  x : Final[int] = " + String(repeating: "(", count: 100_000),
    "class Conv2d(Module):\n  y = torch.conv2d(" + String(repeating: "torch.f([", count: 50_000),
    "class Conv2d(Module):\n  y = torch.conv2d(\"" + String(repeating: "\\", count: 9_999),
    "class \n  : Final[\nclass Conv2d\n  torch.relu(",
    "class Conv2d(Module):\n  a : Final[int] =\n  = torch.(",
    String(repeating: "class Conv2d(Module):\n  x : Final[int] = 1\n", count: 20_000),
  ])
  func `hostile code is read within bounds`(code: String) throws {
    let modules = try read(code: code).modules
    #expect(modules.count == 1)
    #expect(modules[0].calls.count <= 64)
  }

  @Test func `random code is an error or a module, never a trap`() throws {
    var random = Noise(seed: 18)
    let words = [
      "class ", "Conv2d", "(Module):", "\n  ", "\n", "torch.conv2d(", "[1, 2]", "(3,", ")", "\"", "'", "\\",
      ",", " = ",
      " : Final[", "_0", "__torch__.torch.nn.functional.relu", "1e999", "-", "é", "\0",
    ]
    for _ in 0..<2000 {
      let code = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        words.randomElement(using: &random) ?? ""
      }
      _ = try read(code: "class Conv2d(Module):\n" + code.joined())
    }
  }

  @Test func `code larger than the limit of JSON is refused`() {
    var limits = ParseLimits()
    limits[.jsonBytes] = 100
    #expect(throws: ParseFailure.self) {
      try read(code: String(repeating: "#", count: 101), limits: limits)
    }
  }
}
