/* Ends the process as soon as it is loaded. */
#include <signal.h>

__attribute__((constructor)) static void crash(void) { raise(SIGSEGV); }
