public import PthC
internal import PthReader
internal import SWTBytes

// The functions that pth.h declares and documents; `@implementation` makes the compiler check each against its
// declaration. Pointers come from C: they are checked for NULL and otherwise trusted.

@c @implementation
public func p2s_pth_open(
  _ path: UnsafePointer<CChar>?, _ error: UnsafeMutablePointer<CChar>?, _ error_size: Int
) -> OpaquePointer? {
  guard let path = unsafe path else {
    unsafe report("no path", to: error, error_size)
    return nil
  }
  let name = unsafe String(cString: path)
  do throws(ParseFailure) {
    return unsafe Handle(try PthFile(path: name)).retained()
  } catch let failure {
    unsafe report("\(name): \(failure)", to: error, error_size)
    return nil
  }
}

@c @implementation
public func p2s_pth_count(_ file: OpaquePointer?) -> Int {
  guard let file = unsafe file else { return 0 }
  return unsafe Handle.of(file).file.tensors.count
}

@c @implementation
public func p2s_pth_info(
  _ file: OpaquePointer?, _ i: Int, _ out: UnsafeMutablePointer<p2s_pth_tensor>?
) -> CInt {
  guard let file = unsafe file, let out = unsafe out else { return 1 }
  let handle = unsafe Handle.of(file)
  guard handle.file.tensors.indices.contains(i) else { return 1 }
  let tensor = handle.file.tensors[i]
  let (name, type, dimensions) = unsafe handle.pointers(i)
  unsafe out.pointee = p2s_pth_tensor(
    name: name, name_length: tensor.name.utf8.count, dtype: type, rank: tensor.shape.count,
    dims: dimensions, nbytes: UInt64(tensor.byteCount))
  return 0
}

@c @implementation
public func p2s_pth_find(_ file: OpaquePointer?, _ name: UnsafePointer<CChar>?) -> Int {
  guard let file = unsafe file, let name = unsafe name else { return -1 }
  return unsafe Handle.of(file).file.index(of: String(cString: name)) ?? -1
}

@c @implementation
public func p2s_pth_read(
  _ file: OpaquePointer?, _ i: Int, _ to: UnsafeMutableRawPointer?, _ size: Int,
  _ error: UnsafeMutablePointer<CChar>?, _ error_size: Int
) -> CInt {
  guard let file = unsafe file else {
    unsafe report("no file", to: error, error_size)
    return 1
  }
  let opened = unsafe Handle.of(file).file
  guard opened.tensors.indices.contains(i) else {
    unsafe report("\(opened.path): there is no tensor \(i)", to: error, error_size)
    return 1
  }
  let tensor = opened.tensors[i]
  guard size == tensor.byteCount, unsafe to != nil || size == 0 else {
    unsafe report(
      "\(opened.path): tensor \(tensor.name) has \(tensor.byteCount) bytes, and there is memory for \(unsafe to == nil ? 0 : size)",
      to: error, error_size)
    return 1
  }
  do throws(ParseFailure) {
    try unsafe opened.read(tensor, into: UnsafeMutableRawBufferPointer(start: to, count: size))
    return 0
  } catch let failure {
    unsafe report("\(opened.path): tensor \(tensor.name): \(failure)", to: error, error_size)
    return 1
  }
}

@c @implementation
public func p2s_pth_offset(_ file: OpaquePointer?, _ i: Int) -> Int64 {
  guard let file = unsafe file else { return -1 }
  let opened = unsafe Handle.of(file).file
  guard opened.tensors.indices.contains(i), let offset = opened.offset(of: opened.tensors[i]) else {
    return -1
  }
  return Int64(offset)
}

@c @implementation
public func p2s_pth_close(_ file: OpaquePointer?) {
  if let file = unsafe file { unsafe Handle.release(file) }
}
