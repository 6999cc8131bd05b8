// Whoever imports this module has all that a network in a file is made of: the weight file, the layer tree, the engine.

@_exported public import ResNetArchitecture
@_exported public import ResNetEngine
@_exported public import SWT
@_exported public import SWTThreads
