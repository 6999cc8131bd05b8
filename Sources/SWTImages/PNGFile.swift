internal import CImageFiles

extension RGBImage {
  /// The image as a PNG file; empty if there is no memory for it.
  package var png: [UInt8] {
    // Deflate may add a little to what it cannot compress.
    let capacity = pixels.count + pixels.count / 8 + height + 4096
    return unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      count = unsafe image_write_png(pixels, width, height, buffer.baseAddress, capacity)
    }
  }
}
