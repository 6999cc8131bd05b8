// The whole of pth2swt under one import: checkpoints are read, converted, verified and run.

@_exported public import PthReader
@_exported public import ResNetModel
@_exported public import SWTConversion
@_exported public import SWTDigests
@_exported public import SWTVerification
