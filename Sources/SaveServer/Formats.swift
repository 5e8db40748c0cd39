internal import FormatPyPI
internal import FormatRaw
internal import SavePlatform

/// The formats compiled into this server. To add one: add its target to Package.swift and one line here.
func registerFormats(in registry: inout FormatRegistry) throws {
    try registry.register(PyPIFormat.self)
    try registry.register(RawFormat.self)
}
