/* A shared library that has nothing to do with levada. */
int answer(void) { return 42; }
