# turnpike_embed(OUT file.cc NAME kName FILES file...): text files as a sorted constant array of {name, text}, so that a
# program carries what it needs (migrations, the wrapper) and finds it wherever it is installed.
# The C++ side declares:  struct EmbeddedFile { std::string_view name, text; };  extern const std::span<const EmbeddedFile> kName;
set(TURNPIKE_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/embed_files.cmake")
function(turnpike_embed)
  cmake_parse_arguments(ARG "" "OUT;NAME" "FILES" ${ARGN})
  add_custom_command(
    OUTPUT "${ARG_OUT}"
    COMMAND "${CMAKE_COMMAND}" "-DOUT=${ARG_OUT}" "-DNAME=${ARG_NAME}" "-DFILES=${ARG_FILES}" -P "${TURNPIKE_EMBED_SCRIPT}"
    DEPENDS ${ARG_FILES} "${TURNPIKE_EMBED_SCRIPT}"
    COMMENT "embed ${ARG_NAME}" VERBATIM)
endfunction()
