import SWTBytes
internal import SWTConsole
import TestSupport
import Testing

/// What a user types who has not read the manual.
@Suite struct CommandWordsTests {
  @Test(arguments: ["--version", "-V", "version"])
  func `the version has every usual name`(_ word: String) {
    let tool = Tool(word)
    #expect(tool.status == .success && tool.output.hasPrefix("pth2swt "))
  }

  @Test(
    arguments: [
      (["vfy"], "did you mean verify?"), (["inspect", "--dpeth", "1", "m.pth"], "did you mean --depth?"),
      (["convert", "m.pth", "-o", "m.swt", "--arch", "resnext50"], "did you mean resnext50_32x4d?"),
      (["convert", "m.pth", "-o", "-"], "-o - is not a file"),
      (["run", "m.swt", "x.npy", "-o", "-"], "-o - is not a file"),
    ] as [([String], String)])
  func `a mistake in a word is answered with the word`(_ words: [String], _ answer: String) {
    let tool = Tool(words)
    #expect(tool.status == .usage && tool.errors.contains(answer), "\(tool.errors)")
  }

  @Test func `an input that is only partly stated says what is missing`() throws {
    let folder = try TemporaryFolder()
    let (mean, std, size) = ("pre.mean=0.5,0.5,0.5", "pre.std=0.2,0.2,0.2", "pre.size=224")
    let cases: [([String], String?)] = [
      ([], "mean, standard deviation and size are not known; --meta pre.mean=… states them"),
      ([mean], "  input       standard deviation and size are not known; --meta pre.std=… states them"),
      ([std], "mean and size are not known; --meta pre.mean=… states them"),
      ([mean, std], "  input       size is not known; --meta pre.size=… states it"),
      ([mean, std, size], nil),
    ]
    for (stated, says) in cases {
      let meta = stated.flatMap { ["--meta", $0] }
      let tool = Tool(
        ["convert", Fixture.checkpoint("resnext_small"), "-o", folder.file("m.swt"), "--force"] + meta)
      #expect(tool.status == .success, "\(tool.errors)")
      #expect(
        says.map { tool.output.contains($0 + "\n") } ?? !tool.output.contains("  input "), "\(tool.output)")
    }
  }

  @Test func `a file of other values is not called equal to its source`() throws {
    let folder = try TemporaryFolder()
    let (source, model) = (Fixture.checkpoint("resnext_small"), folder.file("m.swt"))
    for options in [[], ["--fold-bn"], ["--precision", "f16"], ["--precision", "i8"]] {
      #expect(Tool(["convert", source, "-o", model, "--force"] + options).status == .success)
      let text = Tool("verify", model, "--source", source).output
      #expect(text.contains("tensors equal to source \(source)"), "\(text)")
      #expect(text.contains("\(source) converted again, bit for bit") == !options.isEmpty, "\(text)")
    }
  }

  @Test func `classes without names are offered names`() throws {
    let folder = try TemporaryFolder()
    let words = ["convert", Fixture.checkpoint("resnext_small"), "-o", folder.file("m.swt"), "--force"]
    #expect(Tool(words).output.contains("trained from scratch; --labels FILE names them\n"))
    try writeFile(folder.file("labels"), Array((0..<10).map { "label \($0)\n" }.joined().utf8))
    #expect(Tool(words + ["--labels", folder.file("labels")]).output.contains("trained from scratch\n"))
  }

  @Test func `an error message in place of a file is quoted`() throws {
    let folder = try TemporaryFolder()
    try writeFile(folder.file("m.pth"), Array(#"{"error":"Invalid username or password."}"#.utf8))
    let tool = Tool("convert", folder.file("m.pth"), "-o", folder.file("m.swt"))
    #expect(tool.status == .inputUnreadable)
    #expect(tool.errors.contains(#"it is {"error":"Invalid username or password."}; the download was a"#))
  }

  @Test(arguments: ["inspect", "check", "verify"])
  func `standard input is refused with what to do`(_ command: String) {
    let dash = Tool(command, "-")
    #expect(
      dash.status == .inputUnreadable
        && dash.errors.contains("standard input is not read; write it to a file"))
    let device = Tool("inspect", "/dev/null")
    #expect(device.status == .inputUnreadable && device.errors.contains("write what comes from a pipe"))
  }

  @Test(arguments: ["verify", "check", "run"])
  func `a checkpoint in the place of a weight file is answered with the command`(_ command: String) {
    let path = Fixture.checkpoint("resnext_small")
    let tool = Tool([command, path] + (command == "run" ? [path] : []))
    #expect(tool.status == .inputUnreadable)
    #expect(
      tool.errors.contains("a checkpoint, not a .swt weight file; pth2swt convert \(path) -o model.swt"))
  }

  @Test func `a file name may be as long as the file system allows`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file(String(repeating: "a", count: 251) + ".swt")
    #expect(Tool("convert", Fixture.checkpoint("resnext_small"), "-o", path).status == .success)
  }

  @Test func `the printed script goes to a file if one is named`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("make.py")
    let tool = Tool("golden", "make", "--print-script", "-o", path)
    #expect(tool.status == .success && tool.output.split(separator: "\n").count == 1)
    #expect(
      String(decoding: try readFile(path), as: UTF8.self) == Tool("golden", "make", "--print-script").output)
    #expect(Tool("golden", "make", "--print-script", "-o", path).status == .outputFailed)
  }

  @Test func `a key of a file that is one flat state dict is answered so`() {
    let tool = Tool("convert", Fixture.checkpoint("resnext_small"), "--key", "modle", "-o", "x.swt")
    #expect(tool.errors.contains("this file is one flat state dict, so no key is needed"))
  }

  @Test func `files that are something else are called what they are`() throws {
    let folder = try TemporaryFolder()
    try writeFile(
      folder.file("m.onnx"), [8, 8, 18, 7] + Array("pytorch".utf8) + [26, 5] + Array("2.8.0".utf8))
    #expect(Tool("inspect", folder.file("m.onnx")).errors.contains("an ONNX model, not a checkpoint"))
    #expect(
      Tool("inspect", Fixtures.path("images/dot.png")).errors.contains("a PNG image; it can be the input"))
  }

  @Test func `a verification's table is narrow, and what fails is in color on a terminal`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("wrong.swt")
    let golden = Fixture.golden("resnext_small")
    #expect(
      Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model, "--bn-eps", "1e-3").status == .success
    )
    let plain = Tool("verify", model, golden, "--no-diagnose")
    #expect(plain.status == .verificationFailed && !plain.output.contains("\u{1B}"))
    let table = plain.output.split(separator: "\n").drop { !$0.contains("x floor") }.prefix(5)
    #expect(table.count == 5 && table.allSatisfy { $0.count <= 90 })
    let colored = Tool(["verify", model, golden, "--no-diagnose"], columns: 80)
    #expect(colored.output.contains("\u{1B}[1;31mFAIL\u{1B}[0m"))
    #expect(
      !Tool(["verify", model, golden, "--no-diagnose"], environment: ["NO_COLOR": "1"], columns: 80).output
        .contains("\u{1B}"))
    let quiet = Tool("verify", model, golden, "--no-diagnose", "--quiet")
    #expect(quiet.output == "\(model): FAIL (wrong)\n")
  }
}
