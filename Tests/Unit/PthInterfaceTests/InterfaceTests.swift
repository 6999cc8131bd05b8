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
}
