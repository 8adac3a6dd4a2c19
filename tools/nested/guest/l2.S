// The small guests: what runs in the machines that the checks make. Copied to real address 0; each label is an entry.
// Kept by all of them: r28 the MSR to go on with after an interrupt, r29 where the next interrupt is noted, r31 where to go on then.
// An interrupt uses SPRG0 only.
	.abiversion 2
	.machine "power9"
	.section .rodata
	.balign 65536
	.globl l2_image
l2_image:

// Interrupt vectors with LPCR[AIL]=0, and from 0x4000 on those with AIL=3 (Power ISA, book III, interrupt vectors).
	.macro vector at
	.org l2_image + \at
	mtsprg 0, r30
	li r30, \at
	b note
	.endm
	.macro vectors base
	.irp at, 0x100, 0x200, 0x300, 0x380, 0x400, 0x480, 0x500, 0x600, 0x700, 0x800, 0x900, 0xa00, 0xc00, 0xd00, 0xe40
	vector \base + \at
	.endr
	.irp at, 0xf00, 0xf20, 0xf40, 0xf60, 0xf80
	vector \base + \at
	.endr
	.endm
// scv 0 with AIL=3 and without: LR and CTR have what SRR0 and SRR1 have otherwise.
	.macro vectored at
	.org l2_image + \at
	mtsprg 0, r30
	lis r30, \at@h
	ori r30, r30, \at@l
	b note_vectored
	.endm
	vectors 0
	vectored 0x3000
	vectors 0x4000

	.org l2_image + 0x5000
note:
	std r30, 0(r29)
	mfsrr0 r30
	std r30, 8(r29)
	mfsrr1 r30
	std r30, 16(r29)
	mfdar r30
	std r30, 24(r29)
	mfdsisr r30
	std r30, 32(r29)
	mfmsr r30
	std r30, 40(r29)
	addi r29, r29, 48
	mtsrr0 r31
	mtsrr1 r28
	mfsprg r30, 0
	rfid

note_vectored:
	std r30, 0(r29)
	mflr r30
	std r30, 8(r29)
	mfctr r30
	std r30, 16(r29)
	mfmsr r30
	std r30, 40(r29)
	addi r29, r29, 48
	mtlr r31
	mtctr r28
	mfsprg r30, 0
	rfscv

	.macro entry name
	.balign 16
	.globl \name
\name:
	.endm
	.macro hypercall number
	li r3, 0
	ori r3, r3, \number
	sc 1
	.endm

// Where interrupts lead back to.
	entry l2_back
	mr r4, r29
	hypercall 0xf108
	b l2_back

// r3 steps of a generator from r4 on; then what came back from the report, weighed, in a second one.
	entry l2_compute
	mtctr r3
1:	srdi r5, r4, 12
	xor r4, r4, r5
	sldi r5, r4, 25
	xor r4, r4, r5
	srdi r5, r4, 27
	xor r4, r4, r5
	bdnz 1b
	li r5, 5
	li r6, 6
	li r7, 7
	li r8, 8
	li r9, 9
	li r10, 10
	li r11, 11
	li r12, 12
	hypercall 0xf100
	.irp r, r4, r5, r6, r7, r8, r9, r10, r11, r12
	mulli r3, r3, 3
	add r3, r3, \r
	.endr
	mr r4, r3
	hypercall 0xf104

// Stores r4 + offset every r6 bytes from r3 on, r5 bytes in all, without a report in between.
	entry l2_fill
	add r7, r3, r5
1:	add r8, r4, r3
	std r8, 0(r3)
	add r3, r3, r6
	cmpld r3, r7
	blt 1b
	hypercall 0xf100

// Sums the doublewords at every r6 bytes from r3 on, r5 bytes in all.
	entry l2_sum
	add r7, r3, r5
	li r4, 0
1:	ld r8, 0(r3)
	add r4, r4, r8
	add r3, r3, r6
	cmpld r3, r7
	blt 1b
	hypercall 0xf100

// Single accesses, each of which may become an interrupt; what was loaded is reported.
	entry l2_load
	ld r4, 0(r3)
	hypercall 0xf100
	entry l2_store
	std r4, 0(r3)
	hypercall 0xf100
	entry l2_jump
	mtctr r3
	bctr
	entry l2_reserve
	lwarx r4, 0, r3
	hypercall 0xf100
	entry l2_sc
	sc
	hypercall 0xf100
	entry l2_hypercall
	sc 1
	mr r5, r3
	hypercall 0xf100
	entry l2_scv
	scv 0
	hypercall 0xf100
	entry l2_trap
	trap
	hypercall 0xf100
	entry l2_illegal
	.long 0
	hypercall 0xf100
// The instruction that KVM takes for a breakpoint when it was asked to.
	entry l2_breakpoint
	.long 0x00dddd00
	hypercall 0xf100
	entry l2_privileged
	mfmsr r4
	hypercall 0xf100
	entry l2_hypervisor
	mfspr r4, 318 // LPCR
	hypercall 0xf100
	entry l2_floating
	fadd f1, f1, f1
	hypercall 0xf100
	entry l2_vector
	vaddubm v1, v1, v1
	hypercall 0xf100
	entry l2_vsx
	xxlxor vs1, vs1, vs1
	hypercall 0xf100
	entry l2_target
	mfspr r4, 815 // TAR
	hypercall 0xf100
	entry l2_set_fscr
	mtspr 153, r3
	hypercall 0xf100
	entry l2_nothing
	nop
	nop
	hypercall 0xf100
	entry l2_scv_enabled
	mtspr 153, r3 // FSCR
	isync
	scv 0
	hypercall 0xf100

// A counter of the performance monitor, which KVM lets a guest have when it first asks.
	entry l2_monitor
	mtspr 787, r3 // PMC1
	mfspr r4, 787
	hypercall 0xf100

// Lets the decrementer run out after r3 ticks with interrupts on.
	entry l2_decrementer
	mtdec r3
	mfmsr r5
	ori r5, r5, 0x8000
	mtmsrd r5, 1
1:	b 1b

// The same, asleep: H_CEDE turns interrupts on and comes back when there is one.
	entry l2_cede
	mtdec r3
	hypercall 0xe0
	mfmsr r5
	ori r5, r5, 0x8000
	mtmsrd r5, 1
1:	b 1b

// Turns interrupts on after a while, r3 rounds, and waits for what comes; counts in r4.
	entry l2_wait
	mtctr r3
	li r4, 0
1:	addi r4, r4, 1
	bdnz 1b
	mfmsr r5
	ori r5, r5, 0x8000
	mtmsrd r5, 1
1:	addi r4, r4, 1
	b 1b

// Never ends, and has interrupts off.
	entry l2_spin
	li r4, 0
1:	addi r4, r4, 1
	b 1b

// A doorbell to itself (msgsndp), which the hypervisor may have to do.
	entry l2_doorbell
	msgsndp r3
	mfmsr r5
	ori r5, r5, 0x8000
	mtmsrd r5, 1
1:	b 1b

// Reads the time base until it has gone on by r3, and reports its first and last value and the virtual time base's.
	entry l2_time
	mftb r4
	mfspr r6, 849 // VTB
1:	mftb r5
	subf r8, r4, r5
	cmpld r8, r3
	blt 1b
	mfspr r7, 849
	hypercall 0xf100

// Adds 1 to the doubleword at r4, r5 times, each under the lock at r3; waits at r6 for as many vCPUs as r7 first.
	entry l2_lock
1:	lwarx r8, 0, r6
	addi r8, r8, 1
	stwcx. r8, 0, r6
	bne 1b
1:	lwz r8, 0(r6)
	cmpw r8, r7
	blt 1b
	mtctr r5
2:	lwarx r8, 0, r3
	cmpwi r8, 0
	bne 2b
	li r8, 1
	stwcx. r8, 0, r3
	bne 2b
	lwsync
	ld r9, 0(r4)
	addi r9, r9, 1
	std r9, 0(r4)
	lwsync
	li r8, 0
	stw r8, 0(r3)
	bdnz 2b
	hypercall 0xf100

// Waits until the doubleword at r3 is r4; says at r5 that it has begun.
	entry l2_poll
	li r7, 0
	li r6, 1
	std r6, 0(r5)
1:	ld r6, 0(r3)
	addi r7, r7, 1
	cmpd r6, r4
	bne 1b
	mr r4, r6
	hypercall 0xf100

// Loads and stores of all widths where there may be no memory: the hypervisor has to do them.
	entry l2_device
	lbz r14, 0(r3)
	lhz r15, 2(r3)
	lha r16, 4(r3)
	lwz r17, 8(r3)
	lwa r18, 12(r3)
	ld r19, 16(r3)
	li r0, 24
	lwbrx r20, r3, r0
	ldu r21, 32(r3)
	stb r14, 0(r3)
	sth r15, 2(r3)
	stw r17, 4(r3)
	std r19, 8(r3)
	li r0, 16
	stwbrx r20, r3, r0
	stdu r21, 32(r3)
	mr r4, r14
	mr r5, r15
	mr r6, r16
	mr r7, r17
	mr r8, r18
	mr r9, r19
	mr r10, r20
	mr r11, r21
	mr r12, r3
	hypercall 0xf100

// Loads from r3, writes the table entry r5 to r4, invalidates that page as r6 (RB), r7 (RS) say, and loads again.
	entry l2_invalidate
	ld r8, 0(r3)
	std r5, 0(r4)
	ptesync
	tlbie r6, r7, 0, 1, 1
	eieio
	tlbsync
	ptesync
	ld r9, 0(r3)
	mr r4, r8
	mr r5, r9
	hypercall 0xf100

// The same with a hypercall in place of the instruction, whose result is reported, too (H_RPT_INVALIDATE).
	entry l2_invalidate_by_call
	mr r14, r3
	ld r15, 0(r3)
	std r5, 0(r4)
	ptesync
	mr r4, r6
	li r5, 1 // CPU
	li r6, 2 // TLB
	li r7, -1
	mr r8, r14
	addis r9, r14, 1
	hypercall 0x448
	mr r6, r3
	ld r5, 0(r14)
	mr r4, r15
	hypercall 0xf100

// Inter-processor interrupts by hypercall: to server r3 with priority 5 (H_IPI); then waits for one itself.
	entry l2_ipi_send
	mr r4, r3
	li r5, 5
	hypercall 0x6c
	mr r4, r3
	hypercall 0xf100
	entry l2_ipi_receive
	mr r14, r3
	li r4, 0xff
	hypercall 0x68 // H_CPPR
	li r5, 1
	std r5, 0(r14)
	mfmsr r5
	ori r5, r5, 0x8000
	mtmsrd r5, 1
1:	b 1b
// In the handler's stead: which source (H_XIRR), no more calls (H_IPI to itself, r14), done (H_EOI).
	entry l2_ipi_accept
	hypercall 0x74
	mr r15, r4
	mr r4, r14
	li r5, 0xff
	hypercall 0x6c
	mr r4, r15
	hypercall 0x64
	mr r5, r3
	mr r4, r15
	hypercall 0xf100

// Stores the general-purpose and special registers where r3 points (layout: checks-registers.c), loads them from 2 KiB further on.
	.macro registers general, special
	.set n, 4
	.rept 28
	\general n, n * 8(r3)
	.set n, n + 1
	.endr
	.endm
	.macro for_each_special do
	.set at, 256
	.irp spr, 8, 9, 1, 272, 273, 274, 275, 26, 27, 19, 18, 17, 815, 29, 61, 256, 48, 896
	\do \spr
	.set at, at + 8
	.endr
	.endm
	.macro store_special spr
	mfspr r4, \spr
	std r4, at(r3)
	.endm
	.macro load_special spr
	ld r4, at(r3)
	mtspr \spr, r4
	.endm
	entry l2_registers
	registers std
	mfcr r4
	std r4, 0(r3)
	for_each_special store_special
	addi r3, r3, 2048
	ld r4, 0(r3)
	mtcr r4
	for_each_special load_special
	registers ld
	hypercall 0xf100

// The same with VSRs and FPSCR.
	entry l2_vectors
	.set n, 0
	.rept 64
	li r0, 1024 + n * 16
	stxvd2x n, r3, r0
	.set n, n + 1
	.endr
	mffs f0
	stfd f0, 0(r3)
	addi r3, r3, 2048
	lfd f0, 0(r3)
	mtfsf 0xff, f0
	.set n, 0
	.rept 64
	li r0, 1024 + n * 16
	lxvd2x n, r3, r0
	.set n, n + 1
	.endr
	hypercall 0xf100

	vectored 0x17000
	.org l2_image + 0x17800
	.globl l2_end
l2_end:
