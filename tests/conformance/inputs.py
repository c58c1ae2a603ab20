"""Batches that pyarrow makes for interceptors and sinks: not laid out as the SDK lays them out, but just as legal."""

import random

import pyarrow as pa

UTC = pa.timestamp("us", tz="UTC")
LIST = pa.list_(pa.string_view())
HOME = pa.struct({"at": UTC, "of": pa.string_view()})
STRUCT = pa.struct({"id": pa.int64(), "tags": LIST, "home": HOME})


def export(batch, to):
    """Fills in a contract.Batch from a record batch or a struct array."""
    if isinstance(batch, pa.StructArray):
        fields = pa.schema([batch.type.field(at) for at in range(batch.type.num_fields)])
        batch._export_to_c(to.rows_address)
        fields._export_to_c(to.schema_address)
    else:
        batch._export_to_c(to.rows_address, to.schema_address)


def of_bodies(bodies, body_type=None):
    return pa.record_batch({"body": pa.array(bodies, body_type or pa.binary_view())})


def sparse(values, share, dice):
    return [None if dice.random() < share else value for value in values]


def wide(bodies, dice, nulls):
    """Bodies beside a column of each type of the contract."""
    count = len(bodies)
    words = ["", "short", "exactly 12 b", "longer than the twelve bytes of a view", "M\u00fcller \u6c34 \U0001f4a7"]
    texts = [dice.choice(words) for _ in range(count)]
    return pa.record_batch(
        {
            "body": pa.array(sparse(bodies, nulls, dice), pa.binary_view()),
            "a_text": pa.array(sparse(texts, nulls, dice), pa.string_view()),
            "a_number": pa.array(sparse([dice.uniform(-1e9, 1e9) for _ in range(count)], nulls, dice), pa.float64()),
            "an_integer": pa.array(
                sparse([dice.randrange(-(2**63), 2**63) for _ in range(count)], nulls, dice), pa.int64()
            ),
            "a_boolean": pa.array(sparse([dice.random() < 0.5 for _ in range(count)], nulls, dice), pa.bool_()),
            "a_time": pa.array(sparse([dice.randrange(2**50) for _ in range(count)], nulls, dice), UTC),
            "a_dictionary": encoded(sparse(texts, nulls, dice)),
            "a_list": pa.array(sparse([texts[: dice.randrange(4)] for _ in range(count)], nulls, dice), LIST),
            "a_struct": pa.array(sparse([struct_of(texts, nulls, dice) for _ in range(count)], nulls, dice), STRUCT),
        }
    )


def struct_of(texts, nulls, dice):
    tags = sparse(texts[: dice.randrange(4)], nulls, dice)
    return {"id": dice.randrange(2**40), "tags": tags, "home": {"at": dice.randrange(2**50), "of": dice.choice(texts)}}


def encoded(values):
    """A dictionary of views, which pyarrow does not make by itself; with an entry that nobody uses."""
    distinct = ["nobody uses this entry"] + sorted({value for value in values if value is not None})
    at = {value: index for index, value in enumerate(distinct)}
    indices = pa.array([None if value is None else at[value] for value in values], pa.int32())
    return pa.DictionaryArray.from_arrays(indices, pa.array(distinct, pa.string_view()))


def as_others_make_it(bodies, dice, nulls):
    """Types that are the contract's in another layout, and types that no plugin knows."""
    count = len(bodies)
    words = ["", "short", "longer than the twelve bytes of a view"]
    numbers = [dice.randrange(-(2**31), 2**31) for _ in range(count)]
    lists = [[dice.choice(words) for _ in range(dice.randrange(4))] for _ in range(count)]
    structs = [{"x": number, "y": items} for number, items in zip(numbers, lists)]
    return pa.record_batch(
        {
            "body": pa.array(sparse(bodies, nulls, dice), pa.binary()),
            "a_text": pa.array(sparse([dice.choice(words) for _ in range(count)], nulls, dice), pa.large_string()),
            "a_number": pa.array(sparse([dice.uniform(-1e9, 1e9) for _ in range(count)], nulls, dice), pa.float32()),
            "an_integer": pa.array(sparse(numbers, nulls, dice), pa.int32()),
            "a_time": pa.array(sparse([abs(number) for number in numbers], nulls, dice), pa.timestamp("ms", "+02:00")),
            "a_dictionary": pa.array(
                sparse([dice.choice(words) for _ in range(count)], nulls, dice)
            ).dictionary_encode(),
            "a_list": pa.array(sparse(lists, nulls, dice), pa.list_(pa.string())),
            "a_struct": pa.array(sparse(structs, nulls, dice)),
            "a_date": pa.array(sparse(numbers, nulls, dice), pa.int32()).cast(pa.date32()),
            "a_local_time": pa.array(sparse(numbers, nulls, dice), pa.timestamp("us")),
            "an_unsigned": pa.array(sparse([abs(number) for number in numbers], nulls, dice), pa.uint64()),
            "extra_text": pa.nulls(count),
        }
    )


def all_of(bodies, seed=1):
    """(name, batch) for each kind of input."""
    dice = random.Random(seed)
    many = [dice.choice(bodies) for _ in range(1000)]
    plain = of_bodies(many)
    full = wide(many, dice, 0.3)
    texts = [body.decode("utf-8", "replace") for body in many]
    struct = pa.StructArray.from_arrays(full.columns, fields=[field for field in full.schema])
    yield "plain", plain
    yield "empty", of_bodies([])
    yield "columns without rows", full.slice(0, 0)
    yield "one row", plain.slice(999, 1)
    yield "sliced", plain.slice(7, 501)
    yield "body as text", of_bodies(texts, pa.string_view())
    yield "body as dictionary", pa.record_batch({"body": encoded(sparse(texts, 0.2, dice))})
    yield "every type", full
    yield "every type, sliced", full.slice(13, 333)
    yield "every type, sliced in the struct", struct.slice(13, 333)
    yield "every type, sliced in both", pa.StructArray.from_arrays(
        full.slice(3).columns, fields=[f for f in full.schema]
    ).slice(5, 77)
    foreign = as_others_make_it(many, dice, 0.3)
    struct = pa.StructArray.from_arrays(foreign.columns, fields=[field for field in foreign.schema])
    yield "as others make it", foreign
    yield "as others make it, sliced", foreign.slice(13, 333)
    yield "as others make it, sliced in the struct", struct.slice(13, 333)
    yield "as others make it, nothing but nulls", as_others_make_it([None] * 100, dice, 1.0)
    # Opaque where a plugin looks for a text, a number or a time.
    yield "opaque under known names", pa.record_batch(
        {
            "body": pa.array(many, pa.binary_view()),
            "a_text": foreign.column("a_list"),
            "a_number": foreign.column("a_struct"),
            "a_dictionary": foreign.column("a_date"),
        }
    )
    yield "nothing but nulls", wide([None] * 100, dice, 1.0)
    yield "no body", full.select([1, 2, 3, 4, 5, 6, 7, 8])
    yield "no column at all", pa.RecordBatch.from_struct_array(pa.array([{}] * 5, pa.struct([])))
