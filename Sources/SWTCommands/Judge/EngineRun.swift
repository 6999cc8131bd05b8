internal import SWTBytes
internal import SWTConsole
internal import SWTGoldens
internal import SWTInputs
internal import SWTPlatform
internal import SWTTensorFiles

/// Runs an engine on a golden's input: `--run 'COMMAND {input} {output}'`.
struct EngineRun {
  let command: String
  let seconds: Double
  let layout: OutputLayout

  init(_ command: String, seconds: Double, layout: OutputLayout) throws(UsageError) {
    for part in ["{input}", "{output}"] where command.ranges(of: part).isEmpty {
      throw UsageError("--run needs \(part) in its command, which is replaced by a path")
    }
    (self.command, self.seconds, self.layout) = (command, seconds, layout)
  }

  /// What the engine writes for the golden's input.
  func run(_ golden: Golden, limits: ParseLimits) throws(CommandFailure) -> EngineOutputs {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let (input, output) = ("\(folder.path)/input.npy", "\(folder.path)/output")
    let data = GoldenArrays.input(of: golden, isPixels: layout == .nhwc)
    let bytes: [UInt8]
    do {
      bytes = try NpyFile.bytes(data)
    } catch {
      throw CommandFailure(.outputFailed, file: input, "\(error)")
    }
    try OutputFile.write(bytes, to: input, replacing: true)
    let line = command.replacing("{input}", with: Self.quoted(input))
      .replacing("{output}", with: Self.quoted(output))
    try ChildProgram(line).run(seconds: seconds)
    for ending in ["", ".npy", ".npz", ".safetensors"] where Folder.kind(output + ending) != nil {
      do throws(InputFailure) {
        guard let first = try EngineOutputs.read(output + ending, limits: limits).first else { continue }
        return first
      } catch {
        throw CommandFailure(error)
      }
    }
    throw CommandFailure(
      .inputUnreadable, "the engine wrote nothing to \(output), neither .npy nor .npz",
      hint: "{output} in the command is the path that it has to write: \(line)")
  }

  /// A path as a word of the shell.
  private static func quoted(_ path: String) -> String {
    let isPlain = path.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || "/._-".unicodeScalars.contains($0)
    }
    return isPlain ? path : "'\(path.replacing("'", with: "'\\''"))'"
  }
}

/// A folder of this run, removed with its contents.
private struct TemporaryFolder {
  let path: String

  init() throws(CommandFailure) {
    let base = Console.variable("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var name = Array("\(base)/pth2swt-judge-XXXXXX".utf8CString)
    let made = unsafe name.withUnsafeMutableBufferPointer { buffer in
      unsafe buffer.baseAddress.map { unsafe mkdtemp($0) != nil } ?? false
    }
    guard made else {
      throw CommandFailure(writing: base, WriteFailure(.system(.last("mkdtemp")), path: base))
    }
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func remove() { Self.remove(path) }

  private static func remove(_ path: String) {
    if !Folder.isLink(path), Folder.exists(path) {
      for name in (try? Folder.names(in: path)) ?? [] { remove("\(path)/\(name)") }
      _ = unsafe rmdir(path)
    } else {
      _ = unsafe unlink(path)
    }
  }
}
