import TestSupport
import Testing

/// Folders, targets, imports and Documentation/Architecture.md agree.
@Suite struct ModuleTests {
  let manifest: Manifest

  init() throws { manifest = try Manifest() }

  /// Folder of a target.
  private func folder(_ target: Manifest.Target) -> String {
    target.path ?? (target.isTest ? "Tests/Unit/\(target.name)" : "Sources/\(target.name)")
  }

  @Test func `the manifest is read`() {
    #expect(manifest.targets.count > 40 && SourceTree.sources.count > 400)
    #expect(manifest["SWT"]?.dependencies.contains("SWTBytes") == true)
    #expect(manifest.reach(of: "SWT").contains("CChecksums"))
  }

  @Test func `a folder of Sources is a module of its name, and a module is a folder`() throws {
    let inSources = manifest.targets.filter { folder($0).hasPrefix("Sources/") }
    #expect(try Set(SourceTree.folders(in: "Sources")) == Set(inSources.map(\.name)))
    for target in inSources { #expect(folder(target) == "Sources/\(target.name)") }
  }

  @Test func `a target imports what stands above it, and says so`() {
    let files = SourceTree.sources + SourceTree.tests
    let names = Set(manifest.targets.map(\.name))
    for (place, target) in manifest.targets.enumerated() {
      let above = Set(manifest.targets[..<place].map(\.name))
      let below = Set(target.dependencies).subtracting(above)
      #expect(below.isEmpty, "\(target.name) stands above what it imports: \(below.sorted())")
      let mine = files.filter { $0.path.hasPrefix(folder(target) + "/") && $0.isSwift }
      guard !mine.isEmpty else { continue }
      let imported = mine.reduce(into: Set<String>()) { $0.formUnion($1.imports) }.intersection(names)
      let declared = Set(target.dependencies)
      let hidden = imported.subtracting(declared)
      #expect(hidden.isEmpty, "\(target.name) imports without a declaration: \(hidden.sorted())")
      let idle = declared.subtracting(imported)
      #expect(idle.isEmpty, "\(target.name) declares and does not import: \(idle.sorted())")
    }
  }

  // MARK: Tests

  /// Modules without tests of their own, and why.
  static let untested = [
    "pth2swt": "a few lines; system tests run it",
    "CKernels": "Tests/Kernels: C, guard pages, sanitizers",
    "CChecksums": "SWTChecksumsTests compare every form with the portable one",
    "CThreads": "SWTThreadsTests",
    "CFileCopy": "AtomicFileTests",
    "CImageFiles": "SWTImagesTests", "CLibjpeg": "a system library", "CLibpng": "a system library",
    "CLibzip": "a system library", "CZlib": "a system library", "CCrypto": "a system library",
    "SWTPlatform": "imports libc under one name",
    "Pth2SWT": "re-exports other modules; Examples/products uses it",
    "PthC": "a header: PthInterfaceTests call what it declares",
    "SWTC": "a header: SWTInterfaceTests calls what it declares",
  ]

  @Test func `each module has a folder of tests under its name, and each such folder a module`() throws {
    let modules = try Set(SourceTree.folders(in: "Sources"))
    let tests = Set(manifest.targets.filter { $0.isTest && folder($0).hasPrefix("Tests/Unit/") }.map(\.name))
    #expect(try Set(SourceTree.folders(in: "Tests/Unit")) == tests)
    let tested = Set(tests.filter { $0 != "ArchitectureTests" }.map { String($0.dropLast("Tests".count)) })
    #expect(tested.isSubset(of: modules), "\(tested.subtracting(modules).sorted())")
    let missing = modules.subtracting(tested).subtracting(Self.untested.keys)
    #expect(missing.isEmpty, "no tests: \(missing.sorted())")
    #expect(tested.isDisjoint(with: Self.untested.keys) && modules.isSuperset(of: Self.untested.keys))
  }

  @Test func `tests of a module import it`() {
    for target in manifest.targets
    where target.isTest && target.name != "ArchitectureTests" && target.path == nil {
      #expect(target.dependencies.contains(String(target.name.dropLast("Tests".count))), "\(target.name)")
    }
  }

  // MARK: The page

  @Test func `the architecture page names every folder of Sources`() throws {
    let page = try SourceTree.text("Documentation/Architecture.md")
    for name in try SourceTree.folders(in: "Sources") { #expect(page.contains("`\(name)`"), "\(name)") }
    #expect(page.split(separator: "\n", omittingEmptySubsequences: false).count < 120, "one page")
  }

  @Test func `the journeys name files and types that exist`() throws {
    let page = try SourceTree.text("Documentation/Architecture.md").split(separator: "\n")
    let journeys = page.drop { !$0.hasPrefix("## Journey") }.filter { !$0.hasPrefix("#") }
    let quoted = journeys.joined(separator: " ").split(separator: "`", omittingEmptySubsequences: false)
    let names = Set(quoted.indices.filter { $0 % 2 == 1 }.map { String(quoted[$0]) })
    #expect(names.count > 30)
    let files = Set(SourceTree.sources.map { String($0.name.prefix { $0 != "." }) })
    let declarations = SourceTree.sources.flatMap(\.code).map(\.text)
    for name in names where !files.contains(name) && !name.hasPrefix("-") {
      let isType = declarations.contains { line in
        ["struct \(name)", "class \(name)", "enum \(name)"].contains { line.contains($0) }
      }
      #expect(isType, "the page names \(name)")
    }
  }

  /// Rows `| `Module`, … | … `Other`, … |` of the table under "knows nothing of".
  private func arrows() throws -> [(module: String, never: [String])] {
    let page = try SourceTree.text("Documentation/Architecture.md").split(separator: "\n")
    let table = page.drop { !$0.hasPrefix("| module") || !$0.contains("knows nothing of") }.dropFirst(2)
      .prefix { $0.hasPrefix("|") }
    func names(_ cell: Substring) -> [String] {
      let parts = cell.split(separator: "`", omittingEmptySubsequences: false)
      return parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
    }
    return table.flatMap { row in
      let cells = row.split(separator: "|")
      return cells.count < 2 ? [] : names(cells[0]).map { ($0, names(cells[1])) }
    }
  }

  @Test func `what the page says a module knows nothing of, it does not reach`() throws {
    let arrows = try arrows()
    #expect(arrows.count > 5 && arrows.allSatisfy { !$0.never.isEmpty })
    for (module, never) in arrows {
      #expect(manifest[module] != nil, "the page names \(module)")
      for name in never { #expect(manifest[name] != nil, "the page names \(name)") }
      let known = manifest.reach(of: module).intersection(never)
      #expect(known.isEmpty, "\(module) reaches \(known.sorted())")
    }
  }
}
