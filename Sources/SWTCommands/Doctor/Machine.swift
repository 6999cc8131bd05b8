internal import ResNetModel
internal import SWTPlatform

/// What the operating system reports about itself and the processor.
enum Machine {
  /// `Linux 6.1.0 x86_64`.
  static var system: String {
    var names = utsname()
    guard unsafe uname(&names) == 0 else { return "unknown" }
    return [text(names.sysname), text(names.release), text(names.machine)].joined(separator: " ")
  }

  /// `AMD EPYC 9654`, or what a virtual machine reports.
  static var processor: String {
    #if canImport(Darwin)
      var bytes = [CChar](repeating: 0, count: 256)
      var size = bytes.count
      guard unsafe sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0) == 0 else {
        return "unknown"
      }
      return unsafe text(bytes)
    #else
      return field("model name", of: "/proc/cpuinfo") ?? field("Model", of: "/proc/cpuinfo") ?? "unknown"
    #endif
  }

  /// Bytes of memory; nil if the system does not report it.
  static var memory: Int? {
    let (pages, size) = (sysconf(CInt(_SC_PHYS_PAGES)), sysconf(CInt(_SC_PAGESIZE)))
    guard pages > 0, size > 0 else { return nil }
    return pages.multipliedReportingOverflow(by: size).partialValue
  }

  /// The value of the first `name : value` line of a file in /proc, whose size is not known in advance.
  private static func field(_ name: String, of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 13)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { return nil }
    for line in String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, trimmed(parts[0]) == name else { continue }
      return trimmed(parts[1])
    }
    return nil
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0.isWhitespace }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }

  /// The characters of a C array, imported as a tuple, up to the first zero.
  private static func text<Characters>(_ characters: Characters) -> String {
    unsafe withUnsafeBytes(of: characters) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
