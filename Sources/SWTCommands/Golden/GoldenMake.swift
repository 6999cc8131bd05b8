internal import SWTBytes
internal import SWTConsole
internal import SWTGoldens
internal import SWTTensorFiles
internal import SWTVerification

/// `golden make MODEL.swt --engine reference`: makes goldens of kind `self`.
struct GoldenMake {
  let model: String
  let folder: String
  let size: Int
  let inputs: Int
  let files: [String]
  let fullTaps: Bool
  let threads: Int?
  let replaces: Bool
  let json: Bool
  let quiet: Bool
  let limits: ParseLimits

  init(_ arguments: Arguments) throws(UsageError) {
    guard arguments.operands.count == 2, arguments.has("engine") else {
      throw UsageError(
        "golden make needs --print-script, which prints the script that makes goldens with PyTorch; "
          + "or MODEL.swt --engine reference for goldens that only detect changes")
    }
    _ = try arguments.choice("engine", ["reference"], default: "reference")
    model = arguments.operands[1]
    guard let folder = arguments.value("output") else { throw UsageError("golden make needs -o FOLDER") }
    self.folder = folder
    size = try arguments.integer("size", in: 1...4096, default: 64)
    files = arguments.all("input")
    inputs = try arguments.integer("inputs", in: 0...64, default: files.isEmpty ? 2 : 0)
    fullTaps = arguments.has("full-taps")
    threads = try arguments.threads()
    replaces = arguments.has("force")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    limits = try arguments.limits()
  }

  func run(_ console: Console) throws(CommandFailure) {
    try OutputFile.makeFolder(folder)
    var written: [String] = []
    for (name, input) in try allInputs() {
      var maker = SelfGolden(name: name, input: input, producer: "pth2swt \(CommandLineTool.version)")
      maker.fullTaps = fullTaps
      maker.threads = threads
      let path = "\(folder)/\(name)\(UpdateMode.selfEnding)"
      try maker.write(from: model, to: path, replacing: replaces, followsLinks: false)
      written.append(path)
      if !quiet, !json { console.line("\(path): made by pth2swt, so it does not prove a port correct") }
    }
    guard json else { return }
    let document: JSONValue = [
      "schema": "pth2swt.golden-make/1", "model": .string(model), "kind": "self",
      "files": .array(written.map { .string($0) }),
    ]
    console.document(document.text(pretty: true) + "\n")
  }

  private func allInputs() throws(CommandFailure) -> [(name: String, input: GoldenInput)] {
    var all: [(String, GoldenInput)] = []
    for file in files {
      let data = try ArrayFile.read(file, limits: limits)
      do {
        let name = file.split(separator: "/").last?.split(separator: ".").first ?? "input"
        all.append((String(name), try GoldenInput(shape: data.shape, floats: try data.floats())))
      } catch let failure as ParseFailure {
        throw CommandFailure(reading: file, failure)
      } catch {
        throw CommandFailure(.inputUnreadable, file: file, "\(error)")
      }
    }
    for number in 0..<inputs {
      // The last has odd sizes, is not square, and has two images, which reveals errors of padding and
      // batching.
      let isOdd = number > 0 && number == inputs - 1
      let (height, width) = isOdd ? (size + 1, max(1, size - 1)) : (size, size)
      do throws(GoldenFailure) {
        let input = try SelfGolden.formula(
          seed: UInt64(number), shape: [isOdd ? 2 : 1, 3, height, width])
        all.append(("formula-\(height)x\(width)-\(number)", input))
      } catch {
        throw CommandFailure(.usage, "\(error)")
      }
    }
    return all
  }
}
