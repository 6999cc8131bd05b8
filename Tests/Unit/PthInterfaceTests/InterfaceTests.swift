import PthC
import PthInterface
import PthReader
import SWTChecksums
import SWTDigests
import TestSupport
import Testing

/// The functions of pth.h as C calls them; PyTorch's digests are the truth.
@Suite struct InterfaceTests {
  static let checkpoints: [String] = ((try? listFolder(Fixtures.path("checkpoints"))) ?? []).sorted()
    .filter { $0.hasSuffix(".pth") }
  static let forms: [String] = ((try? listFolder(Fixtures.path("forms"))) ?? []).sorted()
  static let strangers: [String] = ((try? listFolder(Fixtures.path("strangers"))) ?? []).sorted()

  private static func open(_ path: String, room: Int = 512) -> (file: OpaquePointer?, message: String) {
    var error = [CChar](repeating: 0x55, count: max(1, room))
    let file = unsafe p2s_pth_open(path, &error, room)
    let message = error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return unsafe (file, unsafe file == nil ? String(decoding: message, as: UTF8.self) : "")
  }

  private static func bytes(_ file: OpaquePointer, _ index: Int, _ size: Int) throws -> [UInt8] {
    var memory = [UInt8](repeating: 0, count: size)
    var error = [CChar](repeating: 0, count: 512)
    let status = unsafe p2s_pth_read(file, index, &memory, size, &error, error.count)
    guard status == 0 else {
      throw TestFailure(
        String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return memory
  }

  @Test(arguments: checkpoints)
  func `every tensor has PyTorch's name, type, shape and bytes`(file: String) throws {
    let truth = try CheckpointTruth(String(file.dropLast(".pth".count)))
    let opened = unsafe try #require(Self.open(Fixtures.path("checkpoints/\(file)")).file)
    defer { unsafe p2s_pth_close(opened) }
    #expect(unsafe p2s_pth_count(opened) == truth.tensors.count)
    for tensor in truth.tensors {
      let index = unsafe p2s_pth_find(opened, tensor.name)
      try #require(index >= 0, "\(tensor.name)")
      var info = unsafe p2s_pth_tensor()
      #expect(unsafe p2s_pth_info(opened, index, &info) == 0)
      let name = unsafe UnsafeRawBufferPointer(start: info.name, count: info.name_length)
      #expect(unsafe String(decoding: name, as: UTF8.self) == tensor.name)
      #expect(unsafe String(cString: info.dtype) == tensor.dtype)
      let shape = unsafe (0..<info.rank).map { place in unsafe Int(info.dims[place]) }
      #expect(shape == tensor.shape)
      let bytes = try unsafe Self.bytes(opened, index, Int(info.nbytes))
      #expect(SystemDigests().sha256(bytes).hex == tensor.sha256)
    }
  }

  /// Whatever the Swift reader says of a file, C hears too.
  @Test(arguments: forms.map { "forms/\($0)" } + strangers.map { "strangers/\($0)" })
  func `a file that the reader refuses is NULL with a message`(file: String) {
    let path = Fixtures.path(file)
    let (opened, message) = unsafe Self.open(path)
    defer { unsafe p2s_pth_close(opened) }
    let reader = try? PthFile(path: path)
    #expect(unsafe (opened == nil) == (reader == nil))
    #expect(
      unsafe opened != nil || message.hasPrefix("\(path): ") && message.utf8.count > path.utf8.count + 10)
    #expect(unsafe opened == nil || p2s_pth_count(opened) == reader?.tensors.count)
  }

  @Test(arguments: ["forms/sharded_safetensors", "forms/sharded_bin", "distributed/hf_shards"])
  func `a folder of shards is opened as one checkpoint`(folder: String) throws {
    let opened = unsafe try #require(Self.open(Fixtures.path(folder)).file)
    defer { unsafe p2s_pth_close(opened) }
    let reader = try PthFile(path: Fixtures.path(folder))
    #expect(unsafe p2s_pth_count(opened) == reader.tensors.count)
    for (index, tensor) in reader.tensors.enumerated() {
      #expect(try unsafe Self.bytes(opened, index, tensor.byteCount) == reader.bytes(of: tensor))
    }
  }

  @Test func `a message fits its memory, and none is needed`() {
    for room in [1, 2, 20, 512] {
      let message = unsafe Self.open("/größe-größe-größe.pth", room: room).message
      #expect(message.utf8.count < room && "/größe-größe-größe.pth: ".hasPrefix(message.prefix(10)))
    }
    #expect(unsafe p2s_pth_open("/nowhere", nil, 0) == nil)
    #expect(unsafe p2s_pth_open(nil, nil, 0) == nil)
  }

  @Test func `wrong arguments are errors`() throws {
    let path = Fixtures.path("checkpoints/resnext_small.pth")
    let file = unsafe try #require(Self.open(path).file)
    defer { unsafe p2s_pth_close(file) }
    let count = unsafe p2s_pth_count(file)
    var info = unsafe p2s_pth_tensor()
    #expect(unsafe p2s_pth_info(file, count, &info) != 0 && p2s_pth_info(file, .max, &info) != 0)
    #expect(unsafe p2s_pth_info(nil, 0, &info) != 0 && p2s_pth_info(file, 0, nil) != 0)
    #expect(unsafe p2s_pth_find(file, "fc") == -1 && p2s_pth_find(file, nil) == -1)
    #expect(unsafe p2s_pth_find(nil, "fc") == -1 && p2s_pth_count(nil) == 0)
    #expect(unsafe p2s_pth_info(file, 0, &info) == 0)
    let size = unsafe Int(info.nbytes)
    for wrong in [0, size - 1, size + 1] {
      #expect(throws: TestFailure.self) { try unsafe Self.bytes(file, 0, wrong) }
    }
    #expect(throws: TestFailure.self) { try unsafe Self.bytes(file, count, size) }
    #expect(unsafe p2s_pth_read(file, 0, nil, size, nil, 0) != 0)
    #expect(p2s_pth_read(nil, 0, nil, 0, nil, 0) != 0)
    p2s_pth_close(nil)
  }

  /// The bytes in the file itself are the values; where they are not stored so, there is no offset.
  @Test(arguments: checkpoints)
  func `the bytes at an offset are the values`(name: String) throws {
    let path = Fixtures.path("checkpoints/\(name)")
    let whole = try readFile(path)
    let file = unsafe try #require(Self.open(path).file)
    defer { unsafe p2s_pth_close(file) }
    var found = 0
    for index in 0..<(unsafe p2s_pth_count(file)) {
      var info = unsafe p2s_pth_tensor()
      #expect(unsafe p2s_pth_info(file, index, &info) == 0)
      let (offset, size) = unsafe (Int(p2s_pth_offset(file, index)), Int(info.nbytes))
      guard offset >= 0 else { continue }
      found += 1
      try #require(offset <= whole.count && size <= whole.count - offset)
      #expect(try unsafe Self.bytes(file, index, size) == Array(whole[offset..<offset + size]))
    }
    // Compressed, and a view with gaps.
    #expect((found == 0) == ["resnext_small_deflated.pth", "bare_tensor.pth"].contains(name))
    #expect(unsafe p2s_pth_offset(file, -1) == -1 && p2s_pth_offset(nil, 0) == -1)
  }

  /// Every tensor of a checkpoint, written and read again.
  @Test(arguments: checkpoints)
  func `what is written is read again, shared memory once`(name: String) throws {
    let file = unsafe try #require(Self.open(Fixtures.path("checkpoints/\(name)")).file)
    defer { unsafe p2s_pth_close(file) }
    var infos: [p2s_pth_tensor] = unsafe []
    var memory: [[UInt8]] = []
    for index in 0..<(unsafe p2s_pth_count(file)) {
      var info = unsafe p2s_pth_tensor()
      #expect(unsafe p2s_pth_info(file, index, &info) == 0)
      guard unsafe !String(cString: info.dtype).hasPrefix("q") else { continue }
      unsafe infos.append(info)
      memory.append(try unsafe Self.bytes(file, index, Int(info.nbytes)))
    }
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/again.pth"
    var error = [CChar](repeating: 0, count: 512)
    let status = unsafe withPointers(to: memory) { pointers in
      unsafe p2s_pth_write(path, infos, pointers, infos.count, &error, error.count)
    }
    try #require(
      status == 0, "\(error.prefix { $0 != 0 }.map { Character(UnicodeScalar(UInt8(bitPattern: $0))) })")
    let again = unsafe try #require(Self.open(path).file)
    defer { unsafe p2s_pth_close(again) }
    #expect(unsafe p2s_pth_count(again) == infos.count)
    for index in unsafe infos.indices {
      var info = unsafe p2s_pth_tensor()
      #expect(unsafe p2s_pth_info(again, index, &info) == 0)
      #expect(unsafe String(cString: info.name) == String(cString: infos[index].name))
      #expect(unsafe String(cString: info.dtype) == String(cString: infos[index].dtype))
      #expect(try unsafe Self.bytes(again, index, Int(info.nbytes)) == memory[index])
    }
  }

  /// Lends the memory of every array, also of empty ones.
  private func withPointers<Result>(
    to memory: [[UInt8]], _ body: ([UnsafeRawPointer?]) -> Result
  ) -> Result {
    func lend(_ index: Int, _ pointers: [UnsafeRawPointer?]) -> Result {
      guard index < memory.count else { return unsafe body(pointers) }
      return unsafe memory[index].withUnsafeBytes { unsafe lend(index + 1, pointers + [$0.baseAddress]) }
    }
    return unsafe lend(0, [])
  }

  @Test func `what cannot be written is an error with a message`() throws {
    let folder = try TemporaryFolder()
    let values: [UInt8] = [1, 2, 3, 4]
    var dims: [Int64] = [4]
    func write(_ dtype: String, nbytes: UInt64, names: [String], to path: String) -> String {
      var error = [CChar](repeating: 0, count: 512)
      let status = unsafe values.withUnsafeBytes { bytes in
        unsafe dims.withUnsafeMutableBufferPointer { dims in
          unsafe dtype.withCString { dtype in
            unsafe names[0].withCString { first in
              unsafe names[names.count - 1].withCString { last in
                let tensors = unsafe [first, last].prefix(names.count).map { name in
                  unsafe p2s_pth_tensor(
                    name: name, name_length: 0, dtype: dtype, rank: 1, dims: UnsafePointer(dims.baseAddress),
                    nbytes: nbytes)
                }
                let pointers = unsafe [UnsafeRawPointer?](repeating: bytes.baseAddress, count: names.count)
                return unsafe p2s_pth_write(path, tensors, pointers, names.count, &error, error.count)
              }
            }
          }
        }
      }
      let text = String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      #expect((status == 0) == text.isEmpty)
      return text
    }
    let path = "\(folder.path)/a.pth"
    #expect(write("uint8", nbytes: 4, names: ["a", "b"], to: path).isEmpty)
    #expect(try readFile(path).count < 1500)
    #expect(write("uint8", nbytes: 4, names: ["a", "a"], to: path).contains("already in use"))
    #expect(write("float32", nbytes: 4, names: ["a"], to: path).contains("16 bytes"))
    #expect(write("float33", nbytes: 4, names: ["a"], to: path).contains("float33"))
    #expect(write("quint8", nbytes: 4, names: ["a"], to: path).contains("quint8"))
    #expect(write("uint8", nbytes: 4, names: ["a"], to: "\(path)/b.pth").contains("a.pth/b.pth"))
    dims = [-4]
    #expect(write("uint8", nbytes: 4, names: ["a"], to: path).contains("dimension"))
    #expect(p2s_pth_write(nil, nil, nil, 0, nil, 0) != 0)
    #expect(unsafe p2s_pth_write(path, nil, nil, 1, nil, 0) != 0)
  }
}
