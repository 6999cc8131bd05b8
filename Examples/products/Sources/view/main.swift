import SWT

// One tensor of a weight file, in the mapped file and as floats: view model.swt fc.weight
let file = try SWTFile(path: CommandLine.arguments[1])
let view = try file.view(named: CommandLine.arguments[2])
let weight = try view.floats(.rowMajor)
print(view.shape, view.dtype, weight[0])
