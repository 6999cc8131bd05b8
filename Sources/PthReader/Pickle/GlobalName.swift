/// A class or function named by a pickle, such as `torch._utils._rebuild_tensor_v2`.
public struct GlobalName: Hashable, Sendable {
  /// The module as spelled in the file: `torch._utils`.
  public let module: String
  /// The name in the module, with dots if nested: `_rebuild_tensor_v2`.
  public let name: String

  /// Module and name, joined with a dot.
  public var qualified: String { module.isEmpty ? name : "\(module).\(name)" }

  /// The qualified name with current module names: Python 2 and older releases of PyTorch and NumPy used
  /// others.
  ///
  /// Sources: CPython `_compat_pickle.NAME_MAPPING` and `IMPORT_MAPPING`; torch/serialization.py.
  package var canonical: String {
    guard let renamed = Self.renamedModules[module] else { return qualified }
    return "\(renamed).\(name)"
  }

  private static let renamedModules: [String: String] = [
    "__builtin__": "builtins", "copy_reg": "copyreg", "cPickle": "_pickle", "UserDict": "collections",
    "UserList": "collections", "UserString": "collections", "itertools": "builtins",
    "torch.tensor": "torch._tensor", "numpy._core.multiarray": "numpy.core.multiarray",
    "numpy._core.numeric": "numpy.core.numeric", "torch.nn.Parameter": "torch.nn.parameter",
  ]

  /// The outermost package of the module.
  var root: String { module.split(separator: ".", maxSplits: 1).first.map(String.init) ?? module }

  /// Whether it makes a function or a class out of parts in the pickle, as cloudpickle and dill do.
  public var makesCode: Bool { PickledCode.isMaker(self) }

  /// Whether calling it could do more than construct a value.
  ///
  /// Used only to warn and to refuse: names in a pickle are never looked up or called.
  public var isDangerous: Bool {
    if Self.dangerousModules.contains(root) || Self.dangerousModules.contains(module) { return true }
    // Protocol 4 resolves dots in a name: `torch.serialization` has an `os`, which has `system`.
    let parts = name.split(separator: ".").map(String.init)
    if parts.dropLast().contains(where: { Self.dangerousModules.contains($0) || $0.hasPrefix("__") }) {
      return true
    }
    if Self.builtinModules.contains(module) { return Self.dangerousBuiltins.contains(name) }
    return Self.dangerousFunctions.contains(qualified)
  }

  private static let builtinModules: Set<String> = ["builtins", "__builtin__"]

  private static let dangerousBuiltins: Set<String> = [
    "eval", "exec", "execfile", "compile", "open", "file", "input", "raw_input", "__import__", "breakpoint",
    "apply", "globals", "locals", "vars", "exit", "quit", "delattr", "setattr",
  ]

  /// Modules of the standard library that access files, processes or the network, or run code. Names that
  /// people also give their own modules (`test`, `code`, `profile`) are omitted: they would cause false
  /// alarms.
  private static let dangerousModules: Set<String> = [
    "os", "posix", "nt", "ntpath", "posixpath", "sys", "subprocess", "popen2", "socket", "ssl", "shutil",
    "pty", "platform", "runpy", "pdb", "bdb", "cProfile", "timeit", "codeop", "webbrowser", "http",
    "httplib", "urllib", "urllib2", "requests", "aiohttp", "ftplib", "smtplib", "telnetlib", "asyncio",
    "_thread", "ctypes", "_ctypes", "cffi", "importlib", "imp", "pkgutil", "zipimport", "pip", "ensurepip",
    "venv", "idlelib", "lib2to3", "doctest", "pydoc", "linecache", "fileinput", "pickle", "_pickle",
    "cPickle", "dill", "cloudpickle", "marshal", "shelve", "sqlite3", "distutils", "setuptools", "atexit",
    "xmlrpc", "_aix_support", "_osx_support", "_pyrepl", "nturl2path", "paramiko", "tempfile",
    "multiprocessing", "_multiprocessing", "concurrent", "signal", "threading", "zipfile", "tarfile",
    "logging.config", "selectors", "fcntl", "mmap",
  ]

  private static let dangerousFunctions: Set<String> = [
    "operator.attrgetter", "operator.itemgetter", "operator.methodcaller", "_operator.attrgetter",
    "_operator.itemgetter", "_operator.methodcaller", "functools.reduce", "io.open", "io.open_code",
    "io.FileIO", "_io.open",
    "_io.open_code", "_io.FileIO", "codecs.open", "torch.hub.load_state_dict_from_url",
    "torch.hub.download_url_to_file", "torch.utils.model_zoo.load_url",
    "types.CodeType", "types.FunctionType", "types.LambdaType", "numpy.testing._private.utils.runstring",
    "numpy.f2py.crackfortran.getlincoef", "numpy.load", "numpy.lib.npyio.load", "torch.load",
    "torch.hub.load", "torch.jit.load", "torch.serialization.load", "torch.utils.cpp_extension.load",
    "torch.utils.cpp_extension.load_inline", "torch.utils._config_module.load_config",
    "torch._dynamo.guards.GuardBuilder.get", "torch.utils.collect_env.run",
    "torch._inductor.codecache.compile_file",
    "torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression",
  ]
}
