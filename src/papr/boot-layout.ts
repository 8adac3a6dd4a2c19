// What lies in real memory at entry besides the loaded files, when no firmware image is given, and what was loaded.

/** The client-interface stub; below it are interrupt vectors that nobody uses yet. */
export const clientInterfaceAddress = 0x400;
/** Bytes kept for the stub. */
export const clientInterfaceBytes = 0x100;
/** First stack of the kernel; it grows down from `firmwareStackTop`. */
export const firmwareStackBase = 0x8000;
export const firmwareStackTop = 0x10000;
/** Reserved below the stack top for the ABI's frame header. */
const frameBytes = 0x80;

/** r1 at entry: a zeroed frame of the ABI at the top of the stack. */
export const initialStackPointer = firmwareStackTop - frameBytes;

/** A range of real memory, in bytes. */
export interface RealRange {
  readonly address: number;
  readonly size: number;
}

/** What was loaded, and how the guest starts. */
export type BootImage =
  | {
      /** The kernel is entered through the built-in client interface. */
      readonly kind: 'kernel';
      readonly kernel: RealRange;
      /** Real address of the first instruction. */
      readonly entry: number;
      readonly littleEndian: boolean;
      readonly initrd?: RealRange;
      readonly commandLine: string;
    }
  | {
      /** Firmware lies at real address 0 and is entered at 0x100. */
      readonly kind: 'firmware';
      readonly kernel?: RealRange;
      readonly littleEndian?: boolean;
      readonly initrd?: RealRange;
      readonly commandLine: string;
    };
