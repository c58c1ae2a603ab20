# Compares what the two programs print: any difference breaks plugins that
# were built with version 1.0.
foreach(version IN ITEMS FROZEN PRESENT)
  execute_process(COMMAND "${${version}}" OUTPUT_VARIABLE ${version}_printed COMMAND_ERROR_IS_FATAL ANY)
endforeach()
if(NOT FROZEN_printed STREQUAL PRESENT_printed)
  message(FATAL_ERROR "version 1.0 of the contract has:\n${FROZEN_printed}\nplugin.h has now:\n${PRESENT_printed}")
endif()
