# How levada itself is compiled: warnings, sanitizers, and faster tools where they are found.
# Plugins that are built outside of this tree get none of it.
include(CheckLinkerFlag)

option(LEVADA_WERROR "Warnings are errors" OFF)
set(LEVADA_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False ones: at -O3 for string concatenation, and with a precompiled
  # header for a string that is moved.
  add_compile_options(-Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(LEVADA_WERROR)
  add_compile_options(-Werror)
endif()

if(LEVADA_SANITIZE)
  add_compile_options(-fsanitize=${LEVADA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LEVADA_SANITIZE})
  # Without it xxHash wants functions inlined that -Og does not know yet.
  add_compile_definitions(XXH_NO_INLINE_HINTS=1)
  if(LEVADA_SANITIZE MATCHES undefined)
    # AddressSanitizer finds the access that the first three foretell; pointer-overflow alone is a fifth of a build.
    add_compile_options(-fno-sanitize=null,object-size,pointer-overflow,vptr)
  endif()
  # With checks woven in, gcc takes many a variable for uninitialized.
  add_compile_options(-Wno-maybe-uninitialized)
endif()
if(LEVADA_SANITIZE MATCHES thread)
  add_library(levada_c11_threads SHARED "${CMAKE_CURRENT_LIST_DIR}/../tests/sanitizers/c11_threads.c")
  link_libraries(-Wl,--no-as-needed levada_c11_threads)
endif()

# Paths are made relative and the folder is left out of the hash, so that another
# clone finds the same objects.
find_program(LEVADA_CCACHE ccache)
if(LEVADA_CCACHE)
  foreach(_language C CXX)
    if(NOT CMAKE_${_language}_COMPILER_LAUNCHER)
      set(CMAKE_${_language}_COMPILER_LAUNCHER
          "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
          CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1 "${LEVADA_CCACHE}")
    endif()
  endforeach()
  # What ccache needs to see through a precompiled header.
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)
endif()

find_program(LEVADA_MOLD mold)
if(LEVADA_MOLD)
  check_linker_flag(CXX -fuse-ld=mold LEVADA_HAS_MOLD)
  if(LEVADA_HAS_MOLD)
    add_link_options(-fuse-ld=mold)
  endif()
endif()
