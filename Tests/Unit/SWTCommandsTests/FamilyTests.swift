import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// A tiny checkpoint of each key family, made by its own library if possible, and that library's float64
/// output.
@Suite struct FamilyTests {
  struct Truth: Sendable, CustomTestStringConvertible {
    let file: String
    let family: String
    let options: [String]
    let shape: [Int]
    let output: [Double]
    /// Relative error of the library's own float32 pass.
    let floor: Double
    var testDescription: String { file }
  }

  nonisolated static let truths: [Truth] = {
    let json = try? JSONValue.parse(readFile(Fixtures.path("families/truth.json")))
    return (json?.members ?? []).map { member in
      let value = member.value
      return Truth(
        file: member.key, family: value["family"]?.string ?? "",
        options: value["options"]?.array?.compactMap(\.string) ?? [],
        shape: value["shape"]?.array?.compactMap(\.int) ?? [],
        output: value["output"]?.array?.compactMap(\.double) ?? [], floor: value["floor"]?.double ?? 0)
    }
  }()

  @Test func `every family has a fixture`() {
    let proven = Set(Self.truths.map(\.family))
    #expect(proven.count == 12)
    #expect(Self.truths.count >= 16)
  }

  @Test(arguments: truths)
  func `a family's checkpoint gives its own library's output`(truth: Truth) throws {
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    let input = Fixtures.path("families/\(truth.file)")
    let converted = Tool(["convert", input, "-o", model, "--json"] + truth.options)
    #expect(converted.status == .success, "\(converted.errors)")
    #expect(try converted.json()["family"]?.string == truth.family)
    for engine in ["fast", "reference"] {
      let output = folder.file("\(engine).npy")
      let run = Tool("run", model, Fixtures.path("families/input.npz"), "-o", output, "--engine", engine)
      #expect(run.status == .success, "\(run.errors)")
      let error = try relativeError(output, truth)
      // The project's bound; a floor below half an ulp would forbid any rounding.
      #expect(error <= 8 * max(truth.floor, 0x1p-24), "\(engine): \(error) with a floor of \(truth.floor)")
    }
    // The conversion's metadata suffice to verify the weights against their source.
    let verified = Tool("verify", model, "--source", input, "--level", "weights")
    #expect(
      verified.status == .success || verified.errors.contains("has no golden"), "\(verified.errors)")
  }

  private func relativeError(_ path: String, _ truth: Truth) throws -> Double {
    let bytes = try readFile(path)
    let count = truth.output.count
    #expect(truth.shape.reduce(1, *) == count)
    // An .npy file has row-major float32 values after its header.
    guard bytes.count > 4 * count else { return .infinity }
    let values = bytes.suffix(4 * count)
    var (difference, norm) = (0.0, 0.0)
    for index in 0..<count {
      let start = values.startIndex + 4 * index
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(values[start + $1]) << (8 * UInt32($1)) }
      let value = Double(Float(bitPattern: bits))
      difference += (value - truth.output[index]) * (value - truth.output[index])
      norm += truth.output[index] * truth.output[index]
    }
    return (difference / norm).squareRoot()
  }
}
