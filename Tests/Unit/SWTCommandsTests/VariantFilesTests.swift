import ResNetArchitecture
import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Networks unlike torchvision's, from a checkpoint to their output, only through the command line.
@Suite struct VariantFilesTests {
  static let networks = VariantNetwork.all

  /// A checkpoint of the network and its input in `folder`.
  private static func write(_ network: VariantNetwork, _ folder: TemporaryFolder) throws -> (String, String) {
    let (checkpoint, input) = (folder.file("net.safetensors"), folder.file("x.npy"))
    let weights = try network.weights()
    let writer = try SafetensorsWriter(
      tensors: weights.map { name, tensor in
        SafetensorsWriter.Tensor(name: name, TensorData(shape: tensor.shape, floats: tensor.values))
      })
    try writeFile(checkpoint, writer.bytes())
    try writeFile(input, NpyFile.bytes(TensorData(shape: network.inputShape, floats: network.input)))
    return (checkpoint, input)
  }

  private static func isHidden(_ key: String) -> Bool {
    ["arch.stride_on", "arch.dilations", "arch.first_dilations"].contains(key)
  }

  /// Conventions that shapes do not tell, as arguments of set-meta.
  private static func hidden(_ network: VariantNetwork) -> [String] {
    network.architecture.switches.compactMap { key, value in
      guard isHidden(key) else { return nil }
      switch value {
      case .text(let text): return "\(key)=\(text)"
      case .integers(let numbers): return "\(key)=" + numbers.map(String.init).joined(separator: ",")
      }
    }
  }

  private static func output(_ model: String, _ input: String, _ more: String...) throws -> [Double] {
    let file = model + ".npy"
    let run = Tool(["run", model, input, "-o", file, "--force"] + more)
    try #require(run.status == .success, "\(run.errors)")
    return try NpyFile.read(FileSource(path: file)).doubles()
  }

  @Test(
    arguments: networks,
    [[], ["--fold-bn"], ["--precision", "f16"], ["--fold-bn", "--precision", "i8"]])
  func `a checkpoint becomes a file that computes the library's output`(
    network: VariantNetwork, options: [String]
  ) throws {
    let folder = try TemporaryFolder()
    let (checkpoint, input) = try Self.write(network, folder)
    let (converted, model) = (folder.file("visible.swt"), folder.file("m.swt"))
    let convert = Tool(["convert", checkpoint, "-o", converted] + options)
    try #require(convert.status == .success, "\(convert.errors)")
    let hidden = Self.hidden(network)
    if !hidden.isEmpty {
      // Without them, it is another network.
      let other = try Self.output(converted, input)
      if let logits = network.logits { #expect(distance(other, logits) > 1e-2) }
    }
    let set = Tool(["set-meta", converted] + hidden + ["x.test=1", "-o", model, "--force"])
    try #require(set.status == .success, "\(set.errors)")
    #expect(Tool("check", model).status == .success)

    let exact = try Self.output(model, input, "--engine", "reference")
    let fast = try Self.output(model, input)
    let isWide = !options.contains("--precision")
    if let logits = network.logits {
      // The file has float32; folding rounds weights; eight bits are less accurate.
      #expect(distance(exact, logits) < (options.isEmpty ? 0x1p-24 : isWide ? 1e-6 : 0.2))
    }
    #expect(distance(fast, exact) <= 8 * network.float32Error)
  }

  @Test(arguments: networks.filter { $0.logits != nil })
  func `the library's output is a golden that the file passes`(network: VariantNetwork) throws {
    let folder = try TemporaryFolder()
    let (checkpoint, input) = try Self.write(network, folder)
    let (converted, model) = (folder.file("visible.swt"), folder.file("m.swt"))
    try #require(Tool("convert", checkpoint, "-o", converted).status == .success)
    let hidden = Self.hidden(network)
    let set = Tool(["set-meta", converted] + hidden + ["x.test=1", "-o", model, "--force"])
    try #require(set.status == .success, "\(set.errors)")
    let logits = try #require(network.logits).map(Float.init)
    let output = folder.file("y.npy")
    let shape = [network.inputShape[0], logits.count / network.inputShape[0]]
    try writeFile(output, NpyFile.bytes(TensorData(shape: shape, floats: logits)))
    let golden = folder.file("library.golden.safetensors")
    let made = Tool("golden", "import", input, output, "--model", model, "-o", golden)
    try #require(made.status == .success, "\(made.errors)")
    let verified = Tool("verify", model, golden)
    #expect(verified.status == .success, "\(verified.output)\(verified.errors)")
    // The same weights with other conventions are a failed model.
    if !hidden.isEmpty { #expect(Tool("verify", converted, golden).status == .verificationFailed) }
  }

  @Test(arguments: networks)
  func `inspect shows what is unlike torchvision's`(network: VariantNetwork) throws {
    let folder = try TemporaryFolder()
    let (checkpoint, _) = try Self.write(network, folder)
    let architecture = try #require(try Tool("inspect", checkpoint, "--json").json()["architecture"])
    for (key, value) in network.architecture.switches where !Self.isHidden(key) {
      let member = architecture[String(key.dropFirst("arch.".count))]
      switch value {
      case .text(let text): #expect(member?.string == text, "\(key)")
      case .integers(let numbers): #expect(member?.array?.compactMap(\.int) == numbers, "\(key)")
      }
    }
  }
}

/// `‖a − b‖ / ‖b‖`.
private func distance(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  return (difference / b.reduce(0) { $0 + $1 * $1 }).squareRoot()
}
