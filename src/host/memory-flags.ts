/** Without these, Node and the allocator take three times what is needed: a host may have little beside its gateway. */
export const LOW_MEMORY_FLAGS = [
  '--max-semi-space-size=8',
  '--heap-growing-percent=60',
  '--optimize-for-size',
  // For `collectGarbage`.
  '--expose-gc',
];

/** For the allocator, which reads it as a process starts. */
export const FRUGAL_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '1',
  // What is large goes back to the system at once, whatever was large before.
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '65536',
  MALLOC_TOP_PAD_: '65536',
};
