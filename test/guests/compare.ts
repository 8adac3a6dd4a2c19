// Compares what a guest printed with what the model says, and what two machines printed with each other.
import { type Expectation, type Guest, type Recorded, recordedFields } from './guest-case.ts';

/** One field of one case that is not as expected. */
export interface Difference {
  readonly guest: string;
  readonly cpu: string;
  /** Of the case in the guest. */
  readonly index: number;
  readonly name: string;
  readonly field: keyof Recorded;
  readonly is: bigint;
  readonly due: bigint;
}

/** Fields of records that differ from what is due, which may leave some out. */
export function differences(
  guest: Guest,
  records: readonly Recorded[],
  due: (index: number) => Expectation | undefined,
): Difference[] {
  return records.flatMap((record, index) => {
    const expected = due(index) ?? {};
    const name = guest.cases[index]?.name ?? '';
    return recordedFields.flatMap((field) => {
      const value = expected[field];
      if (value === undefined || value === record[field]) return [];
      return [{ guest: guest.name, cpu: guest.options.cpu, index, name, field, is: record[field], due: value }];
    });
  });
}

/** A difference as a line. */
export function show({ guest, name, field, is, due }: Difference): string {
  return `${guest} | ${name} | ${field}: 0x${is.toString(16)} instead of 0x${due.toString(16)}`;
}
