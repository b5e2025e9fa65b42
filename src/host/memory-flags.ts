/** Node needs three times the memory without these, and a host may have little beside its gateway. */
export const LOW_MEMORY_FLAGS = [
  '--max-semi-space-size=8',
  '--heap-growing-percent=60',
  '--optimize-for-size',
];

/** Settings of the allocator, which reads them at process start. */
export const FRUGAL_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '1',
  // Fixed thresholds return large blocks to the system at once; glibc's dynamic ones would grow.
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '65536',
  MALLOC_TOP_PAD_: '65536',
};
