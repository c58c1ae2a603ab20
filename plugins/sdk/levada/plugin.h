/* The contract between the agent and a plugin. Plain C11; includes nothing of ours.
 *
 * Four rules hold for everything below:
 *   1. A struct that may grow starts with `size`; new fields come at its end. Who fills in a struct
 *      of its own sets `size` to what it knows; its reader uses a field only if LEVADA_HAS says
 *      that it is there. Who gives a struct to be filled in (`out`, `rejected`, levada_file_info)
 *      sets `size` to the room there is; who fills it in writes no more than that, and leaves
 *      `size` alone. The least sizes, those of 1.0, stand at the end of this file. Structs without
 *      `size` are frozen.
 *   2. Pointers are borrowed for the length of the call, unless the comment says otherwise.
 *   3. Nothing throws. A call that fails returns what its caller does next (levada_code) and writes
 *      why into *error.
 *   4. A batch moves as Arrow says: whoever takes it over sets `rows.release` (and
 *      `schema.release`) to null in the caller's struct. A caller releases what is left in its
 *      struct after the call.
 *
 * What a version above 1.0 has added says so, "Since 1.1": a struct, or a component, of an older
 * version has it not, and every function that was added may be null besides.
 *
 * Threads: [control] calls come one at a time from any thread, before the first and after the last
 * [worker] call; [worker] calls come one at a time for each instance, not always from the same
 * thread; [any] calls may overlap. */
#ifndef LEVADA_PLUGIN_H
#define LEVADA_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEVADA_ABI_MAJOR 1
#define LEVADA_ABI_MINOR 3

/* ---- The Arrow C Data Interface, as its specification defines it ----------------------------- */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
#endif

/* ---- Results --------------------------------------------------------------------------------- */

/* What the caller does next. */
typedef int32_t levada_code;
enum {
  LEVADA_OK = 0,
  LEVADA_IDLE = 1,   /* Nothing was done: call again, at once or later. */
  LEVADA_END = 2,    /* Nothing will ever be done again: the stream has ended. */
  LEVADA_RETRY = 3,  /* The same may succeed later: back off and repeat. */
  LEVADA_REJECT = 4, /* These rows can never succeed: send them to the dead letters and go on. */
  LEVADA_FATAL = 5   /* This instance cannot go on: stop it and report. */
};

/* Why a call failed. Frozen. Both texts end with a zero byte. */
typedef struct levada_error {
  char message[1024]; /* For the user; says what and, where it helps, what to do. */
  char option[128];   /* From create: the option at fault, as a path ("columns.ip.type"); else empty. */
} levada_error;

/* Bytes, not ended by a zero. Frozen. */
typedef struct levada_bytes {
  const char* data;
  size_t size;
} levada_bytes;

/* ---- Batches --------------------------------------------------------------------------------- */

/* Rows that travel together. `rows` is a struct array without nulls, `schema` names its columns.
 * Column types, each of them nullable:
 *   boolean "b", int64 "l", float64 "g", timestamp in microseconds UTC "tsu:UTC", text "vu"
 *   (UTF-8), bytes "vz", a dictionary of text: indices "i" (int32) with a dictionary "vu"; and
 *   nested ones: structs "+s" and lists "+l" of any of these.
 * A plugin may hand over any other type of Arrow. The host takes those that are one of these in
 * another layout (smaller integers, "f", "u", "U", "z", "Z", timestamps of other units with a zone,
 * other dictionaries of text) as that type. A column of any other type is opaque. A plugin keeps
 * what is opaque, or nested and not its business, as it is, with its schema.
 * The column "body" (bytes) is the event as it came in, where the batch still has it. Rows come
 * from one stream of one source. An empty batch still carries a position. */
typedef struct levada_batch {
  uint32_t size;  /* From the caller, also where the callee fills the struct in. */
  uint32_t flags; /* LEVADA_JUMP or 0 */
  struct ArrowSchema schema;
  struct ArrowArray rows;
  levada_bytes stream;   /* Which stream of the source: "" where it has only one. */
  levada_bytes position; /* Where the stream goes on after these rows; opaque to all but the source. */
  uint64_t sequence;     /* Number of the first row in its stream, the same whenever it is read. Set by the host. */
} levada_batch;

/* From a source: the stream goes on here, though not all rows before this batch were given: others
 * have them, or they are gone. Nobody downstream is to wait for them, or to take these rows for
 * them. */
enum { LEVADA_JUMP = 1 };

/* Where a stream stands. Frozen. */
typedef struct levada_position {
  levada_bytes stream;
  levada_bytes position;
  uint64_t sequence; /* How many rows of the stream lie before the position. */
} levada_position;

/* How far each stream has got: what a sink's commit stands for. A stream whose name starts with "@"
 * is the host's own; a sink treats it like any other. */
typedef struct levada_checkpoint {
  uint32_t size;
  uint32_t reserved;
  const levada_position* positions;
  size_t count;
  uint64_t epoch; /* Number of the commit, one more each time. */
} levada_checkpoint;

/* ---- Options --------------------------------------------------------------------------------- */

/* The type of an option, and what a levada_value of it holds. */
enum {
  LEVADA_STRING = 0,   /* text */
  LEVADA_BOOLEAN = 1,  /* integer: 0 or 1 */
  LEVADA_INTEGER = 2,  /* integer */
  LEVADA_NUMBER = 3,   /* number */
  LEVADA_DURATION = 4, /* integer: nanoseconds. Written "250ms", "5s", "10m", "2h", "1d". */
  LEVADA_SIZE = 5,     /* integer: bytes. Written 4096 or "64KiB", "16MiB", "2GiB". */
  LEVADA_CHOICE = 6,   /* integer: which of `choices`, from 0; text: its name */
  LEVADA_STRINGS = 7,  /* items: strings */
  LEVADA_TABLE = 8,    /* items with keys: strings, numbers and booleans come as strings */
  LEVADA_TREE = 9      /* items with keys, nested as the user wrote them; each item one of 0 to 3, 7 or 9 */
};
enum {
  LEVADA_REQUIRED = 1, /* The user must set it. */
  LEVADA_SECRET = 2,   /* Its value is never printed. */
  LEVADA_ADVANCED = 4, /* Few need it: left out of the sample. */
  /* The text is a folder that a source takes files from; a boolean with it says whether folders
   * inside it are read. The host refuses two sources of one folder, and a sink that writes into the
   * folder of a source. */
  LEVADA_READS_FOLDER = 8,
  /* The text is a folder that a sink writes to; what stands behind a `{` or `%` in it depends on
   * the rows or the time. */
  LEVADA_WRITES_FOLDER = 16,
  /* Since 1.2. The option is one that the agent has for every component of the kind, such as
   * `commit_interval` of a sink: here it only gets another default, and the component sees the
   * value. Of the same type: a boolean, integer, number, duration or size. */
  LEVADA_OF_AGENT = 32
};

/* One option of a component. Parsing, checks, help, reference and sample come from it. Frozen. */
typedef struct levada_option {
  const char* name; /* snake_case */
  uint32_t type, flags;
  const char* choices;  /* LEVADA_CHOICE, and LEVADA_STRINGS of known names: "rename|move|delete"; else null */
  const char* fallback; /* The default as TOML, `"5s"` or `["a"]`; null: none, and the value comes unset. */
  const char* summary;  /* One sentence. */
} levada_option;

/* A value that a user (or the default) gave to an option. Frozen. */
typedef struct levada_value {
  uint32_t type;
  uint32_t set;     /* 0: neither the user nor a default gave one */
  levada_bytes key; /* inside a table: its name */
  levada_bytes text;
  int64_t integer;
  double number;
  const struct levada_value* items;
  size_t count;
} levada_value;

/* ---- The host, as a plugin sees it ----------------------------------------------------------- */

typedef struct levada_host {
  uint32_t size;
  uint32_t until_drained; /* 1: the agent stops when the sources have ended; a source says END when it is through. */
  levada_bytes component; /* "sources.clicks"; lives as long as the instance. */
  /* A folder of the instance's own; made on first use by whoever uses it. No two instances have one
   * at once: an old one is destroyed before the new one is created. */
  levada_bytes data_dir;
  /* A service by id and revision, "levada.clock/1"; null if this host has none such. It lives as
   * long as the instance; levada_memory longer. [any] */
  const void* (*service)(const struct levada_host*, const char* id);
} levada_host;

#define LEVADA_LOG "levada.log/1"
enum { LEVADA_DEBUG = 0, LEVADA_INFO = 1, LEVADA_WARNING = 2, LEVADA_ERROR = 3 };
typedef struct levada_log {
  uint32_t size;
  void (*write)(const levada_host*, int32_t level, levada_bytes message); /* [any] */
} levada_log;

#define LEVADA_METRICS "levada.metrics/1"
typedef struct levada_metrics {
  uint32_t size;
  /* A counter of this component, made on first use and kept for ever; `name` says what is counted,
   * in the plural: "files_completed". Add to it atomically. [any] */
  int64_t* (*counter)(const levada_host*, const char* name);
} levada_metrics;

/* What the agent has counted, for components that watch over it. Null in an agent that is older
 * than this service. */
#define LEVADA_OBSERVE "levada.observe/1"
typedef struct levada_observe {
  uint32_t size;
  void* context; /* First argument of all below. */
  /* Calls `counter` with each counter that a component or channel of the agent has, in the order of
   * components and names: "sinks.kafka", "rows_written". It must not make counters. [any] */
  void (*counters)(void*, void (*counter)(void* to, levada_bytes component, levada_bytes name, int64_t value),
                   void* to);
} levada_observe;

#define LEVADA_CLOCK "levada.clock/1"
typedef struct levada_clock {
  uint32_t size;
  void* context;               /* First argument of all below. */
  int64_t (*now)(void*);       /* Nanoseconds since 1970 UTC; may jump. [any] */
  int64_t (*monotonic)(void*); /* Nanoseconds; never goes back. [any] */
} levada_clock;

#define LEVADA_RANDOM "levada.random/1"
typedef struct levada_random {
  uint32_t size;
  void* context;                               /* First argument of all below. */
  void (*fill)(void*, void* to, size_t bytes); /* Good enough for keys. [any] */
} levada_random;

/* Memory for the rows of batches: counted against the agent's byte budget and reused. 64 bytes
 * behind it may be read. A block goes back to the service that it came from, maybe after its
 * instance was destroyed: the service stays. [any] */
#define LEVADA_MEMORY "levada.memory/1"
typedef struct levada_memory {
  uint32_t size;
  void* context; /* First argument of all below. */
  /* Aligned to 64 bytes; *capacity >= bytes is what may be written. Null: there is no more. */
  void* (*allocate)(void*, size_t bytes, size_t* capacity);
  void (*release)(void*, void* block, size_t capacity);
} levada_memory;

/* All access to disks. What is made is for the agent's user only: files 0600, folders 0700,
 * whatever the umask. Calls give 0 or more, or minus an errno. Paths end with a zero byte. [any] */
#define LEVADA_FILES "levada.files/1"
typedef struct levada_file_info {
  uint32_t size; /* From the caller. */
  uint32_t mode; /* as st_mode */
  uint64_t device, inode, bytes;
  int64_t modified_ns;
  int64_t changed_ns; /* When its content, name or rights last changed: nobody can set it back. */
  int64_t born_ns;    /* 0 where the file system does not know. */
} levada_file_info;
enum {
  LEVADA_READ = 0,
  LEVADA_WRITE = 1 /* made if missing */,
  LEVADA_APPEND = 2 /* made if missing */,
  LEVADA_CREATE = 3 /* EEXIST */
};
typedef struct levada_files {
  uint32_t size;
  void* context;                                         /* First argument of all below. */
  int64_t (*open)(void*, const char* path, int32_t how); /* A handle. */
  int64_t (*close)(void*, int64_t handle);
  int64_t (*read)(void*, int64_t handle, void* to, size_t bytes, uint64_t offset); /* Bytes read; 0 at the end. */
  int64_t (*write)(void*, int64_t handle, const levada_bytes* parts,
                   size_t count);         /* At the file's write position; bytes written, maybe fewer. */
  int64_t (*sync)(void*, int64_t handle); /* Data and what is needed to find it. */
  int64_t (*truncate)(void*, int64_t handle, uint64_t bytes); /* Moves the write position to the new end. */
  int64_t (*info)(void*, int64_t handle, levada_file_info*);
  int64_t (*stat)(void*, const char* path, levada_file_info*); /* Follows links. */
  int64_t (*list)(void*, const char* folder, void (*entry)(void* to, const char* name, int32_t is_folder), void* to);
  int64_t (*make_folder)(void*, const char* path);            /* With its parents, durably; 0 if it is there. */
  int64_t (*rename)(void*, const char* from, const char* to); /* Replaces. */
  int64_t (*link)(void*, const char* from, const char* to);   /* EEXIST if `to` is there. */
  int64_t (*remove)(void*, const char* path);
  int64_t (*sync_folder)(void*, const char* path); /* Makes creations, renames and removals in it durable. */
  int64_t (*free_bytes)(void*, const char* path);
  int64_t (*watch)(void*, const char* folder);               /* A handle; ENOTSUP: poll instead. Closed with close. */
  int64_t (*wait)(void*, int64_t watch, int64_t timeout_ns); /* 1: something changed in the folder; 0: time is up. */
  /* Since 1.1. Ends a wait that is under way, or else the next one: it gives 0. */
  int64_t (*wake)(void*, int64_t watch);
  /* Since 1.1. Locks a folder, or a file, which is made if it is missing, until the handle is
   * closed or the process ends. EWOULDBLOCK: somebody else has the lock, in this process or in
   * another. ENOTSUP: the file system has no locks. */
  int64_t (*lock)(void*, const char* path);
  /* Since 1.1. 1: someone has the file open for writing; 0: nobody has; ENOTSUP: that cannot be
   * told. */
  int64_t (*is_written)(void*, int64_t handle);
  /* Since 1.1. Gives a file or folder to the group, whose members may read it from now on: 0640
   * or 0750. EINVAL: there is no such group. */
  int64_t (*share)(void*, const char* path, const char* group);
} levada_files;

/* ---- Components ------------------------------------------------------------------------------ */

enum { LEVADA_SOURCE = 0, LEVADA_INTERCEPTOR = 1, LEVADA_SINK = 2 };

/* What an instance promises, from `promises`. */
enum {
  LEVADA_REPLAYS = 1,         /* A source that can go back to any position it gave. */
  LEVADA_KEEPS_CHECKPOINT = 2 /* A sink that stores the checkpoint in the same atomic step as the rows. */
};

typedef struct levada_source_functions {
  uint32_t size;
  uint32_t (*promises)(void* self); /* [control] */
  /* Goes to where each stream stands downstream; a stream that is not named starts at its
   * beginning. [worker] */
  levada_code (*open)(void* self, const levada_position* positions, size_t count, levada_error*);
  /* Fills in schema, rows, stream and position; waits at most timeout_ns for rows. The two texts
   * stay valid until the next call. IDLE: no rows now. END: none ever again. A failed call gave no
   * rows. Rows that the source itself rejects (a line too long) have a text in a column "reason",
   * the others null: the host sends them to the dead letters. Of rows with "reason", those of which
   * the batch has only the beginning are true in a boolean column "cut", which is missing where
   * there are none such. [worker] */
  levada_code (*poll)(void* self, int64_t timeout_ns, levada_batch* out, levada_error*);
  /* All rows of the stream up to the position are stored downstream: only now may a file be
   * renamed, an offset committed, a client answered. Cumulative. [worker] */
  levada_code (*acknowledge)(void* self, levada_bytes stream, levada_bytes position, levada_error*);
  /* Since 1.1. Ends a poll that waits: it returns with what it has, or IDLE. Where none waits it
   * ends the next one, so that no wake is lost on the way to a poll. [any] */
  void (*wake)(void* self);
  /* Since 1.1. 1: nothing is polled for now, as there is no room downstream; 0: the host polls
   * again. Who takes rows from clients tells them meanwhile to come back later, as HTTP does with
   * 429 or 503. [any] */
  void (*back_pressure)(void* self, int32_t on);
  /* Since 1.1. See levada_component.destroy. [worker] */
  levada_code (*close)(void* self, int64_t timeout_ns, levada_error*);
} levada_source_functions;

typedef struct levada_interceptor_functions {
  uint32_t size;
  levada_code (*open)(void* self, levada_error*); /* Or null. [worker] */
  /* Puts in place of the batch what becomes of it: fewer rows, as many, or more. Rows that it
   * rejects go to `rejected`, with a text column "reason" and the columns of the input. A call that
   * fails leaves the batch as it was; REJECT rejects all of it. [worker] */
  levada_code (*intercept)(void* self, levada_batch* batch, levada_batch* rejected, levada_error*);
  /* A stateful interceptor, which stands in front of a sink, has the next two; any other has
   * neither. The host keeps the state of each commit and gives back the one that the sink's last
   * commit goes with. Hands the whole state over by calling `part` once or more, in order.
   * [worker] */
  levada_code (*save)(void* self, void (*part)(void* to, levada_bytes), void* to, levada_error*);
  /* Puts this state in place of the one it has; an empty one is that before the first row. After
   * open, and after a write or commit that failed. REJECT: the state is sound, but of an instance
   * with other options, and this one cannot go on with it. FATAL: the bytes are damaged, or no
   * state of this component. Both leave the state as it was. The host never throws a state away by
   * itself. [worker] */
  levada_code (*load)(void* self, levada_bytes state, levada_error*);
  /* Since 1.1. The two go together, and with save and load: rows that are given later are a state
   * until then. When `advance` is to be called, by the monotonic time of levada_clock: 0 is at
   * once, INT64_MAX only at the end of intake. The host asks after open, load, intercept and
   * advance. [worker] */
  int64_t (*deadline)(void* self);
  /* Gives rows though none came in: a window that closes by time. Called at the deadline or later,
   * and with `ended`, whatever the deadline is, when no row will come any more: what is still held
   * has to go then. OK with rows in `out` (or in `rejected`): call again at once. IDLE: nothing
   * now. The rows stand behind everything that came in before; stream, position and sequence of
   * `out` are left empty. A call that fails gave nothing. [worker] */
  levada_code (*advance)(void* self, int64_t now_ns, int32_t ended, levada_batch* out, levada_batch* rejected,
                         levada_error*);
  /* Since 1.1. See levada_component.destroy. [worker] */
  levada_code (*close)(void* self, int64_t timeout_ns, levada_error*);
  /* Since 1.3. The two go together, and with save and load; for states that are large. Hands over,
   * as save does, what has changed since the last call of save or save_changes; nothing, where
   * nothing has. The first call behind open, load and a call that failed is save. IDLE: it is not
   * known what has changed, and the host calls save. [worker] */
  levada_code (*save_changes)(void* self, void (*part)(void* to, levada_bytes), void* to, levada_error*);
  /* Brings a state that was saved up to what save_changes handed over behind it: the host calls
   * load, and this for each of the changes in their order. REJECT and FATAL as of load; the host
   * calls load again then. [worker] */
  levada_code (*load_changes)(void* self, levada_bytes changes, levada_error*);
} levada_interceptor_functions;

typedef struct levada_sink_functions {
  uint32_t size;
  uint32_t (*promises)(void* self);               /* [control] */
  levada_code (*open)(void* self, levada_error*); /* Connects; repeated while RETRY. [worker] */
  /* Drops what was written and not committed, and says how far its last commit got by calling
   * `position` for each stream; a sink that keeps no checkpoint calls nothing. After open, and
   * after a write or commit that failed. [worker] */
  levada_code (*recover)(void* self, void (*position)(void* to, const levada_position*), void* to, levada_error*);
  /* Takes a share of the batch over; the host keeps its own until the commit. IDLE after at most
   * timeout_ns: nothing was taken, too much is under way; the host gives it again. [worker] */
  levada_code (*write)(void* self, int64_t timeout_ns, levada_batch* batch, levada_batch* rejected, levada_error*);
  /* OK: all that was written is durable, together with the checkpoint where the sink keeps one.
   * IDLE after at most timeout_ns: still under way, call again with the same checkpoint; no write
   * comes between. A sink that keeps its checkpoint hands rejected rows over with IDLE, while
   * nothing of the commit is durable yet. [worker] */
  levada_code (*commit)(void* self, int64_t timeout_ns, const levada_checkpoint* checkpoint, levada_batch* rejected,
                        levada_error*);
  /* Comes about once a second while there is nothing to write: roll a file, serve callbacks. Or
   * null. [worker] */
  levada_code (*idle)(void* self, levada_error*);
  /* Since 1.1. See levada_component.destroy. [worker] */
  levada_code (*close)(void* self, int64_t timeout_ns, levada_error*);
} levada_sink_functions;

typedef struct levada_component {
  uint32_t size;
  uint32_t kind;       /* LEVADA_SOURCE ... */
  const char* name;    /* The `type` in a configuration. */
  const char* summary; /* One sentence. */
  const levada_option* options;
  size_t option_count;
  const void* functions; /* levada_source_functions, ... by kind */
  /* Checks the values, one for each option in order, and keeps what it needs. Touches nothing
   * outside: `levada check` calls it. The host stays valid until destroy. [control] */
  levada_code (*create)(const levada_host*, const levada_value* values, void** self, levada_error*);
  /* Frees what the instance holds, and nothing else. What needs the network, the disk or time on
   * the way out (leaving a group, flushing a buffer, telling a server) happens in `close` of the
   * kind's functions, which comes once `open` has been called, whatever open said: OK: done. IDLE
   * after at most timeout_ns: not through, call again. Any failure is reported, and destroy follows
   * all the same; the host may also give up on it. Whatever close leaves undone is made good by the
   * next open, as after a crash. No call but destroy comes behind it. [control] */
  void (*destroy)(void* self);
  /* Since 1.1. A service of the instance by id and revision, the host's services the other way
   * round; null for an id that the component does not know. What it gives is valid until destroy.
   * [any] */
  const void* (*extension)(void* self, const char* id);
} levada_component;

/* Since 1.2. An extension of a component that has commands of its own for `levada table`: what can
 * be done with the table that its options name, beside writing to it. */
#define LEVADA_COMMANDS "levada.commands/1"
typedef struct levada_commands {
  uint32_t size;
  /* Does what the first argument says, with the others as the user wrote them, and gives texts for
   * the user to `write`. The instance was created and is not opened. REJECT: the arguments are at
   * fault. Any other failure is reported. [control] */
  levada_code (*run)(void* self, const levada_bytes* arguments, size_t count, void (*write)(void* to, levada_bytes),
                     void* to, levada_error*);
} levada_commands;

typedef struct levada_plugin {
  uint32_t size;
  uint32_t abi_minor; /* LEVADA_ABI_MINOR */
  const char *name, *version, *license;
  const levada_component* const* components;
  size_t component_count;
} levada_plugin;

/* ---- Sizes ----------------------------------------------------------------------------------- */

/* Whether the struct behind the pointer has the field: it may be older than this header. */
#define LEVADA_HAS(type, pointer, field) ((pointer)->size >= LEVADA_SIZE_UP_TO(type, field))
#define LEVADA_SIZE_UP_TO(type, field) (offsetof(type, field) + sizeof(((type*)0)->field))

/* The least that `size` may say: what the struct had in version 1.0. */
#define LEVADA_BATCH_SIZE_MIN LEVADA_SIZE_UP_TO(levada_batch, sequence)
#define LEVADA_CHECKPOINT_SIZE_MIN LEVADA_SIZE_UP_TO(levada_checkpoint, epoch)
#define LEVADA_HOST_SIZE_MIN LEVADA_SIZE_UP_TO(levada_host, service)
#define LEVADA_LOG_SIZE_MIN LEVADA_SIZE_UP_TO(levada_log, write)
#define LEVADA_METRICS_SIZE_MIN LEVADA_SIZE_UP_TO(levada_metrics, counter)
#define LEVADA_CLOCK_SIZE_MIN LEVADA_SIZE_UP_TO(levada_clock, monotonic)
#define LEVADA_MEMORY_SIZE_MIN LEVADA_SIZE_UP_TO(levada_memory, release)
#define LEVADA_FILE_INFO_SIZE_MIN LEVADA_SIZE_UP_TO(levada_file_info, born_ns)
#define LEVADA_FILES_SIZE_MIN LEVADA_SIZE_UP_TO(levada_files, wait)
#define LEVADA_SOURCE_FUNCTIONS_SIZE_MIN LEVADA_SIZE_UP_TO(levada_source_functions, acknowledge)
#define LEVADA_INTERCEPTOR_FUNCTIONS_SIZE_MIN LEVADA_SIZE_UP_TO(levada_interceptor_functions, load)
#define LEVADA_SINK_FUNCTIONS_SIZE_MIN LEVADA_SIZE_UP_TO(levada_sink_functions, idle)
#define LEVADA_COMPONENT_SIZE_MIN LEVADA_SIZE_UP_TO(levada_component, destroy)
#define LEVADA_PLUGIN_SIZE_MIN LEVADA_SIZE_UP_TO(levada_plugin, component_count)

/* The one symbol that a plugin exports. Its name carries the major version of the contract. */
#define LEVADA_ENTRY_PREFIX "levada_plugin_"
typedef const levada_plugin* (*levada_entry)(void);
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const levada_plugin*
levada_plugin_1(void);

#ifdef __cplusplus
}
#endif
#endif /* LEVADA_PLUGIN_H */
