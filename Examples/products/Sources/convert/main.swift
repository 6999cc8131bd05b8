import Pth2SWT

// A checkpoint becomes a weight file of half the size: convert model.pth model.swt
var options = ConversionOptions()
options.precision = .f16
options.replacesExisting = true
let summary = try Converter.convert(CommandLine.arguments[1], to: CommandLine.arguments[2], options)
print(summary.architecture ?? "any state dict", summary.tensorCount, summary.contentID ?? "")
