import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Files of the kinds that are easily read as another network or function, with PyTorch's float64 output, the
/// cause of the refusal, or the conventions with their witnesses.
@Suite struct EvidenceKindTests {
  struct Kind: Sendable, CustomTestStringConvertible {
    let name: String
    let file: String
    let options: [String]
    let floor: Double
    let output: [Double]
    let cause: String?
    /// Witness of a convention by its name; its value by `=` and its name.
    let states: [(name: String, text: String)]
    let notes: String?
    var testDescription: String { name }
    var path: String { Fixtures.path("evidence/kinds/\(file)") }
  }

  nonisolated static let kinds: [Kind] = {
    let json = try? JSONValue.parse(readFile(Fixtures.path("evidence/kinds/truth.json")))
    return (json?.members ?? []).map { member in
      let value = member.value
      return Kind(
        name: member.key, file: value["file"]?.string ?? "",
        options: value["options"]?.array?.compactMap(\.string) ?? [], floor: value["floor"]?.double ?? 0,
        output: value["output"]?.array?.compactMap(\.double) ?? [], cause: value["cause"]?.string,
        states: (value["states"]?.members ?? []).map { ($0.key, $0.value.string ?? "") },
        notes: value["notes"]?.string)
    }
  }()

  @Test func `there are kinds of all outcomes`() {
    #expect(Self.kinds.count { !$0.output.isEmpty } >= 25)
    #expect(Self.kinds.count { $0.cause != nil } >= 17)
  }

  @Test(arguments: kinds.filter { $0.cause == nil })
  func `the output is PyTorch's, and each convention has its witness`(kind: Kind) throws {
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    let converted = Tool(["convert", kind.path, "-o", model, "--json"] + kind.options)
    #expect(converted.status == .success, "\(converted.errors)")
    let conventions = try #require(try converted.json()["conventions"]?.array)
    for (name, text) in kind.states {
      let isValue = name.hasPrefix("=")
      let found = conventions.first { $0["name"]?.string == (isValue ? String(name.dropFirst()) : name) }
      #expect(found?[isValue ? "value" : "from"]?.string == text, "\(name)")
    }
    if let notes = kind.notes { #expect((converted.output + converted.errors).contains(notes)) }
    // What the file states is found again without the options that the conversion had.
    let source = Tool("verify", model, "--level", "weights", "--source", kind.path)
    #expect(source.status == .success, "\(source.output)\(source.errors)")
    guard !kind.output.isEmpty else { return }
    let output = folder.file("output.npy")
    let run = Tool("run", model, Fixtures.path("evidence/input.npy"), "-o", output)
    #expect(run.status == .success, "\(run.errors)")
    let error = try EvidenceTests.error(output, kind.output)
    #expect(error <= 8 * max(kind.floor, 0x1p-24), "\(error) with a floor of \(kind.floor)")
  }

  @Test(arguments: kinds.filter { $0.cause != nil })
  func `what cannot be the same function is refused by its cause`(kind: Kind) throws {
    let folder = try TemporaryFolder()
    let tool = Tool(["convert", kind.path, "-o", folder.file("model.swt")] + kind.options)
    #expect(tool.status == .weightsDiffer)
    #expect(tool.errors.contains(kind.cause ?? "?"), "\(tool.errors)")
    #expect(try Folder.names(in: folder.path).isEmpty)
  }
}
