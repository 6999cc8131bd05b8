internal import CLibzip
internal import CZlib

/// The system libraries that this module reads archives with, for bug reports.
public enum CompressionLibraries {
  /// Version of libzip, as it says itself at run time.
  public static var libzip: String {
    unsafe zip_libzip_version().map { unsafe String(cString: $0) } ?? "unknown"
  }

  /// Version of zlib, as it says itself at run time.
  public static var zlib: String {
    unsafe zlibVersion().map { unsafe String(cString: $0) } ?? "unknown"
  }
}
