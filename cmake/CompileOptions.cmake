# Flags that every target of this project gets through hailo_clip_options.
add_library(hailo_clip_options INTERFACE)
target_compile_options(hailo_clip_options INTERFACE
  -pthread  # everywhere, because some libraries ask for it and precompiled headers must agree (cmake/Layer.cmake)
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Wno-missing-field-initializers -Wold-style-cast -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough -Werror
  # (missing-field-initializers: designated initialisers leave the rest to the defaults on purpose.)
  # Resampling and scoring promise the same bits on every machine: no fused multiply-add behind our back.
  -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # libstdc++ 12's stable_sort uses a function that it calls deprecated itself.
  target_compile_options(hailo_clip_options INTERFACE -Wno-deprecated-declarations)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC reports false positives of these from inside coroutines and std::expected when it inlines.
  target_compile_options(hailo_clip_options INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized
    # ... and of these in std::string, which it no longer sees as a system header once it is precompiled. Which of them
    # come depends on the optimiser: on the sanitizer, the release of GCC, the level.
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-restrict)
endif()
if(HAILO_CLIP_FUZZ)
  # Coverage for the fuzzer and, after it, for the report of what it reached.
  target_compile_options(hailo_clip_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=all -fprofile-instr-generate -fcoverage-mapping -Wno-unknown-warning-option)
  target_link_options(hailo_clip_options INTERFACE -fsanitize=address,undefined -fprofile-instr-generate)
elseif(HAILO_CLIP_SANITIZE)
  target_compile_options(hailo_clip_options INTERFACE
    -fsanitize=${HAILO_CLIP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(hailo_clip_options INTERFACE -fsanitize=${HAILO_CLIP_SANITIZE})
  if(HAILO_CLIP_SANITIZE MATCHES "thread")
    # GCC warns that fences are not modelled; Asio has one.
    target_compile_options(hailo_clip_options INTERFACE -Wno-tsan)
  endif()
else()
  target_compile_definitions(hailo_clip_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
  target_compile_options(hailo_clip_options INTERFACE -fstack-protector-strong)
  target_link_options(hailo_clip_options INTERFACE -Wl,-z,relro,-z,now)
endif()
