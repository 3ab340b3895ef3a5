# Run by turnpike_embed: writes OUT with one raw string literal per file.  A literal may hold 65,536 bytes at most (the standard's
# own limit), which is far above what is embedded; the compiler says so if that changes.
set(text "#include \"base/embedded_file.h\"\n\nnamespace turnpike {\nnamespace {\nconstexpr EmbeddedFile kFiles[] = {\n")
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" body)
  string(APPEND text "    {\"${name}\", R\"embed~~(${body})embed~~\"},\n")
endforeach()
string(APPEND text "};\n}  // namespace\nextern const std::span<const EmbeddedFile> ${NAME};\nconst std::span<const EmbeddedFile> ${NAME}(kFiles);\n}  // namespace turnpike\n")
file(WRITE "${OUT}" "${text}")
