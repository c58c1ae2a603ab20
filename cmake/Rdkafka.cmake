# levada_rdkafka: librdkafka >= 2.6.1, which Debian 12 does not have (its 2.0.2 cannot log in with
# SCRAM and loses transactions). The system's where it is new enough; else the library inside the
# pinned wheel of confluent-kafka, against the header of the system's development package: the C ABI
# behind its soname only grows. LEVADA_RDKAFKA_RUNTIME: the library file that must be installed
# beside the plugins, empty for the system's.
set(_rdkafka_minimum 2.6.1)
set(LEVADA_RDKAFKA_RUNTIME "")
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(rdkafka QUIET IMPORTED_TARGET "rdkafka>=${_rdkafka_minimum}")
endif()

if(rdkafka_FOUND)
  add_library(levada_rdkafka INTERFACE IMPORTED GLOBAL)
  target_link_libraries(levada_rdkafka INTERFACE PkgConfig::rdkafka)
  message(STATUS "librdkafka ${rdkafka_VERSION} from the system")
  return()
endif()

find_path(LEVADA_RDKAFKA_INCLUDE librdkafka/rdkafka.h)
if(NOT LEVADA_RDKAFKA_INCLUDE)
  message(FATAL_ERROR "librdkafka/rdkafka.h is missing: run tools/setup build, or install librdkafka-dev")
endif()

if(DEFINED ENV{LEVADA_CACHE})
  set(_cache "$ENV{LEVADA_CACHE}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(_cache "$ENV{XDG_CACHE_HOME}/levada")
else()
  set(_cache "$ENV{HOME}/.cache/levada")
endif()
file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../tools/requirements.txt" _pin REGEX "^confluent-kafka==")
string(REPLACE "==" "-" _wheel "${_cache}/wheels/${_pin}")

# One fetched wheel serves every build tree; the lock keeps two of them from fetching it at once.
file(MAKE_DIRECTORY "${_cache}/wheels")
file(LOCK "${_cache}/wheels" DIRECTORY)
file(GLOB _library "${_wheel}/confluent_kafka.libs/librdkafka-*.so.1")
if(NOT _library)
  find_program(LEVADA_PYTHON python3 PATHS "${_cache}/venv/bin" NO_DEFAULT_PATH)
  find_program(LEVADA_PYTHON python3 REQUIRED)
  message(STATUS "Fetching ${_pin} for its librdkafka")
  file(REMOVE_RECURSE "${_wheel}")
  execute_process(
    COMMAND "${LEVADA_PYTHON}" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all:
            --target "${_wheel}" "${_pin}"
    RESULT_VARIABLE _failed)
  file(GLOB _library "${_wheel}/confluent_kafka.libs/librdkafka-*.so.1")
  if(_failed OR NOT _library)
    message(FATAL_ERROR "The system has no librdkafka >= ${_rdkafka_minimum}, and pip could not bring ${_pin}. "
                        "Run tools/setup build, see that the network is reachable, and configure again.")
  endif()
endif()
file(LOCK "${_cache}/wheels" DIRECTORY RELEASE)

add_library(levada_rdkafka SHARED IMPORTED GLOBAL)
get_filename_component(_name "${_library}" NAME)
set_target_properties(levada_rdkafka PROPERTIES
  IMPORTED_LOCATION "${_library}"
  IMPORTED_SONAME "${_name}"
  INTERFACE_INCLUDE_DIRECTORIES "${LEVADA_RDKAFKA_INCLUDE}")
set(LEVADA_RDKAFKA_RUNTIME "${_library}")
message(STATUS "librdkafka of ${_pin}: ${_library}")
