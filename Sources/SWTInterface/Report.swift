internal import SWT
internal import SWTC

/// Fills in the error unless C passed NULL.
func report(_ failure: SWTError, to error: UnsafeMutablePointer<p2s_error>?) {
  guard let error = unsafe error else { return }
  unsafe error.pointee.offset = failure.offset.map(Int64.init) ?? -1
  _ = unsafe withUnsafeMutableBytes(of: &error.pointee.rule) { unsafe copy(failure.rule.rawValue, to: $0) }
  _ = unsafe withUnsafeMutableBytes(of: &error.pointee.message) { unsafe copy(failure.detail, to: $0) }
}

/// Copies as many whole characters as fit, followed by a 0.
///
/// - Returns: The length of the whole text in bytes.
@discardableResult
func copy(_ text: String, to destination: UnsafeMutableRawBufferPointer) -> Int {
  guard unsafe !destination.isEmpty else { return text.utf8.count }
  var end = 0
  for character in text.unicodeScalars {
    let bytes = Array(String(character).utf8)
    guard end + bytes.count < destination.count else { break }
    for byte in bytes {
      unsafe destination[end] = byte
      end += 1
    }
  }
  unsafe destination[end] = 0
  return text.utf8.count
}
