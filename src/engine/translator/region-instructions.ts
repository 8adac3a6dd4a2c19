// What is known of a region's instructions before code is written for them.
import type { InstructionRow } from '../../isa/row.ts';
import type { MeaningFlow } from '../interpreter/meaning-flow.ts';
import type { FixedValues, PreparedRow } from '../variants.ts';
import type { RegionInstruction, StructuredGraph } from './flow-graph.ts';

/** What is known of an instruction word. */
export interface DecodedInstruction {
  readonly row: InstructionRow;
  readonly prepared: PreparedRow;
  readonly fixed: FixedValues;
  readonly flow: MeaningFlow;
}

type DecodeInstruction = (instruction: RegionInstruction) => DecodedInstruction;

/** Facilities whose instructions may need the host's floating-point arithmetic. */
const floatingPointFacilities: ReadonlySet<string> = new Set(['FP', 'VEC', 'VSX']);

/** True when a region may use the host's floating-point arithmetic. */
export function mayUseFloatingPoint({ blocks }: StructuredGraph, decode: DecodeInstruction): boolean {
  return blocks.some(({ instructions }) =>
    instructions.some((instruction) => {
      const { facility, facilityByField } = decode(instruction).row;
      return facilityByField !== undefined || (facility !== undefined && floatingPointFacilities.has(facility));
    }),
  );
}

/** True when a block of the outermost loop with this head may take translations away. */
export function changesTranslation(
  { blocks, outermostLoop }: StructuredGraph,
  decode: DecodeInstruction,
  head: number,
): boolean {
  return blocks.some(
    ({ instructions, calls }, i) =>
      outermostLoop[i] === head &&
      (calls || instructions.some((instruction) => decode(instruction).flow.changesTranslation)),
  );
}
