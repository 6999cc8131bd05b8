internal import CLibzip
internal import CZlib

/// The versions of the system libraries that read archives, for bug reports.
public enum CompressionLibraries {
  /// The version of libzip, as reported at run time.
  public static var libzip: String {
    unsafe zip_libzip_version().map { unsafe String(cString: $0) } ?? "unknown"
  }

  /// The version of zlib, as reported at run time.
  public static var zlib: String {
    unsafe zlibVersion().map { unsafe String(cString: $0) } ?? "unknown"
  }
}
