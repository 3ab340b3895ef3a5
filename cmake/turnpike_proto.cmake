# turnpike_protos(file...): C++ for messages of every file, and service stubs for the files named *_service.proto.
function(turnpike_protos)
  set(out "${PROJECT_BINARY_DIR}/generated")
  set(sources)
  foreach(proto IN LISTS ARGN)
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    set(made "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h")
    set(service)
    if(stem MATCHES "_service$")
      list(APPEND made "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h")
      set(service "--grpc_out=${out}" "--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>")
    endif()
    add_custom_command(
      OUTPUT ${made}
      COMMAND protobuf::protoc "--proto_path=${PROJECT_SOURCE_DIR}/proto" "--cpp_out=${out}" ${service} "${proto}"
      DEPENDS "${PROJECT_SOURCE_DIR}/proto/${proto}"
      COMMENT "protoc ${proto}" VERBATIM)
    list(APPEND sources ${made})
  endforeach()
  file(MAKE_DIRECTORY "${out}")
  add_library(tp_proto STATIC ${sources})
  target_include_directories(tp_proto SYSTEM PUBLIC "${out}")
  target_link_libraries(tp_proto PUBLIC gRPC::grpc++ protobuf::libprotobuf)
endfunction()
