# levada_embed_files(TARGET FOLDER OUTPUT): the files of the folder as texts in a source of the target, see
# agent/status/page_files.h. Run as a script it writes that source.
if(CMAKE_SCRIPT_MODE_FILE)
  set(types .html text/html .css text/css .js text/javascript .svg image/svg+xml)
  set(entries)
  foreach(file IN LISTS FILES)
    get_filename_component(name "${file}" NAME)
    get_filename_component(extension "${file}" LAST_EXT)
    list(FIND types "${extension}" at)
    math(EXPR at "${at} + 1")
    list(GET types ${at} type)
    set(path "/page/${name}")
    if(name STREQUAL "index.html")
      set(path "/")
    endif()
    file(READ "${file}" content)
    string(APPEND entries "    {\"${path}\", \"${type}\", R\"levada-page(${content})levada-page\"},\n")
  endforeach()
  file(WRITE "${OUTPUT}" "#include \"agent/status/page_files.h\"\n\nnamespace levada::agent {\n\n"
    "std::span<const PageFile> page_files() {\n  static constexpr PageFile files[] = {\n" "${entries}"
    "  };\n  return files;\n}\n\n}  // namespace levada::agent\n")
  return()
endif()

include_guard(GLOBAL)
set(_embed_script "${CMAKE_CURRENT_LIST_FILE}")

function(levada_embed_files target folder output)
  file(GLOB files CONFIGURE_DEPENDS "${folder}/*.html" "${folder}/*.css" "${folder}/*.js" "${folder}/*.svg")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DFILES=${files}" "-DOUTPUT=${output}" -P "${_embed_script}"
    DEPENDS ${files} "${_embed_script}" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
