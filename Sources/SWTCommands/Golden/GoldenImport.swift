internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTGoldens
internal import SWTTensorFiles

/// `golden import`: makes a golden file of arrays that other programs wrote; it is marked as uncalibrated.
struct GoldenImport {
  let inputs: [String]
  let output: String
  let name: String?
  let network: GoldenNetwork
  let replaces: Bool
  let json: Bool
  let quiet: Bool
  let limits: ParseLimits

  init(_ arguments: Arguments) throws(UsageError) {
    inputs = Array(arguments.operands.dropFirst())
    guard !inputs.isEmpty else { throw UsageError("golden import needs FILE") }
    guard let output = arguments.value("output") else { throw UsageError("golden import needs -o OUT") }
    self.output = output
    name = arguments.value("name")
    guard let network = GoldenNetwork(arguments) else {
      throw UsageError(
        "golden import needs --model MODEL.swt or --arch NAME: arrays do not tell the network they belong to")
    }
    self.network = network
    replaces = arguments.has("force")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    limits = try arguments.limits()
  }

  func run(_ console: Console) throws(CommandFailure) {
    let goldens = try network.read(inputs, limits: limits)
    let isFile = output.hasSuffix(".safetensors")
    guard !isFile || goldens.count == 1 else {
      throw CommandFailure(
        .usage, file: output, "a file can have one golden, not \(goldens.count)", hint: "name a folder")
    }
    if !isFile { try OutputFile.makeFolder(output) }
    var written: [JSONValue] = []
    for (number, found) in goldens.enumerated() {
      let golden = try renamed(found.golden, number, of: goldens.count)
      let path = isFile ? output : "\(output)/\(Self.fileName(golden.name)).golden.safetensors"
      do {
        try OutputFile.requireOther(path, than: inputs)
        try OutputFile.write(
          try golden.fileBytes(), to: path, replacing: replaces, followsLinks: isFile)
      } catch let failure as CommandFailure {
        throw failure
      } catch {
        throw CommandFailure(.outputFailed, file: path, "\(error)")
      }
      written.append(["file": .string(path), "golden": GoldenShow.json(golden)])
      guard !json, !quiet else { continue }
      console.line(
        "\(path): input \(golden.input.shape), \(golden.output.name) \(golden.output.shape), "
          + "\(golden.taps.count) layers; uncalibrated, because it records no noise floor")
    }
    guard json else { return }
    let document: JSONValue = ["schema": "pth2swt.golden-import/1", "goldens": .array(written)]
    console.document(document.text(pretty: true) + "\n")
  }

  /// A golden's name as part of a file name, which cannot lead to another folder.
  static func fileName(_ name: String) -> String {
    let clean = String(
      String.UnicodeScalarView(name.unicodeScalars.map { "/\\\0".unicodeScalars.contains($0) ? "-" : $0 }))
    return clean.isEmpty || clean.hasPrefix(".") ? "golden\(clean)" : clean
  }

  private func renamed(_ golden: Golden, _ number: Int, of count: Int) throws(CommandFailure) -> Golden {
    guard let name else { return golden }
    var metadata = golden.metadata
    metadata["name"] = count == 1 ? name : "\(name)-\(number)"
    do throws(GoldenFailure) {
      return try Golden(metadata: metadata, tensors: golden.tensors)
    } catch {
      throw CommandFailure(.goldenUnusable, "\(error)")
    }
  }
}

/// The network that arrays belong to: a weight file's, or a published one.
enum GoldenNetwork {
  case model(String)
  case published(String)

  init?(_ arguments: Arguments) {
    if let model = arguments.value("model") {
      self = .model(model)
    } else if let name = arguments.value("arch") {
      self = .published(name)
    } else {
      return nil
    }
  }

  func read(
    _ paths: [String], limits: ParseLimits
  ) throws(CommandFailure) -> [(path: String, golden: Golden)] {
    let architecture = try architecture()
    do throws(GoldenReadFailure) {
      return try GoldenReader.read(paths, for: architecture, classesOfOutput: isPublished, limits: limits)
    } catch {
      throw CommandFailure(.goldenUnusable, file: error.file, error.text)
    }
  }

  private var isPublished: Bool {
    if case .published = self { true } else { false }
  }

  private func architecture() throws(CommandFailure) -> Architecture {
    switch self {
    case .published(let name): return try .find(name)
    case .model(let path):
      guard let architecture = SWTArchitecture.read(try OpenFile.weights(path)) else {
        throw CommandFailure(.weightsDiffer, file: path, "it has no ResNet or ResNeXt architecture")
      }
      return architecture
    }
  }
}
