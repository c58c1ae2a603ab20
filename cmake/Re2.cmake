# re2::re2, from RE2's CMake package or, as Debian's has none, from its pkg-config file.
find_package(re2 CONFIG QUIET)
if(NOT TARGET re2::re2)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(re2 REQUIRED IMPORTED_TARGET GLOBAL re2)
  # It asks for -pthread, which the precompiled headers are made without, and glibc needs no more.
  set_property(TARGET PkgConfig::re2 PROPERTY INTERFACE_COMPILE_OPTIONS)
  add_library(re2::re2 ALIAS PkgConfig::re2)
endif()
