// Data-plane functions of the branch-to-system, storage-control and move-to/from-system-register instructions.
import type { FunctionSignature } from '../function-signature.ts';

/** Signatures by name. */
export const supervisorFunctions = {
  /** sc (LEV in 0…127): raises the system call interrupt 0xC00 to be taken after the instruction (LEV≠1 or PR=1). */
  systemCall: { params: ['i32'], raises: true },
  /** scv (LEV): sets LR, CTR, MSR, nip, or raises the facility interrupt. */
  systemCallVectored: { params: ['i32'], raises: true },
  /** rfid: MSR and nip from SRR1 and SRR0. */
  returnFromInterrupt: { params: [] },
  /** rfscv: MSR and nip from CTR and LR. */
  returnFromScv: { params: [] },
  /** mtmsrd (RS, L) and mtmsr. */
  moveToMsr: { params: ['i64', 'i32'] },
  /** mfspr for SPRs that are more than a stored value: (spr number). */
  moveFromSpr: { params: ['i32'], result: 'i64', raises: true },
  /** mtspr for SPRs that are more than a stored value: (spr number, value). */
  moveToSpr: { params: ['i32', 'i64'], raises: true },
  /** tlbie/tlbiel: (RS, RB, RIC << 4 | PRS << 1 | R, local). */
  tlbInvalidateEntry: { params: ['i64', 'i64', 'i32', 'i32'], raises: true },
  /** slbia (IH). */
  slbInvalidateAll: { params: ['i32'] },
  /** icbi, dcbz and others with an effective address: translate and act. */
  instructionCacheBlockInvalidate: { params: ['i64'], raises: true },
  dataCacheBlockZero: { params: ['i64'], raises: true },
} as const satisfies Record<string, FunctionSignature>;
