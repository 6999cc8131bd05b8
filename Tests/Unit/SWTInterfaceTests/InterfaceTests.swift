import SWT
import SWTC
import SWTChecksums
import SWTDigests
import SWTInterface
import Synchronization
import TestSupport
import Testing

/// The functions of p2s_swt.h as C calls them, beside the reader that they stand on.
@Suite struct InterfaceTests {
  static let good: [String] = ((try? listFolder(Fixtures.path("format/good"))) ?? []).filter {
    $0.hasSuffix(".swt")
  }
  /// Files that break a rule, with its name.
  static let bad: [(file: String, rule: String)] = {
    let text =
      (try? readFile(Fixtures.path("format/bad/rules.txt"))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
      let words = line.split(separator: " ")
      return words.count > 1 ? (String(words[0]), String(words[1])) : nil
    }
  }()

  /// Text that C finds in an array of characters.
  private static func text<Characters>(_ characters: Characters) -> String {
    unsafe withUnsafeBytes(of: characters) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func open(_ path: String) -> (file: OpaquePointer?, rule: String) {
    var error = p2s_error()
    let file = unsafe p2s_open(path, &error)
    return unsafe (file, text(error.rule))
  }

  private static func opened(_ path: String) throws -> OpaquePointer {
    let (file, rule) = unsafe open(path)
    guard let file = unsafe file else { throw TestFailure("\(path): \(rule)") }
    return unsafe file
  }

  @Test func `the corpus is there`() {
    #expect(Self.good.count > 10 && Self.bad.count > 50)
  }

  @Test(arguments: good)
  func `a good file has the tensors that the reader has`(name: String) throws {
    let path = Fixtures.path("format/good/\(name)")
    let reader = try SWTFile(path: path)
    let file = try unsafe Self.opened(path)
    defer { unsafe p2s_close(file) }
    #expect(unsafe p2s_count(file) == Int64(reader.tensorCount))
    var problem = p2s_error()
    for info in reader.tensors {
      #expect(unsafe p2s_find(file, info.name) == Int64(info.index) || info.name.contains("\0"))
      var tensor = unsafe p2s_tensor()
      let done = unsafe p2s_get(file, Int64(info.index), &tensor, &problem)
      let view: TensorView
      do throws(SWTError) {
        view = try reader.view(info.index)
      } catch {
        // A type that this version does not know can be listed, but not be read.
        #expect(done == 0 && Self.text(problem.rule) == error.rule.rawValue)
        continue
      }
      try #require(done == 1)
      #expect(unsafe String(cString: tensor.name) == info.name && tensor.name_length == info.name.utf8.count)
      #expect(unsafe tensor.byte_count == info.byteCount && tensor.element_count == info.elementCount)
      #expect(unsafe Int(tensor.rank) == info.shape.count && tensor.alias_of == Int64(info.aliasOf ?? -1))
      let shape = unsafe withUnsafeBytes(of: tensor.shape) { unsafe Array($0.bindMemory(to: UInt64.self)) }
      #expect(shape.prefix(info.shape.count).map(Int.init) == info.shape)
      let bytes = unsafe view.withUnsafeBytes { unsafe Array($0) }
      let same = unsafe UnsafeRawBufferPointer(start: tensor.data, count: bytes.count).elementsEqual(bytes)
      #expect(same, "\(info.name)")
    }
    #expect(unsafe p2s_verify(file, &problem) == 1)
    var id = [CChar](repeating: 1, count: 70)
    let hasID = unsafe p2s_content_id(file, &id)
    let text = String(decoding: id.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let digest = reader.contentID(using: SystemDigests())
    #expect(hasID == (digest == nil ? 0 : 1))
    if let digest { #expect(text == "swt1:\(digest.hex)") }
  }

  /// Some rules are looked at when a tensor is taken or everything is verified, not when the file is opened.
  @Test(arguments: bad.indices)
  func `a bad file is refused with its rule`(index: Int) throws {
    let (name, rule) = Self.bad[index]
    let (opened, found) = unsafe Self.open(Fixtures.path("format/bad/\(name)"))
    guard let file = unsafe opened else {
      #expect(found == rule, "\(name)")
      return
    }
    defer { unsafe p2s_close(file) }
    var error = p2s_error()
    #expect(unsafe p2s_verify(file, &error) == 0, "\(name)")
    #expect(Self.text(error.rule) == rule, "\(name)")
  }

  /// A file of one convolution and one line of text.
  private static func model(_ folder: TemporaryFolder) throws -> String {
    var contents = SWTContents()
    contents.tensors = [SWTTensorSpec(name: "w", dtype: .f32, shape: [5, 3, 2, 2])]
    contents.metadata = ["a.text": .text("größe"), "a.list": .integers([1, -2]), "a.bool": .bool(true)]
    let values = (0..<60).map { Float($0) }
    _ = try SWTWriter.write(contents, to: folder.file("m.swt"), digests: SystemDigests()) { _, sink in
      let bytes = ContiguousArray(
        values.flatMap { v in (0..<4).map { UInt8(truncatingIfNeeded: v.bitPattern >> UInt32(8 * $0)) } })
      try unsafe sink(bytes.span.bytes)
    }
    return folder.file("m.swt")
  }

  @Test(arguments: [
    (P2S_ROW_MAJOR, SWTLayout.rowMajor), (P2S_OHWI, .ohwi), (P2S_BLOCKED_8, .blocked(outputs: 8)),
    (P2S_BLOCKED_16, .blocked(outputs: 16)),
  ])
  func `values come in the layout that was asked for, and never past their room`(
    c: p2s_layout, swift: SWTLayout
  ) throws {
    let folder = try TemporaryFolder()
    let path = try Self.model(folder)
    let file = try unsafe Self.opened(path)
    defer { unsafe p2s_close(file) }
    let expected = try SWTFile(path: path).view(0).floats(swift)
    #expect(unsafe p2s_load(file, 0, c, nil, 0, nil) == Int64(expected.count))
    var values = [Float](repeating: -1, count: expected.count + 1)
    #expect(unsafe p2s_load(file, 0, c, &values, expected.count - 1, nil) == Int64(expected.count))
    #expect(values.allSatisfy { $0 == -1 })
    #expect(unsafe p2s_load(file, 0, c, &values, expected.count, nil) == Int64(expected.count))
    #expect(values.dropLast().elementsEqual(expected) && values.last == -1)
  }

  @Test func `metadata is text, cut between characters`() throws {
    let folder = try TemporaryFolder()
    let file = try unsafe Self.opened(Self.model(folder))
    defer { unsafe p2s_close(file) }
    func value(_ key: String, _ capacity: Int) -> (Int64, String) {
      var text = [CChar](repeating: 1, count: 32)
      let length = unsafe p2s_metadata(file, key, &text, capacity)
      return (length, String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    #expect(value("a.text", 32) == (7, "größe"))
    // "gr" and half an "ö" would fit.
    #expect(value("a.text", 4) == (7, "gr") && value("a.text", 1) == (7, ""))
    #expect(value("a.list", 32) == (6, "[1,-2]") && value("a.bool", 32).1 == "true")
    #expect(unsafe p2s_metadata(file, "a.text", nil, 0) == 7 && p2s_metadata(file, "none", nil, 0) == -1)
  }

  @Test func `no file, no tensor and no place for the answer are failures, not crashes`() throws {
    let folder = try TemporaryFolder()
    let file = try unsafe Self.opened(Self.model(folder))
    defer { unsafe p2s_close(file) }
    var error = p2s_error()
    var tensor = unsafe p2s_tensor()
    #expect(unsafe p2s_open(nil, &error) == nil && p2s_open(folder.file("none"), nil) == nil)
    #expect(unsafe p2s_count(nil) == 0 && p2s_find(nil, "w") == -1 && p2s_find(file, nil) == -1)
    #expect(
      unsafe p2s_find(file, "v") == -1 && p2s_verify(nil, &error) == 0 && p2s_content_id(file, nil) == 0)
    for index in [-1, 1, Int64.max, Int64.min] {
      #expect(unsafe p2s_get(file, index, &tensor, &error) == 0)
      #expect(Self.text(error.rule) == "no-such-tensor")
      #expect(unsafe p2s_load(file, index, P2S_ROW_MAJOR, nil, 0, &error) == -1)
    }
    #expect(unsafe p2s_get(file, 0, nil, nil) == 0 && p2s_get(nil, 0, &tensor, nil) == 0)
    #expect(unsafe p2s_load(file, 0, p2s_layout(rawValue: 5), nil, 0, &error) == -1)
    p2s_close(nil)
  }

  @Test func `one file serves threads at once, and names stay where they are`() async throws {
    let folder = try TemporaryFolder()
    let file = try unsafe Self.opened(Self.model(folder))
    let address = UInt(bitPattern: file)
    let names = await withTaskGroup(of: UInt.self) { group in
      for _ in 0..<16 {
        group.addTask {
          var tensor = unsafe p2s_tensor()
          let done = unsafe p2s_get(OpaquePointer(bitPattern: address), 0, &tensor, nil)
          return done == 1 ? unsafe UInt(bitPattern: tensor.name) : 0
        }
      }
      return await group.reduce(into: Set<UInt>()) { $0.insert($1) }
    }
    #expect(names.count == 1 && !names.contains(0))
    unsafe p2s_close(file)
  }
}
