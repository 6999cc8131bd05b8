internal import SWTBytes
internal import SWTConsole
internal import SWTGoldens
internal import SWTTensorFiles
internal import SWTTensors

/// `golden export`: writes a golden's input, output and layers as arrays, for other engines.
struct GoldenExport {
  enum Form: String, CaseIterable {
    case npy, npz, safetensors, onnx
  }

  let paths: [String]
  let folder: String
  let form: Form
  let isPixels: Bool
  let network: GoldenNetwork?
  let replaces: Bool
  let json: Bool
  let quiet: Bool
  let limits: ParseLimits

  init(_ arguments: Arguments) throws(UsageError) {
    paths = Array(arguments.operands.dropFirst())
    guard !paths.isEmpty else { throw UsageError("golden export needs GOLDEN or MODEL.swt") }
    guard let folder = arguments.value("output") else { throw UsageError("golden export needs -o DIR") }
    self.folder = folder
    form = Form(rawValue: try arguments.choice("as", Form.allCases.map(\.rawValue), default: "npy")) ?? .npy
    isPixels = try arguments.choice("layout", ["nchw", "nhwc"], default: "nchw") == "nhwc"
    network = GoldenNetwork(arguments)
    replaces = arguments.has("force")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    limits = try arguments.limits()
  }

  func run(_ console: Console) throws(CommandFailure) {
    let goldens = try GoldenShow.read(paths, network, limits)
    guard let first = goldens.first else {
      throw CommandFailure(.goldenUnusable, file: paths[0], "the file has no golden")
    }
    try OutputFile.makeFolder(folder)
    var written: [JSONValue] = []
    if goldens.count == 1 {
      written.append(try export(first, to: folder, console))
    } else {
      var taken: Set<ExactString> = []
      for golden in goldens {
        let name = GoldenImport.fileName(golden.name)
        var free = name
        var number = 2
        while !taken.insert(ExactString(free)).inserted {
          free = "\(name)-\(number)"
          number += 1
        }
        try OutputFile.makeFolder("\(folder)/\(free)")
        written.append(try export(golden, to: "\(folder)/\(free)", console))
      }
    }
    guard json else { return }
    let document: JSONValue = ["schema": "pth2swt.golden-export/1", "goldens": .array(written)]
    console.document(document.text(pretty: true) + "\n")
  }

  /// Writes one golden; `taps.json` comes last, when everything else is there.
  private func export(
    _ golden: Golden, to folder: String, _ console: Console
  ) throws(CommandFailure) -> JSONValue {
    let arrays = GoldenArrays(golden, isPixels: isPixels)
    var files: [ExactString: String] = [:]
    let all =
      [("input", arrays.input), (arrays.output.name, arrays.output.data)]
      + arrays.taps.map { ($0.name, $0.data) }
    switch form {
    case .npy:
      for (name, data) in all {
        files[ExactString(name)] = "\(name).npy"
        try write(try bytes([(name, data)], for: "\(name).npy"), "\(folder)/\(name).npy")
      }
    case .npz, .safetensors:
      let file = "golden.\(form.rawValue)"
      for (name, _) in all { files[ExactString(name)] = file }
      try write(try bytes(all, for: file), "\(folder)/\(file)")
    case .onnx:
      for (name, data) in all {
        let file = name == "input" ? "input_0.pb" : name == arrays.output.name ? "output_0.pb" : "\(name).pb"
        files[ExactString(name)] = file
        guard let bytes = OnnxTensorFile.bytes(data, name: name) else {
          throw CommandFailure(.outputFailed, file: file, "ONNX has no type \(data.type.rawValue)")
        }
        try write(bytes, "\(folder)/\(file)")
      }
    }
    let list = description(golden, arrays, files)
    try write(Array((list.text(pretty: true) + "\n").utf8), "\(folder)/taps.json")
    if !json, !quiet {
      console.line(
        "\(folder): input \(arrays.input.shape), \(arrays.output.name), "
          + "\(arrays.taps.count) of \(golden.taps.count) layers whole")
    }
    return .object(
      [JSONMember("folder", .string(folder))] + (list.members ?? []).filter { $0.key != "schema" })
  }

  private func bytes(
    _ arrays: [(String, TensorData)], for path: String
  ) throws(CommandFailure) -> [UInt8] {
    try ArrayFile.bytes(arrays.map { (name: $0.0, data: $0.1) }, for: path)
  }

  private func write(_ bytes: [UInt8], _ path: String) throws(CommandFailure) {
    try OutputFile.requireOther(path, than: paths)
    try OutputFile.write(bytes, to: path, replacing: replaces, followsLinks: false)
  }

  /// What is there, and what an engine may give to `judge`: every layer with its shape.
  private func description(
    _ golden: Golden, _ arrays: GoldenArrays, _ files: [ExactString: String]
  ) -> JSONValue {
    func array(_ name: String, _ shape: [Int], _ type: String) -> JSONValue {
      [
        "name": .string(name), "shape": .array(shape.map { .int($0) }), "dtype": .string(type),
        "file": files[ExactString(name)].map { .string($0) } ?? .null,
      ]
    }
    return [
      "schema": "pth2swt.golden-taps/1", "golden": .string(golden.name),
      "layout": .string(isPixels ? "nhwc" : "nchw"), "preprocess": .string(golden.preprocess),
      "input": array("input", arrays.input.shape, arrays.input.type.rawValue),
      "output": array(arrays.output.name, arrays.output.data.shape, arrays.output.data.type.rawValue),
      "taps": .array(
        golden.taps.map { tap in
          array(tap.name, GoldenArrays.shape(tap.shape, isPixels: isPixels), "float32")
        }),
    ]
  }
}
