#include "cli/command.h"

int main(int argc, char** argv) { return hailo_clip::RunCommandLine(argc, argv); }
