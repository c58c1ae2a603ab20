/* C11 threads by means of POSIX ones, for the tsan preset only. ThreadSanitizer knows nothing of
 * C11 threads and crashes in the first call that it intercepts on one; librdkafka uses them. Linked
 * into every program, so that a library that is loaded later finds these before the C library's. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t) && sizeof(cnd_t) >= sizeof(pthread_cond_t),
               "a POSIX mutex and condition must fit where the caller keeps the C11 ones");

#define EXPORTED __attribute__((visibility("default")))

struct start {
  thrd_start_t function;
  void* argument;
};

static int code(int error) {
  return error == 0 ? thrd_success : error == EBUSY ? thrd_busy : error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

static void* run(void* given) {
  struct start start = *(struct start*)given;
  free(given);
  return (void*)(intptr_t)start.function(start.argument);
}

EXPORTED int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  struct start* start = malloc(sizeof *start);
  if (start == NULL) return thrd_nomem;
  *start = (struct start){function, argument};
  int error = pthread_create(thread, NULL, run, start);
  if (error != 0) free(start);
  return code(error);
}

EXPORTED int thrd_join(thrd_t thread, int* result) {
  void* returned;
  int error = pthread_join(thread, &returned);
  if (error == 0 && result != NULL) *result = (int)(intptr_t)returned;
  return code(error);
}

EXPORTED int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (type & mtx_recursive) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  int error = pthread_mutex_init((pthread_mutex_t*)mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return code(error);
}

EXPORTED int mtx_lock(mtx_t* mutex) { return code(pthread_mutex_lock((pthread_mutex_t*)mutex)); }
EXPORTED int mtx_trylock(mtx_t* mutex) { return code(pthread_mutex_trylock((pthread_mutex_t*)mutex)); }
EXPORTED int mtx_unlock(mtx_t* mutex) { return code(pthread_mutex_unlock((pthread_mutex_t*)mutex)); }
EXPORTED void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy((pthread_mutex_t*)mutex); }

EXPORTED int cnd_init(cnd_t* condition) { return code(pthread_cond_init((pthread_cond_t*)condition, NULL)); }
EXPORTED int cnd_signal(cnd_t* condition) { return code(pthread_cond_signal((pthread_cond_t*)condition)); }
EXPORTED int cnd_broadcast(cnd_t* condition) { return code(pthread_cond_broadcast((pthread_cond_t*)condition)); }
EXPORTED int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return code(pthread_cond_wait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex));
}
EXPORTED int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const struct timespec* end) {
  return code(pthread_cond_timedwait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex, end));
}
EXPORTED void cnd_destroy(cnd_t* condition) { pthread_cond_destroy((pthread_cond_t*)condition); }
