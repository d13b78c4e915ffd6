/* Threads of Windows, by Win32's own functions: nobody who links the library needs another one for them. */
#define _WIN32_WINNT 0x0601 /* Windows 7 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "system/threads.h"

_Static_assert(sizeof(SRWLOCK) == sizeof(struct xent_mutex), "a mutex is a slim lock");
_Static_assert(sizeof(CONDITION_VARIABLE) == sizeof(struct xent_condition), "a condition is Win32's");
_Static_assert(sizeof(INIT_ONCE) == sizeof(struct xent_once), "so is what happens once");

static SRWLOCK *lock_of(struct xent_mutex *mutex) { return (SRWLOCK *)&mutex->lock; }

void xent_mutex_lock(struct xent_mutex *mutex) { AcquireSRWLockExclusive(lock_of(mutex)); }

void xent_mutex_unlock(struct xent_mutex *mutex) { ReleaseSRWLockExclusive(lock_of(mutex)); }

void xent_condition_wait(struct xent_condition *condition, struct xent_mutex *mutex)
{
    (void)SleepConditionVariableSRW((CONDITION_VARIABLE *)&condition->waiters, lock_of(mutex), INFINITE, 0);
}

void xent_condition_signal(struct xent_condition *condition)
{
    WakeConditionVariable((CONDITION_VARIABLE *)&condition->waiters);
}

static BOOL CALLBACK call(INIT_ONCE *once, void *function, void **result)
{
    (void)once;
    (void)result;
    (*(void (**)(void))function)();
    return TRUE;
}

void xent_once(struct xent_once *once, void (*function)(void))
{
    (void)InitOnceExecuteOnce((INIT_ONCE *)&once->state, call, &function, NULL);
}

/* There is no fork(). */
bool xent_watch_forks(void (*in_child)(void))
{
    (void)in_child;
    return true;
}

void xent_mutex_forget(struct xent_mutex *mutex) { InitializeSRWLock(lock_of(mutex)); }

void xent_condition_forget(struct xent_condition *condition)
{
    InitializeConditionVariable((CONDITION_VARIABLE *)&condition->waiters);
}

/* Thread-local variables have memory of their own. */
size_t xent_thread_stack(size_t bytes) { return bytes; }

static DWORD WINAPI run(void *thread)
{
    ((const struct xent_thread *)thread)->run();
    return 0;
}

/* After FreeLibrary no thread meets unmapped code: the module that this is part of stays. */
static bool stay_loaded(void)
{
    static const char here;
    HMODULE module;
    return GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN, &here, &module) != 0;
}

int64_t xent_threads_start(int64_t count, size_t stack, const struct xent_thread *thread)
{
    int64_t started = 0;
    if (!stay_loaded()) return 0;
    while (started < count) {
        HANDLE handle = CreateThread(NULL, stack, run, (void *)(uintptr_t)thread, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
        if (handle == NULL) break;
        (void)CloseHandle(handle);
        started++;
    }
    return started;
}

/* No thread is cancelled. */
int xent_cancellation_hold(void) { return 0; }

void xent_cancellation_release(int held) { (void)held; }

int64_t xent_clock_ns(void)
{
    LARGE_INTEGER now, second;
    (void)QueryPerformanceCounter(&now);
    (void)QueryPerformanceFrequency(&second);
    return now.QuadPart / second.QuadPart * 1000000000 + now.QuadPart % second.QuadPart * 1000000000 / second.QuadPart;
}
