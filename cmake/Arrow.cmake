# Arrow::arrow_shared and Parquet::parquet_shared, and Arrow::arrow_s3 where that is a library of its
# own: what the lake plugins are made with. The system's where there is one that is new enough (Apache's
# packages, vcpkg, conda); else the libraries and headers inside the pinned wheel of pyarrow. Without
# either, or with LEVADA_LAKE=OFF, none of these targets is there and the rest is built.
# LEVADA_ARROW_RUNTIME: the library files that must be installed beside the plugins, empty for the
# system's; whoever links Arrow::arrow_s3 installs that, too.
option(LEVADA_LAKE "Build the plugins that write Parquet and lake tables; they need Arrow" ON)
set(_arrow_minimum 18)
set(LEVADA_ARROW_RUNTIME "")
if(NOT LEVADA_LAKE)
  return()
endif()

find_package(Arrow CONFIG QUIET)
if(Arrow_FOUND AND Arrow_VERSION VERSION_GREATER_EQUAL _arrow_minimum)
  find_package(Parquet CONFIG QUIET)
endif()
if(TARGET Arrow::arrow_shared AND TARGET Parquet::parquet_shared)
  message(STATUS "Arrow ${Arrow_VERSION} from the system")
  return()
endif()

if(DEFINED ENV{LEVADA_CACHE})
  set(_cache "$ENV{LEVADA_CACHE}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(_cache "$ENV{XDG_CACHE_HOME}/levada")
else()
  set(_cache "$ENV{HOME}/.cache/levada")
endif()
set(_requirements "${CMAKE_CURRENT_LIST_DIR}/../tools/requirements.txt")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${_requirements}")
file(STRINGS "${_requirements}" _pin REGEX "^pyarrow==")
string(REPLACE "==" "-" _wheel "${_pin}")

# The folder of the package: the one that the tests' Python has, or one that is fetched for the build.
# The lock keeps two builds from fetching it at once.
function(_levada_find_pyarrow to)
  file(GLOB _installed "${_cache}/venv/lib/python3*/site-packages/${_wheel}.dist-info"
                       "${_cache}/wheels/${_wheel}/${_wheel}.dist-info")
  foreach(_info IN LISTS _installed)
    get_filename_component(_site "${_info}" DIRECTORY)
    if(EXISTS "${_site}/pyarrow/include/parquet/arrow/writer.h")
      set(${to} "${_site}/pyarrow" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${to} "" PARENT_SCOPE)
endfunction()

file(MAKE_DIRECTORY "${_cache}/wheels")
file(LOCK "${_cache}/wheels" DIRECTORY)
_levada_find_pyarrow(_pyarrow)
if(NOT _pyarrow)
  find_program(LEVADA_PYTHON python3 PATHS "${_cache}/venv/bin" NO_DEFAULT_PATH)
  find_program(LEVADA_PYTHON python3)
  if(LEVADA_PYTHON)
    message(STATUS "Fetching ${_pin} for its libarrow and libparquet")
    file(REMOVE_RECURSE "${_cache}/wheels/${_wheel}")
    execute_process(
      COMMAND "${LEVADA_PYTHON}" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all:
              --target "${_cache}/wheels/${_wheel}" "${_pin}")
    _levada_find_pyarrow(_pyarrow)
  endif()
endif()
file(LOCK "${_cache}/wheels" DIRECTORY RELEASE)
if(NOT _pyarrow)
  message(WARNING "The system has no Arrow >= ${_arrow_minimum}, and pip could not bring ${_pin}: the lake plugins are "
                  "not built. To have them run tools/setup build, see that the network is reachable, and configure "
                  "again; LEVADA_LAKE=OFF leaves them out without a word.")
  return()
endif()

file(STRINGS "${_pyarrow}/include/arrow/util/config.h" _soversion REGEX "define ARROW_SO_VERSION ")
string(REGEX REPLACE ".*\"([0-9]+)\".*" "\\1" _soversion "${_soversion}")

# The file with the version in its name, as the loader looks for that.
macro(_levada_arrow_library target name)
  set(_library "${_pyarrow}/lib${name}.so.${_soversion}")
  if(EXISTS "${_library}")
    add_library(${target} SHARED IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES
      IMPORTED_LOCATION "${_library}"
      IMPORTED_SONAME "lib${name}.so.${_soversion}"
      INTERFACE_INCLUDE_DIRECTORIES "${_pyarrow}/include")
  endif()
endmacro()
_levada_arrow_library(Arrow::arrow_shared arrow)
_levada_arrow_library(Parquet::parquet_shared parquet)
_levada_arrow_library(Arrow::arrow_s3 arrow_s3)
foreach(_target IN ITEMS Arrow::arrow_shared Parquet::parquet_shared)
  get_target_property(_library ${_target} IMPORTED_LOCATION)
  list(APPEND LEVADA_ARROW_RUNTIME "${_library}")
endforeach()
foreach(_target IN ITEMS Parquet::parquet_shared Arrow::arrow_s3)
  if(TARGET ${_target})
    set_property(TARGET ${_target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES Arrow::arrow_shared)
  endif()
endforeach()
message(STATUS "Arrow of ${_pin}: ${_pyarrow}")
