# Packages for dpkg.
set(scripts "${CMAKE_CURRENT_SOURCE_DIR}/deb")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

# dpkg-shlibdeps looks for the libraries that lie beside the plugins.
set(private_folders)
foreach(library IN LISTS private_libraries)
  get_filename_component(folder "${library}" DIRECTORY)
  list(APPEND private_folders "${folder}")
endforeach()
list(REMOVE_DUPLICATES private_folders)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${private_folders}")

set(CPACK_DEBIAN_CORE_PACKAGE_NAME levada)
set(CPACK_DEBIAN_CORE_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_CORE_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_CORE_PACKAGE_SUGGESTS "levada-lake, levada-postgres")
set(CPACK_COMPONENT_CORE_DESCRIPTION "${core_text}")
set(CPACK_DEBIAN_CORE_PACKAGE_CONTROL_EXTRA
    "${scripts}/postinst;${scripts}/prerm;${scripts}/postrm;${scripts}/conffiles;${scripts}/triggers")

set(CPACK_DEBIAN_LAKE_PACKAGE_NAME levada-lake)
set(CPACK_DEBIAN_LAKE_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_LAKE_PACKAGE_DEPENDS "levada (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_LAKE_DESCRIPTION "${lake_text}")

set(CPACK_DEBIAN_POSTGRES_PACKAGE_NAME levada-postgres)
set(CPACK_DEBIAN_POSTGRES_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_POSTGRES_PACKAGE_DEPENDS "levada (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_POSTGRES_DESCRIPTION "${postgres_text}")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME levada-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "levada (= ${PROJECT_VERSION}), cmake, g++, libgtest-dev")
set(CPACK_COMPONENT_DEV_DESCRIPTION "${dev_text}")
