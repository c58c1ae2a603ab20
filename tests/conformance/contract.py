"""levada/plugin.h and the functions of export.cc, as ctypes sees them."""

import ctypes as c


class Bytes(c.Structure):
    _fields_ = [("data", c.c_void_p), ("size", c.c_size_t)]


class Batch(c.Structure):
    """levada_batch: the two structs of the Arrow C Data Interface have 9 and 10 words."""

    _fields_ = [
        ("size", c.c_uint32),
        ("reserved", c.c_uint32),
        ("schema", c.c_int64 * 9),
        ("rows", c.c_int64 * 10),
        ("stream", Bytes),
        ("position", Bytes),
        ("sequence", c.c_uint64),
    ]

    @property
    def schema_address(self):
        return c.addressof(self) + Batch.schema.offset

    @property
    def rows_address(self):
        return c.addressof(self) + Batch.rows.offset


class Option(c.Structure):
    _fields_ = [
        ("name", c.c_char_p),
        ("type", c.c_uint32),
        ("flags", c.c_uint32),
        ("choices", c.c_char_p),
        ("fallback", c.c_char_p),
        ("summary", c.c_char_p),
    ]


class Component(c.Structure):
    _fields_ = [
        ("size", c.c_uint32),
        ("kind", c.c_uint32),
        ("name", c.c_char_p),
        ("summary", c.c_char_p),
        ("options", c.POINTER(Option)),
        ("option_count", c.c_size_t),
        ("functions", c.c_void_p),
        ("create", c.c_void_p),
        ("destroy", c.c_void_p),
    ]


class Plugin(c.Structure):
    _fields_ = [
        ("size", c.c_uint32),
        ("abi_minor", c.c_uint32),
        ("name", c.c_char_p),
        ("version", c.c_char_p),
        ("license", c.c_char_p),
        ("components", c.POINTER(c.POINTER(Component))),
        ("component_count", c.c_size_t),
    ]

    def all_components(self):
        return [self.components[at].contents for at in range(self.component_count)]


SOURCE, INTERCEPTOR, SINK = range(3)
CHECK = c.CFUNCTYPE(c.c_int, c.POINTER(Batch), c.POINTER(c.c_char), c.c_size_t)
FINDING = c.CFUNCTYPE(None, c.c_char_p)


def load_library(path):
    library = c.CDLL(path)
    library.conformance_load.restype = c.POINTER(Plugin)
    library.conformance_load.argtypes = [c.c_char_p, c.c_char_p, c.c_size_t]
    library.conformance_test.restype = c.c_void_p
    library.conformance_test.argtypes = [c.POINTER(Plugin), c.c_char_p, c.c_char_p, CHECK]
    for name, arguments in {
        "add_body": [c.c_char_p, c.c_size_t],
        "add_file": [c.c_char_p, c.c_char_p, c.c_size_t],
        "set_stdin": [c.c_char_p, c.c_size_t],
        "add_refused": [c.c_char_p, c.c_char_p],
        "set_cuts_matter": [],
        "add_input": [c.POINTER(Batch)],
        "run": [c.c_size_t, FINDING],
        "free": [],
    }.items():
        function = getattr(library, "conformance_" + name)
        function.restype, function.argtypes = None, [c.c_void_p] + arguments
    library.conformance_must_count.restype = c.c_size_t
    library.conformance_must_count.argtypes = [c.c_void_p]
    library.conformance_must_name.restype = c.c_char_p
    library.conformance_must_name.argtypes = [c.c_void_p, c.c_size_t]
    return library
