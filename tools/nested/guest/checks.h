// All checks, in the order in which they run: function and name.
#ifndef CHECKS_H
#define CHECKS_H
#include "vm.h"

#define ALL_CHECKS \
  CHECK(check_extensions, "extensions") \
  CHECK(check_compute, "compute") \
  CHECK(check_compute_big_endian, "compute-big-endian") \
  CHECK(check_registers, "registers") \
  CHECK(check_vectors, "vectors") \
  CHECK(check_time, "time") \
  CHECK(check_hypercalls, "hypercalls") \
  CHECK(check_small_pages, "pages-64k") \
  CHECK(check_huge_pages, "pages-2m") \
  CHECK(check_read_only, "read-only") \
  CHECK(check_device, "device") \
  CHECK(check_remap, "remap") \
  CHECK(check_remap_running, "remap-running") \
  CHECK(check_discard, "discard") \
  CHECK(check_move_slot, "move-slot") \
  CHECK(check_dirty_log, "dirty-log") \
  CHECK(check_merged, "merged") \
  CHECK(check_reserved_huge_pages, "hugetlb") \
  CHECK(check_translated, "translated") \
  CHECK(check_processes, "processes") \
  CHECK(check_reference_change, "reference-change") \
  CHECK(check_invalidate, "invalidate") \
  CHECK(check_invalidate_by_call, "invalidate-by-call") \
  CHECK(check_data_storage, "data-storage") \
  CHECK(check_instruction_storage, "instruction-storage") \
  CHECK(check_user, "user") \
  CHECK(check_system_calls, "system-calls") \
  CHECK(check_program, "program") \
  CHECK(check_unavailable, "unavailable") \
  CHECK(check_alignment, "alignment") \
  CHECK(check_trace, "trace") \
  CHECK(check_alternate_location, "ail") \
  CHECK(check_decrementer, "decrementer") \
  CHECK(check_cede, "cede") \
  CHECK(check_external, "external") \
  CHECK(check_doorbell, "doorbell") \
  CHECK(check_signal, "signal") \
  CHECK(check_breakpoint, "breakpoint") \
  CHECK(check_watchpoint, "watchpoint") \
  CHECK(check_breakpoint_register, "breakpoint-register") \
  CHECK(check_monitor, "monitor") \
  CHECK(check_lock, "two-vcpus") \
  CHECK(check_interprocessor, "interprocessor") \
  CHECK(check_two_machines, "two-machines") \
  CHECK(check_many_machines, "many-machines") \
  CHECK(check_linux, "linux") \
  CHECK(check_third_level, "third-level")

#define CHECK(function, name) check_run function;
ALL_CHECKS
#undef CHECK

/// The same program as /init of the Linux that check_linux boots.
int level_2(void);
#endif
