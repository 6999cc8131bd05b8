import PthReader
import SWTBytes
import SWTInputs
import TestSupport
import Testing

/// Files are recognized by content, whatever they are called.
@Suite struct OpenedInputTests {
  @Test(arguments: [
    "checkpoints/resnext_small.pth", "checkpoints/resnext_small_legacy.pth", "imports/timm.safetensors",
  ])
  func `a checkpoint is opened in any form`(file: String) throws {
    let path = Fixtures.path(file)
    guard case .checkpoint(let checkpoint) = try OpenedInput(path) else {
      throw TestFailure("\(file) was not opened as a checkpoint")
    }
    #expect(!checkpoint.tensors.isEmpty)
    #expect(OpenedInput.recognizes(path))
  }

  @Test func `a weight file is recognized by its content, not by its name`() throws {
    let folder = try TemporaryFolder()
    let name = try #require(
      try listFolder(Fixtures.path("format/good")).sorted().first { $0.hasSuffix(".swt") })
    try writeFile(folder.file("weights.pth"), try readFile(Fixtures.path("format/good/\(name)")))
    guard case .weights = try OpenedInput(folder.file("weights.pth")) else {
      throw TestFailure("\(name) was not opened as a weight file")
    }
  }

  @Test func `an error names the file`() throws {
    let path = try TemporaryFolder().file("missing.pth")
    let failure = #expect(throws: InputFailure.self) { try OpenedInput(path) }
    #expect(failure?.path == path)
    #expect(!OpenedInput.recognizes(path))
  }

  /// Input and logits of one forward pass, as different programs store them.
  @Test(arguments: [
    ("pair.npz", ["input", "logits"]), ("positional.npz", ["arr_0", "arr_1"]),
    ("pair.pt", ["input", "logits"]),
  ])
  func `named arrays have the same values in every form`(file: String, names: [String]) throws {
    func open(_ name: String) throws -> NamedArrays {
      try NamedArrays(path: Fixtures.path("imports/\(name)"), limits: ParseLimits())
    }
    let arrays = try open(file)
    #expect(arrays.names == names)
    for (name, other) in zip(names, ["x.npy", "y.npy"]) {
      let single = try open(other)
      #expect(try arrays.read(name) == single.read(try #require(single.names.first)))
    }
  }
}
