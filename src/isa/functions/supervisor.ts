// Data-plane functions of the branch-to-system, storage-control and move-to/from-system-register instructions.
import type { FunctionSignature } from '../function-signature.ts';

/** Signatures by name. "Reads nip" means: the row stores the address named there into the slot `nip` first. */
export const supervisorFunctions = {
  /** sc (LEV): raises the system call interrupt 0xC00, to be taken after the instruction (SRR0 = next instruction). */
  systemCall: { params: ['i32'], raises: true },
  /** scv (LEV): sets LR, CTR, MSR and nip, or raises the facility interrupt. Reads nip = this instruction. */
  systemCallVectored: { params: ['i32'], raises: true },
  /**
   * rfid: MSR and nip from SRR1 and SRR0; a waiting interrupt that is enabled now is delivered at once. Reads nip = this
   * instruction.
   */
  returnFromInterrupt: { params: [] },
  /** rfscv: MSR and nip from CTR and LR; as rfid. */
  returnFromScv: { params: [] },
  /** mtmsrd (RS, L) with L in 0…1; mtmsr is L + 2. Reads nip = next instruction; as rfid. */
  moveToMsr: { params: ['i64', 'i32'] },
  /** mfspr for SPRs that are more than a stored value: (SPR number, old RT, which is the result where RT stays). */
  moveFromSpr: { params: ['i32', 'i64'], result: 'i64', raises: true },
  /** mtspr for SPRs that are more than a stored value: (SPR number, value). */
  moveToSpr: { params: ['i32', 'i64'], raises: true },
  /** tlbie/tlbiel: (RS, RB, RIC << 4 | PRS << 1 | R, local). */
  tlbInvalidateEntry: { params: ['i64', 'i64', 'i32', 'i32'], raises: true },
  /** tlbsync: nothing is outstanding; raises the privileged interrupt when LPCR[GTSE] = 0. */
  tlbSynchronize: { params: [], raises: true },
  /** slbmte (RS, RB). */
  slbMoveTo: { params: ['i64', 'i64'] },
  /** slbie (RB). */
  slbInvalidateEntry: { params: ['i64'] },
  /** slbia (IH). */
  slbInvalidateAll: { params: ['i32'] },
  /** slbmfev and slbmfee (RB). */
  slbMoveFromVsid: { params: ['i64'], result: 'i64' },
  slbMoveFromEsid: { params: ['i64'], result: 'i64' },
  /** slbfee. (RB): the VSID word of the entry that translates it, 0 when none; CR0[EQ] says whether one was found. */
  slbFindEntry: { params: ['i64'], result: 'i64' },
  /** 1 when the last {@link slbFindEntry} found an entry. */
  slbFound: { params: [], result: 'i32' },
  /** icbi, dcbz and others with an effective address: translate and act. */
  instructionCacheBlockInvalidate: { params: ['i64'], raises: true },
  dataCacheBlockZero: { params: ['i64'], raises: true },
  /** dcbst and dcbf: a load as far as translation is concerned, else nothing. */
  dataCacheBlockTouch: { params: ['i64'], raises: true },
  /**
   * Transactional memory; all read nip = this instruction, change it, and may raise: tbegin. (R), tend., tcheck (BF), tsr. (L),
   * tabort. (failure code), its conditional forms (TO, a, b), treclaim. (failure code), trechkpt.
   */
  transactionBegin: { params: ['i32'], raises: true },
  transactionEnd: { params: [], raises: true },
  transactionCheck: { params: ['i32'], raises: true },
  transactionSuspendOrResume: { params: ['i32'], raises: true },
  transactionAbort: { params: ['i64'], raises: true },
  transactionAbortConditionally: { params: ['i32', 'i64', 'i64'], raises: true },
  transactionReclaim: { params: ['i64'], raises: true },
  transactionRecheckpoint: { params: [], raises: true },
  /** msgsndp and msgclrp (RB). */
  messageSend: { params: ['i64'] },
  messageClear: { params: ['i64'] },
} as const satisfies Record<string, FunctionSignature>;
