/// Python code inside a pickle: functions and classes that cloudpickle and dill store by value, because the
/// program that loads the file cannot import them.
///
/// MLflow has saved PyTorch models this way since 2019. Loading such a file in Python creates the functions and
/// classes, and runs what their instances need; reading tensors does not.
enum PickledCode {
  /// Whether a name only makes functions and classes out of parts, or imports a module.
  ///
  /// Sources: cloudpickle/cloudpickle.py, cloudpickle_fast.py; dill/_dill.py.
  static func isMaker(_ name: GlobalName) -> Bool {
    makers.contains(name.qualified)
      || cloudpickleModules.contains(name.module) && cloudpickleMakers.contains(name.name)
      || dillModules.contains(name.module) && dillMakers.contains(name.name)
  }

  private static let makers: Set<String> = [
    "types.CodeType", "types.FunctionType", "builtins.setattr", "__builtin__.setattr", "dill._dill",
    "dill.dill",
  ]
  private static let cloudpickleModules: Set<String> = [
    "cloudpickle", "cloudpickle.cloudpickle", "cloudpickle.cloudpickle_fast",
  ]
  private static let cloudpickleMakers: Set<String> = [
    "_builtin_type", "_class_setstate", "_fill_function", "_function_setstate", "_gen_ellipsis",
    "_gen_not_implemented", "_get_cell_contents", "_lookup_class_or_track", "_make_cell", "_make_dict_items",
    "_make_dict_keys", "_make_dict_values", "_make_empty_cell", "_make_function", "_make_skel_func",
    "_make_skeleton_class", "_make_skeleton_enum", "_make_typevar", "_rehydrate_skeleton_class", "instance",
    "subimport", "dynamic_subimport", "_empty_cell_value",
  ]
  private static let dillModules: Set<String> = ["dill._dill", "dill.dill"]
  private static let dillMakers: Set<String> = [
    "_create_cell", "_create_code", "_create_function", "_create_namedtuple", "_create_type", "_get_attr",
    "_import_module", "_load_type", "_setattr",
  ]
  /// Those whose result is a function.
  private static let functionMakers: Set<String> = [
    "_create_function", "_make_function", "_make_skel_func", "_fill_function", "FunctionType",
  ]

  /// Whether a pickle calls a function that is defined in it, which is more than any module needs.
  static func isCalled(in arena: PickleArena) -> Bool {
    for index in 0..<UInt32(clamping: arena.count) {
      guard let object = arena.object(NodeID(index: index)), let function = arena.object(object.callable),
        let maker = arena.global(function.callable)
      else { continue }
      if isMaker(maker), functionMakers.contains(maker.name) { return true }
    }
    return false
  }
}
