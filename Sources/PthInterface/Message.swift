/// Copies a message, truncated between characters if the memory is too small.
func report(_ message: String, to error: UnsafeMutablePointer<CChar>?, _ size: Int) {
  guard let error = unsafe error, size > 0 else { return }
  var count = 0
  for character in message.unicodeScalars {
    let bytes = Array(String(character).utf8)
    guard count + bytes.count < size else { break }
    for byte in bytes {
      unsafe error[count] = CChar(bitPattern: byte)
      count += 1
    }
  }
  unsafe error[count] = 0
}
