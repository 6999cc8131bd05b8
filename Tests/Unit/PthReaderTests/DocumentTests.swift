import PthReader
import SWTBytes
import TestSupport
import Testing

/// The page about supported formats is true.
@Suite struct DocumentTests {
  private static func page() throws -> String {
    let path = Fixtures.folder + "/../Sources/PthReader/PthReader.docc/ReadableCheckpoints.md"
    return String(decoding: try readFile(path), as: UTF8.self)
  }

  @Test(arguments: ParseLimits.Name.allCases)
  func `every limit is documented`(name: ParseLimits.Name) throws {
    #expect(try Self.page().contains("| `\(name.rawValue)` |"))
  }

  @Test func `every fixture named in a row exists`() throws {
    let endings = [".pt", ".pth", ".pt2", ".ptl", ".pkl", ".gz", ".safetensors"]
    let names = try Self.page().split(separator: "`").map(String.init).filter { name in
      !name.hasPrefix(".") && !name.contains(" ") && endings.contains { name.hasSuffix($0) }
    }
    #expect(names.count > 40)
    for name in Set(names) {
      let path = Fixtures.path(name.contains("/") ? name : "forms/\(name)")
      #expect((try? readFile(path)) != nil, "\(name)")
    }
  }
}
