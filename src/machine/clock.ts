// Guest time: timebase ticks of 512 MHz that follow the host's clock, or the instructions executed (`-icount`).

/** Ticks of the timebase in a second. */
export const timebaseFrequency = 512_000_000;
const nanosecondsPerTick = 1e9 / timebaseFrequency;

/** The machine's clock. */
export interface Clock {
  /** Ticks since the machine was built. */
  ticks(): bigint;
  /** The same as a number, which is exact for half a year. */
  tickCount(): number;
  /** Nanoseconds of guest time since the machine was built. */
  nanoseconds(): number;
  /** That many instructions were executed. */
  advance(instructions: number): void;
  /** Every vCPU slept for this time (only a clock of instructions needs to be told). */
  slept(nanoseconds: number): void;
  /** Instructions until `ticks`; undefined when that does not follow from instructions. */
  instructionsUntil(ticks: bigint): number | undefined;
}

/** A clock that follows the host's monotonic one. */
export function hostClock(monotonicNanoseconds: () => number): Clock {
  const start = monotonicNanoseconds();
  const nanoseconds = () => monotonicNanoseconds() - start;
  const tickCount = () => Math.floor(nanoseconds() / nanosecondsPerTick);
  return {
    nanoseconds,
    ticks: () => BigInt(tickCount()),
    tickCount,
    advance: () => {},
    slept: () => {},
    instructionsUntil: () => undefined,
  };
}

/** A clock in which an instruction takes 2^shift ns. */
export function instructionClock(shift: number): Clock {
  const scale = 2 ** shift;
  let time = 0;
  const tickCount = () => Math.floor(time / nanosecondsPerTick);
  return {
    nanoseconds: () => time,
    ticks: () => BigInt(tickCount()),
    tickCount,
    advance: (instructions) => {
      time += instructions * scale;
    },
    slept: (nanoseconds) => {
      time += Math.ceil(nanoseconds);
    },
    instructionsUntil: (ticks) => Math.max(1, Math.ceil((Number(ticks) * nanosecondsPerTick - time) / scale)),
  };
}
