// Names for Clang's thread-safety analysis: which lock guards a field, which lock a function needs.
// Used wherever a lock is; other compilers see nothing.
//
// Thread safety: macros only.
#pragma once

#if defined(__clang__)
#define LARDER_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define LARDER_THREAD_ATTRIBUTE(x)
#endif

// On a class: it is a lock / it holds a lock from construction to destruction.
#define LARDER_CAPABILITY(name) LARDER_THREAD_ATTRIBUTE(capability(name))
#define LARDER_SCOPED LARDER_THREAD_ATTRIBUTE(scoped_lockable)

// On a field: touched only with the lock held / what it points to is.
#define LARDER_GUARDED_BY(x) LARDER_THREAD_ATTRIBUTE(guarded_by(x))
#define LARDER_PT_GUARDED_BY(x) LARDER_THREAD_ATTRIBUTE(pt_guarded_by(x))

// On a function: the caller holds the lock / must not hold it.
#define LARDER_REQUIRES(...) LARDER_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define LARDER_EXCLUDES(...) LARDER_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

// On a function: it takes the lock / gives it back / takes it when it returns the first argument.
#define LARDER_ACQUIRE(...) LARDER_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define LARDER_RELEASE(...) LARDER_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define LARDER_TRY_ACQUIRE(...) LARDER_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))

// On a function: tells the analysis that the lock is held / returns a reference to the lock.
#define LARDER_ASSERT_HELD(...) LARDER_THREAD_ATTRIBUTE(assert_capability(__VA_ARGS__))
#define LARDER_RETURN_CAPABILITY(x) LARDER_THREAD_ATTRIBUTE(lock_returned(x))

// On a function whose locking the analysis cannot follow; the reason stands beside it.
#define LARDER_NO_THREAD_SAFETY_ANALYSIS LARDER_THREAD_ATTRIBUTE(no_thread_safety_analysis)
