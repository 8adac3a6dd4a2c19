// Return codes of hypercalls: PAPR, "Hypervisor Call Return Codes".

/** What r3 holds after a hypercall; negative codes are errors. */
export const hypercallStatus = {
  H_SUCCESS: 0n,
  H_BUSY: 1n,
  H_CLOSED: 2n,
  H_NOT_AVAILABLE: 3n,
  H_CONTINUE: 18n,
  H_HARDWARE: -1n,
  H_FUNCTION: -2n,
  H_PRIVILEGE: -3n,
  H_PARAMETER: -4n,
  H_BAD_MODE: -5n,
  H_PTEG_FULL: -6n,
  H_NOT_FOUND: -7n,
  H_NO_MEM: -9n,
  H_AUTHORITY: -10n,
  H_PERMISSION: -11n,
  H_RESOURCE: -16n,
  H_P2: -55n,
  H_P3: -56n,
  H_P4: -57n,
  H_P5: -58n,
  H_NOOP: -63n,
  H_UNSUPPORTED: -67n,
  /** The first of the "unsupported flag" codes. */
  H_UNSUPPORTED_FLAG: -256n,
  H_MULTI_THREADS_ACTIVE: -9005n,
} as const;
