internal import SWT
public import SWTC
internal import SWTChecksums
internal import SWTDigests
internal import SWTPlatform

// The functions that p2s_swt.h declares and documents; `@implementation` makes the compiler check each
// against its declaration. Pointers come from C: they are checked for NULL and otherwise trusted.

@c @implementation
public func p2s_open(
  _ path: UnsafePointer<CChar>?, _ error: UnsafeMutablePointer<p2s_error>?
) -> OpaquePointer? {
  guard let path = unsafe path else {
    unsafe report(SWTError(.unreadable, "no path"), to: error)
    return nil
  }
  do throws(SWTError) {
    return unsafe Handle(try SWTFile(path: String(cString: path))).retained()
  } catch let failure {
    unsafe report(failure, to: error)
    return nil
  }
}

@c @implementation
public func p2s_close(_ file: OpaquePointer?) {
  if let file = unsafe file { unsafe Handle.release(file) }
}

@c @implementation
public func p2s_count(_ file: OpaquePointer?) -> Int64 {
  guard let file = unsafe file else { return 0 }
  return unsafe Int64(Handle.of(file).file.tensorCount)
}

@c @implementation
public func p2s_find(_ file: OpaquePointer?, _ name: UnsafePointer<CChar>?) -> Int64 {
  guard let file = unsafe file, let name = unsafe name else { return -1 }
  let bytes = unsafe UnsafeRawBufferPointer(start: name, count: strlen(name))
  return unsafe Handle.of(file).file.index(ofUTF8: bytes).map(Int64.init) ?? -1
}

@c @implementation
public func p2s_get(
  _ file: OpaquePointer?, _ index: Int64, _ tensor: UnsafeMutablePointer<p2s_tensor>?,
  _ error: UnsafeMutablePointer<p2s_error>?
) -> CInt {
  guard let file = unsafe file, let tensor = unsafe tensor else {
    unsafe report(SWTError(.noSuchTensor, "the file or the result pointer is NULL"), to: error)
    return 0
  }
  let handle = unsafe Handle.of(file)
  do throws(SWTError) {
    let view = try handle.file.view(Int(index))
    let info = view.info
    var result = unsafe p2s_tensor()
    unsafe result.name = handle.name(info)
    unsafe result.name_length = info.name.utf8.count
    unsafe result.dtype = info.dtypeCode
    unsafe result.role = info.role?.rawValue ?? 255
    unsafe result.flags = info.flags
    unsafe result.rank = UInt8(info.shape.count)
    for (k, dimension) in info.shape.enumerated() {
      unsafe withUnsafeMutableBytes(of: &result.shape) {
        unsafe $0.storeBytes(of: UInt64(dimension), toByteOffset: 8 * k, as: UInt64.self)
      }
      unsafe withUnsafeMutableBytes(of: &result.dim_order) { unsafe $0[k] = UInt8(info.dimOrder[k]) }
    }
    // The mapping lives until C closes the handle.
    unsafe result.data = view.unsafeBytes.baseAddress
    unsafe result.byte_count = UInt64(info.byteCount)
    unsafe result.element_count = UInt64(info.elementCount)
    unsafe result.alias_of = info.aliasOf.map(Int64.init) ?? -1
    unsafe result.quantization = info.quantization.map(Int64.init) ?? -1
    unsafe tensor.pointee = result
    return 1
  } catch let failure {
    unsafe report(failure, to: error)
    return 0
  }
}

@c @implementation
public func p2s_load(
  _ file: OpaquePointer?, _ index: Int64, _ layout: p2s_layout, _ values: UnsafeMutablePointer<Float>?,
  _ capacity: Int, _ error: UnsafeMutablePointer<p2s_error>?
) -> Int64 {
  guard let file = unsafe file else {
    unsafe report(SWTError(.unreadable, "the file is NULL"), to: error)
    return -1
  }
  do throws(SWTError) {
    let view = try unsafe Handle.of(file).file.view(Int(index))
    let order: SWTLayout
    switch layout {
    case P2S_ROW_MAJOR: order = .rowMajor
    case P2S_OHWI: order = .ohwi
    case P2S_BLOCKED_8, P2S_BLOCKED_16: order = .blocked(outputs: Int(layout.rawValue))
    default: throw SWTError(.dimOrder, "there is no layout \(layout.rawValue)")
    }
    guard order == .rowMajor || view.shape.count == 4 else {
      throw SWTError(.rank, "tensor \(view.name) has rank \(view.shape.count); this layout is for 4")
    }
    let count = view.elementCount(in: order)
    guard let values = unsafe values, count <= capacity else { return Int64(count) }
    let floats = try view.floats(order)
    unsafe floats.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { unsafe values.update(from: start, count: source.count) }
    }
    return Int64(count)
  } catch let failure {
    unsafe report(failure, to: error)
    return -1
  }
}

@c @implementation
public func p2s_metadata(
  _ file: OpaquePointer?, _ key: UnsafePointer<CChar>?, _ text: UnsafeMutablePointer<CChar>?,
  _ capacity: Int
) -> Int64 {
  guard let file = unsafe file, let key = unsafe key,
    let value = unsafe Handle.of(file).file.metadata(String(cString: key))
  else { return -1 }
  let room = unsafe UnsafeMutableRawBufferPointer(start: text, count: text == nil ? 0 : max(capacity, 0))
  return unsafe Int64(copy(value.plainText, to: room))
}

@c @implementation
public func p2s_verify(_ file: OpaquePointer?, _ error: UnsafeMutablePointer<p2s_error>?) -> CInt {
  guard let file = unsafe file else {
    unsafe report(SWTError(.unreadable, "the file is NULL"), to: error)
    return 0
  }
  do throws(SWTError) {
    try unsafe Handle.of(file).file.verify(using: SystemDigests())
    return 1
  } catch let failure {
    unsafe report(failure, to: error)
    return 0
  }
}

@c @implementation
public func p2s_content_id(_ file: OpaquePointer?, _ id: UnsafeMutablePointer<CChar>?) -> CInt {
  guard let file = unsafe file, let id = unsafe id,
    let digest = unsafe Handle.of(file).file.contentID(using: SystemDigests())
  else { return 0 }
  unsafe copy("swt1:\(digest.hex)", to: UnsafeMutableRawBufferPointer(start: id, count: 70))
  return 1
}

extension SWTValue {
  /// Text unchanged, everything else as in JSON.
  fileprivate var plainText: String {
    switch self {
    case .text(let text), .json(let text): text
    case .integer(let value): "\(value)"
    case .double(let value): "\(value)"
    case .bool(let value): value ? "true" : "false"
    case .bytes(let bytes): Hex.encode(bytes)
    case .integers(let values): "[\(values.map { "\($0)" }.joined(separator: ","))]"
    case .doubles(let values): "[\(values.map { "\($0)" }.joined(separator: ","))]"
    }
  }
}
