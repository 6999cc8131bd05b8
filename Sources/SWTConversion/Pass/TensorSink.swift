internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests

/// The destination of a tensor's bytes: a file, which hashes them, or only a digest.
enum TensorSink {
  case file(SWTWriter, SWTTensorStream)
  case digest(any RunningDigest)

  init(_ index: Int, _ writer: SWTWriter?) {
    if let writer {
      self = .file(writer, writer.stream(index))
    } else {
      self = .digest(SystemDigests().makeSHA256())
    }
  }

  func append(_ bytes: RawSpan) throws(SWTWriteError) {
    switch self {
    case .file(_, let stream): try stream.append(bytes)
    case .digest(let digest): digest.update(bytes)
    }
  }

  func append(_ bytes: [UInt8]) throws(SWTWriteError) {
    try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(SWTWriteError) in
      try append(unsafe buffer.span.bytes)
    }
  }

  /// The digest of all bytes.
  func finish() throws(SWTWriteError) -> SHA256Digest {
    switch self {
    case .file(let writer, let stream): try writer.close(stream)
    case .digest(let digest): digest.finalize()
    }
  }
}
