// One import brings all parts of a network in a file: the weight file, the layer tree and the engine.

@_exported public import ResNetArchitecture
@_exported public import ResNetEngine
@_exported public import SWT
@_exported public import SWTThreads
