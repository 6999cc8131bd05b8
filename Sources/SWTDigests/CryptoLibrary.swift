#if !canImport(CryptoKit)
  internal import CCrypto
#endif

/// The library that computes SHA-256 and Ed25519, for bug reports.
public enum CryptoLibrary {
  /// The version libcrypto reports at run time, such as `OpenSSL 3.0.11 19 Sep 2023`, or `CryptoKit`.
  public static var version: String {
    #if canImport(CryptoKit)
      "CryptoKit"
    #else
      unsafe OpenSSL_version(OPENSSL_VERSION).map { unsafe String(cString: $0) } ?? "unknown"
    #endif
  }
}
