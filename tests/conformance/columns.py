"""Columns of every Arrow type through what levada does with batches: passed on, taken by row, sliced, compacted, stored
in a file channel and read again, from damaged records too; with pyarrow as the judge of each.

columns.py LIBRARY     the shared library made of columns.cc
"""

import ctypes as c
import datetime
import decimal
import random
import sys

import pyarrow as pa

import contract
import inputs

ROWS = 100
DICE = random.Random(11)
WORDS = ["", "short", "exactly 12 b", "longer than the twelve bytes of a view", "M\u00fcller \u6c34"]


def some(make, nulls=0.3):
    return [None if DICE.random() < nulls else make() for _ in range(ROWS)]


def integer(bits, signed=True):
    low = -(2 ** (bits - 1)) if signed else 0
    return lambda: DICE.randrange(low, low + 2**bits)


def word():
    return DICE.choice(WORDS)


def items(make, most=4):
    return lambda: [None if DICE.random() < 0.2 else make() for _ in range(DICE.randrange(most))]


def numbers(pa_type, nulls=0.3):
    return pa.array(some(integer(16), nulls), pa_type)


def dense_union():
    ids = [DICE.randrange(2) for _ in range(ROWS)]
    offsets = [ids[:row].count(ids[row]) for row in range(ROWS)]
    children = [pa.array(some(integer(8)), pa.int8()), pa.array(some(word), pa.string())]
    return pa.UnionArray.from_dense(pa.array(ids, pa.int8()), pa.array(offsets, pa.int32()), children)


def sparse_union():
    children = [pa.array(some(integer(8)), pa.int8()), pa.array(some(items(word)), pa.list_(pa.string()))]
    return pa.UnionArray.from_sparse(pa.array([DICE.randrange(2) for _ in range(ROWS)], pa.int8()), children)


def runs(width, value_type, make):
    ends = sorted(DICE.sample(range(1, ROWS), 20)) + [ROWS]
    values = pa.array([None if DICE.random() < 0.2 else make() for _ in ends], value_type)
    return pa.RunEndEncodedArray.from_arrays(pa.array(ends, width), values)


def struct():
    return {"a": word(), "b": items(integer(8))(), "c": {"d": DICE.random() < 0.5, "e": word()}}


INNER = pa.struct({"d": pa.bool_(), "e": pa.dictionary(pa.int8(), pa.string())})
DICTIONARY = pa.dictionary(pa.int32(), pa.string_view())
STRUCT = pa.struct({"a": pa.string(), "b": pa.list_(pa.int8()), "c": INNER})


def opaque():
    """Types that no plugin knows: they come out as they went in."""
    day, second = datetime.date(1900, 1, 1), datetime.timedelta(seconds=1)
    yield "null", pa.nulls(ROWS)
    yield "uint64", pa.array(some(integer(64, False)), pa.uint64())
    yield "half", pa.array(some(lambda: DICE.randrange(1000) / 8), pa.float32()).cast(pa.float16())
    yield "date32", pa.array(some(lambda: day + DICE.randrange(90000) * datetime.timedelta(1)), pa.date32())
    yield "date64", pa.array(some(lambda: day + DICE.randrange(90000) * datetime.timedelta(1)), pa.date64())
    yield "time32", pa.array(some(lambda: DICE.randrange(86400)), pa.int32()).cast(pa.time32("s"))
    yield "time64", pa.array(some(lambda: DICE.randrange(86400 * 10**9)), pa.int64()).cast(pa.time64("ns"))
    yield "duration", pa.array(some(lambda: DICE.randrange(10**9) * second), pa.duration("us"))
    yield "interval", pa.array(some(lambda: pa.MonthDayNano([1, DICE.randrange(30), 5])), pa.month_day_nano_interval())
    for unit in ("s", "ms", "us", "ns"):
        yield "timestamp without zone " + unit, pa.array(some(integer(40)), pa.int64()).cast(pa.timestamp(unit))
    yield "decimal", pa.array(some(lambda: decimal.Decimal(DICE.randrange(10**9)) / 100), pa.decimal128(20, 2))
    yield "wide decimal", pa.array(some(lambda: decimal.Decimal(DICE.randrange(10**9))), pa.decimal256(60, 2))
    yield "fixed bytes", pa.array(some(lambda: DICE.randbytes(5)), pa.binary(5))
    yield "list", pa.array(some(items(word)), pa.list_(pa.string()))
    yield "list of views", pa.array(some(items(word)), pa.list_(pa.string_view()))
    yield "large list", pa.array(some(items(integer(16))), pa.large_list(pa.int64()))
    yield "lists of lists", pa.array(some(items(items(word))), pa.list_(pa.large_list(pa.large_string())))
    yield "fixed list", pa.array(some(lambda: [integer(8)() for _ in range(3)]), pa.list_(pa.int16(), 3))
    yield "list view", pa.array(some(items(word)), pa.list_view(pa.string()))
    yield "large list view", pa.array(some(items(integer(16))), pa.large_list_view(pa.int64()))
    yield "struct", pa.array(some(struct), STRUCT)
    structs = some(lambda: inputs.struct_of(some(word, 0)[:5], 0.3, DICE))
    yield "struct of the contract's types", pa.array(structs, inputs.STRUCT)
    yield "struct without fields", pa.array(some(dict), pa.struct([]))
    pairs = some(lambda: [(key, word()) for key in WORDS[: DICE.randrange(4)]])
    yield "map", pa.array(pairs, pa.map_(pa.string(), pa.binary()))
    yield "dictionary of integers", pa.array(some(integer(3)), pa.int64()).dictionary_encode()
    lists = pa.array([["a"], [], ["b", None]], pa.list_(pa.string()))
    indices = pa.array(some(lambda: DICE.randrange(3)), pa.uint16())
    yield "dictionary of lists", pa.DictionaryArray.from_arrays(indices, lists)
    yield "dictionary of bytes", pa.array(some(lambda: word().encode()), pa.binary()).dictionary_encode()
    yield "dense union", dense_union()
    yield "sparse union", sparse_union()
    yield "runs", runs(pa.int16(), pa.string(), word)
    yield "runs of structs", runs(pa.int64(), STRUCT, struct)
    numbers = runs(pa.int32(), pa.float64(), DICE.random)
    yield "list of runs of one", pa.ListArray.from_arrays(list(range(ROWS + 1)), numbers)


def taken():
    """(what comes in, as which type it is taken)."""
    for bits in (8, 16, 32):
        yield pa.array(some(integer(bits)), getattr(pa, f"int{bits}")()), pa.int64()
        yield pa.array(some(integer(bits, False)), getattr(pa, f"uint{bits}")()), pa.int64()
    yield pa.array(some(DICE.random), pa.float32()), pa.float64()
    for source in (pa.string(), pa.large_string(), pa.string_view()):
        yield pa.array(some(word), source), pa.string_view()
    for source in (pa.binary(), pa.large_binary(), pa.binary_view()):
        yield pa.array(some(lambda: DICE.randbytes(DICE.randrange(30))), source), pa.binary_view()
    for unit in ("s", "ms", "us", "ns"):
        for zone in ("UTC", "Europe/Berlin", "+05:30"):
            yield pa.array(some(integer(40)), pa.int64()).cast(pa.timestamp(unit, zone)), inputs.UTC
    for index in (pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64()):
        indices = pa.array(some(lambda: DICE.randrange(len(WORDS))), index)
        for words in (pa.string(), pa.large_string(), pa.string_view()):
            yield pa.DictionaryArray.from_arrays(indices, pa.array(WORDS, words)), DICTIONARY
    indices = pa.array(some(lambda: DICE.randrange(3)), pa.int32())
    yield pa.DictionaryArray.from_arrays(indices, pa.array(["a", None, "c"], pa.string_view())), DICTIONARY


class Levada:
    def __init__(self, path):
        self.library = c.CDLL(path)
        self.library.columns_damage.restype = c.c_int64
        self.why = c.create_string_buffer(1024)

    def run(self, name, batch, *arguments):
        own = contract.Batch(size=c.sizeof(contract.Batch))
        inputs.export(batch, own)
        if getattr(self.library, "columns_" + name)(c.byref(own), *arguments, self.why, c.c_size_t(len(self.why))):
            raise AssertionError(f"{name}: {self.why.value.decode()}")
        out = pa.RecordBatch._import_from_c(own.rows_address, own.schema_address)
        out.validate(full=True)
        return out

    def damage(self, batch, rounds):
        own = contract.Batch(size=c.sizeof(contract.Batch))
        inputs.export(batch, own)
        return self.library.columns_damage(c.byref(own), c.c_uint64(5), c.c_int64(rounds))


def plain(array):
    """What the values are, whatever their layout."""
    if pa.types.is_timestamp(array.type) or pa.types.is_time64(array.type):
        array = array.cast(pa.int64())
    if pa.types.is_union(array.type) or pa.types.is_run_end_encoded(array.type):
        return [value.as_py() for value in array]
    return array.to_pylist()


def micro(array):
    """The instants of timestamps, in microseconds, rounded down."""
    factor = {"s": 10**6, "ms": 10**3, "us": 1, "ns": None}[array.type.unit]
    whole = array.cast(pa.int64()).to_pylist()
    return [value if value is None else value // 1000 if factor is None else value * factor for value in whole]


def values_of(array, wanted):
    return micro(array) if wanted == inputs.UTC else plain(array)


def rows_to_take():
    yield list(range(ROWS))
    yield []
    yield [ROWS - 1, 0, 7, 7, 7, 3]
    yield [DICE.randrange(ROWS) for _ in range(250)]
    yield sorted(DICE.sample(range(ROWS), 30))


def cases(array):
    """(batch, rows of `array` that are in it): whole, and slices by the offset of the array and of the struct."""
    field = pa.field("x", array.type, metadata={"key": "a value", "empty": ""})
    marks = pa.array(range(ROWS), pa.int64())
    whole = pa.RecordBatch.from_arrays([array, marks], schema=pa.schema([field, pa.field("mark", pa.int64())]))
    yield whole, range(ROWS)
    yield whole.slice(13, 50), range(13, 63)
    yield whole.slice(97), range(97, ROWS)
    yield whole.slice(0, 0), range(0)
    struct = pa.StructArray.from_arrays(whole.columns, fields=list(whole.schema))
    yield struct.slice(5, 40), range(5, 45)


def check_in_c(levada, batch, rows, array):
    """What the helper for plugins in C leaves of the batch."""
    values, marks = plain(array), pa.array(rows, pa.int64())
    for numbers in ([], list(range(len(rows))), list(range(1, len(rows), 3))):
        if len(numbers) == len(rows) and isinstance(batch, pa.StructArray):
            continue  # It stays as it was, with an offset that pyarrow does not take for a record batch.
        own = (c.c_int64 * len(numbers))(*numbers)
        out = levada.run("keep_in_c", batch, own, c.c_size_t(len(numbers)))
        assert out.column(0).type == array.type, f"keep in C: it is {out.column(0).type}, not {array.type}"
        found, right = plain(out.column(0)), [values[rows[number]] for number in numbers]
        assert found == right, f"keep in C: {found[:10]} and not {right[:10]}"
        right = marks.take(pa.array(numbers, pa.int64()))
        assert out.column(1) == right, f"keep in C: the marks are {out.column(1)[:10]}"


def check(levada, name, array, wanted):
    expected = values_of(array, wanted)
    # A dictionary with a null among its words is taken as one without: what is cast keeps no metadata.
    has_null_words = pa.types.is_dictionary(array.type) and array.dictionary.null_count > 0
    is_same = array.type == wanted and not has_null_words

    def judge(what, out, rows):
        got = out.column(0)
        assert got.type == wanted, f"{what}: it is {got.type}, not {wanted}"
        if is_same:
            metadata = out.schema.field(0).metadata
            assert metadata == {b"key": b"a value", b"empty": b""}, f"{what}: the metadata is {metadata}"
        found = values_of(got, wanted) if is_same or wanted != inputs.UTC else got.cast(pa.int64()).to_pylist()
        right = [expected[row] for row in rows]
        assert found == right, f"{what}: {found[:10]} and not {right[:10]}"
        assert out.column(1).to_pylist() == list(rows), f"{what}: the marks are {out.column(1)[:10]}"

    for batch, rows in cases(array):
        rows = list(rows)
        check_in_c(levada, batch, rows, array)
        for what in ("pass", "compact", "store"):
            judge(what, levada.run(what, batch), rows)
        for first, count in ((0, len(rows)), (len(rows) // 3, len(rows) // 2), (len(rows), 0)):
            sliced = levada.run("slice", batch, c.c_int64(first), c.c_int64(count))
            judge("slice", sliced, rows[first : first + count])
            for what in ("compact", "store"):
                judge(what + " of a slice", levada.run(what, sliced), rows[first : first + count])
        for numbers in rows_to_take():
            numbers = [number for number in numbers if number < len(rows)]
            own = (c.c_int64 * len(numbers))(*numbers)
            out = levada.run("take", batch, own, c.c_size_t(len(numbers)))
            judge("take", out, [rows[number] for number in numbers])
            if is_same and not pa.types.is_union(array.type) and not pa.types.is_list_view(array.type):
                try:
                    model = batch.field(0) if isinstance(batch, pa.StructArray) else batch.column(0)
                    model = model.take(pa.array(numbers, pa.int64()))
                except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
                    continue
                assert plain(out.column(0)) == plain(model), "take: not what pyarrow takes"


def main():
    levada = Levada(sys.argv[1])
    before = pa.total_allocated_bytes()
    failed = 0
    read = 0

    def attempt(name, run):
        nonlocal failed
        try:
            return run() or 0
        except AssertionError as error:
            failed += 1
            print(f"{name}: {error}"[:2000])
            return 0

    for name, array in opaque():
        attempt(name, lambda: check(levada, name, array, array.type))
        read += attempt(name + ", damaged", lambda: levada.damage(pa.record_batch({"x": array}), 2000))
    for array, wanted in taken():
        name = f"{array.type} as {wanted}"
        attempt(name, lambda: check(levada, name, array, wanted))
        read += attempt(name + ", damaged", lambda: levada.damage(pa.record_batch({"x": array}), 300))
    if read == 0:
        failed += 1
        print("no damaged record could be read: the damage test tests nothing")
    array = None
    if pa.total_allocated_bytes() > before:
        failed += 1
        print(f"{pa.total_allocated_bytes() - before} bytes of pyarrow's were never released")
    print(f"{failed} failed; {read} damaged records could still be read")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
