#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// A folder that is removed with its contents when the value is destroyed.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    var template = Array("/tmp/pth2swt-test-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return false }
      return unsafe mkdtemp(base) != nil
    }
    guard made else { throw TestFailure("mkdtemp failed") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    if let folder = unsafe opendir(path) {
      while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
          unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { unsafe unlink("\(path)/\(name)") }
      }
      unsafe closedir(folder)
    }
    unsafe rmdir(path)
  }

  package func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// A file with the given bytes that is removed when the value is destroyed.
package final class TemporaryFile: Sendable {
  private let folder: TemporaryFolder
  package let path: String

  package init(_ bytes: [UInt8], name: String = "file") throws {
    folder = try TemporaryFolder()
    path = folder.file(name)
    try writeFile(path, bytes)
  }
}

/// Writes `bytes` to `path`, replacing an existing file.
package func writeFile(_ path: String, _ bytes: [UInt8]) throws {
  guard let file = unsafe fopen(path, "wb") else { throw TestFailure("cannot write \(path)") }
  defer { unsafe fclose(file) }
  let count = unsafe bytes.withUnsafeBytes { unsafe fwrite($0.baseAddress, 1, $0.count, file) }
  guard count == bytes.count else { throw TestFailure("short write to \(path)") }
}

/// The whole content of a file.
package func readFile(_ path: String) throws -> [UInt8] {
  guard let file = unsafe fopen(path, "rb") else { throw TestFailure("cannot read \(path)") }
  defer { unsafe fclose(file) }
  var all: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
    if count == 0 { return all }
    all += buffer[..<count]
  }
}

package struct TestFailure: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

extension TemporaryFolder {
  /// Names of the files in the folder, sorted.
  package func names() throws -> [String] { try listFolder(path) }
}

/// Names of the files in a folder, sorted.
package func listFolder(_ path: String) throws -> [String] {
  guard let folder = unsafe opendir(path) else { throw TestFailure("cannot list \(path)") }
  defer { unsafe closedir(folder) }
  var names: [String] = []
  while let entry = unsafe readdir(folder) {
    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
      unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}
