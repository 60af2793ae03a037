// ThreadSanitizer's own lock-order detector knows at most 64 locks held at once; a structure check
// holds those of all shards. The ranks of the library's mutexes, which debug builds assert, say
// more about their order.
// Thread safety: called once by the sanitizer, before main().
#if defined(__SANITIZE_THREAD__)
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "detect_deadlocks=0"; }
#endif
