// What is known of a region's instructions before code is written for them.
import type { InstructionRow } from '../../isa/row.ts';
import type { MeaningFlow } from '../interpreter/meaning-flow.ts';
import { flowOf } from '../interpreter/variant-code.ts';
import type { FixedValues, PreparedRow } from '../variants.ts';

/** What is known of an instruction word. */
export interface DecodedInstruction {
  readonly row: InstructionRow;
  readonly prepared: PreparedRow;
  readonly fixed: FixedValues;
  readonly flow: MeaningFlow;
  /** It may need the host's floating-point arithmetic. */
  readonly mayUseFloatingPoint: boolean;
}

/** How an instruction ends a block. */
export interface Flow {
  /** Where a relative branch goes that may be followed inside the region, else undefined. */
  readonly target: number | undefined;
  /** Control may go on with the next instruction. */
  readonly fallsThrough: boolean;
  /** Control is expected to come back to the next instruction. */
  readonly call: boolean;
  /** It branches to an address that is not relative to its own. */
  readonly indirect: boolean;
}

/** An instruction of a region. */
export interface RegionInstruction {
  /** Distance from the region's page in bytes. */
  readonly at: number;
  /** The suffix of a prefixed instruction, as a signed number. */
  readonly word: number;
  /** 0 for others than prefixed instructions. */
  readonly prefix: number;
  /** Undefined when it is no instruction. */
  readonly decoded: DecodedInstruction | undefined;
  /** Undefined when it does not end a block; `stop` when the region must end before it. */
  readonly flow: Flow | 'stop' | undefined;
}

/** Where the words of an instruction end, as a place. */
export function behind({ at, prefix }: Pick<RegionInstruction, 'at' | 'prefix'>): number {
  return at + (prefix === 0 ? 4 : 8);
}

/** What is looked at of a block. */
interface Block {
  readonly instructions: readonly RegionInstruction[];
  /** Its last instruction is a call that the region waits for. */
  readonly calls: boolean;
}

/** Facilities whose instructions may need the host's floating-point arithmetic. */
const floatingPointFacilities: ReadonlySet<string> = new Set(['FP', 'VEC', 'VSX']);

/** What is known of the words of a variant of a row. */
export function decodedVariant(prepared: PreparedRow, fixed: FixedValues): DecodedInstruction {
  const { row } = prepared;
  const { facility, facilityByField } = row;
  return {
    row,
    prepared,
    fixed,
    flow: flowOf(prepared, fixed),
    mayUseFloatingPoint:
      facilityByField !== undefined || (facility !== undefined && floatingPointFacilities.has(facility)),
  };
}

/** True when a region may use the host's floating-point arithmetic. */
export function mayUseFloatingPoint(blocks: readonly Block[]): boolean {
  for (const { instructions } of blocks) {
    for (const { decoded } of instructions) if (decoded?.mayUseFloatingPoint) return true;
  }
  return false;
}

/** True when a region has instructions behind which it must be looked whether the context has changed. */
export function mayChangeContext(blocks: readonly Block[]): boolean {
  for (const { instructions } of blocks) {
    for (const { decoded } of instructions) if (decoded?.flow.changesContext) return true;
  }
  return false;
}

/** True when a block of the outermost loop with this head may take translations away. */
export function changesTranslation(
  { blocks, outermostLoop }: { readonly blocks: readonly Block[]; readonly outermostLoop: ArrayLike<number> },
  head: number,
): boolean {
  return blocks.some(
    ({ instructions, calls }, i) =>
      outermostLoop[i] === head && (calls || instructions.some(({ decoded }) => decoded?.flow.changesTranslation)),
  );
}
