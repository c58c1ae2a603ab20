"""Puts the components of one plugin to the MUSTs of docs/spec, with pyarrow as the judge of every batch.

conformance.py LIBRARY PLUGIN     the shared library made of export.cc, and the plugin's .so
"""

import ctypes
import faulthandler
import sys

import contract
from cases import CASES, ELSEWHERE

try:
    import pyarrow as pa
except ImportError:
    sys.exit(
        f"{sys.executable} has no pyarrow: run tools/setup tests, or configure with -DLEVADA_PYTHON=... that has it"
    )

import inputs


def check(batch, why, room):
    """Has pyarrow import the batch, which takes it over, and look at every value."""
    try:
        imported = pa.RecordBatch._import_from_c(batch.contents.rows_address, batch.contents.schema_address)
        imported.validate(full=True)
        return 0
    except Exception as error:
        text = f"{error}"[: room - 1].encode("utf-8", "replace")
        ctypes.memmove(why, text + b"\0", len(text) + 1)
        return 1


CHECK = contract.CHECK(check)


def judge_the_judge():
    """What is not UTF-8 must not pass for text: a check that finds nothing proves nothing."""
    text = pa.Array.from_buffers(pa.string_view(), 1, pa.array([b"\xff"], pa.binary_view()).buffers())
    batch = contract.Batch(size=ctypes.sizeof(contract.Batch))
    inputs.export(pa.record_batch({"text": text}), batch)
    why = ctypes.create_string_buffer(1024)
    if check(ctypes.pointer(batch), why, len(why)) != 1 or b"UTF8" not in why.value:
        sys.exit(f"pyarrow {pa.__version__} does not see that a text is not UTF-8")


def make_test(library, plugin, case, kind):
    test = library.conformance_test(plugin, case.component.encode(), case.options.encode(), CHECK)
    for path, text in case.files.items():
        library.conformance_add_file(test, path.encode(), text, len(text))
    library.conformance_set_stdin(test, case.stdin, len(case.stdin))
    for options, option in case.refused:
        library.conformance_add_refused(test, options.encode(), option.encode())
    if case.cuts_matter:
        library.conformance_set_cuts_matter(test)
    if kind != contract.SOURCE:
        for body in case.bodies:
            library.conformance_add_body(test, body, len(body))
        for _, made in inputs.all_of(case.bodies):
            batch = contract.Batch(size=ctypes.sizeof(contract.Batch))
            inputs.export(made, batch)
            library.conformance_add_input(test, ctypes.byref(batch))
    return test


def case_findings(library, plugin, case, kind):
    """Runs all MUSTs; gives the number of them, and what was found."""
    test = make_test(library, plugin, case, kind)
    found = []
    count = library.conformance_must_count(test)
    for at in range(count):
        name = library.conformance_must_name(test, at).decode()
        if name.split("_")[0] in case.elsewhere:
            continue
        add = contract.FINDING(lambda text: found.append((name, text.decode("utf-8", "replace"))))
        library.conformance_run(test, at, add)
    library.conformance_free(test)
    return count, found


def main():
    faulthandler.enable()
    judge_the_judge()
    library = contract.load_library(sys.argv[1])
    why = ctypes.create_string_buffer(1024)
    plugin = library.conformance_load(sys.argv[2].encode(), why, len(why))
    if not plugin:
        sys.exit(f"{sys.argv[2]} cannot be loaded: {why.value.decode()}")
    failed = []
    before = pa.total_allocated_bytes()
    for component in plugin.contents.all_components():
        name = component.name.decode()
        if (component.kind, name) in ELSEWHERE:
            print(f"{name}: see {ELSEWHERE[component.kind, name]}")
            continue
        cases = [case for case in CASES if case.component == name]
        if not cases:
            failed.append(component.name)
            print(f"{name} has no case: add one to tests/conformance/cases.py")
        for case in cases:
            count, found = case_findings(library, plugin, case, component.kind)
            failed += found
            print(f"{case.component} with {case.options!r}: {count - len({name for name, _ in found})} of {count} hold")
            for name, text in found:
                print(f"  {name}: {text[:2000]}")
    if pa.total_allocated_bytes() != before:
        failed.append("leak")
        print(f"{pa.total_allocated_bytes() - before} bytes of pyarrow's were never released")
    sys.exit(1 if failed else 0)


main()
