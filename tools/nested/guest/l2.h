// The labels of l2.S: what each does, and with which registers, is said there.
#ifndef L2_H
#define L2_H
extern const char l2_back[], l2_compute[], l2_fill[], l2_sum[], l2_load[], l2_store[], l2_jump[], l2_reserve[];
extern const char l2_sc[], l2_hypercall[], l2_scv[], l2_scv_enabled[], l2_trap[], l2_illegal[], l2_breakpoint[];
extern const char l2_privileged[], l2_hypervisor[], l2_floating[], l2_vector[], l2_vsx[], l2_target[], l2_set_fscr[], l2_nothing[];
extern const char l2_decrementer[], l2_cede[], l2_wait[], l2_spin[], l2_doorbell[], l2_time[], l2_lock[], l2_poll[];
extern const char l2_device[], l2_invalidate[], l2_invalidate_by_call[], l2_registers[], l2_vectors[];
extern const char l2_monitor[], l2_ipi_send[], l2_ipi_receive[], l2_ipi_accept[];
#endif
