# hailo_clip_layer(NAME PRECOMPILED layer SOURCES ... [TESTS ...] [LAYERS ...] [PUBLIC ...] [PRIVATE ...])
#
# One static library for one folder of src/. Its headers are reachable only through an include root
# of its own (build/include_roots/NAME holds a link to the folder), so that "#include "engine/engine.h""
# compiles only in a target that lists engine among its LAYERS. TESTS become one test program, NAME_test.
#
# PRECOMPILED names the layer whose precompiled headers this one uses, itself or another with the same definitions: the
# standard library and fmt, with simdjson from text on. They are most of the compiler's work otherwise. A header must
# not depend on them: the preset `fuzz` builds without.
#
# With HAILO_CLIP_UNITY the compiler gets a few files of a layer at a time. What they instantiate of CLI11, Asio, fmt and
# the standard library is then compiled once and not in each of them, half of the work for a build that is used once.
# So a name in an anonymous namespace must be the layer's only one; tests are not built so.
set(hailo_clip_precompiled
  <algorithm> <array> <atomic> <chrono> <cmath> <condition_variable> <cstdint> <expected> <filesystem> <functional> <map>
  <memory> <mutex> <optional> <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
  <fmt/format.h> <fmt/ranges.h>)
set(hailo_clip_precompiled_base <spdlog/logger.h>)
set(hailo_clip_precompiled_text <simdjson.h>)
set(hailo_clip_precompiled_cli <spdlog/logger.h> <CLI/CLI.hpp>)

# hailo_clip_precompile(TARGET PREFIX LAYER SUFFIX HEADERS...): PREFIX and SUFFIX make the name of LAYER's target.
function(hailo_clip_precompile target prefix layer suffix)
  if(target STREQUAL "${prefix}${layer}${suffix}")
    target_precompile_headers(${target} PRIVATE ${hailo_clip_precompiled} ${hailo_clip_precompiled_${layer}} ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM "${prefix}${layer}${suffix}")
  endif()
endfunction()

function(hailo_clip_layer name)
  cmake_parse_arguments(ARG "" "PRECOMPILED" "SOURCES;TESTS;LAYERS;PUBLIC;PRIVATE" ${ARGN})
  set(root "${CMAKE_BINARY_DIR}/include_roots/${name}")
  file(RELATIVE_PATH relative "${CMAKE_SOURCE_DIR}/src" "${CMAKE_CURRENT_SOURCE_DIR}")
  get_filename_component(parent "${root}/${relative}" DIRECTORY)
  file(MAKE_DIRECTORY "${parent}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${root}/${relative}" SYMBOLIC)

  add_library(hc_${name} STATIC ${ARG_SOURCES})
  target_include_directories(hc_${name} PUBLIC "${root}")
  list(TRANSFORM ARG_LAYERS PREPEND hc_ OUTPUT_VARIABLE layers)
  target_link_libraries(hc_${name} PUBLIC ${layers} ${ARG_PUBLIC} PRIVATE hailo_clip_options ${ARG_PRIVATE})
  hailo_clip_precompile(hc_${name} hc_ ${ARG_PRECOMPILED} "")
  set_target_properties(hc_${name} PROPERTIES UNITY_BUILD ${HAILO_CLIP_UNITY})

  if(HAILO_CLIP_TESTS AND ARG_TESTS)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE hc_${name} hailo_clip_options ${ARG_PRIVATE} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE HAILO_CLIP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    # What is tested is optimised, the tests are not: they are a third of all the compiler's work otherwise.
    target_compile_options(${name}_test PRIVATE -O0 -U_FORTIFY_SOURCE)
    hailo_clip_precompile(${name}_test "" ${ARG_PRECOMPILED} _test <gmock/gmock.h> <gtest/gtest.h>)
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}/" PROPERTIES TIMEOUT 300)
  endif()
endfunction()

# hailo_clip_benchmark(NAME SOURCES... LAYERS...): a Google Benchmark program.
function(hailo_clip_benchmark name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LAYERS" ${ARGN})
  if(HAILO_CLIP_BENCHMARKS)
    list(TRANSFORM ARG_LAYERS PREPEND hc_ OUTPUT_VARIABLE layers)
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${layers} hailo_clip_options benchmark::benchmark_main)
    target_compile_definitions(${name} PRIVATE HAILO_CLIP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  endif()
endfunction()
