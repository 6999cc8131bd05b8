#if !canImport(CryptoKit)
  internal import CCrypto
#endif

/// What computes SHA-256 and Ed25519 here, for bug reports.
public enum CryptoLibrary {
  /// `OpenSSL 3.0.11 19 Sep 2023`, as it says itself at run time, or the name of the system's own.
  public static var version: String {
    #if canImport(CryptoKit)
      "CryptoKit"
    #else
      unsafe OpenSSL_version(OPENSSL_VERSION).map { unsafe String(cString: $0) } ?? "unknown"
    #endif
  }
}
