internal import CZlib

#if Libzip && (os(Linux) || os(macOS))
  internal import CLibzip
#endif

/// The versions of the system libraries that read archives, for bug reports.
public enum CompressionLibraries {
  /// The version of libzip, as reported at run time; nil in a build without it.
  public static var libzip: String? {
    #if Libzip && (os(Linux) || os(macOS))
      unsafe zip_libzip_version().map { unsafe String(cString: $0) } ?? "unknown"
    #else
      nil
    #endif
  }

  /// The version of zlib, as reported at run time.
  public static var zlib: String {
    unsafe zlibVersion().map { unsafe String(cString: $0) } ?? "unknown"
  }
}
