/* The library's own threads: the same bits for any number of them, in several callers at once, in a caller that is cancelled, in
   the child of a fork and after dlclose; none are started for a call on one thread, and none does anything between calls. */
#define _GNU_SOURCE /* dladdr, RTLD_NOLOAD, MAP_ANONYMOUS */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <dirent.h>
#include <stdio.h>
#endif

#include "support/backend.h"
#include "support/effort.h"
#include "support/exam.h"

enum { ROWS = 400, CLASSES = 1000, CALLERS = 4, THREADS = 5 };

/* The answers of one thread. */
static struct exam alone(xent_dtype dtype)
{
    struct exam e = exam_new(dtype, ROWS, CLASSES, false);
    expect_ok(xent_set_num_threads(1));
    exam_solve(&e);
    return e;
}

static void test_any_number_of_threads(void **state)
{
    const int32_t step = (int32_t)(7 / effort(7)); /* 2 and 9 threads at least */
    (void)state;
    for (int i = 0; i < 1 + effort(3); i++) {
        const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
        struct exam want = alone(dtypes[i]), got = exam_new(dtypes[i], ROWS, CLASSES, false);
        for (int32_t threads = 2; threads <= 9; threads += step) {
            expect_ok(xent_set_num_threads(threads));
            exam_solve(&got);
            if (memcmp(want.answers, got.answers, want.size) != 0) fail_msg("%d threads: other bits", (int)threads);
        }
        exam_free(&want);
        exam_free(&got);
    }
}

/* The target of a shared row is its maximum, whichever thread writes it: its entry keeps the digits that p - 1 would lose. */
static void test_confident_target(void **state)
{
    enum { LONG = 300000, PLACES = 5 };
    static const int64_t places[PLACES] = { 0, 4095, 4096, LONG / 2, LONG - 1 };
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(LONG), ROW_MAJOR), *y = tensor_new(XENT_I64, SCALAR, ROW_MAJOR);
    xent_tensor *grad = tensor_new(XENT_F32, SHAPE(LONG), ROW_MAJOR);
    (void)state;
    for (int i = 0; i < PLACES; i++) {
        double alone_entry = 0;
        tensor_set(z, places[i], 40);
        tensor_set(y, 0, (double)places[i]);
        for (int32_t threads = 1; threads <= 9; threads++) {
            expect_ok(xent_set_num_threads(threads));
            expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, NULL, grad));
            const double entry = tensor_get(grad, places[i]);
            if (threads == 1) alone_entry = entry;
            if (!(entry < 0 && entry == alone_entry)) fail_msg("%d threads: %.9g, not %.9g", (int)threads, entry, alone_entry);
        }
        tensor_set(z, places[i], 0);
    }
    tensor_free(z);
    tensor_free(y);
    tensor_free(grad);
}

/* ---- Several callers --------------------------------------------------------------------------------------------------- */

struct caller {
    pthread_t thread;
    struct exam exam;
    bool same;
};

static const struct exam *expected;

static void *call_again_and_again(void *argument)
{
    struct caller *c = argument;
    c->same = true;
    for (int64_t i = 0; i < effort(5); i++) {
        exam_solve(&c->exam);
        c->same = c->same && memcmp(c->exam.answers, expected->answers, expected->size) == 0;
    }
    return NULL;
}

static void test_several_callers(void **state)
{
    (void)state;
    struct exam want = alone(XENT_F32);
    struct caller callers[CALLERS];
    expected = &want;
    expect_ok(xent_set_num_threads(THREADS));
    for (int i = 0; i < CALLERS; i++) {
        callers[i].exam = exam_new(XENT_F32, ROWS, CLASSES, false);
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_again_and_again, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_true(callers[i].same);
        exam_free(&callers[i].exam);
    }
    exam_free(&want);
}

/* A caller is cancelled where it allows that, not while others work for it. */
static void *solve_cancelled(void *argument)
{
    struct caller *c = argument;
    c->same = false;
    pthread_cancel(pthread_self());
    for (int i = 0; i < 5; i++) expect_ok(xent_softmax(c->exam.logits, 1, c->exam.logits));
    c->same = true;
    pthread_testcancel();
    return NULL;
}

static void test_cancelled_caller(void **state)
{
    (void)state;
    struct exam want = alone(XENT_F32), got = exam_new(XENT_F32, ROWS, CLASSES, false);
    expect_ok(xent_set_num_threads(THREADS));
    for (int64_t i = 0; i < effort(5); i++) {
        struct caller caller = { .exam = exam_new(XENT_F32, ROWS, CLASSES, false) };
        void *result = NULL;
        assert_int_equal(pthread_create(&caller.thread, NULL, solve_cancelled, &caller), 0);
        assert_int_equal(pthread_join(caller.thread, &result), 0);
        assert_ptr_equal(result, PTHREAD_CANCELED);
        assert_true(caller.same);
        exam_free(&caller.exam);
    }
    exam_solve(&got); /* nobody else's pool by now */
    assert_memory_equal(got.answers, want.answers, want.size);
    exam_free(&want);
    exam_free(&got);
}

/* ---- Fork ---------------------------------------------------------------------------------------------------------------- */

static void *do_nothing(void *argument) { return argument; }

/* A child of a process with threads starts one: which qemu-user does not do for it, up to version 7 at least. */
static void skip_without_threads_in_children(void)
{
    pthread_t thread;
    int status = 0;
    assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        const int failed = pthread_create(&thread, NULL, do_nothing, NULL);
        _exit(failed != 0 || pthread_join(thread, NULL) != 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status == 0) return;
    print_message("threads cannot be started in the child of a fork here, with libxent or without: skipped\n");
    skip();
}

static void solve_in_child(struct exam *e, const struct exam *want)
{
    pid_t child = fork();
    int status = 0;
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60); /* a child that waits for its parent's threads would wait forever */
        exam_solve(e);
        _exit(memcmp(e->answers, want->answers, want->size) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail_msg("the child ended with status %#x", (unsigned)status);
}

static void test_after_fork(void **state)
{
    (void)state;
    skip_without_threads_in_children();
    struct exam want = alone(XENT_F32), got = exam_new(XENT_F32, ROWS, CLASSES, false);
    expect_ok(xent_set_num_threads(THREADS));
    exam_solve(&got);
    solve_in_child(&got, &want);
    exam_solve(&got); /* the parent's threads are still there */
    assert_memory_equal(got.answers, want.answers, want.size);
    exam_free(&want);
    exam_free(&got);
}

static atomic_bool stop_calling;

static void *call_until_stopped(void *argument)
{
    struct exam *e = argument;
    while (!atomic_load(&stop_calling)) exam_solve(e);
    return NULL;
}

/* While another thread is in the middle of a job, whose end the child never sees. Not where the address sanitizer allocates: a
   child of its own finds the allocator as that thread has left it. */
static void test_fork_during_a_job(void **state)
{
    (void)state;
    if (has_address_sanitizer()) skip();
    skip_without_threads_in_children();
    struct exam want = alone(XENT_F32), got = exam_new(XENT_F32, ROWS, CLASSES, false);
    struct exam busy = exam_new(XENT_F64, ROWS, CLASSES, false);
    pthread_t thread;
    expect_ok(xent_set_num_threads(THREADS));
    atomic_store(&stop_calling, false);
    assert_int_equal(pthread_create(&thread, NULL, call_until_stopped, &busy), 0);
    for (int64_t i = 0; i < effort(5); i++) solve_in_child(&got, &want);
    atomic_store(&stop_calling, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    exam_free(&want);
    exam_free(&got);
    exam_free(&busy);
}

/* ---- What it costs ------------------------------------------------------------------------------------------------------- */

#ifdef __linux__

/* The threads of this process, and how often all of them together have been put to sleep or interrupted. */
static int count_threads(long *switches)
{
    DIR *tasks = opendir("/proc/self/task");
    int threads = 0;
    assert_non_null(tasks);
    *switches = 0;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        char path[300], line[200];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *status = fopen(path, "r");
        if (status == NULL) continue;
        threads++;
        if (atoi(entry->d_name) != (int)getpid())
            while (fgets(line, sizeof line, status) != NULL) {
                long number;
                if (sscanf(line, "voluntary_ctxt_switches: %ld", &number) == 1) *switches += number;
                if (sscanf(line, "nonvoluntary_ctxt_switches: %ld", &number) == 1) *switches += number;
            }
        fclose(status);
    }
    closedir(tasks);
    return threads;
}

/* In a child, where no test has started a thread yet; an emulator has some of its own. */
static void count_in_child(void)
{
    struct exam e = exam_new(XENT_F32, ROWS, CLASSES, false);
    long before, after;
    const char *emulator = getenv("XENT_TEST_EMULATOR");
    const int others = count_threads(&before);
    if (others != 1 && (emulator == NULL || *emulator == '\0')) _exit(4);
    expect_ok(xent_set_num_threads(1));
    exam_solve(&e);
    if (count_threads(&before) != others) _exit(1);
    expect_ok(xent_set_num_threads(3));
    exam_solve(&e);
    exam_solve(&e);
    if (count_threads(&before) != others + 2) _exit(2);
    /* on a busy machine it can take the last job's workers a while to go to sleep; then nothing wakes them */
    for (int i = 0; i < 100; i++) {
        count_threads(&before);
        nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
        count_threads(&after);
        if (before == after) _exit(0);
    }
    _exit(3);
}

/* The thread sanitizer has a thread too, which never sleeps for long. */
static void test_threads_are_few_and_idle(void **state)
{
    (void)state;
    if (has_thread_sanitizer()) skip();
    pid_t child = fork();
    int status = 0;
    assert_true(child >= 0);
    if (child == 0) count_in_child();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#endif

/* ---- Signals and dlclose ------------------------------------------------------------------------------------------------- */

static pthread_t receiver;

static void note_receiver(int signal_number)
{
    (void)signal_number;
    receiver = pthread_self();
}

/* A signal sent to the process reaches a thread of the program. */
static void test_signals_stay_with_the_program(void **state)
{
    (void)state;
    struct exam e = exam_new(XENT_F32, ROWS, CLASSES, false);
    struct sigaction action = { .sa_handler = note_receiver }, before;
    sigset_t mask, old;
    expect_ok(xent_set_num_threads(THREADS));
    exam_solve(&e);
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &mask, &old);
    memset(&receiver, 0, sizeof receiver);
    kill(getpid(), SIGUSR1);
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL); /* a thread that would take it has had the time */
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    assert_true(pthread_equal(receiver, pthread_self()));
    sigaction(SIGUSR1, &before, NULL);
    exam_free(&e);
}

static size_t page;
static atomic_int faults;

/* Gives the page that was touched to whoever touched it. */
static void open_page(int signal_number, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t)info->si_addr / page * page;
    (void)signal_number;
    (void)context;
    atomic_fetch_add(&faults, 1);
    if (mprotect((void *)at, page, PROT_READ | PROT_WRITE) != 0) _exit(1);
}

/* A program may fill its memory as it is touched, by whatever thread. */
static void test_memory_that_faults(void **state)
{
    (void)state;
    const size_t size = sizeof(float) * ROWS * CLASSES;
    struct sigaction action = { .sa_sigaction = open_page, .sa_flags = SA_SIGINFO }, before;
    xent_tensor *z;
    page = (size_t)sysconf(_SC_PAGESIZE);
    float *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    expect_ok(xent_tensor_wrap(&z, XENT_F32, 2, (const int64_t[]){ ROWS, CLASSES }, NULL, memory));
    expect_ok(xent_set_num_threads(THREADS));
    atomic_store(&faults, 0);
    assert_int_equal(sigaction(SIGSEGV, &action, &before), 0);
    expect_ok(xent_softmax(z, 1, z));
    sigaction(SIGSEGV, &before, NULL);
    assert_in_range(atomic_load(&faults), size / page, THREADS * (size / page + 1));
    for (size_t i = 0; i < ROWS * CLASSES; i++) assert_true(memory[i] == 1.0F / CLASSES);
    xent_tensor_destroy(z);
    munmap(memory, size);
}

/* The code that sleeping threads wake up in must not go. */
static void test_dlclose(void **state)
{
    (void)state;
    Dl_info info;
    struct exam e = exam_new(XENT_F32, ROWS, CLASSES, false);
    expect_ok(xent_set_num_threads(THREADS));
    exam_solve(&e);
    assert_int_not_equal(dladdr((const void *)(uintptr_t)xent_version, &info), 0);
    void *library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    assert_non_null(library);
    for (int i = 0; i < 3; i++) dlclose(library);
    assert_non_null(dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD));
    exam_solve(&e);
    exam_free(&e);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#ifdef __linux__
        cmocka_unit_test(test_threads_are_few_and_idle), /* first: it forks before there are threads */
#endif
        cmocka_unit_test(test_any_number_of_threads),
        cmocka_unit_test(test_confident_target),
        cmocka_unit_test(test_several_callers),
        cmocka_unit_test(test_cancelled_caller),
        cmocka_unit_test(test_after_fork),
        cmocka_unit_test(test_fork_during_a_job),
        cmocka_unit_test(test_signals_stay_with_the_program),
        cmocka_unit_test(test_memory_that_faults),
        cmocka_unit_test(test_dlclose),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
